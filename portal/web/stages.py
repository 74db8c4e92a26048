"""A group's stages: archived, made active, deleted. Each is asked first, with what it would move."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext

from portal.access import actor, needs
from portal.errors import Refusal
from portal.models import Group
from portal.permissions import Action
from portal.queries import groups as find
from portal.services import groups
from portal.services.items import plans
from portal.web import previewing
from portal.web.forms import _l
from portal.web.members import used_by
from portal.web.render import render

pages = Blueprint("stages", __name__, url_prefix="/groups")
HEADINGS = {
    "archive": _l("Archive %(name)s?"), "restore": _l("Make %(name)s active?"), "delete": _l("Delete %(name)s?")
}  # fmt: skip


def _ask(code: str, act: str, status: str, change: Callable[[Group], object]) -> Response:
    group = find.by_code(actor(), code)
    shown = previewing.of(lambda: change(group), lambda: plans.of_status(actor(), group.id, status))
    heading = HEADINGS[act] % {"name": group.label}
    return render("groups/stage.html", group=group, act=act, shown=shown, heading=heading)


@pages.get("/<code>/archive")
@needs(Action.EDIT_GROUP)
def ask_archive(code: str) -> Response:
    """Show what archiving a group would move, and ask once more."""
    return _ask(code, "archive", "archived", lambda group: groups.set_status(actor(), group.id, "archived"))


@pages.post("/<code>/archive")
@needs(Action.EDIT_GROUP)
def archive(code: str) -> ResponseReturnValue:
    """Archive a group: it keeps its items and has no members."""
    try:
        group = groups.set_status(actor(), find.by_code(actor(), code).id, "archived").group
    except Refusal as refusal:
        if refusal.status != Refusal.status:
            raise
        return used_by(code, refusal, refusal.status)
    sentence = gettext("%(name)s is archived and has no members now. Restore brings them back.", name=group.label)
    flash(sentence, "success")
    return redirect(url_for("members.show", code=code), 303)


@pages.get("/<code>/restore")
@needs(Action.EDIT_GROUP)
def ask_restore(code: str) -> Response:
    """Show what making a group active would move, and ask once more."""
    return _ask(code, "restore", "active", lambda group: groups.set_status(actor(), group.id, "active"))


@pages.post("/<code>/restore")
@needs(Action.EDIT_GROUP)
def restore(code: str) -> ResponseReturnValue:
    """Make an archived or draft group active."""
    group = groups.set_status(actor(), find.by_code(actor(), code).id, "active").group
    flash(
        ngettext(
            "%(name)s is active. It has %(n)s member now.",
            "%(name)s is active. It has %(n)s members now.",
            group.n_members, name=group.label, n=format_number(group.n_members),
        ),
        "success",
    )  # fmt: skip
    return redirect(url_for("members.show", code=code), 303)


@pages.get("/<code>/delete")
@needs(Action.EDIT_GROUP)
def ask_delete(code: str) -> Response:
    """Show what deleting a group would move, and ask once more."""
    return _ask(code, "delete", "deleted", lambda group: groups.delete(actor(), group.id))


@pages.post("/<code>/delete")
@needs(Action.EDIT_GROUP)
def delete(code: str) -> ResponseReturnValue:
    """Delete a group; its customers stay."""
    try:
        saved = groups.delete(actor(), find.by_code(actor(), code).id)
    except Refusal as refusal:
        if refusal.status != Refusal.status:
            raise
        return used_by(code, refusal, refusal.status)
    flash(gettext("%(name)s is deleted. Its customers are still here.", name=saved.group.label), "success")
    return redirect(url_for("groups.index"), 303)
