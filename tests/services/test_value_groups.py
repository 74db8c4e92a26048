"""Groups of a field's values: any field value can become a group (product.md §3), several as one change."""

from typing import Any

import pytest

from portal.errors import Denied, Missing, NeedsApproval, Refusal, Refusals
from portal.models import Change, Customer, Group, GroupItem, Membership, User
from portal.permissions import Actor
from portal.queries import membership
from portal.queries import proposals as find_proposals
from portal.queries.fields import by_code
from portal.services import approvals, calls, customers, fields, groups, items, preview, settings, undo
from portal.services.fields import Details
from portal.services.guards import Call
from portal.services.value_groups import AT_ONCE, Wanted, create
from tests.conftest import Database

TIERS = [Wanted("Gold", "Gold"), Wanted("Silver", "Silver clients"), Wanted("Bronze", "Bronze")]


@pytest.fixture
def tiers(cass: Actor) -> dict[str, Customer]:
    """Two customers of gold, one of silver, one without a tier."""
    fields.create(cass, Details({"en": "Tier"}, "choice", choices=("Gold", "Silver", "Bronze"), is_filterable=True))
    fields.create(cass, Details({"en": "Likes"}, "choices", choices=("Tea", "Milk")))
    fields.create(cass, Details({"en": "Letters"}, "yesno"))
    fields.create(cass, Details({"en": "City"}))
    said = {
        "A": {"tier": "Gold", "likes": "Tea; Milk", "letters": "yes", "city": "São Paulo"},
        "B": {"tier": "gold", "likes": "Milk", "letters": "no"}, "C": {"tier": "Silver", "city": "SAO PAULO"}, "D": {},
    }  # fmt: skip
    return {code: customers.create(cass, {"code": code, **values}).customer for code, values in said.items()}


def members(code: str) -> str:
    """Return the codes of a group's members, as one word."""
    query = Membership.select(Customer.code).join(Customer).switch(Membership).join(Group).where(Group.code == code)
    return "".join(sorted(found for (found,) in query.tuples()))


def sound() -> bool:
    return (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


def newest() -> Change:
    return Change.select().order_by(Change.id.desc()).get()


def test_each_value_becomes_a_group_of_whoever_has_it_now_and_later(
    cass: Actor, tiers: dict[str, Customer]
) -> None:
    made = create(cass, "tier", TIERS)
    assert [(one.code, one.name, one.type, one.status, one.n_members) for one in made.new] == [
        ("gold", "Gold", "rule", "active", 2), ("silver-clients", "Silver clients", "rule", "active", 1),
        ("bronze", "Bronze", "rule", "active", 0),
    ]  # fmt: skip
    assert (made.joined, made.groups, len({one.hue for one in made.groups})) == (3, made.new, 3)
    assert (members("gold"), members("silver-clients")) == ("AB", "C")
    item = GroupItem.get(GroupItem.group == made.groups[0])
    assert (item.rule, item.reads, item.sign) == ({"field": "tier", "op": "is", "value": "Gold"}, ["tier"], "include")
    customers.edit(cass, tiers["D"].id, {"tier": "Bronze"})
    customers.edit(cass, tiers["A"].id, {"tier": "Silver"})
    assert (members("gold"), members("silver-clients"), members("bronze")) == ("B", "AC", "D")
    assert sound()


def test_it_is_one_change_about_the_field(cass: Actor, tiers: Any) -> None:
    before = Change.select().count()
    create(cass, "tier", TIERS)
    change = newest()
    assert Change.select().count() == before + 1
    assert (change.act, change.subject, change.n_rows) == ("group.of_values", f"field:{by_code('tier').id}", 6)


@pytest.mark.parametrize(
    ("code", "value", "who"),
    [
        ("likes", "milk", "AB"), ("letters", "yes", "A"), ("letters", "não", "B"), ("city", "são paulo", "AC"),
        ("gender", "woman", "AD"), ("shop", "Kigali North", "A"), ("shop", "S2", "B"), ("language", "pt", "D"),
        ("id_type", "passport", "A"),
    ],
)  # fmt: skip
def test_values_of_every_sort_are_understood_as_they_are_typed(
    cass: Actor, tiers: dict[str, Customer], s2: Any, code: str, value: str, who: str
) -> None:
    customers.edit(cass, tiers["A"].id, {"gender": "f", "shop": "S1", "id_type": "passport"})
    customers.edit(cass, tiers["B"].id, {"shop": "S2"})
    customers.edit(cass, tiers["D"].id, {"gender": "mulher", "language": "português"})
    (group,) = create(cass, code, [Wanted(value, "One")]).groups
    assert members(group.code) == who
    again = create(cass, code, [Wanted(value, "Two")])
    assert (again.groups, again.new) == ([group], [])
    assert sound()


def test_again_it_makes_nothing(cass: Actor, tiers: Any, database: Database) -> None:
    made = create(cass, "tier", TIERS)
    before = database.checksum()
    again = create(cass, "tier", [Wanted("GOLD", "Other name"), Wanted("Silver", ""), Wanted("bronze", "Gold")])
    assert (again.new, again.groups, again.joined) == ([], made.groups, 0)
    assert database.checksum() == before


def test_a_value_that_is_said_twice_makes_one_group(cass: Actor, tiers: Any) -> None:
    made = create(cass, "city", [Wanted("São Paulo", "Sampa"), Wanted("sao paulo", "Again")])
    assert ([one.code for one in made.groups], len(made.new)) == (["sampa", "sampa"], 1)
    assert (Group.select().count(), members("sampa")) == (1, "AC")


def test_a_group_made_by_hand_of_the_same_rule_counts(cass: Actor, tiers: Any, new_group: Any) -> None:
    best = new_group("Best", type="rule")
    items.add(cass, best.id, [items.NewItem(rule={"any": [{"field": "tier", "op": "is", "value": "gold"}]})])
    made = create(cass, "tier", TIERS[:2])
    assert [one.code for one in made.groups] == ["best", "silver-clients"]
    assert [one.code for one in made.new] == ["silver-clients"]


# ---- refused ----


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess", "nadia"])
def test_who_may_not_create_groups_makes_none(
    people: dict[str, Any], tiers: Any, database: Database, name: str
) -> None:
    before = database.checksum()
    with pytest.raises(Denied):
        create(people[name].actor, "tier", TIERS)
    assert database.checksum() == before


def test_all_that_is_wrong_is_told_by_its_place_and_nothing_is_made(
    cass: Actor, tiers: Any, new_group: Any, database: Database
) -> None:
    new_group("Bronze")
    before = database.checksum()
    wanted = [*TIERS, Wanted("Iron", "Iron"), Wanted("Bronze", "  ")]
    with pytest.raises(Refusals) as refused:
        create(cass, "tier", wanted)
    assert [(one.field, str(one)) for one in refused.value.refusals] == [
        ("name-2", "There is a group called “Bronze” already."),
        ("value-3", "“Iron” is no choice of “Tier”, which has: Gold, Silver, Bronze."),
        ("name-4", "A name is required."),
    ]
    assert database.checksum() == before


def test_two_groups_of_one_name_are_refused(cass: Actor, tiers: Any, database: Database) -> None:
    before = database.checksum()
    with pytest.raises(Refusals, match="There is a group called “Best” already") as refused:
        create(cass, "tier", [Wanted("Gold", "Best"), Wanted("Silver", "BEST")])
    assert refused.value.field == "name-1"
    assert database.checksum() == before


@pytest.mark.parametrize("value", ["", " ", "\u200b"])
def test_no_group_is_made_of_the_empty_value(cass: Actor, tiers: Any, database: Database, value: str) -> None:
    before = database.checksum()
    for code in ("city", "tier", "letters", "likes", "gender", "shop"):
        with pytest.raises(Refusals) as refused:
            create(cass, code, [Wanted(value, "Nothing")])
        assert refused.value.field == "value-0"
    assert database.checksum() == before


def test_none_and_too_many_and_fields_of_one_persons_own_values_are_refused(
    cass: Actor, tiers: Any, database: Database
) -> None:
    fields.create(cass, Details({"en": "Card"}, is_unique=True))
    before = database.checksum()
    with pytest.raises(Refusal, match="Tick at least one value"):
        create(cass, "tier", [])
    with pytest.raises(Refusal, match=f"At most {AT_ONCE} groups"):
        create(cass, "city", [Wanted(f"City {n}", f"City {n}") for n in range(AT_ONCE + 1)])
    for code in ("card", "phone", "birth_date"):
        with pytest.raises(Refusal, match="No groups are made of the values"):
            create(cass, code, [Wanted("1", "One")])
    with pytest.raises(Missing):
        create(cass, "none-such", [Wanted("1", "One")])
    assert database.checksum() == before


# ---- undo, preview, guard rails ----


def test_its_undo_takes_all_groups_back_and_the_undo_of_that_brings_them_again(cass: Actor, tiers: Any) -> None:
    create(cass, "tier", TIERS)
    undone = undo.undo(cass, newest().id)
    assert (undone.refused, undone.restored["group"]) == ([], 3)
    assert (members("gold"), Group.select().where(Group.status != "deleted").count()) == ("", 0)
    undo.undo(cass, undone.change_id)
    assert (members("gold"), members("silver-clients"), sound()) == ("AB", "C", True)
    assert create(cass, "tier", TIERS).new == []


def test_after_its_undo_they_are_made_anew(cass: Actor, tiers: Any) -> None:
    create(cass, "tier", TIERS)
    undo.undo(cass, newest().id)
    assert [one.code for one in create(cass, "tier", TIERS).new] == ["gold", "silver-clients", "bronze"]
    assert (members("gold"), sound()) == ("AB", True)


def test_a_group_that_was_touched_since_stays(cass: Actor, tiers: Any) -> None:
    made = create(cass, "tier", TIERS)
    change = newest().id
    groups.edit(cass, made.groups[0].id, groups.Details("Golden", "rule"))
    undone = undo.undo(cass, change)
    assert (len(undone.refused), undone.restored["group"]) == (1, 2)
    assert [one.name for one in Group.select().where(Group.status != "deleted")] == ["Golden"]


def test_the_preview_is_what_is_then_written(cass: Actor, tiers: Any, database: Database) -> None:
    before = database.checksum()
    shown = preview.of(cass, lambda: create(cass, "tier", TIERS))
    assert database.checksum() == before
    assert [(one.group.name, one.joining, one.leaving, one.n_after) for one in shown.moves] == [
        ("Gold", 2, 0, 2), ("Silver clients", 1, 0, 1)
    ]
    assert create(cass, "tier", TIERS).joined == 3


@pytest.fixture
def stopped(olive: Actor, cass: Actor, tiers: Any) -> Call:
    """The call that the guard rails stop: two of four customers would join one group."""
    settings.set_guards(olive, "30", is_marked=False)
    with pytest.raises(NeedsApproval, match="This moves 2 of 4 customers") as needed:
        create(cass, "tier", TIERS)
    assert Group.select().count() == 0
    return Call(needed.value.call, dict(needed.value.arguments))


def test_what_moves_more_than_one_person_may_is_approved_by_a_second(stopped: Call, cass: Actor, pat: Actor) -> None:
    asked = approvals.ask(cass, stopped, "All of them")
    told = [(move.group.label, move.joining) for move in find_proposals.moves(asked) if move.group]
    assert told == [("Gold", 2), ("Silver clients", 1)]
    assert find_proposals.label_of(asked) == "Gold"
    approvals.approve(pat, asked.id, asked.fingerprint)
    assert (members("gold"), members("silver-clients"), sound()) == ("AB", "C", True)
    change = Change.get(Change.act == "group.of_values")
    assert (change.actor_id, change.note) == (cass.user_id, f"№ {asked.id} · Cass → Pat · All of them")


def test_with_nobody_else_the_name_of_the_first_group_is_typed(stopped: Call, cass: Actor) -> None:
    User.update(is_active=False).where(User.name.in_(["Pat", "Olive"])).execute()
    with pytest.raises(Refusal, match="not the name"):
        approvals.confirm(cass, stopped, "Silver clients")
    approvals.confirm(cass, stopped, "gold")
    assert members("gold") == "AB"


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"code": "tier"}, {"code": 3, "wanted": []}, {"code": "tier", "wanted": 3},
        {"code": "tier", "wanted": [["Gold"]]}, {"code": "tier", "wanted": [["Gold", 3]]},
        {"code": "tier", "wanted": [["Gold", "Gold", "Gold"]]},
    ],
)  # fmt: skip
def test_a_call_that_no_page_makes_is_not_understood(cass: Actor, tiers: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="This request was not understood"):
        calls.run(cass, Call("value_groups.create", arguments))
    assert approvals.label_of(cass, Call("value_groups.create", arguments)) == ""
