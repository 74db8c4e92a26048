"""People: set-up, accounts, passwords, roles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.errors import Denied, Missing, Refusal
from portal.models import Change, User, UserRole
from portal.permissions import OPERATOR, Actor, Grant, Role
from portal.queries import users as find
from portal.services import sessions, users
from tests.conftest import PASSWORD, Database, Person

New = Callable[..., Any]
GOOD = "marble kettle giraffe 7"
WRONG = "E-mail address or password is wrong."
TOO_MANY = "Too many tries for this address. Wait 15 minutes and try again."


def roles_of(user: User) -> set[str]:
    return {row.role for row in UserRole.select().where(UserRole.user == user)}


# ---- set-up ----


def set_up(folder: Path, **given: Any) -> User:
    values = {"email": "olive@store.example", "name": "Olive", "password": GOOD, "is_manager": False}
    return users.set_up(folder, **{"code": users.setup_code(folder), **values, **given})


@pytest.mark.parametrize(("is_manager", "roles"), [(False, {"owner"}), (True, {"owner", "cscc_manager"})])
def test_the_first_person_is_the_owner_and_a_manager_if_she_says_so(
    is_manager: bool, roles: set[str], database: Database, tmp_path: Path
) -> None:
    assert roles_of(set_up(tmp_path, is_manager=is_manager)) == roles


def test_set_up_works_once_and_its_code_is_gone(database: Database, tmp_path: Path) -> None:
    code = users.setup_code(tmp_path)
    assert (len(code), code.isdigit(), users.setup_code(tmp_path)) == (8, True, code)
    set_up(tmp_path, code=f" {code} ")
    assert list(tmp_path.iterdir()) == []
    before = database.checksum()
    with pytest.raises(Denied):
        set_up(tmp_path, email="second@store.example")
    assert database.checksum() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "00000000x"}, "code"), ({"code": ""}, "code"), ({"code": "１２３４５６７８"}, "code"),
        ({"email": "olive"}, "email"), ({"email": " "}, "email"),
        ({"name": " "}, "name"), ({"name": "\u200b"}, "name"),
        ({"password": "short"}, "password"), ({"password": "password123"}, "password"),
        ({"password": "olive@store.example"}, "password"), ({"password": "x" * 201}, "password"),
    ],
)  # fmt: skip
def test_a_wrong_set_up_makes_nobody(given: dict[str, str], field: str, database: Database, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        set_up(tmp_path, **given)
    assert (refused.value.field, User.select().count()) == (field, 0)


# ---- who is found ----


def test_a_role_that_this_version_does_not_know_allows_nothing(people: dict[str, Person]) -> None:
    UserRole.create(user=people["nadia"].user, role="wizard")
    assert people["nadia"].actor.grants == ()


def test_an_international_address_is_found_in_each_of_its_spellings(olive: Actor) -> None:
    made = users.add(olive, email="a@bücher.de", name="Anna", grants=[], password=GOOD)
    assert {find.by_email(text).id for text in ("a@bücher.de", "A@xn--bcher-kva.de ", "a@BÜCHER.de")} == {made.id}


def test_a_role_taken_away_is_gone_from_the_next_actor(olive: Actor, people: dict[str, Person]) -> None:
    users.revoke(olive, people["cass"].user.id, Grant(Role.CSCC_MANAGER))
    assert people["cass"].actor.grants == ()


# ---- passwords and roles ----


def test_ones_own_password_needs_the_present_one(cass: Actor, database: Database) -> None:
    before = database.checksum()
    with pytest.raises(Refusal) as refused:
        users.change_own_password(cass, "not it", GOOD)
    after = database.checksum() | {"sign_in_failure": before["sign_in_failure"]}
    assert (refused.value.field, after) == ("current", before)


def test_guesses_at_ones_own_password_are_counted_like_those_of_signing_in(cass: Actor) -> None:
    """A browser that was left open is no way round the ten tries, and a right guess forgets the others."""
    def guess(password: str, place: str = "10.0.0.1") -> str:
        try:
            users.change_own_password(cass, password, GOOD, place)
        except Refusal as refusal:
            assert refusal.field == "current"
            return str(refusal)
        return "changed"

    told = [guess(f"guess {n}") for n in range(12)]
    assert told == ["This is not your present password."] * 10 + [TOO_MANY] * 2
    assert guess(PASSWORD) == TOO_MANY
    with pytest.raises(Refusal, match=TOO_MANY):
        sessions.sign_in("cass@store.example", PASSWORD, "", "10.0.0.1")
    assert guess(PASSWORD, "10.0.0.2") == "changed"
    assert sessions.sign_in("cass@store.example", GOOD, "", "10.0.0.2").user_id == cass.user_id


def test_a_closed_account_is_opened_again_with_what_it_had(olive: Actor, tess: Actor, new_person: New) -> None:
    closed = new_person("clara", (Role.SUPPORT, None), is_active=False).user
    with pytest.raises(Refusal, match=WRONG):
        sessions.sign_in("clara@store.example", PASSWORD)
    users.activate(tess, closed.id)
    assert sessions.sign_in("clara@store.example", PASSWORD).user_id == closed.id and roles_of(closed) == {"support"}
    before = Change.select().count()
    users.activate(olive, closed.id)  # it is open already
    assert Change.select().count() == before
    change = Change.get(Change.act == "user.activate")
    assert (change.subject, change.actor_id) == (f"user:{closed.id}", tess.user_id)


def test_an_owner_s_closed_account_is_opened_only_by_who_grants_roles(
    olive: Actor, tess: Actor, new_person: New, database: Database
) -> None:
    closed = new_person("otto", (Role.OWNER, None), is_active=False).user
    before = database.checksum()
    with pytest.raises(Denied):
        users.activate(tess, closed.id)
    assert database.checksum() == before
    users.activate(olive, closed.id)
    assert User.get_by_id(closed.id).is_active


@pytest.mark.parametrize("act", ["password", "deactivation"])
def test_who_grants_no_roles_keeps_off_who_does(
    act: str, tess: Actor, olive: Actor, new_person: New, database: Database
) -> None:
    """However many roles an owner holds besides, and however many owners there are."""
    both = new_person("both", (Role.TECH_ADMIN, None), (Role.OWNER, None)).user
    do = users.deactivate if act == "deactivation" else lambda actor, who: users.set_password(actor, who, GOOD)
    session, before = sessions.sign_in("both@store.example", PASSWORD), database.checksum()
    for who in (both.id, olive.user_id):
        with pytest.raises(Denied):
            do(tess, who)
    assert database.checksum() == before and find.session(session.key) is not None
    for actor in (OPERATOR, olive):
        do(actor, both.id)
    do(tess, tess.user_id)  # her own


def test_a_stored_password_is_an_argon2id_hash(olive: Actor, people: dict[str, Person]) -> None:
    users.set_password(olive, people["pat"].user.id, GOOD)
    assert User.get_by_id(people["pat"].user.id).password_hash.startswith("$argon2id$")
    assert sessions.sign_in("pat@store.example", GOOD).user.name == "Pat"


@pytest.mark.parametrize(
    "act",
    [lambda a, i: users.deactivate(a, i), lambda a, i: users.revoke(a, i, Grant(Role.OWNER))],
    ids=["close", "revoke"],
)
def test_the_last_owner_stays(act: Any, olive: Actor, new_person: New, database: Database) -> None:
    new_person("closed", (Role.OWNER, None), is_active=False)
    before = database.checksum()
    with pytest.raises(Refusal, match=r"Olive is the only owner."):
        act(olive, olive.user_id)
    assert database.checksum() == before
    new_person("second", (Role.OWNER, None))
    act(olive, olive.user_id)


@pytest.mark.parametrize(
    ("grant", "is_good"),
    [
        (Grant(Role.SHOP_STAFF, 1), True), (Grant(Role.SUPPORT, 1), True), (Grant(Role.SUPPORT), True),
        (Grant(Role.SHOP_STAFF), False), (Grant(Role.ANALYST, 1), False), (Grant(Role.CSCC_MANAGER, 1), False),
    ],
    ids=str,
)  # fmt: skip
def test_only_support_and_shop_staff_belong_to_shops_and_shop_staff_must(
    grant: Grant, is_good: bool, people: dict[str, Person], database: Database
) -> None:
    nadia = people["nadia"].user
    if is_good:
        users.grant(OPERATOR, nadia.id, grant)
        users.grant(OPERATOR, nadia.id, grant)
        assert [(row.role, row.shop_id) for row in UserRole.select().where(UserRole.user == nadia)] == [
            (grant.role.value, grant.shop_id)
        ]
    else:
        with pytest.raises(Refusal):
            users.grant(OPERATOR, nadia.id, grant)
        assert roles_of(nadia) == set()


def test_an_address_signs_in_one_person(olive: Actor) -> None:
    with pytest.raises(Refusal, match=r"Somebody signs in as “CASS@store.example” already."):
        users.add(olive, email="CASS@store.example", name="Second", grants=[], password=GOOD)


def test_a_role_that_is_not_held_cannot_be_taken(olive: Actor, people: dict[str, Person]) -> None:
    with pytest.raises(Missing):
        users.revoke(olive, people["nadia"].user.id, Grant(Role.OWNER))
    for act in (lambda: users.grant(olive, 999, Grant(Role.ANALYST)), lambda: users.deactivate(olive, 999)):
        with pytest.raises(Missing):
            act()
