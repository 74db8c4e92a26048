"""The table of rights, typed once more from product.md §6; nothing of what is expected is read from the code."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from portal.errors import Denied
from portal.permissions import (
    OPERATOR,
    ROLE_LABELS,
    SHOP_ROLES,
    Action,
    Actor,
    Door,
    Grant,
    Role,
    require,
    require_shop,
)

MANAGERS = "owner cscc_manager portfolio_manager"
# Which roles hold each right, for the whole company or for shops.
RIGHTS = {
    "customer.see": f"{MANAGERS} support shop_staff analyst",
    "customer.edit": f"{MANAGERS} support shop_staff",
    "customer.import": MANAGERS,
    "group.see": f"{MANAGERS} support shop_staff analyst",
    "group.names": f"{MANAGERS} support shop_staff analyst tech_admin",
    "group.sensitive": f"{MANAGERS} analyst tech_admin",
    "group.create": "cscc_manager portfolio_manager",
    "group.edit": "cscc_manager portfolio_manager",
    "group.member": "cscc_manager portfolio_manager",
    "group.open_member": "cscc_manager portfolio_manager support shop_staff",
    "group.approve": MANAGERS,
    "group.why": f"{MANAGERS} support shop_staff analyst",
    "proposal.make": "owner support shop_staff",
    "proposal.see": f"{MANAGERS} support shop_staff",
    "customer.export": f"{MANAGERS} analyst",
    "change.see": f"{MANAGERS} support shop_staff analyst tech_admin",
    "change.undo_own": f"{MANAGERS} support shop_staff",
    "change.undo_any": MANAGERS,
    "field.edit": "owner cscc_manager",
    "shop.edit": "owner",
    "user.edit": "owner tech_admin",
    "role.grant": "owner",
    "system.maintain": "owner tech_admin",
    "guard.set": "owner",
}
OPERATORS = {"shop.edit", "user.edit", "role.grant", "system.maintain"}
CONTACT = {"phone", "email", "id_number", "address"}
MASKED = {"support": {"id_number"}, "shop_staff": {"id_number"}, "analyst": CONTACT}
LIMITED = {"support", "shop_staff"}


def somebody(*grants: tuple[str, int | None]) -> Actor:
    return Actor(7, "Ann", Door.PAGE, tuple(Grant(Role(role), shop) for role, shop in grants))


def right_of(role: str) -> set[str]:
    return {action for action, roles in RIGHTS.items() if role in roles.split()}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_table_says_and_nothing_else(role: Role) -> None:
    # A portal keeps what roles are called: the words stand in the database and in every command.
    assert set(Role) == {*MANAGERS.split(), "support", "shop_staff", "analyst", "tech_admin"}
    assert set(Action) == {*RIGHTS, "account.own"}
    allowed = {action for action in Action if somebody((role, 1 if role == "shop_staff" else None)).may(action)}
    assert allowed == right_of(role) | {"account.own"}


def test_company_wide_roles_reach_every_shop_and_others_only_theirs() -> None:
    for role in Role:
        for action in set(Action) - {Action.SEE_CHANGES}:  # reaches acts, not shops
            reach, holds = somebody((role, 3)).shops(action), action in right_of(role)
            assert reach == (None if holds and role not in LIMITED else {3} if holds else set()), (role, action)
    assert somebody(("support", None)).shops(Action.SEE_CUSTOMERS) is None
    assert somebody(("shop_staff", None)).shops(Action.SEE_CUSTOMERS) == set()
    assert {role.value for role in SHOP_ROLES} == LIMITED


def test_changes_are_seen_all_or_ones_own_or_sign_ins_and_roles_add_up() -> None:
    all_, own, sign_ins = "all", "own acts", "sign-ins"
    seen = {role: somebody((role, 3)).scopes(Action.SEE_CHANGES) for role in Role}
    assert seen == {role: {all_} for role in MANAGERS.split()} | {
        "analyst": {all_}, "support": {own}, "shop_staff": {own}, "tech_admin": {sign_ins}
    }  # fmt: skip
    assert somebody(("tech_admin", None), ("support", 3)).scopes(Action.SEE_CHANGES) == {own, sign_ins}
    assert somebody().scopes(Action.SEE_CHANGES) == set()


def test_the_shops_of_several_roles_add_up() -> None:
    both = somebody(("tech_admin", None), ("support", 3), ("shop_staff", 4), ("analyst", None))
    assert both.shops(Action.EDIT_CUSTOMER) == {3, 4}
    assert both.shops(Action.SEE_CUSTOMERS) is None
    # A role that does not hold the right ends the look at none of the others.
    assert somebody(("tech_admin", 2), ("shop_staff", None), ("support", 3)).shops(Action.EDIT_CUSTOMER) == {3}


def test_a_right_in_one_shop_is_none_in_another_nor_where_there_is_no_shop() -> None:
    staff, wide, nobody = somebody(("shop_staff", 3)), somebody(("cscc_manager", None)), somebody()
    see = Action.SEE_CUSTOMERS
    assert [staff.may_in(see, shop) for shop in (3, 4, None)] == [True, False, False]
    assert [wide.may_in(see, shop) for shop in (3, 4, None)] == [True, True, True]
    assert [nobody.may_in(see, shop) for shop in (3, None)] == [False, False]
    assert not staff.may_in(Action.EXPORT, 3)


def test_the_operator_keeps_house_and_touches_no_customer() -> None:
    assert {action for action in Action if OPERATOR.may(action)} == OPERATORS
    for action in Action:
        reach, holds = OPERATOR.shops(action), action in OPERATORS
        assert reach == (None if holds else set()), action
        assert (OPERATOR.may_in(action, 3), OPERATOR.may_in(action, None)) == (holds, holds), action
    assert (OPERATOR.user_id, OPERATOR.name, OPERATOR.door) == (None, "operator", "command")
    # What she may do hangs on being the operator, not on what else she holds.
    owning = Actor(None, "x", Door.COMMAND, (Grant(Role.OWNER),), is_operator=True)
    assert not owning.may(Action.SEE_CUSTOMERS) and not owning.may_in(Action.SEE_CUSTOMERS, 3)
    assert not Actor(None, "x", Door.COMMAND).may(Action.EDIT_SHOP)
    assert somebody(("owner", None)).shops(Action.EDIT_SHOP) is None and somebody().shops(Action.EDIT_SHOP) == set()


def test_whoever_is_signed_in_has_an_account_whatever_she_holds() -> None:
    assert somebody().may(Action.OWN_ACCOUNT)
    assert not Actor(None, "x", Door.SETUP, (Grant(Role.OWNER),)).may(Action.OWN_ACCOUNT)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_masked_what_the_table_says(role: Role) -> None:
    shop = 1 if role in LIMITED else None
    assert somebody((role, shop)).masked(1) == MASKED.get(role, set())
    assert somebody((role, shop)).masked_anywhere() == MASKED.get(role, set())


@pytest.mark.parametrize(
    ("grants", "own", "other", "none", "anywhere"),
    [
        ([], set(), set(), set(), set()),
        ([("support", None)], {"id_number"}, {"id_number"}, {"id_number"}, {"id_number"}),
        # Whom she does not see through any role, nothing has to be hidden of.
        ([("shop_staff", 1)], {"id_number"}, set(), set(), {"id_number"}),
        # In her shop she is staff and sees the contact data; elsewhere she is an analyst.
        ([("analyst", None), ("shop_staff", 1)], {"id_number"}, CONTACT, CONTACT, CONTACT),
        ([("analyst", None), ("support", None)], {"id_number"}, {"id_number"}, {"id_number"}, {"id_number"}),
        ([("analyst", None), ("owner", None)], set(), set(), set(), set()),
        # Keeping the machine shows no customer, so it lifts no mask.
        ([("tech_admin", None), ("analyst", None)], CONTACT, CONTACT, CONTACT, CONTACT),
        ([("tech_admin", None), ("shop_staff", 1)], {"id_number"}, set(), set(), {"id_number"}),
    ],
)
def test_a_column_is_masked_if_every_role_that_shows_the_customer_masks_it(
    grants: list[tuple[str, int | None]], own: set[str], other: set[str], none: set[str], anywhere: set[str]
) -> None:
    who = somebody(*grants)
    assert (who.masked(1), who.masked(2), who.masked(None)) == (own, other, none)
    assert who.masked_anywhere() == anywhere


def test_the_same_person_goes_through_another_door() -> None:
    ann = somebody(("support", 3))
    assert ann.through(Door.IMPORT) == Actor(7, "Ann", Door.IMPORT, ann.grants)
    assert {door.value for door in Door} == {"page", "command", "import", "setup", "clock"}


@pytest.mark.parametrize(
    "ask", [lambda who, action: require(who, action), lambda who, action: require_shop(who, action, 3)]
)
def test_who_may_not_is_denied(ask: Callable[[Actor, Action], None]) -> None:
    ask(somebody(("shop_staff", 3)), Action.SEE_CUSTOMERS)
    with pytest.raises(Denied):
        ask(somebody(("shop_staff", 3)), Action.EXPORT)


def test_staff_are_denied_in_a_shop_that_is_not_theirs() -> None:
    for shop in (4, None):
        with pytest.raises(Denied):
            require_shop(somebody(("shop_staff", 3)), Action.SEE_CUSTOMERS, shop)


def test_nobody_is_given_a_role_after_she_was_looked_up() -> None:
    ann = somebody(("support", 3))
    for thing, name in ((ann, "grants"), (ann.grants[0], "role")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, None)


def test_every_role_has_the_name_that_people_read() -> None:
    assert {role.value: label for role, label in ROLE_LABELS.items()} == {
        "owner": "Owner", "cscc_manager": "CSCC Manager", "portfolio_manager": "Portfolio Manager",
        "support": "Support", "shop_staff": "Shop staff", "analyst": "Analyst", "tech_admin": "Technical admin",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("grants", "masked"),
    [
        # A row that no page and no command writes: staff of no shop see nobody, so they lift no mask.
        ([("analyst", None), ("shop_staff", None)], CONTACT),
        ([("shop_staff", None)], set()),
        # And one for whom a shop was named, though the role is company-wide: it masks for the whole company.
        ([("analyst", 1)], CONTACT),
        ([("analyst", 1), ("shop_staff", None)], CONTACT),
    ],
)
def test_what_a_role_masks_reaches_as_far_as_what_it_shows(
    grants: list[tuple[str, int | None]], masked: set[str]
) -> None:
    who = somebody(*grants)
    assert who.masked(1) == who.masked(2) == who.masked(None) == masked
    reach = who.shops(Action.SEE_CUSTOMERS)
    assert who.masked_anywhere() >= masked and (reach is None) == bool(masked)
