"""The wheel holds everything the portal needs, and runs from an empty folder."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("coterie-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel, and nothing of the checkout, is installed."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True, capture_output=True)
    return folder


@pytest.fixture
def environ(installed: Path) -> dict[str, str]:
    """An environment that finds the installed portal first, and its dependencies where the tests have them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "FLASK_"))}
    # Where the packages are; not the checkout, whose editable install is a .pth file that is not read from here.
    return kept | {"PYTHONPATH": os.pathsep.join((str(installed), sysconfig.get_path("purelib")))}


def portal(*words: str) -> list[str]:
    # -S: no site-packages, so no editable install either; only PYTHONPATH.
    return [sys.executable, "-S", "-m", "portal.cli", *words]


def test_the_wheel_holds_what_the_portal_needs_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"portal/_assets/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*.html")}
    wanted |= {f"portal/_assets/{path.relative_to(ROOT)}" for path in (ROOT / "static").rglob("*") if path.is_file()}
    modules = (path for path in (ROOT / "portal").rglob("*.py") if "_assets" not in path.parts)
    wanted |= {path.relative_to(ROOT).as_posix() for path in modules}
    wanted |= {f"portal/translations/{lang}/LC_MESSAGES/messages.mo" for lang in ("es", "pt")}
    assert wanted - names == set()
    assert {name for name in names if name.startswith(("tests", "bench", "docs", "instance")) or ".db" in name} == set()
    assert {Path(name).parts[0] for name in names if ".dist-info" not in name} == {"portal"}


def test_the_source_holds_what_the_wheel_is_built_from_and_no_tests(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = tmp_path.glob("coterie-*.tar.gz")
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in names if name.startswith(("tests", "bench", "instance"))} == set()
    assert {"portal/app.py", "templates/layout/base.html", "wsgi.py", "hatch_build.py", "LICENSE"} - names == set()


def test_the_wheel_says_nothing_of_the_machine_that_built_it(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    here = str(ROOT).encode()
    assert [name for name in archive.namelist() if here in archive.read(name)] == []


def test_the_installed_portal_serves_a_demo(environ: dict[str, str], installed: Path, tmp_path: Path) -> None:
    where = [sys.executable, "-S", "-c", "import portal; print(portal.__file__)"]
    found = subprocess.run(where, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(installed / "portal" / "__init__.py")
    words = portal("demo", "--no-serve", "--customers", "50")
    made = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    server = subprocess.Popen(
        portal("serve"), env=environ | {"PORTAL_PORT": str(free_port())}, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = re.search(r"http://\S+/", server.stdout.readline()).group()  # type: ignore[union-attr]
        page, kind = _fetch(f"{address}sign-in")
        assert ('<html lang="pt"' in page, "text/html" in kind) == (True, True)
        assert "Entrar" in page
        style = re.search(r'href="/(static/css/coterie\.css\?v=[0-9a-f]+)"', page).group(1)  # type: ignore[union-attr]
        assert "css" in _fetch(address + style)[1]
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()  # type: ignore[union-attr]
    looked = subprocess.run(portal("doctor"), env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert looked.returncode == 0, looked.stdout + looked.stderr


def test_another_server_finds_the_application(environ: dict[str, str], tmp_path: Path) -> None:
    """The name for such servers in docs/operate.md."""
    words = [sys.executable, "-S", "-c", "from portal._assets.wsgi import app; print(app.name)"]
    done = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("portal", 0), done.stderr


def _fetch(address: str) -> tuple[str, str]:
    request = urllib.request.Request(address, headers={"Accept-Language": "pt"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]
