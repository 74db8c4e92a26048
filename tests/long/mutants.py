"""Small faults put into code on purpose, one at a time: `python -m tests.long.mutants portal/permissions.py`.

Prints which of them no test noticed. What may live on is in docs/decisions/0040-mutants-that-live.md. Without --tests
those of the same name are asked; give the quick ones, since each fault costs one run of them. With --in-place the tests
are gathered once and run in a copy of the process each, the quick ones first: several times faster, for a module of
which others take functions and classes alone.
"""

import argparse
import ast
import copy
import importlib.util
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
NEEDED = ("portal", "templates", "static", "tests", "docs", "pyproject.toml", "wsgi.py")
SENTENCES = {"N_", "_", "gettext", "ngettext"}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, what is changed, and the whole source with this one change."""
    tree = ast.parse(source)
    for parent in list(ast.walk(tree)):
        for name, value in list(ast.iter_fields(parent)):
            if name in {"annotation", "returns", "ops", "op"} or _is_sentence(parent):
                continue
            children = value if isinstance(value, list) else [value]
            for at, child in enumerate(children):
                for other in _others(child):
                    several = [*children[:at], *([other] if other else []), *children[at + 1 :]]
                    setattr(parent, name, several if isinstance(value, list) else other)
                    yield child.lineno, f"{_said(child)} → {_said(other)}", ast.unparse(tree)
            setattr(parent, name, value)


def _is_sentence(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.Call) and ast.unparse(node.func) in SENTENCES)


def _said(node: ast.AST | None) -> str:
    return " ".join(ast.unparse(node).split())[:90] if node else "nothing"


def _others(node: ast.AST) -> Iterator[ast.AST | None]:
    """Yield what could stand in the place of `node`; None to leave out one of several."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield _with(node, ops=[SWAPS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPS:
        yield _with(node, op=SWAPS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | str):
        said = node.value
        yield ast.Constant(f"{said}~" if isinstance(said, str) else not said if isinstance(said, bool) else said + 1)
    elif isinstance(node, ast.keyword):
        yield None
    elif isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Raise | ast.Continue) or (isinstance(node, ast.Expr) and not _is_sentence(node)):
        yield ast.Pass()


def _with(node: ast.AST, **changed: object) -> ast.AST:
    twin = copy.copy(node)
    for name, value in changed.items():
        setattr(twin, name, value)
    return twin


def _passes(tree: Path, tests: list[str], seconds: int) -> bool:
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]

    def limit() -> None:
        # Of computing, since how long it takes says how busy the machine is.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    try:
        return subprocess.run(
            command, cwd=tree, env=environ, capture_output=True, timeout=20 * seconds, preexec_fn=limit
        ).returncode == 0  # fmt: skip
    except subprocess.TimeoutExpired:
        return False


def _try(tree: Path, name: str, tests: list[str], seconds: int, lines: range) -> None:
    path, lived = tree / name, []
    source = path.read_text(encoding="utf-8")
    assert _passes(tree, tests, seconds), f"{tests} fail before anything is changed"
    for line, what, changed in sorted(mutant for mutant in mutants(source) if mutant[0] in lines):
        path.write_text(changed, encoding="utf-8")
        # Two sources of one size within a second are one to Python.
        Path(importlib.util.cache_from_source(path)).unlink(missing_ok=True)
        lived.append(_passes(tree, tests, seconds))
        if lived[-1]:
            print(f"{name}:{line}: {what}", flush=True)
    path.write_text(source, encoding="utf-8")
    _tell(name, lived)


def _tell(name: str, lived: list[bool]) -> None:
    print(f"{name}: {len(lived)} mutants, {lived.count(False)} killed, {lived.count(True)} survived", flush=True)


class InPlace:
    """A plugin of pytest that runs the gathered tests once as they are and then once for each fault."""

    def __init__(self, name: str, seconds: int, lines: range) -> None:
        self.name, self.seconds, self.lines = name, seconds, lines

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests as they are, then fault by fault, each time until the first that fails."""
        module = importlib.import_module(self.name.removesuffix(".py").replace("/", "."))
        assert module.__file__ is not None
        items = self._quick_first(session.items)
        lived = []
        for line, what, changed in sorted(mutants(Path(module.__file__).read_text(encoding="utf-8"))):
            if line in self.lines:
                lived.append(self._lives(module, changed, items))
                if lived[-1]:
                    print(f"{self.name}:{line}: {what}", flush=True)
        _tell(self.name, lived)
        return True

    @staticmethod
    def _quick_first(items: list[pytest.Item]) -> list[pytest.Item]:
        """Run the tests as they are and return them in the order in which they are run from then on.

        What lasts longer than one test, such as a database with tables, is left to the next one, and to the copies.
        """
        took: dict[pytest.Item, float] = {}
        for item, following in pairwise(items):
            began = time.process_time()
            _pass(item, following)
            took[item] = time.process_time() - began
        ordered = sorted(took, key=took.__getitem__)
        _pass(items[-1], ordered[0])
        return [*ordered, items[-1]]

    def _lives(self, module: ModuleType, changed: str, items: list[pytest.Item]) -> bool:
        """Tell whether all tests pass; the one that does not is the first next time: neighbours die of the same."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            place = 0
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (self.seconds, self.seconds))
                _exchange(module, changed)
                for item, following in pairwise([*items, items[0]]):
                    _pass(item, following)
                    place += 1
            finally:
                os.write(writing, str(place).encode())
                os._exit(0)
        os.close(writing)
        place = _number(reading, 20 * self.seconds)
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if place is not None and place < len(items):
            items.insert(0, items.pop(place))
        return place == len(items)


def _number(handle: int, seconds: float) -> int | None:
    """Read a number that a copy of the process writes; None when it ends or lasts too long without one."""
    ready, _, _ = select.select([handle], [], [], seconds)
    said = os.read(handle, 20) if ready else b""
    return int(said) if said else None


def _pass(item: pytest.Item, following: pytest.Item) -> None:
    reports = runtestprotocol(item, log=False, nextitem=following)
    assert not any(report.failed for report in reports), f"{item} fails"


def _exchange(module: ModuleType, changed: str) -> None:
    """Let a module be the changed one, also where others have taken a function or class of it by name."""
    known = vars(module)
    own = {id(value): name for name, value in known.items() if getattr(value, "__module__", "") == module.__name__}
    exec(compile(changed, module.__file__ or "", "exec"), known)
    for other in [found for name, found in sys.modules.items() if name.startswith(("portal", "tests"))]:
        for name, value in list(vars(other).items()):
            if other is not module and id(value) in own:
                setattr(other, name, getattr(module, own[id(value)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--tests", nargs="+", default=[])
    parser.add_argument("--seconds", type=int, default=60, help="of computing that one run of the tests may take")
    parser.add_argument("--lines", default="1-1000000", metavar="FROM-TO", help="change these lines alone")
    parser.add_argument("--in-place", action="store_true", help="gather the tests once")
    asked = parser.parse_args()
    first, last = (int(number) for number in asked.lines.split("-"))
    if asked.in_place:
        for name in asked.files:
            plugin = InPlace(name, asked.seconds, range(first, last + 1))
            pytest.main(["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-s", *asked.tests], plugins=[plugin])
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in NEEDED:
            copied = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copied(ROOT / name, Path(folder) / name)
        for name in asked.files:
            fitting = sorted(Path(folder).glob(f"tests/**/test_{Path(name).stem}.py"))
            _try(Path(folder), name, asked.tests or [str(path.relative_to(folder)) for path in fitting], asked.seconds,
                 range(first, last + 1))  # fmt: skip


if __name__ == "__main__":
    main()
