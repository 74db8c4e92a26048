"""Uploads that stop half way hold nobody up (promise 6). Long form: `python -m tests.long.half_sent --sockets 500`."""

import socket
from collections.abc import Iterator

import pytest

from portal.cli.serving import SERVER
from portal.services.imports.stage import MAX_BYTES
from tests.browser.serving import Portal
from tests.faults.served import Client, half_sent, part, served, times


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with served(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_eight_half_sent_uploads_hold_nobody_up(portal: Portal) -> None:
    """One for each thread of the server, and as many from strangers."""
    cass = Client(portal.port).sign_in()
    times(cass, 10)
    before = times(cass, 50)
    held = half_sent(portal.port, 8, cass.cookie) + half_sent(portal.port, 8)
    try:
        during = times(cass, 50)
    finally:
        for one in held:
            one.close()
    # Who was held up would wait until the half-sent ones are closed; the long form looks closer.
    assert part(during, 0.9) < max(2 * part(before, 0.9), 2)


@pytest.mark.parametrize(
    "head", [f"Content-Length: {100 * 1024 * 1024}", "Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_a_body_beyond_every_limit_is_refused_before_it_is_there(head: str, portal: Portal) -> None:
    """By whom it is does not matter; the server turns it away by its own limit."""
    with socket.create_connection(("127.0.0.1", portal.port), timeout=20) as stranger:
        stranger.sendall(f"POST /imports/new HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
        chunk = b"x" * (1024 * 1024)
        try:
            for _ in range(40 if "chunked" in head else 0):
                stranger.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            answer = stranger.recv(200)
        except (BrokenPipeError, ConnectionResetError):
            answer = b"HTTP/1.1 413 and gone"
    assert answer.startswith(b"HTTP/1.1 413 "), answer
    assert Client(portal.port).get("/sign-in").status == 200


def test_a_whole_upload_of_a_stranger_is_turned_away_unread(portal: Portal) -> None:
    """Twelve megabytes wait on the disk until the guard is asked; then they are gone."""
    answer = Client(portal.port).upload("/imports/new", b"x" * 12 * 1024 * 1024)
    assert answer.status == 401
    assert Client(portal.port).upload("/sign-in", b"x" * 12 * 1024 * 1024).status == 413


def test_the_server_takes_the_largest_upload_and_not_much_more() -> None:
    assert MAX_BYTES + 1024 * 1024 < SERVER["max_request_body_size"] < MAX_BYTES + 4 * 1024 * 1024
