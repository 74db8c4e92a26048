"""The page on which a person sees what the columns of a file stand for, and makes fields of them."""

from collections.abc import Callable
from typing import Any

from portal.models import Change, Customer, Field, FileShape, Import
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.services import fields
from tests.page import Browser, text_of
from tests.web.test_imports import checked

Visit = Callable[[str], Browser]
FILE = "code,Tier,SeniorCitizen,vips\n" + "".join(f"A{n},{'Gold' if n % 2 else 'Lead'},{n % 2},\n" for n in range(8))


def test_every_column_is_shown_with_what_it_stands_for_and_what_it_could_become(
    browse: Visit, new_group: Any, cass: Actor
) -> None:
    new_group("Vips")
    cass_ = browse("cass")
    address = checked(cass_, FILE)
    page = cass_.get(address)
    assert f"{address}/columns" in page.links
    page = cass_.get(f"{address}/columns")
    form = page.form(f"{address}/columns")
    assert [form.value(f"columns-{n}-stands") for n in range(4)] == ["code", "", "", "Vips"]
    assert [(form.value(f"columns-{n}-label"), form.value(f"columns-{n}-type")) for n in (1, 2)] == [
        ("Tier", "choice"), ("Senior citizen", "yesno"),
    ]  # fmt: skip
    assert [row[0] for row in page.rows()][:2] == ["codeA0 · A1 · A2", "TierLead · Gold"]
    assert form.buttons() == ["Check again", "Make fields of all 2 unknown columns"]


def test_fields_are_made_of_all_unknown_columns_and_the_check_shows_them(browse: Visit, new_group: Any) -> None:
    new_group("Vips")
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(form, "Make fields of all 2 unknown columns")
    assert (page.h1, page.toasts) == (
        "Check before anything is written", ["2 fields were made. Every row was checked again."]
    )  # fmt: skip
    assert [(one.code, one.type, one.choices) for one in Field.select().order_by(Field.id)] == [
        ("tier", "choice", ["Lead", "Gold"]), ("senior-citizen", "yesno", []),
    ]  # fmt: skip
    newest = Import.select().order_by(Import.id.desc()).get()
    cass.submit(page.form(f"/imports/{newest.id}/run"))
    first = Customer.get(Customer.code == "A1")
    assert find_fields.values_of([first.id], find_fields.live())[first.id] == {"tier": "Gold", "senior-citizen": True}
    assert not any(one.is_filterable for one in Field.select())


def test_the_new_fields_are_filterable_where_that_is_ticked(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(form, "Make fields of all 2 unknown columns", is_filterable="y")
    assert [(one.code, one.is_filterable) for one in Field.select().order_by(Field.id)] == [
        ("tier", True), ("senior-citizen", True),
    ]  # fmt: skip
    cass.submit(page.form(f"/imports/{Import.select().order_by(Import.id.desc()).get().id}/run"))
    assert len(cass.get("/customers?tier=Gold&senior-citizen=yes").rows()) == 4
    # Where nothing is unknown there is nothing to tick.
    address = checked(cass, "code,tier\nA1,Lead\n")
    assert "is_filterable" not in cass.get(f"{address}/columns").form(f"{address}/columns").names()


def test_code_label_and_type_are_changed_before_a_field_is_made(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(
        form, "Check again",
        **{"columns-1-make": "y", "columns-1-label": "Level", "columns-1-code": "level", "columns-1-type": "text",
         "columns-3-stands": "Address"},
    )  # fmt: skip
    assert page.toasts == ["1 field was made. Every row was checked again."]
    made = Field.get()
    assert (made.code, made.type, made.labels, made.choices) == ("level", "text", {"en": "Level"}, [])
    assert Import.select().order_by(Import.id.desc()).get().columns == ["code", "level", None, "address"]


def test_what_cannot_be_is_said_at_its_column_and_nothing_is_made(browse: Visit, new_group: Any) -> None:
    new_group("Gold")
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(form, "Check again", **{"columns-1-make": "y", "columns-1-code": "gold"})
    assert page.status == 422
    assert text_of(page.by_id("columns-1-code-error")).startswith("The group Gold has the code “gold” already")
    page = cass.submit(form, "Check again", **{"columns-0-stands": "", "columns-1-stands": "shoe size"})
    assert (page.status, "There is no field or group that is called so." in page.words) == (422, True)
    page = cass.submit(form, "Check again", **{"columns-0-stands": ""})
    assert (page.status, "No column holds a code" in page.words) == (422, True)
    assert (Field.select().count(), Import.select().where(Import.state == "checked").count()) == (0, 1)


def test_a_column_without_a_header_moves_nothing_to_another_column(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, "code,,Tier,tier\nA1,x,Gold,y\n")
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    cass.submit(form, "Check again", **{"columns-2-stands": "address"})
    assert Import.select().order_by(Import.id.desc()).get().columns == ["code", None, "address", None]
    assert cass.post(f"{address}/columns", {"columns-0-at": "77", "columns-0-stands": "name"}).status == 404


def test_who_may_make_no_fields_only_says_what_columns_stand_for(browse: Visit, cass: Actor) -> None:
    fields.create(cass, fields.Details({"en": "Grade"}))
    pat = browse("pat")
    address = checked(pat, FILE)
    page = pat.get(f"{address}/columns")
    assert page.form(f"{address}/columns").buttons() == ["Check again"]
    page = pat.submit(page.form(f"{address}/columns"), "Check again", **{"columns-1-stands": "grade"})
    assert page.h1 == "Check before anything is written"
    newest = Import.select().order_by(Import.id.desc()).get()
    assert newest.columns[1] == "grade"
    assert pat.post(f"/imports/{newest.id}/columns", {"do": "all"}).status == 403


def test_the_sample_file_has_the_columns_of_the_stores_own_fields(browse: Visit, cass: Actor) -> None:
    fields.create(cass, fields.Details({"en": "Tier"}, "choice", choices=["Gold", "Lead"]))
    fields.create(cass, fields.Details({"en": "Paid"}, "money", is_required=True))
    browser = browse("cass")
    text = browser.client.get("/imports/sample.csv").text
    lines = [line.split(",")[-2:] for line in text.splitlines()]
    assert lines == [["tier", "paid"], ["Gold", "125.00"], ["", "125.00"]]
    page = browser.get(checked(browser, text))
    assert [row[1] for row in page.rows()] == ["New", "New"]


def test_groups_of_a_file_have_tiles_of_their_own(browse: Visit, new_group: Any, new_customer: Any) -> None:
    new_group("Vips", [new_customer("Ann", code="A1")])
    cass = browse("cass")
    page = cass.get(checked(cass, "code,vips\nA1,no\nB1,yes\nC1,yes\n"))
    tiles = [text_of(tile) for tile in page.all("div") if (tile.get("class") or "").split()[:1] == ["tile"]]
    assert "+2 −1Vips" in tiles


def newest() -> Import:
    return Import.select().order_by(Import.id.desc()).get()


TOLD = "The columns stand for what was chosen for an earlier file with the same columns."


def test_what_was_chosen_counts_for_the_next_file_of_the_same_columns_and_is_said(browse: Visit, cass: Actor) -> None:
    fields.create(cass, fields.Details({"en": "Grade"}))
    browser = browse("cass")
    address = checked(browser, "code,Name,Town,Mail\nA1,Ann,Porto,a@b.example\n")
    first = browser.get(f"{address}/columns")
    assert TOLD not in first.main and newest().columns == ["code", "name", None, "email"]
    form = first.form(f"{address}/columns")
    page = browser.submit(form, **{"columns-1-stands": "", "columns-2-stands": "Grade"})
    assert TOLD not in page.main and newest().columns == ["code", None, "grade", "email"]
    # Written in another way they are the same columns; in another order they are another file.
    again = browser.get(checked(browser, "CODE;name;town;MAIL\nB1;Ben;Huye;b@b.example\n"))
    assert TOLD in again.main and newest().columns == ["code", None, "grade", "email"]
    (link,) = [link for link in again.links if link.endswith("/columns") and link.startswith("/imports/")][:1]
    shown = browser.get(link)
    assert TOLD in shown.main and shown.form(link).value("columns-2-stands") == "Grade"
    assert TOLD not in browser.get(checked(browser, "name,code,town,mail\nBen,B1,Huye,b@b.example\n")).main
    assert newest().columns == ["name", "code", None, "email"]
    # Chosen as the headers say themselves there is nothing to remember any more.
    browser.submit(shown.form(link), **{"columns-1-stands": "Name", "columns-2-stands": ""})
    assert list(FileShape.select(FileShape.chosen, FileShape.dates).tuples()) == [({}, {})]
    assert TOLD not in browser.get(checked(browser, "code,name,town,mail\nC1,Cid,Huye,c@b.example\n")).main


def test_a_field_that_is_gone_or_made_since_is_proposed_as_in_any_other_file(browse: Visit, cass: Actor) -> None:
    grade = fields.create(cass, fields.Details({"en": "Grade"}))
    browser = browse("cass")
    address = checked(browser, "code,Town,Name,Tier\nA1,Porto,Ann,x\n")
    form = browser.get(f"{address}/columns").form(f"{address}/columns")
    browser.submit(form, **{"columns-1-stands": "Grade", "columns-2-stands": ""})
    fields.retire(cass, grade.id)
    fields.create(cass, fields.Details({"en": "Tier"}))
    page = browser.get(checked(browser, "code,Town,Name,Tier\nB1,Porto,Ben,x\n"))
    assert TOLD in page.main and newest().columns == ["code", None, None, "tier"]


def test_a_file_that_cannot_be_read_as_was_chosen_is_read_as_its_headers_say(browse: Visit) -> None:
    browser = browse("cass")
    address = checked(browser, "code,one,two\nA1,a@b.example,x\n")
    form = browser.get(f"{address}/columns").form(f"{address}/columns")
    browser.submit(form, **{"columns-0-stands": "", "columns-1-stands": "E-mail"})
    assert newest().columns == [None, "email", None]
    rows = "".join(f"B{n},{day},y\n" for n, day in enumerate(["2026-01-01", "2026-02-01", "2026-03-01"] * 4))
    page = browser.get(checked(browser, f"code,one,two\n{rows}"))
    assert (newest().state, newest().columns, TOLD in page.main) == ("checked", ["code", None, None], False)


def test_a_store_of_more_than_200_fields_makes_them_of_a_file_and_takes_its_own_list_back(browse: Visit) -> None:
    cass, n = browse("cass"), 230
    header = ",".join(["code", *(f"Figure {at}" for at in range(n))])
    address = checked(cass, f"{header}\nA1,{','.join(str(at) for at in range(n))}\n")
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(form, f"Make fields of all {n} unknown columns")
    assert page.toasts == [f"{n} fields were made. Every row was checked again."]
    newest = Import.select().order_by(Import.id.desc()).get()
    cass.submit(page.form(f"/imports/{newest.id}/run"))
    table = cass.get("/customers.csv").html
    assert len(table.splitlines()[0].split(",")) > n
    checked(cass, table)
    again = Import.select().order_by(Import.id.desc()).get()
    assert (again.id > newest.id, again.counts["rows"], again.counts["unchanged"]) == (True, 1, 1)


def test_what_is_chosen_is_a_change_that_says_what_it_was_and_is_undone_like_any(browse: Visit) -> None:
    browser = browse("cass")
    text = "code,who\nA1,Ann\n"
    address = checked(browser, text)
    browser.submit(browser.get(f"{address}/columns").form(f"{address}/columns"), **{"columns-1-stands": "Name"})
    change = Change.select().order_by(Change.id.desc()).get()
    assert (change.act, change.subject, change.n_rows) == ("import.columns", f"import:{newest().id}", 1)
    page = browser.get(f"/changes/{change.id}")
    assert "Cass said what the columns of the file “people.csv” stand for" in page.main and "name" in page.main
    assert f"/imports/{newest().id}" in page.links
    # Pressed again, nothing is chosen anew, so it is no change.
    address = f"/imports/{newest().id}"
    browser.submit(browser.get(f"{address}/columns").form(f"{address}/columns"))
    assert Change.select().order_by(Change.id.desc()).get().id == change.id
    page = browser.get(f"/changes/{change.id}")
    assert address not in page.links  # that check is gone; the newer one took its place
    browser.submit(page.form(f"/changes/{change.id}/undo"))
    assert Change.select().order_by(Change.id.desc()).get().undoes_id == change.id
    assert TOLD not in browser.get(checked(browser, text)).main and newest().columns == ["code", None]
    undone = Change.select().order_by(Change.id.desc()).get().id
    browser.submit(browser.get(f"/changes/{undone}").form(f"/changes/{undone}/undo"))
    assert TOLD in browser.get(checked(browser, text)).main and newest().columns == ["code", "name"]
