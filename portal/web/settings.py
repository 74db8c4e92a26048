"""Pages of settings: guard rails."""

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.numbers import mark_of
from portal.permissions import Action
from portal.queries import settings as find
from portal.queries import users as find_users
from portal.received import reads
from portal.services import settings
from portal.web.forms import VersionedForm, _l
from portal.web.language import lang
from portal.web.render import render

pages = Blueprint("settings", __name__, url_prefix="/settings")


class GuardsForm(VersionedForm):
    """From when on a change needs a second person."""

    share = wtforms.StringField(_l("Share of all customers moved by one act, in percent"))
    is_marked = wtforms.BooleanField(_l("Always for groups marked guarded"))


@pages.get("/guards")
@needs(Action.SET_GUARDS)
def guards(form: GuardsForm | None = None, status: int = 200) -> Response:
    """Show the guard rails, and who could approve."""
    stored = find.guards()
    share = find.percent(stored.share).replace(".", mark_of(lang()))
    drawn = form or GuardsForm(data={"share": share, "is_marked": stored.is_marked})
    return render(
        "settings/guards.html", status=status, form=drawn, stored=stored, stored_share=share,
        approvers=find_users.approvers(), is_conflict=status == Conflict.status,
    )  # fmt: skip


@pages.post("/guards")
@needs(Action.SET_GUARDS)
@reads(GuardsForm)
def set_guards() -> ResponseReturnValue:
    """Store the guard rails."""
    form = GuardsForm(request.form)
    try:
        settings.set_guards(
            actor(), form.share.data or "", is_marked=bool(form.is_marked.data), version=form.seen()
        )
    except Refusal as refusal:
        return guards(form.refused(refusal), refusal.status)
    flash(gettext("The guard rails are stored."), "success")
    return redirect(url_for("settings.guards"), 303)
