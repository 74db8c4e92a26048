"""The store's own fields: defined, edited, placed, retired and restored, with their columns and indexes."""

from collections.abc import Callable
from typing import Any

import peewee
import pytest

from portal import db, worker
from portal.errors import Conflict, Denied, Missing, Refusal, Refusals
from portal.models import Change, ChangeRow, Customer, Field, Group, GroupItem, Job
from portal.models.field import COLUMN_TYPES
from portal.permissions import Actor
from portal.queries import customers as find_customers
from portal.queries import fields as find
from portal.queries.uses import Use, users_of_field
from portal.services import customers, fields, groups, undo
from portal.services.fields import searching
from portal.services.jobs import lease
from tests.conftest import Database, Person

New = Callable[..., Any]


def add(actor: Actor, label: str, type_: str = "text", **said: Any) -> Field:
    return fields.create(actor, fields.Details({"en": label}, type_, **said))


def said_of(field: Field, **other: Any) -> fields.Details:
    names = ("labels", "type", "helps", "choices", "default", "section", "side")
    marks = ("is_required", "is_searchable", "is_filterable", "is_unique")
    return fields.Details(**({name: getattr(field, name) for name in (*names, *marks)} | other))


def refusals(call: Callable[[], Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusals) as refused:
        call()
    return [(each.field, str(each)) for each in refused.value.refusals]


def stored_columns() -> set[str]:
    return {column.name for column in db.db.get_columns("customer_value")} - {"customer_id"}


def indexes() -> set[str]:
    return {index.name for index in db.db.get_indexes("customer_value")} & {
        f"customer_value_f{n}" for n in range(1, 500)
    }


@pytest.fixture
def chosen(cass: Actor) -> Field:
    """A field of choices."""
    return add(cass, "Tier", "choice", choices=("Gold", "Silver"), is_filterable=True)


@pytest.mark.parametrize("type_", COLUMN_TYPES)
def test_a_field_of_every_type_gets_its_columns_and_holds_values(type_: str, cass: Actor) -> None:
    choices = ("Gold", "Silver") if "choice" in type_ else ()
    field = add(cass, "Some thing", type_, choices=choices, is_filterable=True)
    assert (field.code, field.place, field.version) == ("some-thing", 1, 1)
    assert stored_columns() == set(field.columns)
    assert indexes() == (set() if type_ in {"longtext", "choices"} else {f"customer_value_{field.column}"})
    typed = {
        "yesno": "sim", "text": "Abc", "longtext": "Abc\nD", "number": "1.5", "money": "12.50", "percent": "35 %",
        "date": "2026-01-31", "datetime": "2026-01-31 14:05:00", "choice": "gold", "choices": "silver, gold",
        "phone": "0788 412 903", "email": "A@B.example", "url": "store.example", "cpf": "52998224725",
        "cnpj": "12ABC34501DE35", "postalcode": "sw1a 1aa",
    }[type_]  # fmt: skip
    customer = customers.create(cass, {"code": "A1", field.code: typed}).customer
    stored = find.values_of([customer.id], [field])[customer.id][field.code]
    assert str(stored) == {
        "yesno": "True", "text": "Abc", "longtext": "Abc\nD", "number": "1.5", "money": "1250", "percent": "35.0",
        "date": "2026-01-31", "datetime": "2026-01-31 12:05:00", "choice": "Gold", "choices": "\nGold\nSilver\n",
        "phone": "+250788412903", "email": "A@b.example", "url": "https://store.example", "cpf": "529.982.247-25",
        "cnpj": "12.ABC.345/01DE-35", "postalcode": "SW1A 1AA",
    }[type_]  # fmt: skip


def test_what_cannot_be_a_field_is_refused_at_its_place_and_leaves_nothing(cass: Actor, database: Database) -> None:
    add(cass, "Tier", "choice", choices=("Gold",))
    groups.create(cass, groups.Details(name="Resellers"))
    before, there = database.checksum(), stored_columns()
    bad = [
        (fields.Details({}), "labels"), (fields.Details({"en": " \u200b"}), "labels"),
        (fields.Details({"en": "x" * 81}), "labels"), (fields.Details({"en": "A"}, "colour"), "type"),
        (fields.Details({"en": "A"}, helps={"pt": "x" * 501}), "helps"),
        (fields.Details({"en": "A"}, section="x" * 61), "section"), (fields.Details({"en": "A"}, side=3), "side"),
        (fields.Details({"en": "A"}, "choice"), "choices"), (fields.Details({"en": "A"}, choices=("a",)), "choices"),
        (fields.Details({"en": "A"}, "choice", choices=("é", "E")), "choices"),
        (fields.Details({"en": "A"}, "choices", choices=("a;b",)), "choices"),
        (fields.Details({"en": "A"}, "number", default="many"), "default"),
        (fields.Details({"en": "A"}, "yesno", is_searchable=True), "is_searchable"),
        (fields.Details({"en": "A"}, "cpf", is_searchable=True), "is_searchable"),
        (fields.Details({"en": "A"}, "yesno", is_unique=True), "is_unique"),
        (fields.Details({"en": "A"}, default="x", is_unique=True), "default"),
        (fields.Details({"en": "A\x00"}), "labels"), (fields.Details({"en": "日本"}), "code"),
    ]  # fmt: skip
    for details, place in bad:
        found = refusals(lambda details=details: fields.create(cass, details))
        assert [name for name, _sentence in found][:1] == [place], details
    for code in ("tier", "TIER", "ti-er", "Birth date", "birthdate", "new", "orders", "resellers", "any", "and"):
        found = refusals(lambda code=code: fields.create(cass, fields.Details({"en": "A"}, code=code)))
        assert [name for name, _sentence in found] == ["code"], code
    assert database.checksum() == before and stored_columns() == there


def test_a_group_and_a_field_never_have_one_code(cass: Actor) -> None:
    add(cass, "Resellers", "yesno")
    assert groups.create(cass, groups.Details(name="Resellers")).group.code == "resellers-2"
    assert groups.create(cass, groups.Details(name="Birth date")).group.code == "birth-date-2"


def test_nothing_is_left_of_a_field_whose_index_could_not_be_made(cass: Actor, database: Database) -> None:
    for n in (1, 2):
        db.db.execute_sql(f'CREATE INDEX "customer_value_f{n}" ON customer (id)')
    before = database.checksum()
    with pytest.raises(peewee.PeeweeException):
        add(cass, "Broken", is_filterable=True)
    assert database.checksum() == before and stored_columns() == set()
    for n in (1, 2):
        db.db.execute_sql(f'DROP INDEX "customer_value_f{n}"')
    assert set(add(cass, "Whole", is_filterable=True).columns) == stored_columns()


def test_two_hundred_fields_still_work(cass: Actor, query_count: Callable[..., int]) -> None:
    made = [add(cass, f"Field {n}", "text" if n % 2 else "number", is_filterable=n % 4 == 0) for n in range(200)]
    typed = {field.code: str(field.id) for field in made}
    first = customers.create(cass, {"code": "A1", **typed}).customer
    second = customers.create(cass, {"code": "A2", made[0].code: "7"}).customer
    live = find.live()
    assert [field.id for field in live] == [field.id for field in made]
    stored = find.values_of([first.id, second.id], live)
    assert {code: float(value) for code, value in stored[first.id].items()} == {
        field.code: float(field.id) for field in made
    }
    assert stored[second.id] == {made[0].code: 7.0}
    assert query_count(lambda: find.values_of([first.id, second.id], live)) == 1
    customers.edit(cass, second.id, typed)
    assert find.values_of([second.id], live)[second.id] == stored[first.id]


def test_only_the_owner_and_the_cscc_manager_define_fields(
    olive: Actor, cass: Actor, pat: Actor, sam: Actor, ana: Actor, tess: Actor
) -> None:
    field = add(olive, "Tier")
    assert fields.edit(cass, field.id, said_of(field, labels={"en": "Level"})).labels == {"en": "Level"}
    for actor in (pat, sam, ana, tess):
        for call in (
            lambda actor=actor: add(actor, "Other"),
            lambda actor=actor: fields.edit(actor, field.id, said_of(field)),
            lambda actor=actor: fields.retire(actor, field.id),
            lambda actor=actor: fields.restore(actor, field.id),
            lambda actor=actor: fields.move(actor, field.id, is_up=True),
            lambda actor=actor: fields.move_section(actor, 1, "", is_up=True),
        ):
            with pytest.raises(Denied):
                call()
    assert Field.select().count() == 1


def test_editing_keeps_code_and_type_and_notices_somebody_else(cass: Actor) -> None:
    field = add(cass, "Tier")
    edited = fields.edit(
        cass,
        field.id,
        said_of(field, labels={"en": "Level", "pt": "Nível"}, helps={"en": "Of trust"}, type="number"),
        1,
    )
    assert (edited.code, edited.type, edited.labels, edited.version) == (
        "tier", "text", {"en": "Level", "pt": "Nível"}, 2,
    )  # fmt: skip
    assert [find.label(edited, name) for name in ("en", "pt", "es")] == ["Level", "Nível", "Level"]
    assert find.help_text(edited, "pt") == "Of trust"
    with pytest.raises(Conflict):
        fields.edit(cass, field.id, said_of(field), 1)
    n = Change.select().count()
    assert fields.edit(cass, field.id, said_of(edited), 2).version == 2
    assert Change.select().count() == n
    with pytest.raises(Missing):
        fields.edit(cass, 99, said_of(edited))
    row = ChangeRow.get(ChangeRow.noun == "field", ChangeRow.before.is_null(False))
    assert (row.before["labels"], row.after["labels"]) == ({"en": "Tier"}, {"en": "Level", "pt": "Nível"})


def test_filterable_makes_the_index_and_drops_it(cass: Actor, chosen: Field) -> None:
    assert indexes() == {"customer_value_f1"}
    edited = fields.edit(cass, chosen.id, said_of(chosen, is_filterable=False))
    assert indexes() == set() and not edited.is_indexed
    fields.edit(cass, chosen.id, said_of(chosen, is_filterable=True))
    assert indexes() == {"customer_value_f1"}


def test_a_choice_that_somebody_has_is_not_dropped(cass: Actor, chosen: Field, new_customer: New) -> None:
    ann = new_customer("Ann", tier="gold")
    with pytest.raises(Refusal, match=r"“Gold” cannot be dropped\. Customers who have it: 1\."):
        fields.edit(cass, chosen.id, said_of(chosen, choices=("Silver", "Bronze")))
    assert fields.edit(cass, chosen.id, said_of(chosen, choices=("Gold", "Bronze"))).choices == ["Gold", "Bronze"]
    customers.edit(cass, ann.id, {"tier": ""})
    assert fields.edit(cass, chosen.id, said_of(chosen, choices=("Bronze",))).choices == ["Bronze"]


def test_one_of_several_choices_that_somebody_has_is_not_dropped(cass: Actor, new_customer: New) -> None:
    field = add(cass, "Likes", "choices", choices=("Tea", "Iced tea", "Coffee"))
    new_customer("Ann", likes="iced tea; coffee")
    with pytest.raises(Refusal, match="“Iced tea” cannot be dropped"):
        fields.edit(cass, field.id, said_of(field, choices=("Tea", "Coffee")))
    assert fields.edit(cass, field.id, said_of(field, choices=("Iced tea", "Coffee"))).choices == ["Iced tea", "Coffee"]


def test_values_that_several_share_keep_a_field_from_being_unique(cass: Actor, new_customer: New) -> None:
    field = add(cass, "Card")
    ann, ben = new_customer("Ann", card="A 1"), new_customer("Ben", card="a  1")
    with pytest.raises(Refusal, match="Several customers have the same value already: “A 1”"):
        fields.edit(cass, field.id, said_of(field, is_unique=True))
    customers.edit(cass, ben.id, {"card": "A 2"})
    assert fields.edit(cass, field.id, said_of(field, is_unique=True)).is_unique
    assert indexes() == {"customer_value_f1"}
    with pytest.raises(Refusals, match="Another customer has “a 1” already: Ann"):
        customers.edit(cass, ben.id, {"card": "a 1"})
    customers.edit(cass, ann.id, {"card": "A 1 "})


def test_a_field_that_rules_ask_for_names_them_before_it_goes(
    cass: Actor, chosen: Field, new_group: New, query_count: Callable[..., int]
) -> None:
    for name, status in (("Best", "active"), ("Drafted", "draft"), ("Gone", "active")):
        group = new_group(name, status=status)
        rule = {"field": "tier", "op": "is", "value": "Gold"}
        GroupItem.create(
            group=group, sign="include", kind="rule", rule=rule, reads=["tier"], created_by=Change.select().first()
        )
    GroupItem.create(
        group=new_group("Other"),
        sign="include",
        kind="rule",
        rule={},
        reads=["city"],
        created_by=Change.select().first(),
    )
    groups.delete(cass, Group.get(Group.code == "gone").id)
    assert users_of_field(chosen) == [Use("group", "best", "Best"), Use("group", "drafted", "Drafted")]
    assert query_count(lambda: users_of_field(chosen)) == 1
    for call in (
        lambda: fields.retire(cass, chosen.id),
        lambda: fields.edit(cass, chosen.id, said_of(chosen, is_filterable=False)),
    ):
        with pytest.raises(Refusal) as refused:
            call()
        assert str(refused.value) == "Tier is used by “Best”, “Drafted”. Change those first."
    assert fields.edit(cass, chosen.id, said_of(chosen, labels={"en": "Level"})).labels == {"en": "Level"}
    GroupItem.update(ended_at=Change.select().first().at).execute()
    assert fields.retire(cass, chosen.id).retired_at is not None


def test_a_retired_field_keeps_its_values_and_comes_back_with_them(
    cass: Actor, chosen: Field, new_customer: New
) -> None:
    ann = new_customer("Ann", tier="Gold")
    retired = fields.retire(cass, chosen.id)
    assert (find.live(), [field.id for field in find.retired()]) == ([], [chosen.id])
    n = Change.select().count()
    assert fields.retire(cass, chosen.id).retired_at == retired.retired_at and Change.select().count() == n
    with pytest.raises(Refusals):
        add(cass, "Tier")
    other = add(cass, "Other")
    fields.restore(cass, chosen.id)
    assert [field.id for field in find.live()] == [other.id, chosen.id]
    assert find.values_of([ann.id], find.live()) == {ann.id: {"tier": "Gold"}}
    assert [change.act for change in Change.select().where(Change.act.startswith("field.")).order_by(Change.id)] == [
        "field.create", "field.retire", "field.create", "field.restore",
    ]  # fmt: skip


def layout() -> list[str]:
    return [field.code for field in find.live()]


def test_fields_stand_by_side_section_and_place_and_move_within(cass: Actor) -> None:
    a, b = add(cass, "A"), add(cass, "B")
    c, d = add(cass, "C", section="Trade"), add(cass, "D", section="Trade")
    add(cass, "E", side=2)
    f = add(cass, "F", section="More")
    add(cass, "G")
    assert layout() == ["a", "b", "g", "c", "d", "f", "e"]
    fields.move(cass, b.id, is_up=True)
    fields.move(cass, c.id, is_up=False)
    assert layout() == ["b", "a", "g", "d", "c", "f", "e"]
    n = Change.select().count()
    fields.move(cass, b.id, is_up=True)
    fields.move(cass, c.id, is_up=False)
    assert layout() == ["b", "a", "g", "d", "c", "f", "e"] and Change.select().count() == n
    fields.move_section(cass, 1, "More", is_up=True)
    assert layout() == ["b", "a", "g", "f", "d", "c", "e"]
    fields.move_section(cass, 1, "More", is_up=True)
    fields.move_section(cass, 1, "", is_up=False)
    fields.move_section(cass, 1, "Nowhere", is_up=False)
    assert layout() == ["b", "a", "g", "f", "d", "c", "e"]
    fields.edit(cass, f.id, said_of(Field.get_by_id(f.id), section="Trade"))
    assert layout() == ["b", "a", "g", "d", "c", "f", "e"]
    assert Field.get_by_id(a.id).version == Field.get_by_id(d.id).version == 1


def found_by(actor: Actor, text: str) -> list[str]:
    query = find_customers.visible_to(actor).where(*find_customers.matching(actor, text))
    return [customer.code for customer in query.order_by(Customer.code)]


def test_searching_follows_a_field_that_becomes_searchable_is_retired_and_comes_back(
    cass: Actor, new_customer: New, database: Database
) -> None:
    field = add(cass, "Nickname")
    new_customer("Ann", code="A1", nickname="Zé das Couves")
    new_customer("Ben", code="A2")
    assert found_by(cass, "couves") == []
    field = fields.edit(cass, field.id, said_of(field, is_searchable=True))
    assert found_by(cass, "ze couves") == ["A1"]
    version = Customer.get(Customer.code == "A1").version
    assert version == 1  # nothing of hers was changed
    fields.retire(cass, field.id)
    assert found_by(cass, "couves") == []
    fields.restore(cass, field.id)
    assert found_by(cass, "couves") == ["A1"]
    fields.edit(cass, field.id, said_of(field, is_searchable=False))
    assert found_by(cass, "couves") == []


def test_searching_is_brought_up_in_parts_for_many(
    cass: Actor, new_customer: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = add(cass, "Nickname")
    for n in range(5):
        new_customer(f"Person {n}", nickname=f"Nick {n}")
    monkeypatch.setattr(searching, "CHUNK", 2)
    fields.edit(cass, field.id, said_of(field, is_searchable=True))
    assert len(found_by(cass, "nick")) == 5


def test_searching_is_brought_up_in_the_background_where_somebody_works_there(
    cass: Actor, people: dict[str, Person], new_customer: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = add(cass, "Nickname")
    for n in range(5):
        new_customer(f"Person {n}", nickname=f"Nick {n}")
    monkeypatch.setattr(searching, "CHUNK", 2)
    lease.seen("somewhere/#1")
    field = fields.edit(cass, field.id, said_of(field, is_searchable=True))
    job = Job.get()
    assert (job.kind, job.state, len(found_by(cass, "nick"))) == ("field.search", "waiting", 2)
    worker.work(job.id, "somewhere/#1.a")
    job = Job.get_by_id(job.id)
    assert (job.state, job.n_done, job.n_all, len(found_by(cass, "nick"))) == ("done", 5, 5, 5)
    # What is said anew takes the place of a job that has not ended.
    fields.edit(cass, field.id, said_of(field, is_searchable=False))
    fields.edit(cass, field.id, said_of(field, is_searchable=True))
    assert [one.state for one in Job.select().order_by(Job.id)] == ["done", "cancelled", "waiting"]
    worker.work(Job.select().order_by(Job.id.desc()).first().id, "somewhere/#1.a")
    assert len(found_by(cass, "nick")) == 5


def test_fields_and_what_rules_may_ask_are_read_in_few_queries(
    cass: Actor, new_group: New, query_count: Callable[..., int]
) -> None:
    for n in (1, 3):
        while Field.select().count() < n:
            add(cass, f"Field {Field.select().count()}", is_filterable=True)
            new_group(f"Group {Field.select().count()}")
        assert query_count(find.live) == query_count(find.every) == query_count(find.retired) == 1
        assert query_count(find.catalogue) == 3
    fields.retire(cass, Field.get(Field.code == "field-2").id)
    known = find.catalogue()
    own = [info for info in known.fields.values() if info.is_own]
    assert [(info.code, info.label, info.columns, info.is_indexed, info.is_retired) for info in own] == [
        ("field-0", "Field 0", ("f1", "k1"), True, False), ("field-1", "Field 1", ("f2", "k2"), True, False),
        ("field-2", "Field 2", ("f3", "k3"), True, True),
    ]  # fmt: skip
    assert set(known.groups) == {"group-1", "group-2", "group-3"} and set(known.shops) == {"s1", "s2"}
    assert known.fields["birth_date"].type == "date" and known.fields["orders"].is_purchase
    assert known.field_named("date of birth") is known.fields["birth_date"]
    assert known.field_named("Data de nascimento") is known.fields["birth_date"]
    assert known.field_named("FIELD_0") is own[0]


def test_support_learns_of_no_sensitive_group_through_the_catalogue(cass: Actor, sam: Actor, new_group: New) -> None:
    new_group("Open")
    new_group("Secret", is_sensitive=True)
    assert set(find.catalogue(actor=sam).groups) == {"open"}
    assert set(find.catalogue(actor=cass).groups) == {"open", "secret"}


def test_a_deleted_group_does_not_come_back_over_a_field_of_its_code(
    cass: Actor, people: dict[str, Person], new_group: New
) -> None:
    from portal.services import undo

    group = new_group("Resellers")
    groups.delete(cass, group.id)
    change = Change.select().order_by(Change.id.desc()).first()
    add(cass, "Resellers", "yesno")
    with pytest.raises(Refusal, match="A field has the code “resellers” by now"):
        undo.undo(cass, change.id)


def test_a_unique_field_comes_back_only_while_its_values_are_unique(cass: Actor, new_customer: New) -> None:
    field = add(cass, "Card", is_unique=True)
    new_customer("Ann", card="X 1")
    undo.undo(cass, Change.select().order_by(Change.id.desc()).first().id)
    removed = Change.select().order_by(Change.id.desc()).first().id
    ben = new_customer("Ben", card="x 1")
    fields.retire(cass, field.id)
    undo.undo(cass, removed)  # she is back, and nobody looks at a retired field
    with pytest.raises(Refusal, match="Several customers have the same value already: “X 1”"):
        fields.restore(cass, field.id)
    undo.undo(cass, Change.select().where(Change.subject == f"customer:{ben.id}").order_by(Change.id).first().id)
    assert fields.restore(cass, field.id).retired_at is None
