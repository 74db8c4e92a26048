"""The rules of architecture.md that a machine can keep."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from importlinter.cli import lint_imports
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for path in (ROOT / "portal").rglob("*.py") if "_assets" not in path.parts)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
JINJA = Environment(extensions=["jinja2.ext.i18n"])
# Blocks that are filled by pages and never swapped alone: they need no element of their own.
FRAME_BLOCKS = {"title", "main", "toasts", "head", "running"}
# Public functions of services that do not begin by asking the permission table, and why.
ASK_NOBODY = {
    "users.setup_code": "runs before anybody exists; the code is only written to this machine",
    "users.set_up": "runs before anybody exists; asks for the one-time code and refuses once somebody is there",
    "sessions.sign_in": "is how somebody becomes an actor; asks for the password",
    "passwords.decoy": "pure",
    "passwords.hashed": "pure",
    "passwords.hashed_anew": "pure",
    "passwords.verify": "pure",
    "tries.count": "is how somebody who is not an actor yet is kept from guessing",
    "tries.take_back": "works inside sessions.sign_in, after the right password",
    "sessions.touch": "notes that a session that was already checked is in use",
    "sessions.end_all": "works inside a change that a service which asked has open",
    "changes.record": "is the frame that other services write in; each of them has asked",
    "recorder.values": "pure",
    "recorder.sealed": "pure",
    "changes.noting": "keeps the numbers of the changes that this thread records",
    "recorder.plain": "pure",
    "details.check": "looks at typed details; groups.create and groups.edit have asked",
    "details.day_of": "pure",
    "once.begin": "notes which form the door has let in",
    "once.end": "forgets it",
    "once.aside": "lets a preview, which has asked, write what is taken back",
    "once.transaction": "is the frame that services write in; each of them has asked",
    "once.earlier": "reads whether the person's own form was done before",
    "once.answered": "keeps where the person's own form led",
    "fields.searching.part": "derives; works inside a transaction that a service which asked has open",
    "fields.details.check": "looks at typed details; fields.create and fields.edit have asked",
    "fields.details.first_label": "pure",
    "fields.columns.add": "works inside a change that a service which asked has open",
    "fields.columns.bring_up": "works inside a change that a service which asked has open",
    "own_values.read_typed": "pure",
    "own_values.lines": "reads",
    "own_values.key_of": "pure",
    "own_values.collisions": "reads; undo.undo has asked",
    "undo.own_values.give_back": "works inside a change that undo.undo has open, which asked",
    "own_values.bring_up_search": "derives; works inside a change that a service which asked has open",
    "customers.insert": "works inside a change that a service which asked has open",
    "customers.next_code": "reads the next free number",
    "customers.code_base": "reads the next free number",
    "items.put": "works inside a change that a service which asked has open",
    "items.settle": "works inside a change that a service which asked has open",
    "items.new.as_json": "pure",
    "items.new.from_json": "pure",
    "calls.id_of": "pure",
    "calls.details_of": "pure",
    "calls.boxes_of": "pure",
    "calls.wanted_of": "pure",
    "membership.staging.of": "tells what `ahead` has found",
    "membership.writing.is_collecting": "tells what this block does",
    "approvals.asker_of": "reads; approvals.approve has asked",
    "guards.approved": "reads; imports have asked",
    "guards.leave_of": "pure",
    "imports.check_guards": "looks at a checked import; imports.prepare and background.start have asked",
    "guards.calling": "pure",
    "guards.moved_by": "reads; the undo that asks has asked",
    "guards.leave": "reads what this block was given",
    "guards.passing": "lets an approved act pass; the services that give leave have asked",
    "guards.are_on": "reads",
    "guards.check": "looks at what an act moves; the service that does it has asked",
    "preview.newest_ids": "reads",
    "preview.read": "reads what has moved; the service that did it has asked",
    "proposals.made": "works inside a change that a service which asked has open",
    "proposals.open_one": "reads; the services that decide have asked",
    "proposals.decided": "works inside a change that a service which asked has open",
    "proposals.words": "pure",
    "items.change_one": "works inside a change that a service which asked has open",
    "items.add_member": "hands on to _one, whose first line asks",
    "items.remove_member": "hands on to _one, whose first line asks",
    "items.new.hundredths": "pure",
    "items.new.check": "looks at what is said of an item; the services that put it have asked",
    "item_rows.live_items": "reads",
    "item_rows.put_all": "works inside a change that a service which asked has open",
    "item_rows.end_item": "works inside a change that a service which asked has open",
    "item_rows.end_over": "works inside a change that a service which asked has open",
    "days.planned": "pure",
    "days.span": "pure",
    "nesting.check": "looks at two groups; the services that put items have asked",
    "nesting.check_targets": "reads; who asks whether a group may become active has asked",
    "nesting.relevel": "derives; works inside a change that a service which asked has open",
    "staying.stay": "follows from leaving a shop, inside a change that a service which asked has open",
    "membership.refresh": "derives; works inside a change that a service which asked has open",
    "membership.writing.bring_up": "derives; works inside a change that a service which asked has open",
    "membership.writing.collecting": "keeps for a preview what refreshes move",
    "membership.writing.forget": "derives; works inside a transaction that a service which asked has open",
    "membership.due.is_due": "reads whether the clock has moved anybody",
    "membership.due.refresh": "is the clock's; nobody asks for it",
    "membership.due.catch_up": "is the clock's; nobody asks for it",
    "membership.writing.summed": "pure",
    "membership.writing.count": "derives; works inside a change that a service which asked has open",
    "membership.touched.newest_row": "reads",
    "membership.touched.due_at": "reads",
    "membership.touched.is_told": "reads",
    "membership.touched.holds": "reads",
    "membership.touched.customers": "reads",
    "membership.foreseen.moves": "reads; the service that is going to act has asked",
    "membership.staging.ahead": "derives, and nobody sees it; the service that is going to act has asked",
    "membership.staging.switch_on": "derives; works inside a change that a service which asked has open",
    "membership.settling.settle": "changes what nobody sees",
    "membership.settling.leave": "changes what nobody sees",
    "membership.settling.take_back": "changes what nobody sees",
    "membership.settling.are_over": "reads",
    "membership.settling.is_over_in": "reads",
    "membership.forecast.wanted": "reads",
    "membership.forecast.prepare": "is the clock's; nobody asks for it",
    "membership.forecast.held": "reads",
    "membership.forecast.forget": "is the clock's; nobody asks for it",
    "membership.fitting.set_aside": "derives; whoever refreshes or looks ahead has asked",
    "membership.fitting.match": "derives; works inside a change that a service which asked has open",
    "membership.texts.setting_aside": "builds the statement of a refresh and runs nothing",
    "membership.texts.differing": "builds the statement of a refresh and runs nothing",
    "items.rules.live": "reads",
    "nesting.under": "reads",
    "items.rules.checked": "reads what any rule may ask for",
    "activation.check": "reads; groups.set_status and the undo that brings a group back have asked, the clock need not",
    "items.rules.columns": "pure",
    "items.rules.put_rule": "works inside a change that a service which asked has open",
    "undo.item_rows.asked_by": "reads; undo.undo has asked",
    "undo.item_rows.has_rule": "reads; undo.undo has asked",
    "membership.due.schedule": "derives; works inside a change that a service which asked has open",
    "imports.apply.next_part": "reads; imports.run has asked",
    "imports.apply.customers_of": "works inside a change that imports.run has open, which asked",
    "imports.apply.publish": "works inside a change that imports.run has open, which asked",
    "imports.columns.match": "pure",
    "imports.columns.remarks": "pure",
    "imports.columns.is_box": "pure",
    "imports.columns.is_new": "pure",
    "imports.columns.changes_groups": "pure",
    "imports.columns.moves_members": "pure",
    "imports.columns.word_for": "pure",
    "imports.proposing.gather": "pure",
    "imports.proposing.propose": "pure",
    "imports.proposing.coded": "pure",
    "imports.proposing.code_of": "pure",
    "imports.proposing.label_of": "pure",
    "imports.proposing.written": "pure",
    "imports.own_cells.wants_whole": "pure",
    "imports.own_cells.names_any": "pure",
    "imports.dating.is_dates": "pure",
    "imports.dating.look": "pure",
    "imports.dating.settle": "notes on an import that is being checked; imports.check and imports.again have asked",
    "imports.dating.told": "pure",
    "imports.dating.of_short_years": "pure",
    "imports.dating.plainly": "pure",
    "imports.dating.open_columns": "pure",
    "imports.dating.chosen_in": "pure",
    "imports.preparing.prepare": "works inside imports.check and imports.again, which asked",
    "imports.preparing.note": "notes what is wrong with a file on its import",
    "imports.stage.fill": "works inside imports.check and imports.again, which asked",
    "imports.stage.store": "works inside imports.check and imports.again, which asked",
    "imports.again.with_header": "pure",
    "imports.again.staged": "reads; the services that check again have asked",
    "imports.again.samples": "reads; the page that shows them has asked",
    "imports.again.details_of": "pure",
    "imports.remembering.chosen_for": "reads; imports.check has asked",
    "imports.remembering.orders_for": "reads; imports.check has asked",
    "undo.shapes.put_back": "works inside undo.undo, which asked",
    "imports.remembering.put": "works inside a change that another service has open, which asked",
    "imports.judging.judge_of": "reads; imports.check and imports.run have asked",
    "imports.judging.set_aside": "works inside a change that imports.run has open, which asked",
    "imports.boxes.standing": "reads; imports.check and imports.run have asked",
    "imports.boxes.publish": "works inside a change that imports.run has open, which asked",
    "imports.boxes.moves": "reads; imports.prepare and background.start have asked",
    "imports.boxes.named": "reads; the page that shows an import has asked",
    "imports.own_rows.write": "works inside a change that imports.run has open, which asked",
    "imports.put.lift": "works inside a change that imports.run has open, which asked",
    "imports.put.include": "works inside a change that imports.run has open, which asked",
    "imports.put.exclude": "works inside a change that imports.run has open, which asked",
    "imports.put.inserted": "works inside a change that imports.run has open, which asked",
    "imports.put.without_item": "works inside a change that imports.run has open, which asked",
    "imports.effect.inside": "pure",
    "imports.effect.kept_out": "reads; imports.check and imports.run have asked",
    "imports.turns.whole": "pure",
    "imports.foreseeing.key": "pure",
    "imports.foreseeing.drop": "drops what nobody looks at any more; foreseeing.go_on has asked, sweeping is for all",
    "imports.allowing.is_open": "looks at a group; the import that it is for has asked",
    "imports.allowing.there": "reads; imports.allowed, check_again and cancel ask",
    "imports.turns.parts": "reads; imports.check and imports.run have asked",
    "imports.matching.steps": "pure",
    "imports.resolve.resolve": "works inside imports.check and imports.run, which asked",
    "imports.resolve.newest_change_row": "reads; imports.check and imports.run have asked",
    "imports.resolve.stands": "reads; imports.run has asked",
    "imports.resolve.set_aside": "works inside a change that imports.run has open, which asked",
    "imports.resolve.follow": "works inside a change that imports.run has open, which asked",
    "imports.counts.summarise": "works inside imports.check and imports.run, which asked",
    "imports.effect.tell_kept_out": "works inside a change that imports.run has open, which asked",
    "imports.effect.join": "works inside imports.check and imports.run, which asked",
    "imports.stage.read": "works inside imports.check, which asked",
    "imports.sweep.interrupted": "works inside imports.check, which asked",
    "imports.sweep.long_over": "drops what nobody may look at any more, whoever signs in",
    "samples.email_of": "pure",
    "samples.is_made": "reads whether the sample people are there",
    "samples.is_empty": "reads whether there is anything at all",
    "imports.key": "pure",
    "imports.background.revive": "hands over, as the person who ran it, what a process that is gone left half done",
    "jobs.wakes": "notes who is told of jobs",
    "jobs.wake": "tells a number",
    "jobs.drop": "works inside a change that a service which asked has open",
    "jobs.end": "works inside a transaction that a service or a worker has open",
    "jobs.lease.claim": "is how a worker takes what somebody who was asked has stored",
    "jobs.lease.step": "is the frame of a worker's step, whose function asks",
    "jobs.lease.give_back": "is a worker's; it holds the job",
    "jobs.lease.fail": "is a worker's; it holds the job",
    "jobs.lease.retry": "is a worker's; it holds the job",
    "jobs.lease.take_back": "is a worker's; it has found that a process is gone",
    "jobs.lease.seen": "is a worker's, about itself",
    "jobs.lease.gone": "is a worker's, about itself",
    "undo.begin": "reads; undo.undo and background.start have asked",
    "undo.look_at_guards": "looks at what an undo moves; undo.undo and background.start have asked",
    "undo.acts.origin": "reads; undo.undo has asked",
    "undo.acts.may_be_undone": "pure",
    "undo.acts.may_be_undone_by": "pure",
    "undo.acts.origins": "reads; tells nothing but acts",
    "undo.work.touched": "pure",
    "undo.work.typed": "pure",
    "undo.items.put_back": "works inside a change that undo.undo has open, which asked",
    "undo.groups.put_back": "works inside a change that undo.undo has open, which asked",
    "undo.customers.give_back": "works inside a change that undo.undo has open, which asked",
    "undo.customers.take_away": "works inside a change that undo.undo has open, which asked",
    "undo.customers.bring_back": "works inside a change that undo.undo has open, which asked",
    "undo.shops.put_back": "works inside a change that undo.undo has open, which asked",
    "undo.fields.put_back": "works inside a change that undo.undo has open, which asked",
    "undo.settings.put_back": "works inside a change that undo.undo has open, which asked",
    "undo.item_rows.rows": "reads; undo.undo has asked",
    "undo.item_rows.is_new": "reads; undo.undo has asked",
    "undo.item_rows.was_ended": "reads; undo.undo has asked",
    "undo.item_rows.is_open": "reads; undo.undo has asked",
    "undo.item_rows.changed": "reads; undo.undo has asked",
    "undo.item_rows.stands": "reads; undo.undo has asked",
    "undo.item_rows.not_back": "reads; undo.undo has asked",
    "undo.item_rows.described": "reads; undo.undo has asked",
    "undo.item_rows.named": "pure",
    "undo.accounts.put_back": "works inside a change that undo.undo has open, which asked",
    "imports.report": "hands on to queries.imports.report, whose first line asks",
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- files ----


def test_imports_go_down_and_only_the_doors_know_flask(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out


def test_a_file_fits_in_a_head() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: n for name, n in lengths.items() if n > 400} == {}
    # Packages' empty doors would flatter the middle.
    assert statistics.median(n for n in lengths.values() if n > 3) <= 95


def test_a_template_fits_on_two_screens() -> None:
    assert {_name(path) for path in TEMPLATES if len(path.read_text().splitlines()) > 120} == set()


def test_no_file_is_a_drawer_for_anything() -> None:
    drawers = re.compile(r"util|helper|common|manager|handler|misc")
    assert [_name(path) for path in [*MODULES, *TEMPLATES] if drawers.search(path.stem)] == []


def test_only_the_command_line_prints() -> None:
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if "cli" not in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_no_python_builds_markup_itself() -> None:
    assert [_name(path) for path in MODULES if re.search(r"\bMarkup\b|render_template_string", path.read_text())] == []


# ---- services ----


def _services() -> Iterator[tuple[str, ast.FunctionDef]]:
    folder = ROOT / "portal" / "services"
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield f"{module}.{node.name}", node


def _asks(function: ast.FunctionDef) -> bool:
    """The first argument is the actor, and the first statement after the docstring asks for her."""
    arguments = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    call = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return (
        arguments[:1] == ["actor"]
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"require", "require_shop"}
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id == "actor"
    )


def test_every_service_takes_an_actor_and_asks_first() -> None:
    assert {name for name, function in _services() if not _asks(function)} == set(ASK_NOBODY)


def test_rows_of_membership_are_written_in_one_place() -> None:
    """Elsewhere they are read as views show them: staged ones are seen by nobody (decision 0096)."""
    here = {
        str(path.relative_to(ROOT / "portal").parent) for path in (ROOT / "portal").rglob("*.py")
        if {"MembershipRow", "PastMembershipRow"} & {
            name.id for name in ast.walk(ast.parse(path.read_text())) if isinstance(name, ast.Name)
        }
    }  # fmt: skip
    assert here == {"models", "services/membership"}


# ---- endpoints ----


def test_every_endpoint_names_its_action(application: Flask) -> None:
    silent = {name for name, view in application.view_functions.items() if not getattr(view, "needs", None)}
    assert silent == {"static"}


def test_only_set_up_and_sign_in_are_open(application: Flask) -> None:
    from portal.access import OPEN

    views = application.view_functions.items()
    assert {name for name, view in views if getattr(view, "needs", None) == OPEN} == {
        "users.set_up", "users.set_up_first", "users.sign_in", "users.enter",
    }  # fmt: skip


def test_nobody_asks_whether_a_request_is_htmx() -> None:
    """Only the two doors look at htmx's headers (house rule 5)."""
    asking = {_name(path) for path in MODULES if re.search(r"HX-(Request|Target)", path.read_text())}
    assert asking == {"portal/access.py", "portal/app.py", "portal/web/errors.py", "portal/web/render.py"}


# ---- templates ----


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_keeps_the_rules(path: Path) -> None:
    source = path.read_text()
    assert list(_broken(source)) == []
    assert list(_untranslated(source)) == []


def _broken(source: str) -> Iterator[str]:
    tree = JINJA.parse(source)
    yield from _misplaced_blocks(tree, source)
    unsafe = {"safe", "forceescape", "tojson"}
    yield from (f"|{use.name}" for use in tree.find_all(nodes.Filter) if use.name in unsafe)
    if re.search(r"\bMarkup\b|autoescape", source):
        yield "escaping is switched by hand"
    for wrong in (r"hx-on", r"\sstyle\s*=", r"\son[a-z]+\s*=", r"<style", r"<script(?![^>]*\ssrc=)"):
        if re.search(wrong, source, re.IGNORECASE):
            yield f"inline: {wrong}"


def _misplaced_blocks(tree: nodes.Template, source: str) -> Iterator[str]:
    for kind in (nodes.If, nodes.For):
        for outer in tree.find_all(kind):
            yield from (f"block {block.name} inside {kind.__name__}" for block in outer.find_all(nodes.Block))
    for block in tree.find_all(nodes.Block):
        if block.name not in FRAME_BLOCKS and f'id="{block.name}"' not in source:
            yield f"no element has the id of block {block.name}"


# The product's name is not translated; the rest is typography.
_PROPER = {"Coterie"}
_SPOKEN = ("placeholder", "title", "aria-label", "alt", "label")


def _untranslated(source: str) -> Iterator[str]:
    """Yield words that stand in a template as they are, outside of every `{{ … }}`: nobody can translate them."""
    raw = "".join(
        value if kind == "data" else "\x00" * (kind in {"variable_begin", "block_begin"})
        for _line, kind, value in JINJA.lex(source)
    )
    for attribute in _SPOKEN:
        values = re.findall(rf'\s{attribute}="([^"]*)"', raw)
        yield from (f"{attribute}={value!r}" for value in values if _is_word(value))
    # A tag may hold quotes with > in them (expressions are gone already).
    text = re.sub(r"<!--.*?-->|<[^>]*>", "\x00", raw, flags=re.DOTALL)
    yield from (piece.strip() for piece in text.split("\x00") if _is_sentence(piece))
    for output in JINJA.parse(source).find_all(nodes.Output):
        for call in output.nodes:
            if isinstance(call, nodes.Call):
                yield from _bare_arguments(call)


def _is_sentence(piece: str) -> bool:
    # A piece of an id or a class: names are joined to an expression with a dash.
    is_joined = re.fullmatch(r"-[a-z]+|[a-z]+-", piece.strip()) is not None
    return _is_word(piece) and not is_joined and piece.strip(" ·\n") not in _PROPER


# Which argument of these macros is shown as it is given.
_SHOWN_FIRST = {"page_head", "empty", "link", "button", "definition"}
_SHOWN_SECOND = {"post", "status", "toast", "count_tile"}


def _bare_arguments(call: nodes.Call) -> Iterator[str]:
    """The argument of a macro that shows it must come through gettext, not as a bare English text."""
    name = call.node.attr if isinstance(call.node, nodes.Getattr) else ""
    places = call.args[:1] if name in _SHOWN_FIRST else call.args[1:2] if name in _SHOWN_SECOND else []
    for argument in places:
        if isinstance(argument, nodes.Const) and isinstance(argument.value, str) and _is_word(argument.value):
            yield argument.value


def _is_word(text: str) -> bool:
    return re.search(r"[A-Za-z]{2,}", text.replace("\x00", "")) is not None


def test_the_checks_of_templates_find_what_they_look_for() -> None:
    bad = (
        "{% if x %}{% block list %}{% endblock %}{% endif %}"
        '<p style="a" onclick="b" title="Help me">Hello {{ name }}</p>'
        '{{ a|safe }}{{ ui.button("Save now") }}<script>go()</script><p>{{ _("fine") }}</p>'
    )
    assert list(_broken(bad)) == [
        "block list inside If", "no element has the id of block list", "|safe", r"inline: \sstyle\s*=",
        r"inline: \son[a-z]+\s*=", r"inline: <script(?![^>]*\ssrc=)",
    ]  # fmt: skip
    assert list(_untranslated(bad)) == ["title='Help me'", "Hello", "go()", "Save now"]
