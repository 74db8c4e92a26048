"""The pages of an import: choose, check, import, verify."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from portal import clock
from portal.models import Customer, Group, Import, ImportRow, Membership, Shop
from portal.queries import imports as find
from tests.page import Browser, Page, text_of

Visit = Callable[[str], Browser]
FILE = "code;name;email\nA1;João d'Ávila;joao@x.example\nA2;Bea;nobody\n"


def upload(browser: Browser, text: str | bytes, name: str = "people.csv", **typed: str) -> Any:
    content = text.encode() if isinstance(text, str) else text
    data: dict[str, Any] = {"csrf_token": browser.token(), "file": (io.BytesIO(content), name), **typed}
    return browser.client.post("/imports/new", data=data, content_type="multipart/form-data")


def checked(browser: Browser, text: str, **typed: str) -> str:
    response = upload(browser, text, **typed)
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def pressable(page: Page) -> list[str]:
    """Return the buttons that do something with the import."""
    return [text for form in page.forms if "/imports/" in form.action for text in form.buttons()]


def test_a_file_goes_from_check_to_members(browse: Visit, new_group: Any) -> None:
    new_group("Resellers")
    cass = browse("cass")
    address = checked(cass, FILE, group="resellers")
    page = cass.get(address)
    assert page.h1 == "Check before anything is written"
    told = [row[1].removesuffix("Leave this row out") for row in page.rows()]
    assert told == ["New joins", "Refused “nobody” is not an e-mail address."]
    assert (Customer.select().count(), Membership.select().count()) == (0, 0)
    page = cass.submit(page.form(f"{address}/run"))
    assert (page.h1, page.toasts) == (
        "Verify the imported customer group", ["1 customer was written. 1 joined Resellers."]
    )  # fmt: skip
    assert [row.name for row in Customer.select()] == ["João d'Ávila"]
    # Who has just come in is one click away, to be verified.
    assert page.rows()[0][1] == "New João d'Ávila joined" and "/customers/A1" in page.links
    again = cass.get(checked(cass, FILE, group="resellers"))
    assert again.rows()[0][1] == "Unchanged João d'Ávila already in"


def test_how_a_row_fared_is_one_word_in_rows_tabs_and_tiles(browse: Visit, new_customer: Any) -> None:
    """And what stays as it is, is no warning."""
    new_customer("Ann", code="A1", email="a@x.example")
    new_customer("Ben", code="B1", email="b@x.example")
    cass = browse("cass")
    file = "code,name,email\nA1,Ann,\nB1,Benjamin,\nC1,Cay,\nA1,,b@x.example\nD1,,nobody\n"
    page = cass.get(checked(cass, file))
    words = ["New", "Updated", "Unchanged", "Ambiguous", "Refused"]
    tabs = [text_of(link) for link in page.all("a") if "?show=" in link.get("href", "")]
    assert [text.rstrip(" 1") for text in tabs] == words
    tiles = [text_of(tile) for tile in page.all("div") if (tile.get("class") or "").split()[:1] == ["tile"]]
    assert tiles == [f"1{word}" for word in words]
    signs = {text_of(sign): sign.get("class") for sign in page.all("span") if "status" in (sign.get("class") or "")}
    assert sorted(signs) == sorted(words)
    assert (signs["Unchanged"], signs["Refused"]) == ("status hue-grey", "status hue-red")


def test_the_refused_rows_come_back_with_reasons_that_are_ignored_when_uploaded_again(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    text = cass.client.get(f"{address}/refused.csv").text
    assert text == "\ufeffcode,name,email,coterie_reason\r\nA2,Bea,nobody,“nobody” is not an e-mail address.\r\n"
    again = checked(cass, text.replace("nobody,", "bea@x.example,", 1))
    cass.post(f"{again}/run")
    assert [(row.name, row.email) for row in Customer.select()] == [("Bea", "bea@x.example")]


def test_after_30_days_the_page_has_the_counts_and_says_that_the_rows_were_dropped(
    browse: Visit, time_machine: Any
) -> None:
    time_machine.move_to("2040-01-01T10:00:00Z", tick=False)
    cass = browse("cass")
    address = checked(cass, FILE)
    cass.post(f"{address}/run")
    assert "Below is every row" in cass.get(address).words and len(cass.get(address).rows()) == 2
    time_machine.move_to("2040-01-31T10:00:01Z", tick=False)
    cass = browse("cass")  # which drops them
    assert ImportRow.select().count() == 0
    page = cass.get(address)
    assert "The rows of this file were dropped 30 days after the import." in page.words
    assert [text_of(tile) for tile in page.all("div") if (tile.get("class") or "").split()[:1] == ["tile"]] == [
        "1New", "0Updated", "0Unchanged", "1Refused",
    ]  # fmt: skip
    assert (page.rows(), "refused.csv" in page.html, "Below is every row" in page.words) == ([], False, False)
    refused = cass.get(f"{address}/refused.csv")
    assert (refused.status, "dropped 30 days after the import" in refused.words) == (404, True)


def test_an_import_runs_by_a_post_with_a_token_only(browse: Visit) -> None:
    """Behaviour B040."""
    cass = browse("cass")
    address = checked(cass, FILE)
    assert cass.client.get(f"{address}/run").status_code == 405
    assert cass.client.post(f"{address}/run").status_code == 400
    assert Customer.select().count() == 0


def test_a_dropped_file_is_gone(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    page = cass.submit(cass.get(address).form(f"{address}/cancel"))
    assert page.toasts == ["The file was dropped. Nothing of it was stored."]
    assert ImportRow.select().count() == 0
    assert cass.get(address).status == 404


@pytest.mark.parametrize("is_read", [True, False])
def test_a_check_that_was_killed_is_said_to_be_so_and_checked_again_or_dropped(
    is_read: bool, browse: Visit
) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    left: dict[str, Any] = {"state": "reading", "counts": {}, "matching": "somebody"}
    Import.update(**left, **({} if is_read else {"headers": [], "columns": []})).execute()
    page = cass.get(address)
    assert (page.h1, pressable(page), page.rows()) == ("This file is being checked", [], [])
    assert "Look again in a moment." in page.words
    Import.update(created_at=clock.ago(minutes=6)).execute()
    assert "“people.csv” is being checked, or was interrupted at it." in cass.get("/imports/new").words
    page = cass.get(address)
    assert ("All of its rows were read" in page.words, "It was not read to its end" in page.words) == (
        is_read, not is_read
    )  # fmt: skip
    assert pressable(page) == ["Drop the file", *(["Check again"] if is_read else [])]
    if is_read:
        page = cass.submit(page.form(f"{address}/check"))
        assert (page.h1, len(page.rows()) > 0) == ("Check before anything is written", True)
    else:
        refused = cass.post(f"{address}/check", {})
        assert (refused.status, "Choose it once more." in refused.words) == (422, True)
        page = cass.submit(page.form(f"{address}/cancel"))
        assert (page.toasts, ImportRow.select().count()) == (["The file was dropped. Nothing of it was stored."], 0)


def test_rows_with_a_warning_have_a_tab_of_their_own(browse: Visit) -> None:
    cass = browse("cass")
    file = "code,name,phone\nA1,Ann,12\nA2,Bea,\nA3,Cay,34\n,Dan,56\n"
    address = checked(cass, file)
    page = cass.get(address)
    tabs = {text_of(link): link.get("href") for link in page.all("a") if "?show=" in link.get("href", "")}
    assert tabs["With a warning3"] == tabs["3 rows are taken with a warning."] == f"{address}?show=warned"
    page = cass.get(f"{address}?show=warned")
    assert [row[:3] for row in page.rows()] == [
        [n, f"New “{phone}” could not be read as a phone number; it is kept as typed.", code]
        for n, phone, code in (("2", "12", "A1"), ("4", "34", "A3"), ("5", "56", ""))
    ]
    page = cass.get(checked(cass, "code,name\nB1,Ann\n"))
    assert "With a warning" not in page.words


def test_rows_with_a_warning_come_page_by_page_in_one_statement_each(browse: Visit, query_count: Any) -> None:
    address = checked(browse("cass"), "code,phone\n" + "".join(f"A{n},{n % 2 * 12 or ''}\n" for n in range(9)))
    imported = Import.get_by_id(int(address.rpartition("/")[2]))
    first = find.rows(imported, show="warned", size=3)
    assert ([row.code for row in first.rows], first.after) == (["A1", "A3", "A5"], 7)
    last = find.rows(imported, show="warned", after=7, size=3)
    assert ([row.code for row in last.rows], last.after) == (["A7"], None)
    for size in (1, 3):
        assert query_count(partial(find.rows, imported, show="warned", size=size)) == 1


def test_a_column_that_holds_something_else_is_told_in_one_sentence(browse: Visit) -> None:
    cass = browse("cass")
    page = cass.get(checked(cass, "code,email\nA1,0788412901\nA2,0788412902\nA3,0788412903\n"))
    assert page.h1 == "This file cannot be imported"
    assert (page.words.count("Nothing was stored."), page.words.count("does not look like e-mail")) == (1, 1)


def test_no_file_an_unknown_group_and_a_picture_are_refused_in_words(browse: Visit, new_group: Any) -> None:
    cass = browse("cass")
    assert cass.post("/imports/new", {"group": ""}).status == 422
    assert (upload(cass, FILE, group="nobody").status_code, Customer.select().count()) == (404, 0)
    stopped = cass.get(str(upload(cass, b"\x89PNG\r\n\x1a\n" + bytes(99)).headers["Location"]))
    assert (stopped.h1, "it looks like png" in stopped.words) == ("This file cannot be imported", True)


def test_a_file_whose_name_no_database_holds_is_refused(browse: Visit) -> None:
    cass = browse("cass")
    assert (upload(cass, FILE, "a\x00b.csv").status_code, Import.select().count()) == (400, 0)


def test_a_group_is_created_by_the_import_of_a_manager_alone(browse: Visit) -> None:
    refused = upload(browse("olive"), FILE, new_group="Resellers")
    assert (refused.status_code, Group.select().count()) == (403, 0)
    cass = browse("cass")
    address = checked(cass, FILE, new_group="Resellers")
    assert "creates the group Resellers with 1 member" in cass.get(address).words
    cass.post(f"{address}/run")
    assert [(group.name, group.n_members) for group in Group.select()] == [("Resellers", 1)]


def test_a_world_that_moved_shows_the_new_check(browse: Visit, new_customer: Any) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    new_customer("Somebody", code="A1")
    page = cass.post(f"{address}/run")
    assert (page.status, page.h1) == (409, "Check before anything is written")
    assert "Customers have changed since this file was checked" in page.words
    assert Customer.get().name == "Somebody"


def test_a_large_body_is_taken_by_the_upload_alone(browse: Visit) -> None:
    cass = browse("cass")
    rows = "".join(f"A{n},{'x' * 90}\n" for n in range(4000))
    assert upload(cass, "code,name\n" + rows).status_code == 303
    assert cass.post("/customers/new", {"name": "x" * 400_000}).status == 413


def test_counts_are_told_as_the_language_writes_them(browse: Visit, new_group: Any, s1: Shop, s2: Shop) -> None:
    """On every page that says how many moved: an import, a group of a shop, its items, its archive."""
    cass = browse("cass")
    cass.post("/account/language", {"language": "es"})
    new_group("Resellers")
    rows = [f"B{n},Bea,,{'S1' if n % 2 else 'S2'}" for n in range(2_400)]
    refused = [f",Nobody {n},," for n in range(1_001)]
    address = checked(cass, "\n".join(["code,name,,shop", *rows, *refused]), group="resellers")
    page = cass.get(address)
    tabs = [element for element in page.all("span") if element.get("class") == "count"]
    assert ["".join(element.itertext()) for element in tabs] == ["0", "1.001"]
    assert "Descargar 1.001 filas con sus motivos" in page.words
    page = cass.submit(page.form(f"{address}/run"))
    assert page.toasts == ["Se guardaron 2.400 clientes. Nuevos miembros de Resellers: 2.400."]
    form = {"name": "Norte", "type": "shop", "hue": "blue", "item": f"include:shop:{s1.id}"}
    page = cass.post("/groups/new", form, follow=True)
    assert page.toasts[1] == (
        "Ahora son miembros todos los clientes de Kigali North: los actuales (1.200) y los futuros."
    )
    page = cass.post("/groups/norte/items", {"item": f"include:shop:{s2.id}"}, follow=True)
    assert page.toasts == ["Se guardó Norte: 1.200 entradas."]
    cass.post("/groups/norte/archive", follow=True)
    assert cass.post("/groups/norte/restore", follow=True).toasts == ["Norte está activo. Ahora tiene 2.400 miembros."]


def test_a_draft_can_be_chosen_and_an_archived_group_stays_chosen_where_it_is_refused(
    browse: Visit, new_group: Any
) -> None:
    """Or the file would go into no group without a word, at once or at the second press."""
    for name, status in (("Spring", "draft"), ("Bonus", "active"), ("Old", "archived"), ("Gone", "deleted")):
        group = new_group(name)
        Group.update(status=status).where(Group.id == group.id).execute()
    cass = browse("cass")

    def offered(page: Any) -> tuple[list[str], str]:
        form = page.form("/imports/new", "post")
        select = next(part for part in form.controls() if part.get("name") == "group")
        return [one.get("value", "") for one in select.iter("option")], form.value("group")

    assert offered(cass.get("/imports/new?group=spring")) == (["", "bonus", "spring"], "spring")
    address = checked(cass, FILE, group="spring")
    assert "It is a draft: they become members when it is made active." in cass.get(address).main
    assert offered(cass.get("/imports/new?group=gone")) == (["", "bonus", "spring"], "")
    answer = upload(cass, FILE, group="old")
    refused = Page(cass.app, answer, "POST /imports/new")
    assert refused.status == 422 and "“Old” is archived. Restore it before importing into it." in refused.problems
    assert offered(refused) == (["", "bonus", "old", "spring"], "old")
