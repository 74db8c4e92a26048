"""The start page."""

from flask import Blueprint, Response

from portal.access import actor, can, needs
from portal.permissions import Action
from portal.queries import filters, groups
from portal.web.render import render

pages = Blueprint("start", __name__)


@pages.get("/")
@needs(Action.OWN_ACCOUNT)
def home() -> Response:
    """Show what this person most likely came for: the search, and the groups."""
    listed = groups.listed(actor(), sort="-updated")[:6] if can(Action.SEE_GROUPS) else []
    total = filters.count(actor(), filters.Filter()) if can(Action.SEE_CUSTOMERS) else None
    return render("start/home.html", listed=listed, total=total, due=groups.due_for_review(actor()))
