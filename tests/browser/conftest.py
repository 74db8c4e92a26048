"""Chromium, a served portal and the store it serves, for tests that only a browser can make.

The portal is `portal serve` in a process of its own, as people start it; before each test its database is brought
back to the sample store. Whatever a page says to the console, every dialog, every fault and every request that
leaves the portal fails the test in which it happened. Without Chromium the folder is left out, in one line.
"""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import forget, use

# The one without windows draws the same pages and opens a new one in a third of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
MISSING = (
    "" if CHROMIUM and find_spec("playwright") and find_spec("axe_playwright_python") else
    "tests/browser is left out: " + ("playwright is not installed (make setup)." if CHROMIUM else
    "no Chromium was found (Debian: apt install chromium).")
)  # fmt: skip
collect_ignore_glob = ["test_*.py"] if MISSING else []

if TYPE_CHECKING:
    from tests.browser.chrome import Chrome
    from tests.browser.serving import Portal
    from tests.browser.store import Store


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MISSING:
        terminalreporter.write_line(MISSING, yellow=True)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> "Store":
    """The sample store, as files to bring the portal's database back to."""
    from tests.browser.store import build

    return build(tmp_path_factory.mktemp("store"), password_hash)


@pytest.fixture(scope="session")
def served(store: "Store", tmp_path_factory: pytest.TempPathFactory) -> Iterator["Portal"]:
    from tests.browser.serving import Portal

    with Portal(tmp_path_factory.mktemp("served"), store.full) as portal:
        yield portal


@pytest.fixture(scope="session")
def started() -> Iterator["Chrome"]:
    from tests.browser.chrome import Chrome

    with Chrome(str(CHROMIUM)) as chrome:
        yield chrome


@pytest.fixture
def portal(served: "Portal", store: "Store") -> Iterator["Portal"]:
    """The served portal with the sample store; the test's own process looks into the same database."""
    served.load(store.full)
    use(f"sqlite:///{served.database}")
    yield served
    forget()


@pytest.fixture
def chrome(started: "Chrome", portal: "Portal", store: "Store") -> Iterator["Chrome"]:
    """The browser; `chrome.open("cass")` is a window of its own in which Cass is signed in."""
    started.begin(portal.url, store.cookies)
    yield started
    seen = started.end() + portal.faults()
    assert seen == []


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder for files to upload."""
    return tmp_path
