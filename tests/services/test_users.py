"""People: set-up, passwords, sign-in, roles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from portal import clock
from portal.errors import Denied, Missing, Refusal
from portal.models import Change, SignInFailure, User, UserRole, UserSession
from portal.permissions import OPERATOR, Actor, Grant, Role
from portal.queries import users as find
from portal.services import passwords, users
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


# ---- sign-in ----


def test_the_right_password_makes_a_session_that_opens_by_its_key_only(people: dict[str, Person]) -> None:
    session = users.sign_in(" CASS@store.example ", PASSWORD, "Firefox\x00 1")
    assert (session.user.name, session.agent) == ("Cass", "Firefox 1")
    found = find.session(session.key)
    assert found is not None and found.id == session.id
    assert find.session(session.key_hash) is None and find.session(session.key[:-1]) is None
    assert session.key not in str(list(UserSession.select().dicts()))


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("cass@store.example", "wrong"), ("nobody@store.example", PASSWORD), ("closed@store.example", PASSWORD),
        ("cass@store.example", ""), ("", ""), ("cass@store.example", PASSWORD + " "), ("cass@store.example",
        "x" * 100_000),
    ],
    ids=["wrong", "unknown", "closed", "empty", "nothing", "space", "long"],
)  # fmt: skip
def test_every_failure_says_the_same(email: str, password: str, people: dict[str, Person], new_person: New) -> None:
    new_person("closed", (Role.OWNER, None), is_active=False)
    with pytest.raises(Refusal) as refused:
        users.sign_in(email, password)
    assert (str(refused.value), refused.value.field) == (WRONG, "email")
    assert UserSession.select().count() == 0 and SignInFailure.select().count() == 2  # of the account, of the address


@pytest.mark.parametrize("email", ["cass@store.example", "nobody@store.example"])
def test_after_ten_failures_an_account_waits_whether_it_exists_or_not(email: str, people: dict[str, Person]) -> None:
    said = []
    for n in range(12):
        with pytest.raises(Refusal) as refused:
            users.sign_in(email.upper() if n % 2 else email, "wrong")
        said.append(str(refused.value))
    waiting = "Too many tries for this address. Wait 15 minutes and try again."
    assert said == [WRONG] * 10 + [waiting] * 2
    with pytest.raises(Refusal, match="Too many tries"):
        users.sign_in(email, PASSWORD)
    assert email not in str(list(SignInFailure.select().dicts()))
    assert users.sign_in("pat@store.example", PASSWORD).user.name == "Pat"
    SignInFailure.update(failed_at=clock.ago(minutes=15, seconds=1)).execute()
    if email.startswith("cass"):
        assert users.sign_in(email, PASSWORD).user.name == "Cass"
        assert SignInFailure.select().count() == 0


def test_a_right_password_forgets_the_failures_before_it(people: dict[str, Person]) -> None:
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(Refusal, match=WRONG):
                users.sign_in("cass@store.example", "wrong")
        users.sign_in("cass@store.example", PASSWORD)


@pytest.mark.parametrize(
    ("column", "parts", "is_open"),
    [
        ("seen_at", {"hours": 11, "minutes": 59}, True), ("seen_at", {"hours": 12, "minutes": 1}, False),
        ("started_at", {"days": 13, "hours": 23}, True), ("started_at", {"days": 14, "minutes": 1}, False),
    ],
)  # fmt: skip
def test_a_session_ends_by_itself(
    column: str, parts: dict[str, float], is_open: bool, people: dict[str, Person]
) -> None:
    session = users.sign_in("cass@store.example", PASSWORD)
    UserSession.update({column: clock.ago(**parts)}).execute()
    assert (find.session(session.key) is not None) == is_open
    assert len(find.sessions_of(people["cass"].user)) == is_open


def test_a_session_in_use_is_noted_once_a_minute(people: dict[str, Person]) -> None:
    session = users.sign_in("cass@store.example", PASSWORD)
    first = UserSession.get_by_id(session.id).seen_at
    users.touch(UserSession.get_by_id(session.id))
    assert UserSession.get_by_id(session.id).seen_at == first
    UserSession.update(seen_at=clock.ago(minutes=2)).execute()
    users.touch(UserSession.get_by_id(session.id))
    assert UserSession.get_by_id(session.id).seen_at >= first


def test_nobody_ends_somebody_elses_session(cass: Actor, people: dict[str, Person]) -> None:
    session = users.sign_in("pat@store.example", PASSWORD)
    with pytest.raises(Missing):
        users.sign_out(cass, session.id)
    assert find.session(session.key) is not None


@pytest.mark.parametrize("act", ["password", "own password", "deactivation", "sign-out"])
def test_rights_taken_are_gone_at_once(act: str, olive: Actor, cass: Actor, people: dict[str, Person]) -> None:
    session, other = users.sign_in("cass@store.example", PASSWORD), users.sign_in("pat@store.example", PASSWORD)
    {
        "password": lambda: users.set_password(olive, cass.user_id or 0, GOOD),
        "own password": lambda: users.change_own_password(cass, PASSWORD, GOOD),
        "deactivation": lambda: users.deactivate(olive, cass.user_id or 0),
        "sign-out": lambda: users.sign_out(cass, session.id),
    }[act]()
    assert find.session(session.key) is None and find.session(other.key) is not None


@pytest.mark.parametrize("act", ["password", "deactivation"])
def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(
    act: str, olive: Actor, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    cass, verify = people["cass"].user, passwords.verify

    def slow(password_hash: str, password: str) -> bool:
        matches = verify(password_hash, password)
        if act == "password":
            users.set_password(olive, cass.id, GOOD)
        else:
            users.deactivate(olive, cass.id)
        return matches

    monkeypatch.setattr(passwords, "verify", slow)
    with pytest.raises(Refusal, match=WRONG):
        users.sign_in("cass@store.example", PASSWORD)
    assert UserSession.select().where(UserSession.ended_at.is_null()).count() == 0


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
        users.sign_in("cass@store.example", PASSWORD, "", "10.0.0.1")
    assert guess(PASSWORD, "10.0.0.2") == "changed"
    assert users.sign_in("cass@store.example", GOOD, "", "10.0.0.2").user_id == cass.user_id


def test_a_closed_account_is_opened_again_with_what_it_had(olive: Actor, tess: Actor, new_person: New) -> None:
    closed = new_person("clara", (Role.SUPPORT, None), is_active=False).user
    with pytest.raises(Refusal, match=WRONG):
        users.sign_in("clara@store.example", PASSWORD)
    users.activate(tess, closed.id)
    assert users.sign_in("clara@store.example", PASSWORD).user_id == closed.id and roles_of(closed) == {"support"}
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


def test_a_hash_of_another_cost_is_made_anew_by_signing_in(
    people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    cass = people["cass"].user
    users.sign_in("cass@store.example", PASSWORD)
    assert User.get_by_id(cass.id).password_hash == cass.password_hash
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    with pytest.raises(Refusal):
        users.sign_in("cass@store.example", "not it")
    assert User.get_by_id(cass.id).password_hash == cass.password_hash
    users.sign_in("cass@store.example", PASSWORD)
    anew = User.get_by_id(cass.id).password_hash
    assert "m=16,t=2,p=1" in anew
    session = users.sign_in("cass@store.example", PASSWORD)
    assert find.session(session.key) is not None and User.get_by_id(cass.id).password_hash == anew


def test_signing_in_sweeps_sessions_that_are_long_over_some_at_a_time(
    people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "SWEPT", 3)
    user = people["pat"].user
    for n, (days, is_ended) in enumerate([*[(31, True), (40, False)] * 2, (29, True), (1, False)]):
        seen = clock.ago(days=days)
        ended = seen if is_ended else None
        UserSession.create(key_hash=str(n), user=user, started_at=seen, seen_at=seen, ended_at=ended)
    left = []
    for _ in range(2):
        session = users.sign_in("cass@store.example", PASSWORD)
        left.append({row.key_hash for row in UserSession.select().where(UserSession.user == user)})
    assert left == [{"3", "4", "5"}, {"4", "5"}] and find.session(session.key) is not None


@pytest.mark.parametrize("act", ["password", "deactivation"])
def test_who_grants_no_roles_keeps_off_who_does(
    act: str, tess: Actor, olive: Actor, new_person: New, database: Database
) -> None:
    """However many roles an owner holds besides, and however many owners there are."""
    both = new_person("both", (Role.TECH_ADMIN, None), (Role.OWNER, None)).user
    do = users.deactivate if act == "deactivation" else lambda actor, who: users.set_password(actor, who, GOOD)
    session, before = users.sign_in("both@store.example", PASSWORD), database.checksum()
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
    assert users.sign_in("pat@store.example", GOOD).user.name == "Pat"


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
