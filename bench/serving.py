"""Pages end to end: waitress on loopback in a process of its own, and several clients that ask it in turn."""

import http.client
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.data import MANAGER, PASSWORD
from bench.databases import settings_for
from tests.ports import free_port

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def page_url(wanted: Any) -> str:
    """Return the address of the filter page for a filter."""
    pairs = {"q": wanted.q, "sort": wanted.sort, "shop": ",".join(shop.code for shop in wanted.shops)}
    pairs |= {key: ",".join(group.code for group in getattr(wanted, key)) for key in ("any", "all", "none")}
    return "/customers?" + urlencode({key: value for key, value in pairs.items() if value})


def application(url: str, instance: Path) -> Any:
    """Return the portal on a database, without a line of log for each request."""
    from portal import create_app

    app = create_app(settings_for(url), instance)
    logging.getLogger("portal").setLevel(logging.ERROR)
    return app


class Visitor:
    """A connection that is kept open, signed in."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookie = ""
        _, page = self.ask("GET", "/sign-in")
        found = TOKEN.search(page.decode())
        form = {"email": MANAGER, "password": PASSWORD, "csrf_token": found.group(1) if found else ""}
        status, _ = self.ask("POST", "/sign-in", urlencode(form))
        if status >= 400:
            raise RuntimeError(f"signing in answered {status}")

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip"} if self.cookie else {}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookie = cookie.split(";", 1)[0]
        return answer.status, content


class Server:
    """The portal, served by waitress in a child process."""

    def __init__(self, url: str, instance: Path) -> None:
        self.port = free_port()
        start = time.perf_counter()
        self.child = subprocess.Popen([sys.executable, "-m", "bench.serving", url, str(instance), str(self.port)])
        self._wait()
        self.ready_after = time.perf_counter() - start

    def _wait(self) -> None:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self.child.poll() is not None:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the server did not start in time")

    def resident(self) -> float:
        """Return the memory of the server in MB."""
        status = Path(f"/proc/{self.child.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
        return int(found.group(1)) / 1024 if found else 0.0

    def stop(self) -> None:
        self.child.terminate()
        self.child.wait(20)


def load(
    port: int, paths: Sequence[str], *, threads: int, seconds: float, most: int, until: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """Ask for the pages in turn from several threads until the time or the number is used up, or `until` says so."""
    visitors = [Visitor(port) for _ in range(threads)]
    times: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds

    def run(visitor: Visitor, place: int) -> None:
        while time.perf_counter() < end and len(times) < most and not (until and until()):
            start = time.perf_counter()
            try:
                status, _ = visitor.ask("GET", paths[place % len(paths)])
            except (OSError, http.client.HTTPException) as error:
                errors.append(type(error).__name__)
                return
            times.append(time.perf_counter() - start)
            if status != 200:
                errors.append(str(status))
            place += threads

    workers = [threading.Thread(target=run, args=(visitor, i)) for i, visitor in enumerate(visitors)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - start
    for visitor in visitors:
        visitor.connection.close()
    ordered = sorted(times) or [0.0]
    last = len(ordered) - 1
    return {
        "requests": len(times), "rate": len(times) / took, "errors": len(errors), "kinds": sorted(set(errors)),
        "p50": 1000 * ordered[last // 2], "p99": 1000 * ordered[min(int(0.99 * len(ordered)), last)],
    }  # fmt: skip


def serve(url: str, instance: Path, port: int) -> None:
    """Serve until the process is asked to stop."""
    from waitress.server import create_server

    from portal.cli.serving import THREADS

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    create_server(application(url, instance), host="127.0.0.1", port=port, threads=THREADS, ident=None).run()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))


__all__ = ["Server", "Visitor", "application", "load", "page_url"]
