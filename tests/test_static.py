"""What browsers are sent: no class, icon or attribute for which no page has a use, and a sheet that stays light."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHEET = re.sub(r'/\*.*?\*/|"[^"]*"', "", (ROOT / "static/css/coterie.css").read_text(encoding="utf-8"), flags=re.DOTALL)
SCRIPT = (ROOT / "static/js/coterie.js").read_text(encoding="utf-8")
PAGES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "portal" / "web").rglob("*.py")]
)


def is_said(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def test_every_class_of_the_sheet_is_used_by_a_page() -> None:
    classes = set(re.findall(r"\.([a-z][a-z-]*)", SHEET))
    joined = {f"hue-{hue}" for hue in re.findall(r"hue-(\w+)", SHEET)}  # of a group, of a status
    assert {name for name in classes - joined if not is_said(name, PAGES)} == set()
    assert len(classes) > 80


def test_every_icon_is_used_by_a_page() -> None:
    icons = re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "static/icons.svg").read_text(encoding="utf-8"))
    assert [name for name in icons if not re.search(rf"['\"]{name}['\"]|#i-{name}\"", PAGES)] == []
    assert len(icons) > 20


def test_every_attribute_that_the_script_looks_for_is_in_a_page() -> None:
    own = {"data-seen"}  # which it sets itself
    asked = set(re.findall(r"\[(data-[a-z-]+)", SCRIPT + SHEET))
    assert {name for name in asked - own if not is_said(name, PAGES)} == set()


def test_the_sheet_is_at_most_thirty_kilobytes() -> None:
    assert (ROOT / "static/css/coterie.css").stat().st_size <= 30 * 1000


def test_the_table_of_vendored_files_has_their_hashes_and_the_number_of_icons() -> None:
    folder = ROOT / "static" / "vendor"
    table = (folder / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([^`]+)` \|.*?`([0-9a-f]{64})`", table, re.MULTILINE))
    assert told == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in told} and len(told) == 3
    n_icons = (folder / "../icons.svg").read_text(encoding="utf-8").count("<symbol ")
    assert f"{n_icons} icons in one sprite" in table
