"""Pages of changes: what was done, by whom, with every row before and after."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import actor, needs
from portal.change_words import DOORS, KINDS, say_change, say_door
from portal.errors import Refusal
from portal.field_words import in_order, say_noun, say_row
from portal.permissions import Action
from portal.queries import change_list as find
from portal.queries import change_rows
from portal.queries.change_list import Wanted
from portal.queries.change_rows import Line, Rows
from portal.queries.changes import Thing, Told
from portal.queries.undone import undone_by
from portal.services import undo
from portal.values import Remark
from portal.web import paging, rule_words
from portal.web.language import say
from portal.web.render import render
from portal.words.rules_read import both_for

pages = Blueprint("changes", __name__, url_prefix="/changes")

# Where a thing has its page: the endpoint, and what its address calls the code.
_PAGES = {
    "customer": ("customers.show", "code"), "group": ("members.show", "code"), "shop": ("shops.edit", "code"),
    "import": ("imports.show", "import_id"), "proposal": ("proposals.show", "proposal_id"),
    "change": ("changes.show", "change_id"), "field": ("fields.edit", "code"),
}  # fmt: skip


@pages.get("")
@needs(Action.SEE_CHANGES)
def index() -> ResponseReturnValue:
    """List what was done, the newest first, as the address filters it."""
    asked = _asked()
    after, before = paging.numbers()
    problem, status, found = "", 200, find.Page([])
    try:
        found = find.page(actor(), asked, after=after, before=before)
    except Refusal as refusal:
        problem, status = say(refusal), refusal.status
    return render(
        "changes/index.html", status=status, asked=asked, found=found, problem=problem, link=_link, url=_url,
        people=find.people(actor()), doors=DOORS, kinds=KINDS, operator=find.OPERATOR,
        called=_called, say_change=say_change, say_door=say_door, undoable=_undoable(found.rows),
        undone=undone_by(row.id for row in found.rows),
    )  # fmt: skip


def _undoable(found: Sequence[Told]) -> set[int]:
    """Return the changes that the person may ask to undo; whether anything is left of them is seen then."""
    roots = undo.origins(one.id for one in found if one.act == "change.undo")
    return {
        one.id for one in found
        if undo.may_be_undone_by(
            actor(), roots.get(one.id, one.act), is_own=one.is_own, of_group=one.into is not None
        )
    }  # fmt: skip


def _asked() -> Wanted:
    args = request.args
    return Wanted(
        who=args.get("who", "")[:20], door=args.get("door", "") if args.get("door") in DOORS else "",
        kind=args.get("kind", "") if args.get("kind") in KINDS else "",
        noun=args.get("noun", "") if args.get("noun") in find.NOUNS else find.NOUNS[0],
        code=args.get("code", "").strip()[:100], since=args.get("since", ""), until=args.get("until", ""),
    )  # fmt: skip


def _url(asked: Wanted, **changed: Any) -> str:
    """Return the address of the list with this filter, and with `changed` in it."""
    said = {name: getattr(asked, name) for name in asked.__slots__ if name != "noun" or asked.code}
    return url_for("changes.index", **{name: value for name, value in {**said, **changed}.items() if value})


def _link(thing: Thing | None) -> str:
    """Return the address of a thing's page; '' where it has none for this reader."""
    if thing is None or not thing.code or thing.noun not in _PAGES:
        return ""
    endpoint, place = _PAGES[thing.noun]
    values: dict[str, Any] = {place: int(thing.code) if place.endswith("_id") else thing.code}
    return url_for(endpoint, **values)


def _called(thing: Thing) -> str:
    """Return what a link to a thing says; one that is known by its number alone says what it is a number of."""
    return f"{say_noun(thing.noun)} {thing.label}" if thing.noun in {"change", "proposal"} else thing.label


def _said(rows: Rows, line: Line, name: str) -> tuple[str, str, str]:
    called, before, after = say_row(rows, line, name)
    if line.noun == "group_item" and name == "rule":
        before, after = both_for(actor(), (line.before, line.after), rule_words.catalogue())
    return called, before, after


@pages.get("/<int:change_id>")
@needs(Action.SEE_CHANGES)
def show(change_id: int) -> ResponseReturnValue:
    """Show a change with its rows before and after."""
    change = find.by_id(actor(), change_id)
    after, _before = paging.numbers()
    rows = change_rows.page(actor(), change_id, after=after or 0)
    return render(
        "changes/show.html", change=change, nouns=find.NOUNS, rows=rows, link=_link, say_noun=say_noun,
        said=lambda line, name: _said(rows, line, name), in_order=in_order,
        called=_called, say_change=say_change, say_door=say_door, undoable=_undoable([change]),
        undone=undone_by([change_id]),
        kept=lambda line: say(Remark(line.after["kept"], line.noun, line.after["params"])),
    )  # fmt: skip
