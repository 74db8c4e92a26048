"""The papers say what the code does."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest

from portal import config
from portal.cli import COMMANDS, main, rights
from portal.services import tries
from portal.services.imports import stage

ROOT = Path(__file__).parents[1]
PAPERS = (
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md", "docs/design.md", "docs/operate.md",
    "docs/permissions.md",
)  # fmt: skip
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
# Named as what an installation has or makes, not as what a checkout holds.
MADE = re.compile(r"instance|dist|\.venv|drill|backups")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def layers() -> list[set[str]]:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (drawn,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [{name.strip().removeprefix("portal.") for name in layer.split("|")} for layer in drawn]


def drawing() -> list[str]:
    block = read("ARCHITECTURE.md").split("```")[1]
    return [line[:44] for line in block.splitlines()]  # what stands to the right of it is the explanation


def test_the_layers_are_drawn_as_they_are_kept() -> None:
    drawn = drawing()
    depth = {}
    for layer in layers():
        for name in layer:
            lines = [at for at, line in enumerate(drawn) if re.search(rf"(?<![\w.]){name}(?!\w)", line)]
            assert len(lines) == 1, (name, lines)
            depth[name] = lines[0]
    for upper, lower in zip(layers(), layers()[1:], strict=False):
        assert max(depth[name] for name in upper) < min(depth[name] for name in lower), (upper, lower)


def test_every_noun_of_the_grid_has_its_files() -> None:
    rows = [line.split("|")[1:-1] for line in read("ARCHITECTURE.md").splitlines() if line.startswith("| ")]
    header, *nouns = [[cell.strip() for cell in row] for row in rows]
    missing = []
    for row in nouns:
        for kind, cell in zip(header[1:], row[1:], strict=True):
            names = re.sub(r"\(.*?\)|–", "", cell).replace(" ", "").split(",")
            folder = ROOT / "templates" if kind == "templates" else ROOT / "portal" / kind
            for name in filter(None, names):
                here = folder / name.rstrip("/")
                if not (here.is_dir() if name.endswith("/") else here.with_suffix(".py").is_file()):
                    missing.append(f"{kind}/{name}")
    assert missing == []


def test_the_table_of_rights_is_the_one_in_force() -> None:
    assert read("docs/permissions.md") == rights.markdown()


def test_the_table_of_settings_is_the_one_that_portal_settings_prints() -> None:
    rows = re.findall(r"^\| `(PORTAL_\w+)` \| (.*?) \| (.*?) ?\|$", read("docs/operate.md"), re.MULTILINE)
    shown = {False: "no", True: "yes"}
    wanted = []
    for item in fields(config.Settings):
        default = shown.get(item.default, item.default) if isinstance(item.default, bool) else item.default
        wanted.append((item.metadata["env"], item.metadata["meaning"], f"`{default}`" if default != "" else ""))
    assert rows == wanted


def test_every_variable_that_the_portal_reads_is_told_to_operators() -> None:
    modules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "portal").rglob("*.py"))
    variables = set(re.findall(r"PORTAL_[A-Z]+(?:_[A-Z]+)*", modules))
    assert len(variables) > 10 and variables - set(re.findall(r"PORTAL_[A-Z_]+", read("docs/operate.md"))) == set()


def test_the_limits_are_the_ones_in_force() -> None:
    told = read("docs/operate.md")
    assert f"| {stage.MAX_ROWS:,} |".replace(",", " ") in told
    for_an_account = f"{tries.MAX_TRIES} in {tries.TRIES_MINUTES} minutes an account and place"
    assert f"{for_an_account}, {tries.MAX_TRIES_FROM} a place" in told
    from portal.queries.users import IDLE_HOURS, LONGEST_DAYS

    assert f"{IDLE_HOURS} hours unused, after {LONGEST_DAYS} days" in told


def code(text: str) -> list[str]:
    """Return the words set as code: what stands between backticks, and each line of a block."""
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [*spans, *(line.partition("# ")[0] for block in blocks for line in block.splitlines())]


@pytest.mark.parametrize("name", [*PAPERS, *(f"docs/decisions/{path.name}" for path in DECISIONS)])
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", read(name))
    here = (ROOT / name).parent
    assert [link for link in links if "://" not in link and not (here / link).exists()] == []


@pytest.mark.parametrize("name", PAPERS)
def test_every_path_that_is_named_exists(name: str) -> None:
    path = re.compile(r"(?:portal|tests|docs|templates|static|bench)/[\w./-]*")
    words = (word for text in code(read(name)) for word in text.split())
    named = {word.rstrip(".,") for word in words if path.fullmatch(word.rstrip(".,"))}
    assert {word for word in named if not MADE.match(word) and not (ROOT / word).exists()} == set()


@pytest.mark.parametrize("name", PAPERS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {found for text in code(read(name)) for found in re.findall(r"^make ([a-z]+)", text)}
    assert named - targets == set()


@pytest.mark.parametrize("name", [*PAPERS, *(f"docs/decisions/{path.name}" for path in DECISIONS)])
def test_every_command_that_is_named_exists(name: str) -> None:
    wrong = []
    for text in code(read(name)):
        for words in re.findall(r"(?:^|/|&& |'? )portal ((?:[a-z]+ ?)+)((?:--[a-z-]+ ?)*)", text):
            if not _is_command(words[0].split(), words[1].split()):
                wrong.append(words)
    assert wrong == []


def _is_command(words: list[str], options: list[str]) -> bool:
    command: click.Command | None = main
    context = click.Context(main)
    for word in words:
        if not isinstance(command, click.Group):
            break  # the rest are arguments
        command = command.get_command(context, word)
    known = {opt for parameter in command.params for opt in parameter.opts} if command else set()
    return command is not None and set(options) <= known | {"--help"}


def test_the_line_of_help_of_each_command_is_its_own() -> None:
    context = click.Context(main)
    assert [name for name in COMMANDS if main.get_command(context, name).name != name] == []  # type: ignore[union-attr]


def test_decisions_have_numbers_of_their_own() -> None:
    assert len({path.name[:4] for path in DECISIONS}) == len(DECISIONS)
    for path in DECISIONS:
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. ")
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("name", PAPERS)
def test_papers_name_no_machine(name: str) -> None:
    text = read(name)
    assert re.findall(r"/(?:home|root|work|tmp|Users)/\S*", text) == []
    assert re.findall(r"\b(?!127\.0\.0\.1)\d{1,3}(?:\.\d{1,3}){3}\b", text) == []
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 132
