"""Where a browser is, is said by the reverse proxy that the settings name and by nobody else (decision 0030)."""

from pathlib import Path

import pytest

from tests.conftest import PASSWORD
from tests.faults.served import Client, served

HERE, THERE = "198.51.100.7", "2001:db8::9"


def sign_in(port: int, password: str, **headers: str) -> int:
    """Try to sign in as Cass from that place and return the status."""
    client = Client(port)
    client.token = client.get("/sign-in").token
    form = {"csrf_token": client.token, "email": "cass@store.example", "password": password}
    body = "&".join(f"{name}={text.replace(' ', '+').replace('@', '%40')}" for name, text in form.items())
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.ask("POST", "/sign-in", body.encode(), **kind, **headers).status


def test_behind_a_proxy_that_is_named_nobody_is_locked_out_by_somebody_elsewhere(tmp_path: Path) -> None:
    with served(tmp_path, PORTAL_PROXY="127.0.0.1") as portal:
        for n in range(10):  # what a stranger writes before the proxy's own word changes nothing
            lied = {"X-Forwarded-For": f"203.0.113.{n}, {HERE}", "X-Forwarded-Proto": "https"}
            assert sign_in(portal.port, "wrong", **lied) == 422
        assert sign_in(portal.port, PASSWORD, **{"X-Forwarded-For": HERE}) == 422
        said = {"X-Forwarded-For": THERE, "X-Forwarded-Proto": "https"}
        assert sign_in(portal.port, PASSWORD, **said) == 303
        assert portal.faults() == []


@pytest.mark.parametrize(
    ("proxy", "header", "place"),
    [("", "X-Forwarded-For", "{}"), ("", "Forwarded", "for={}"), ("192.0.2.1", "X-Forwarded-For", "{}")],
    ids=["none named", "none named, other header", "another named"],
)
def test_a_stranger_who_says_where_she_is_is_not_believed(proxy: str, header: str, place: str, tmp_path: Path) -> None:
    """Another place for each try would be as many tries as she likes."""
    with served(tmp_path, PORTAL_PROXY=proxy) as portal:
        for n in range(10):
            assert sign_in(portal.port, "wrong", **{header: place.format(f"203.0.113.{n}")}) == 422
        assert sign_in(portal.port, PASSWORD, **{header: place.format("203.0.113.99")}) == 422
