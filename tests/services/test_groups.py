"""Groups: coming into being, names and codes, states."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Conflict, Denied, Missing, Refusal, Refusals
from portal.models import Change, Customer, Group, Membership
from portal.permissions import TABLE, Action, Actor, Role
from portal.queries import groups as find
from portal.services import groups, items
from portal.services.groups import Details
from tests.conftest import Database

New = Callable[..., Any]


def problems(refused: pytest.ExceptionInfo[Refusals]) -> list[tuple[str | None, str]]:
    return [(each.field, str(each)) for each in refused.value.refusals]


def test_a_group_belongs_to_who_made_it(cass: Actor) -> None:
    saved = groups.create(
        cass, Details(name="  Super   Bonus ", hue="pink", description=" For 15 ", agent_note="Be kind")
    )
    group = Group.get_by_id(saved.group.id)
    assert (group.name, group.code, group.type, group.status, group.hue) == (
        "Super Bonus",
        "super-bonus",
        "customer",
        "active",
        "pink",
    )
    assert (group.description, group.agent_note, group.owner_id, group.version) == (
        "For 15",
        "Be kind",
        cass.user_id,
        1,
    )


@pytest.mark.parametrize("same", ["Café Łódź", "cafe lodz", "CAFE LODZ", "Cafe  Łodz", "ｃａｆé łódź"])
def test_names_are_unique_without_regard_to_case_accents_and_spaces(same: str, database: Database, cass: Actor) -> None:
    groups.create(cass, Details(name="Café Łódź"))
    before = database.checksum()
    with pytest.raises(Refusals) as refused:
        groups.create(cass, Details(name=same))
    assert problems(refused) == [("name", "There is a group called “Café Łódź” already.")]
    assert database.checksum() == before


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Straße & Øre", "strasse-ore"), ("New", "new-2"), ("Import", "import-2"), ("of", "of-2"), ("顧客", "group-2"),
        ("A" * 100, "a" * 60), ("--", "group-2"),
    ],
)  # fmt: skip
def test_the_code_is_the_ascii_slug_and_never_a_word_of_addresses(name: str, code: str, cass: Actor) -> None:
    assert groups.create(cass, Details(name=name)).group.code == code


def test_two_names_with_one_slug_get_two_codes(cass: Actor) -> None:
    codes = [groups.create(cass, Details(name=name)).group.code for name in ("A b", "A-b", "A_b", "a.b")]
    assert codes == ["a-b", "a-b-2", "a-b-3", "a-b-4"]


def test_an_edited_group_keeps_its_code(cass: Actor, new_group: New) -> None:
    group = new_group("Vips")
    groups.edit(cass, group.id, Details(name="Best", type="shop", hue="red"))
    stored = Group.get_by_id(group.id)
    assert (stored.code, stored.name, stored.type, stored.hue, stored.version) == ("vips", "Best", "shop", "red", 2)
    groups.edit(cass, group.id, Details(name="BEST", type="shop", hue="red"))
    assert Group.get_by_id(group.id).name == "BEST"


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (Details(name=" "), [("name", "A name is required.")]),
        (Details(name="x" * 121), [("name", "A group's name has at most 120 characters.")]),
        (
            Details(name="", type="kind", hue="beige", description="d" * 2001, agent_note="n" * 2001),
            [
                ("name", "A name is required."), ("type", "Choose Customer, Shop or Rule."),
                ("hue", "Choose one of the colours shown."), ("description", "At most 2 000 characters fit here."),
                ("agent_note", "At most 2 000 characters fit here."),
            ],
        ),
        (Details(name="A\x00b"), [("name", "This holds characters that cannot be stored. Please type it anew.")]),
        (Details(name="A\ud800b"), [("name", "This holds characters that cannot be stored. Please type it anew.")]),
        (Details(name="A", description="\x00"), [("description",
        "This holds characters that cannot be stored. Please type it anew.")]),
    ],
    ids=["empty", "long", "everything", "nul", "surrogate", "nul-text"],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_in_words_all_at_once(
    details: Details, expected: Any, database: Database, cass: Actor
) -> None:
    before = database.checksum()
    with pytest.raises(Refusals) as refused:
        groups.create(cass, details)
    assert problems(refused) == expected
    assert database.checksum() == before


@pytest.mark.parametrize("status", ["archived", "deleted", "anything"])
def test_a_new_group_is_active_or_a_draft(status: str, cass: Actor, database: Database) -> None:
    with pytest.raises(Refusal, match=r"A new group is active or a draft."):
        groups.create(cass, Details(name="Vips", status=status))
    assert Group.select().count() == 0


def test_a_second_editor_is_told_and_overwrites_nothing(cass: Actor, pat: Actor, new_group: New) -> None:
    group = new_group("Vips")
    groups.edit(pat, group.id, Details(name="Pat's"), version=1)
    with pytest.raises(Conflict):
        groups.edit(cass, group.id, Details(name="Cass's"), version=1)
    assert Group.get_by_id(group.id).name == "Pat's"
    groups.edit(cass, group.id, Details(name="Cass's"), version=2)
    assert Group.get_by_id(group.id).name == "Cass's"


def test_a_deleted_group_frees_name_and_code_and_leaves_the_customer(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    """Behaviour B008."""
    ann = new_customer("Ann")
    group = new_group("Vips", [ann])
    groups.delete(cass, group.id)
    with pytest.raises(Missing, match=r"There is no group “vips”."):
        find.by_code(cass, "vips")
    assert Membership.select().count() == 0 and Customer.get_by_id(ann.id).name == "Ann"
    again = new_group("Vips")
    assert (again.code, again.n_members) == ("vips", 0)
    for act in (
        lambda: groups.edit(cass, group.id, Details(name="X")), lambda: groups.set_status(cass, group.id, "active"),
        lambda: groups.delete(cass, group.id), lambda: items.add_member(cass, group.id, ann.id),
    ):  # fmt: skip
        with pytest.raises(Missing, match=r"This group is not there any more."):
            act()


def test_a_group_is_found_by_code_or_name_and_ambiguity_is_told(cass: Actor, new_group: New) -> None:
    new_group("Vips"), new_group("Group Two")
    assert find.resolve(cass, " VIPS ").code == "vips"
    assert find.resolve(cass, "gróup two").code == "group-two"
    groups.edit(cass, find.by_code(cass, "vips").id, Details(name="group-two"))
    with pytest.raises(Refusal, match="“group-two” fits several groups"):
        find.resolve(cass, "group-two")
    with pytest.raises(Missing):
        find.resolve(cass, "none")


@pytest.mark.parametrize("reference", ["", " ", "\u200b"])
def test_a_reference_that_says_nothing_finds_no_group_without_a_name(
    reference: str, cass: Actor, new_group: New
) -> None:
    """A script whose variable is empty must not archive whatever has no name."""
    groups.edit(cass, new_group("Vips").id, Details(name=""))
    with pytest.raises(Missing):
        find.resolve(cass, reference)


def test_a_name_that_nobody_can_see_is_no_name(cass: Actor, new_group: New) -> None:
    with pytest.raises(Refusal, match=r"A name is required."):
        new_group("\u200b\u2060")
    group = new_group("Vips")
    assert groups.edit(cass, group.id, Details(name="\ufeff \u200b")).group.label == "vips"


def test_restoring_needs_the_right_to_create_groups(
    cass: Actor, new_group: New, new_customer: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both rights belong to the same roles today; it is the second that guards this door (product.md §6)."""
    group = new_group("Vips", [new_customer("Ann")])
    groups.set_status(cass, group.id, "archived")
    rights = {action: scope for action, scope in TABLE[Role.CSCC_MANAGER].items() if action != Action.CREATE_GROUP}
    monkeypatch.setitem(TABLE, Role.CSCC_MANAGER, rights)
    with pytest.raises(Denied):
        groups.set_status(cass, group.id, "active")
    assert (Group.get_by_id(group.id).status, Membership.select().count()) == ("archived", 0)


def test_a_new_name_asks_nobody_for_membership(cass: Actor, new_group: New, query_count: New) -> None:
    group = new_group("Vips")
    renamed = query_count(lambda: groups.edit(cass, group.id, Details(name="Vipers")))
    assert renamed < query_count(lambda: groups.set_status(cass, group.id, "archived"))


def test_searching_groups_is_by_part_of_the_name_in_name_order(cass: Actor, new_group: New) -> None:
    """Behaviour B012."""
    for name in ("Wholesale", "Retail", "Online sale", "Café"):
        new_group(name)
    assert [row.group.name for row in find.listed(cass, q="SALE")] == ["Online sale", "Wholesale"]
    assert [row.group.name for row in find.listed(cass, q="cafe")] == ["Café"]
    assert [row.group.name for row in find.listed(cass, q="%")] == []


def test_groups_are_listed_by_state_and_deleted_ones_never(cass: Actor, new_group: New) -> None:
    for name, status in (("Active", "active"), ("Draft", "draft"), ("Old", "archived"), ("Gone", "deleted")):
        group = new_group(name)
        if status == "deleted":
            groups.delete(cass, group.id)
        else:
            groups.set_status(cass, group.id, status)
    for asked, expected in {
        "": ["Active", "Draft"],
        "draft": ["Draft"],
        "archived": ["Old"],
        "deleted": [],
        "x": [],
    }.items():
        assert [row.group.name for row in find.listed(cass, status=asked)] == expected


def test_the_order_by_members_tells_shop_staff_nothing_of_other_shops(
    cass: Actor, sol: Actor, new_customer: New, new_group: New, s1: Any, s2: Any
) -> None:
    own, others = [new_customer("A", s1)], [new_customer(str(n), s2) for n in range(3)]
    new_group("Big", others), new_group("Small", own)
    assert [(row.group.name, row.n_members) for row in find.listed(cass, sort="-members")] == [("Big", 3), ("Small", 1)]
    assert [(row.group.name, row.n_members) for row in find.listed(sol, sort="-members")] == [("Small", 1), ("Big", 0)]


def test_archiving_and_restoring_count_who_moved(cass: Actor, new_customer: New, new_group: New) -> None:
    group = new_group("Vips", [new_customer("Ann"), new_customer("Ben")])
    archived = groups.set_status(cass, group.id, "archived")
    assert (archived.joined, archived.left, archived.group.n_members) == (0, 2, 0)
    restored = groups.set_status(cass, group.id, "active")
    assert (restored.joined, restored.left, restored.group.n_members) == (2, 0, 2)
    assert [row.act for row in Change.select().order_by(Change.id)][-2:] == ["group.archive", "group.restore"]
