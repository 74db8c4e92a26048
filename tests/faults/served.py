"""Talking to a portal that serves, over sockets, as browsers and attackers do."""

import http.client
import re
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from tests.browser.serving import Portal
from tests.conftest import PASSWORD, forget
from tests.faults.house import portal_in

BOUNDARY = "xxcoteriexx"


@dataclass
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def token(self) -> str:
        """Return the page's CSRF token."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        assert found, self.text[:300]
        return found[1]


@dataclass
class Client:
    """A browser without a picture: one cookie, one connection for each request."""

    port: int
    cookie: str = ""
    token: str = field(default="", init=False)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {"Connection": "close", **headers} | ({"Cookie": self.cookie} if self.cookie else {})
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        cookie = response.headers.get("Set-Cookie", "").partition(";")[0]
        self.cookie = cookie or self.cookie
        return Answer(response.status, response.headers, text, time.perf_counter() - began)

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self.ask("GET", path)

    def post(self, path: str, **said: str) -> Answer:
        """Send a form with the session's token."""
        body = urlencode({"csrf_token": self.token, **said}).encode()
        return self.ask("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, path: str, content: bytes, **said: str) -> Answer:
        """Send a file."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in {"csrf_token": self.token, **said}.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
        body = ("".join(parts) + head).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        return self.ask("POST", path, body, **{"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})

    def sign_in(self, name: str = "cass") -> Self:
        """Sign in as one of the standing people."""
        self.token = self.get("/sign-in").token
        assert self.post("/sign-in", email=f"{name}@store.example", password=PASSWORD).status == 303
        self.token = self.get("/account").token
        return self


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[Portal]:
    """Make a store with the standing people in `folder` and serve it in a process of its own, with these variables."""
    inside = folder / "made"
    inside.mkdir()
    with portal_in(inside) as house:
        first = house.database
        forget()
        for suffix in ("-wal", "-shm"):
            assert not first.with_name(first.name + suffix).exists()
        with Portal(folder, first, **environ) as portal:
            yield portal


def half_sent(port: int, n: int, cookie: str = "") -> list[socket.socket]:
    """Open `n` connections that send half an upload each, and stop."""
    signed = f"Cookie: {cookie}\r\n" if cookie else ""
    head = (
        f"POST /imports/new HTTP/1.1\r\nHost: localhost\r\n{signed}Content-Length: 200000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    opened = []
    for _ in range(n):
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        opened[-1].sendall(head.encode() + b"x" * 100_000)
    return opened


def times(client: Client, n: int, at_once: int = 2) -> list[float]:
    """Return the seconds that `n` requests took, every fifth a write, in order of size; fails on any that fails."""

    def one(number: int) -> float:
        if number % 5:
            answer = client.get(("/customers", "/groups", "/", "/customers/new")[number % 4])
            assert answer.status == 200, answer.text[:300]
        else:
            now = time.time_ns()
            answer = client.post("/customers/new", name=f"Client {now}", email=f"c{now}-{number}@x.example")
            assert answer.status == 303, answer.text[:300]
        return answer.seconds

    with ThreadPoolExecutor(at_once) as pool:
        return sorted(pool.map(one, range(n)))


def part(sorted_times: list[float], share: float) -> float:
    """Return the time that `share` of the requests did not exceed."""
    return sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))]
