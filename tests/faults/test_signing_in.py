"""Accounts cannot be guessed or listed, and nobody is locked out by others (promises 10 and 11, decision 0030).

Long form: `python -m tests.long.sign_in --times 200` prints the difference of the medians.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from portal import create_app, db
from portal.errors import Refusal
from portal.models import SignInFailure, UserSession
from portal.permissions import Grant, Role
from portal.services import passwords, sessions, users
from tests.conftest import PASSWORD, Database, Person, forget, settings_for, use
from tests.page import Browser

Browse = Callable[[str], Browser]
New = Callable[..., Any]
TOO_MANY = "Too many tries for this address."
HERE, THERE = "198.51.100.7", "203.0.113.9"


def tries(email: str, n: int, address: str, password: str = "wrong") -> list[str]:
    """Try to sign in and return what was said each time."""
    said = []
    for _ in range(n):
        try:
            sessions.sign_in(email, password, "", address)
            said.append("in")
        except Refusal as refusal:
            said.append(str(refusal))
    return said


def n_too_many(said: list[str]) -> int:
    return sum(text.startswith(TOO_MANY) for text in said)


@pytest.mark.parametrize("email", ["cass@store.example", "nobody@store.example", "closed@store.example", "", "x" * 300])
def test_one_hash_is_verified_whoever_it_is(
    email: str, people: dict[str, Person], new_person: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_person("closed", (Role.OWNER, None), is_active=False)
    verified = []
    real = passwords.verify
    noted = lambda known, typed: verified.append(len(known) > 50) or real(known, typed)  # noqa: E731
    monkeypatch.setattr(passwords, "verify", noted)
    assert tries(email, 1, HERE) == ["E-mail address or password is wrong."]
    assert verified == [True]


def test_as_many_statements_whoever_it_is(people: Any, query_count: Callable[..., int]) -> None:
    emails = ("cass@store.example", "nobody@store.example")
    known, unknown = (query_count(lambda email=email: tries(email, 1, HERE)) for email in emails)
    assert known == unknown > 0


def test_ten_tries_of_an_account_from_one_place_and_not_one_more_at_once(people: dict[str, Person]) -> None:
    """All at the same moment: each is counted before its password is looked at."""

    def one(_: int) -> list[str]:
        try:
            return tries("cass@store.example", 1, HERE)
        finally:
            db.db.close()

    with ThreadPoolExecutor(8) as pool:
        said = [text for texts in pool.map(one, range(30)) for text in texts]
    assert n_too_many(said) == 20


def test_nobody_is_locked_out_by_somebody_elsewhere(people: dict[str, Person]) -> None:
    assert n_too_many(tries("olive@store.example", 15, HERE)) == 5
    assert n_too_many(tries("olive@store.example", 1, HERE, PASSWORD)) == 1
    assert tries("olive@store.example", 1, THERE, PASSWORD) == ["in"]
    assert n_too_many(tries("olive@store.example", 1, HERE, PASSWORD)) == 1  # nor does that open the other place


def test_one_place_may_not_try_all_accounts(
    people: dict[str, Person], password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "decoy", lambda: password_hash)  # the true one takes its time on purpose
    said = [text for n in range(60) for text in tries(f"guess{n}@store.example", 2, HERE)]
    assert n_too_many(said) == 20
    assert n_too_many(tries("cass@store.example", 1, HERE, PASSWORD)) == 1
    assert tries("cass@store.example", 1, THERE, PASSWORD) == ["in"]


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True), ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True), ("198.51.100.7", "198.51.100.8", False),
        ("fe80::1%eth0", "fe80::1", True), ("", "nonsense", True),
    ],
)  # fmt: skip
def test_a_household_is_one_place(first: str, second: str, is_one: bool, people: dict[str, Person]) -> None:
    tries("cass@store.example", 10, first)
    assert n_too_many(tries("cass@store.example", 1, second)) == is_one


def test_signing_in_takes_back_what_failed_before(people: dict[str, Person]) -> None:
    for _ in range(3):
        tries("cass@store.example", 9, HERE)
        assert tries("cass@store.example", 1, HERE, PASSWORD) == ["in"]
    assert n_too_many(tries("cass@store.example", 10, HERE)) == 0


def test_counters_survive_a_restart(people: dict[str, Person], database: Database) -> None:
    tries("cass@store.example", 10, HERE)
    forget()
    use(database.url)
    assert n_too_many(tries("cass@store.example", 1, HERE, PASSWORD)) == 1
    stored = str(list(SignInFailure.select().dicts()))
    assert "cass" not in stored and HERE not in stored


# ---- sessions ----


def sign_out_elsewhere(people: dict[str, Person]) -> None:
    sessions.sign_out(people["cass"].actor, UserSession.get(UserSession.user == people["cass"].user).id)


ENDS: dict[str, Callable[[dict[str, Person]], object]] = {
    "sign-out": sign_out_elsewhere,
    "password": lambda p: users.set_password(p["olive"].actor, p["cass"].user.id, "marble kettle giraffe 7"),
    "own password": lambda p: users.change_own_password(p["cass"].actor, PASSWORD, "marble kettle giraffe 7"),
    "state": lambda p: users.deactivate(p["olive"].actor, p["cass"].user.id),
}


@pytest.mark.parametrize("how", ENDS)
def test_not_one_request_is_served_after_a_session_ended(how: str, browse: Browse, people: dict[str, Person]) -> None:
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    ENDS[how](people)
    for path in ("/", "/customers", "/groups", "/account", "/imports/new", "/customers.csv"):
        assert cass.client.get(path).status_code == 401
    assert cass.submit(form, name="Vips").status == 401


def test_rights_given_and_taken_count_at_the_next_request(browse: Browse, people: dict[str, Person]) -> None:
    nadia, olive, user_id = browse("nadia"), people["olive"].actor, people["nadia"].user.id
    opens = {Role.ANALYST: "/customers", Role.CSCC_MANAGER: "/groups/new", Role.OWNER: "/settings/shops"}
    for role, path in opens.items():
        assert nadia.get(path).status == 403
        users.grant(olive, user_id, Grant(role))
        assert nadia.get(path).status == 200
        form = nadia.get("/groups/new").form("/groups/new") if role is Role.CSCC_MANAGER else None
        users.revoke(olive, user_id, Grant(role))
        assert nadia.get(path).status == 403
        if form:
            assert nadia.submit(form, name="Vips").status == 403


def test_a_session_planted_before_signing_in_is_worth_nothing_after(visitor: Browser, people: Any) -> None:
    """Session fixation: what a cookie held before signing in, and its token, are others afterwards."""
    form = visitor.get("/sign-in").form("/sign-in")
    planted = next(iter(visitor.client._cookies.values()))
    visitor.sign_in("cass@store.example", PASSWORD)
    assert next(iter(visitor.client._cookies.values())).value != planted.value
    attacker = Browser(visitor.app)
    attacker.client._cookies[planted._storage_key] = planted
    assert attacker.get("/customers").status == 401
    visitor.get("/")
    assert visitor.post("/customers/new", {"name": "X"}, token=form.value("csrf_token")).status == 400


def test_each_sign_in_is_a_session_of_its_own_that_can_be_seen_and_ended(browse: Browse) -> None:
    first, _second = browse("cass"), browse("cass")
    page = first.get("/account")
    ends = [form for form in page.forms if form.action.endswith("/end")]
    assert len(ends) == 1 and "this one" in page.main
    keys = {row.key_hash for row in UserSession.select()}
    assert len(keys) == 2


def test_with_https_the_cookie_is_the_hosts_own(database: Database, people: Any, tmp_path: Path) -> None:
    app = create_app(settings_for(database.url, https=True), tmp_path)
    client = app.test_client()
    response = client.get("/sign-in", base_url="https://localhost")
    name, *flags = response.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-coterie=")
    assert set(flags) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
