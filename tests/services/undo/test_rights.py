"""Who may undo what: her own acts or anybody's, with the right of the act, and to create a group if one returns."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, Missing, Refusal
from portal.models import Customer, Shop
from portal.permissions import OPERATOR, Actor, Door, Grant, Role
from portal.services import customers, groups, shops, undo, users
from portal.services.groups import Details
from tests.conftest import PASSWORD, Database
from tests.services.undo.test_undo import newest

New = Callable[..., Any]


def outcome(database: Database, actor: Actor, change_id: int) -> type[Exception] | None:
    """Return as what an undo is refused, having made sure that nothing was written then."""
    before = database.checksum()
    try:
        undo.undo(actor, change_id)
    except Refusal as refusal:
        assert database.checksum() == before
        return type(refusal)
    return None


def test_support_and_staff_undo_their_own_acts_and_never_learn_of_others(
    database: Database, cass: Actor, sam: Actor, sol: Actor, ana: Actor, tess: Actor, nadia: Actor, new_customer: New,
    s1: Shop,
) -> None:  # fmt: skip
    new_customer("Ann", s1)
    of_cass = newest()
    customers.create(sol, {"name": "Bea", "email": "b@b.example", "shop": "S1"})
    of_sol = newest()
    assert outcome(database, sam, of_cass) is Missing and outcome(database, sol, of_cass) is Missing
    assert outcome(database, sam, of_sol) is Missing
    for actor in (ana, tess, nadia, OPERATOR):
        assert outcome(database, actor, of_sol) is Denied
    assert outcome(database, sol, of_sol) is None
    assert outcome(database, sol, newest()) is None
    assert outcome(database, cass, newest()) is None
    assert outcome(database, sol, newest()) is Missing


def test_staff_undo_nothing_of_a_customer_who_is_in_another_shop_by_now(
    database: Database, cass: Actor, sol: Actor
) -> None:
    bea = customers.create(sol, {"name": "Bea", "email": "b@b.example", "shop": "S1"}).customer
    customers.edit(sol, bea.id, {"name": "Beatrice"})
    done = newest()
    customers.edit(cass, bea.id, {"shop": "S2", "address": "Secret"})
    with pytest.raises(Refusal) as told:
        undo.undo(sol, done)
    assert str(told.value) == "A customer of this change is in a shop that is not yours."
    assert outcome(database, cass, done) is None
    assert Customer.get_by_id(bea.id).name == "Bea"


def test_staff_bring_nobody_back_into_another_shop(
    database: Database, cass: Actor, people: Any, s1: Shop, s2: Shop
) -> None:
    in_both = (Grant(Role.SHOP_STAFF, s1.id), Grant(Role.SHOP_STAFF, s2.id))
    both = Actor(people["sol"].user.id, "Sol", Door.PAGE, in_both)
    bea = customers.create(both, {"name": "Bea", "email": "b@b.example", "shop": "S2"}).customer
    customers.edit(both, bea.id, {"shop": "S1"})
    moved = newest()
    assert outcome(database, people["sol"].actor, moved) is Refusal
    assert outcome(database, both, moved) is None
    undo.undo(cass, newest())


def test_an_owner_undoes_what_she_could_do_and_no_more(
    database: Database, olive: Actor, cass: Actor, new_customer: New, new_group: New
) -> None:
    new_customer("Ann")
    assert outcome(database, olive, newest()) is None
    group = new_group("Vips")
    created = newest()
    assert outcome(database, olive, created) is Denied
    groups.edit(cass, group.id, Details("Best"))
    assert outcome(database, olive, newest()) is Denied
    shops.create(olive, code="S9", name="Ninth")
    assert outcome(database, cass, newest()) is Denied
    assert outcome(database, olive, newest()) is None
    assert outcome(database, cass, newest()) is Denied


def test_a_group_returns_only_through_somebody_who_may_create_groups(
    database: Database, cass: Actor, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has the one right without the other today; a table that parts them must not open this door."""
    from portal import permissions

    group = new_group("Vips")
    held = permissions.TABLE[Role.CSCC_MANAGER].items()
    editor = {action: scope for action, scope in held if action != "group.create"}
    monkeypatch.setitem(permissions.TABLE, Role.ANALYST, editor)
    ana = Actor(cass.user_id, "Ana", Door.PAGE, (Grant(Role.ANALYST),))
    for act in ("archived", "draft"):
        groups.set_status(cass, group.id, act)
        assert outcome(database, ana, newest()) is (Denied if act == "archived" else None)
    groups.set_status(cass, group.id, "active")
    assert outcome(database, ana, newest()) is Denied
    groups.delete(cass, group.id)
    assert outcome(database, ana, newest()) is Denied
    assert outcome(database, cass, newest()) is None


def test_a_technical_admin_has_no_undo_and_a_language_is_ones_own(
    database: Database, olive: Actor, tess: Actor, cass: Actor
) -> None:
    users.set_language(cass, "pt")
    done = newest()
    assert outcome(database, olive, done) is Denied
    assert outcome(database, cass, done) is None
    user = users.add(olive, email="n@n.example", name="Nan", grants=[], password=PASSWORD)
    users.deactivate(tess, user.id)
    assert outcome(database, tess, newest()) is Denied
    assert outcome(database, cass, newest()) is Denied
    assert outcome(database, olive, newest()) is None
