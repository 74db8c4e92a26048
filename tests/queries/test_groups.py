"""Reading groups: which ones somebody may see, and those of a customer."""

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.errors import Missing
from portal.models import Group
from portal.permissions import Actor, Role
from portal.queries import badges, filters
from portal.queries import groups as find
from tests.conftest import Person

New = Callable[..., Any]
# Who may see groups at all, and of those who may see the sensitive ones too (product.md §6).
SEES_SENSITIVE = {"olive": True, "cass": True, "pat": True, "ana": True, "tess": True, "sam": False, "sol": False}


@pytest.fixture
def secret(new_group: New, new_customer: New, s1: Any) -> Group:
    """A sensitive group beside a plain one, both with Ann of Sol's shop."""
    ann = new_customer("Ann", s1, code="A1")
    new_group("Plain", [ann])
    group: Group = new_group("Under Watch", [ann])
    Group.update(is_sensitive=True).where(Group.id == group.id).execute()
    return Group.get_by_id(group.id)


@pytest.mark.parametrize("name", SEES_SENSITIVE)
def test_a_sensitive_group_is_in_no_list_and_behind_no_name_for_support_and_shop_staff(
    name: str, secret: Group, people: dict[str, Person]
) -> None:
    actor, hidden = people[name].actor, ["under-watch"] if SEES_SENSITIVE[name] else []
    assert [row.group.code for row in find.listed(actor)] == ["plain", *hidden]
    assert [choice.code for choice in filters.group_choices(actor)] == (["plain", *hidden] if name != "tess" else [])
    for look in (
        lambda: find.by_code(actor, "Under-Watch"), lambda: find.resolve(actor, "under-watch"),
        lambda: find.resolve(actor, "Under Watch"),
    ):  # fmt: skip
        if hidden:
            assert look().id == secret.id
        else:
            with pytest.raises(Missing, match=r"There is no group “.nder.*atch”"):
                look()


@pytest.mark.parametrize("name", sorted(set(SEES_SENSITIVE) - {"tess"}))
def test_a_sensitive_group_shows_on_no_customer_for_support_and_shop_staff(
    name: str, secret: Group, people: dict[str, Person]
) -> None:
    actor = people[name].actor
    (ann,) = filters.page(actor, filters.Filter()).rows
    expected = ["plain", "under-watch"] if SEES_SENSITIVE[name] else ["plain"]
    assert [row.group.code for row in find.of_customer(actor, ann)] == expected
    assert {key: [group.code for group in row] for key, row in badges.of_customers(actor, [ann.id]).items()} == {
        ann.id: expected
    }
    assert [group.code for group in filters.page(actor, filters.Filter()).badges] == expected


def test_whoever_also_analyses_sees_what_support_alone_does_not(
    secret: Group, new_person: New, people: dict[str, Person]
) -> None:
    both = new_person("both", (Role.SUPPORT, None), (Role.ANALYST, None)).actor
    assert find.by_code(both, "under-watch").id == secret.id


def test_her_groups_come_in_name_order_with_one_statement(
    cass: Actor, new_customer: New, new_group: New, query_count: Callable[[Callable[[], Any]], int]
) -> None:
    ann, bea = new_customer("Ann"), new_customer("Bea")
    for name in ("Zeta", "Émile", "alpha", "Frida"):
        new_group(name, [ann, bea] if name != "Frida" else [bea])
    Group.update(name="Beta", name_key="beta").where(Group.code == "zeta").execute()  # the code stays
    seen: list[tuple[str, bool]] = []
    assert query_count(lambda: seen.extend(
        (row.group.name, row.since <= clock.now()) for row in find.of_customer(cass, ann)
    )) == 1
    assert seen == [("alpha", True), ("Beta", True), ("Émile", True)]
