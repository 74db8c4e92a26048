"""Undo: the button beside what was just done, and what came of pressing it."""

from flask import Blueprint, Flask, Response, flash, g, get_flashed_messages, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.access import READS, actor, can, needs
from portal.models import Change, Customer, Group
from portal.permissions import Action
from portal.queries import customers as find_customers
from portal.queries import undone as find
from portal.received import reads
from portal.services import changes, undo
from portal.services.undo import background
from portal.web import paging
from portal.web.language import say
from portal.web.render import render
from portal.words import of_restored

pages = Blueprint("undoing", __name__, url_prefix="/changes")
OFFERED = "undo"  # in the session: the change that the next message offers to undo
_ITEMS = {"group.items", "group.end_item"}


def init_app(app: Flask) -> None:
    """Let every page of `app` offer to undo what the post before it did."""
    app.before_request(_note)
    app.after_request(_offer)
    app.jinja_env.globals["messages"] = messages


def _note() -> None:
    g.changes = changes.noting()


def _offer(response: Response) -> Response:
    if request.method in READS or g.get("actor") is None:
        return response
    session.pop(OFFERED, None)
    noted = [change_id for change_id, act in g.get("changes", ()) if undo.may_be_undone(act)]
    if noted and response.status_code == 303 and can(Action.UNDO_OWN):
        session[OFFERED] = noted[-1]
    return response


def messages() -> list[tuple[str, str, str]]:
    """Return what the page has to tell: category, sentence, and beside what was done the address that undoes it."""
    told = []
    flashed: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    for category, message in flashed:
        change_id = session.pop(OFFERED, None) if category == "success" else None
        url = url_for("undoing.undo_change", change_id=change_id) if change_id else ""
        told.append((category, message, url))
    return told


@pages.post("/<int:change_id>/undo")
@needs(Action.UNDO_OWN)
@reads()
def undo_change(change_id: int) -> ResponseReturnValue:
    """Undo a change, a large one in the background; what somebody has touched since is listed on a page of its own."""
    if background.start(actor(), change_id) is not None:
        return redirect(url_for("jobs.index"), 303)
    done = undo.undo(actor(), change_id)
    if done.refused:
        return redirect(url_for("undoing.undone", change_id=done.change_id), 303)
    flash(of_restored(done.restored), "success")
    return redirect(_place(Change.get_by_id(change_id)), 303)


@pages.get("/<int:change_id>/undone")
@needs(Action.UNDO_OWN)
def undone(change_id: int) -> ResponseReturnValue:
    """Say what an undo brought back, and name what stays as it is."""
    after, _before = paging.numbers()
    told = find.of(actor(), change_id, after=after or 0)
    return render(
        "changes/undone.html", told=told, restored=of_restored(told.restored), place=_place(told.change), say=say
    )


def _place(change: Change) -> str:
    """Return the page of what a change, or the one that it undoes in the end, is about, if it is still there."""
    root, _depth = undo.origin(change)
    noun, _, number = root.subject.partition(":")
    if noun == "customer":
        return _customer(int(number))
    if noun == "group":
        return _group(int(number), root.act)
    if noun == "import" and root.act == "import.run":
        return url_for("imports.show", import_id=int(number))
    places = {"shop.": "shops.index", "group.": "groups.index", "import.": "imports.new"}
    return url_for(next((place for acts, place in places.items() if root.act.startswith(acts)), "start.home"))


def _customer(customer_id: int) -> str:
    there = find_customers.visible_to(actor()).where(Customer.id == customer_id).first()
    return url_for("customers.show", code=there.code) if there else url_for("customers.index")


def _group(group_id: int, act: str) -> str:
    group = Group.get_by_id(group_id)
    if group.status == "deleted":
        return url_for("groups.index")
    return url_for("members.items_of" if act in _ITEMS else "members.show", code=group.code)
