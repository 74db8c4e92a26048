"""Sessions: signing in and out, how long one lasts, what ends it."""

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from portal import clock
from portal.errors import Missing, Refusal
from portal.models import SignInFailure, User, UserSession
from portal.permissions import Actor, Role
from portal.queries import users as find
from portal.services import passwords, sessions, users
from tests.conftest import PASSWORD, Person

New = Callable[..., Any]
GOOD = "marble kettle giraffe 7"
WRONG = "E-mail address or password is wrong."
TOO_MANY = "Too many tries for this address. Wait 15 minutes and try again."


def test_the_right_password_makes_a_session_that_opens_by_its_key_only(people: dict[str, Person]) -> None:
    session = sessions.sign_in(" CASS@store.example ", PASSWORD, "Firefox\x00 1")
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
        sessions.sign_in(email, password)
    assert (str(refused.value), refused.value.field) == (WRONG, "email")
    assert UserSession.select().count() == 0 and SignInFailure.select().count() == 2  # of the account, of the address


@pytest.mark.parametrize("email", ["cass@store.example", "nobody@store.example"])
def test_after_ten_failures_an_account_waits_whether_it_exists_or_not(email: str, people: dict[str, Person]) -> None:
    said = []
    for n in range(12):
        with pytest.raises(Refusal) as refused:
            sessions.sign_in(email.upper() if n % 2 else email, "wrong")
        said.append(str(refused.value))
    assert said == [WRONG] * 10 + [TOO_MANY] * 2
    with pytest.raises(Refusal, match="Too many tries"):
        sessions.sign_in(email, PASSWORD)
    assert email not in str(list(SignInFailure.select().dicts()))
    assert sessions.sign_in("pat@store.example", PASSWORD).user.name == "Pat"
    SignInFailure.update(failed_at=clock.ago(minutes=15, seconds=1)).execute()
    if email.startswith("cass"):
        assert sessions.sign_in(email, PASSWORD).user.name == "Cass"
        assert SignInFailure.select().count() == 0


def test_a_right_password_forgets_the_failures_before_it(people: dict[str, Person]) -> None:
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(Refusal, match=WRONG):
                sessions.sign_in("cass@store.example", "wrong")
        sessions.sign_in("cass@store.example", PASSWORD)


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
    session = sessions.sign_in("cass@store.example", PASSWORD)
    UserSession.update({column: clock.ago(**parts)}).execute()
    assert (find.session(session.key) is not None) == is_open
    assert len(find.sessions_of(people["cass"].user)) == is_open


def test_a_session_in_use_is_noted_once_a_minute(people: dict[str, Person]) -> None:
    session = sessions.sign_in("cass@store.example", PASSWORD)
    first = UserSession.get_by_id(session.id).seen_at
    sessions.touch(UserSession.get_by_id(session.id))
    assert UserSession.get_by_id(session.id).seen_at == first
    UserSession.update(seen_at=clock.ago(minutes=2)).execute()
    sessions.touch(UserSession.get_by_id(session.id))
    assert UserSession.get_by_id(session.id).seen_at >= first


def test_nobody_ends_somebody_elses_session(cass: Actor, people: dict[str, Person]) -> None:
    session = sessions.sign_in("pat@store.example", PASSWORD)
    with pytest.raises(Missing):
        sessions.sign_out(cass, session.id)
    assert find.session(session.key) is not None


@pytest.mark.parametrize("act", ["password", "own password", "deactivation", "sign-out"])
def test_rights_taken_are_gone_at_once(act: str, olive: Actor, cass: Actor, people: dict[str, Person]) -> None:
    session, other = sessions.sign_in("cass@store.example", PASSWORD), sessions.sign_in("pat@store.example", PASSWORD)
    {
        "password": lambda: users.set_password(olive, cass.user_id or 0, GOOD),
        "own password": lambda: users.change_own_password(cass, PASSWORD, GOOD),
        "deactivation": lambda: users.deactivate(olive, cass.user_id or 0),
        "sign-out": lambda: sessions.sign_out(cass, session.id),
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
        sessions.sign_in("cass@store.example", PASSWORD)
    assert UserSession.select().where(UserSession.ended_at.is_null()).count() == 0


def test_a_hash_of_another_cost_is_made_anew_by_signing_in(
    people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    cass = people["cass"].user
    sessions.sign_in("cass@store.example", PASSWORD)
    assert User.get_by_id(cass.id).password_hash == cass.password_hash
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    with pytest.raises(Refusal):
        sessions.sign_in("cass@store.example", "not it")
    assert User.get_by_id(cass.id).password_hash == cass.password_hash
    sessions.sign_in("cass@store.example", PASSWORD)
    anew = User.get_by_id(cass.id).password_hash
    assert "m=16,t=2,p=1" in anew
    session = sessions.sign_in("cass@store.example", PASSWORD)
    assert find.session(session.key) is not None and User.get_by_id(cass.id).password_hash == anew


def test_signing_in_sweeps_sessions_that_are_long_over_some_at_a_time(
    people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SWEPT", 3)
    user = people["pat"].user
    for n, (days, is_ended) in enumerate([*[(31, True), (40, False)] * 2, (29, True), (1, False)]):
        seen = clock.ago(days=days)
        ended = seen if is_ended else None
        UserSession.create(key_hash=str(n), user=user, started_at=seen, seen_at=seen, ended_at=ended)
    left = []
    for _ in range(2):
        session = sessions.sign_in("cass@store.example", PASSWORD)
        left.append({row.key_hash for row in UserSession.select().where(UserSession.user == user)})
    assert left == [{"3", "4", "5"}, {"4", "5"}] and find.session(session.key) is not None
