"""Two web processes on one database: whatever arrives at both at once, nothing is lost, doubled or counted wrongly."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

import pytest

from portal.models import Customer, Group, Membership, Shop
from portal.queries import membership
from tests.conftest import PASSWORD, Database, Person
from tests.ports import free_ports

New = Callable[..., Any]
ROUNDS = 6
PATIENCE = 10  # times that somebody who is told that the portal is busy tries again


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


class Client:
    """A browser without JavaScript that is signed in at one of the portals; the session is good at both."""

    def __init__(self, address: str, email: str) -> None:
        self.address = address
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()), _Stay())
        self.token = self._token("/sign-in")
        assert self.post("/sign-in", email=email, password=PASSWORD) == 303
        self.token = self._token("/")

    def _token(self, path: str) -> str:
        with self.opener.open(self.address + path, timeout=30) as page:
            found = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert found
        return found[1]

    def post(self, path: str, **said: str) -> int:
        """Post a form, again while the portal is busy, and return the status."""
        data = urlencode({"csrf_token": self.token, **said}).encode()
        for _ in range(PATIENCE):
            status, text = self._sent(path, data)
            # Busy is a sentence and not a fault.
            if status != 503 or "try again" not in text:
                break
        assert status < 500, (path, status, text[-500:])
        return status

    def _sent(self, path: str, data: bytes) -> tuple[int, str]:
        try:
            with self.opener.open(self.address + path, data, timeout=30) as answer:
                return int(answer.status), ""
        except HTTPError as answer:
            return answer.code, answer.read().decode()


@pytest.fixture
def portals(database: Database, people: dict[str, Person], tmp_path: Path) -> Iterator[list[str]]:
    """The addresses of two portals that serve this test's database."""
    environ = {**os.environ, "PORTAL_DATABASE": database.url, "PORTAL_SECRET_KEY": "s" * 40}
    ports = free_ports(2)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "serve", "--port", str(port)], env=environ, cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]  # fmt: skip
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for address, process in zip(addresses, processes, strict=True):
            _wait(address, process)
        yield addresses
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            build_opener().open(address + "/sign-in", timeout=30).close()
        except URLError:
            assert process.poll() is None and time.monotonic() < deadline, "the portal did not start"
            time.sleep(0.1)
        else:
            return


def test_two_portals_under_a_storm_of_equal_and_opposite_posts(
    portals: list[str], new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann, ben = new_customer("Ann", s1, code="ANN"), new_customer("Ben", s1, code="BEN")
    vips = new_group("Vips", [ben])
    new_group("Of two", shops=[s2])
    clients = [Client(address, "cass@store.example") for address in portals * 2]

    def storm(number: int) -> Counter[str]:
        client, seen = clients[number], Counter[str]()
        for n in range(ROUNDS):
            if number % 2:
                seen[f"move {client.post(f'/groups/of/{ann.code}', group=vips.code)}"] += 1
            else:
                seen[f"move {client.post(f'/groups/{vips.code}/members/remove', customer=ann.code)}"] += 1
            seen[f"customer {client.post('/customers/new', code=f'C{n}', name='Cay', shop='S2')}"] += 1
            seen[f"group {client.post('/groups/new', name=f'Group {n}', type='customer', hue='blue')}"] += 1
        return seen

    with ThreadPoolExecutor(len(clients)) as pool:
        seen = sum(pool.map(storm, range(len(clients))), Counter[str]())
    others = (len(clients) - 1) * ROUNDS
    assert seen == {
        "move 303": len(clients) * ROUNDS, "customer 303": ROUNDS, "customer 422": others, "group 303": ROUNDS,
        "group 422": others,
    }  # fmt: skip
    assert Customer.select().count() == 2 + ROUNDS
    assert Group.select().count() == 2 + ROUNDS
    assert Membership.select().where(Membership.group != vips.id).count() == ROUNDS
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])
