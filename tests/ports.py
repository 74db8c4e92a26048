"""Ports of this machine for what a test or a measurement serves."""

import socket
from contextlib import ExitStack


def free_ports(n: int) -> list[int]:
    """Return `n` ports on which nobody serves, no two alike."""
    with ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(n)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in found]


def free_port() -> int:
    """Return a port on which nobody serves."""
    return free_ports(1)[0]
