"""Pages of groups: CRM Groups Maintenance."""

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.models import Group
from portal.models.group import HUES
from portal.permissions import Action
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.received import reads
from portal.services import groups
from portal.services.groups import Details, Saved
from portal.web.forms import VersionedForm, _l, options
from portal.web.language import say
from portal.web.picking import ItemsForm, Picker
from portal.web.render import render

pages = Blueprint("groups", __name__, url_prefix="/groups")

HUE_LABELS = {
    "blue": _l("Blue"), "indigo": _l("Indigo"), "violet": _l("Violet"), "pink": _l("Pink"), "red": _l("Red"),
    "orange": _l("Orange"), "amber": _l("Amber"), "lime": _l("Lime"), "green": _l("Green"), "teal": _l("Teal"),
    "cyan": _l("Cyan"), "grey": _l("Grey"),
}  # fmt: skip


class GroupForm(VersionedForm):
    """What a person says about a group."""

    name = wtforms.StringField(_l("Name of the customer group"))
    type = wtforms.RadioField(
        _l("Group Type"),
        choices=options((("customer", _l("Customer")), ("shop", _l("Shop")))),
        default="customer",
        validate_choice=False,
    )
    hue = wtforms.RadioField(
        _l("Colour"), choices=options((hue, HUE_LABELS[hue]) for hue in HUES), default="blue", validate_choice=False
    )
    description = wtforms.TextAreaField(_l("Description"))
    agent_note = wtforms.TextAreaField(_l("Agent note"))
    is_draft = wtforms.BooleanField(_l("Draft"))

    def details(self) -> Details:
        """Return what was typed as the service takes it."""
        return Details(
            name=self.name.data or "",
            type=self.type.data or "customer",
            hue=self.hue.data or "blue",
            description=self.description.data or "",
            agent_note=self.agent_note.data or "",
            status="draft" if self.is_draft.data else "active",
        )


@pages.get("")
@needs(Action.SEE_GROUP_NAMES)
def index() -> Response:
    """List the groups."""
    asked = {name: request.args.get(name, "")[:200] for name in ("q", "status", "type")}
    asked["sort"] = request.args.get("sort", "name")[:20]
    listed = find.listed(actor(), q=asked["q"], status=asked["status"], type_=asked["type"], sort=asked["sort"])
    return render("groups/index.html", listed=listed, asked=asked, statuses=find.STATUSES)


@pages.get("/new")
@needs(Action.CREATE_GROUP)
def new(form: GroupForm | None = None, picker: Picker | None = None, status: int = 200) -> Response:
    """Ask for a new group."""
    form = form or GroupForm(request.args)
    picker = picker or Picker.read(actor(), request.args, shops_first=form.type.data == "shop")
    return render("groups/new.html", status=status, form=form, picker=picker)


@pages.post("/new")
@needs(Action.CREATE_GROUP)
@reads(GroupForm, ItemsForm, also=("do",), many=("item",))
def create() -> ResponseReturnValue:
    """Store a new group, or draw the form again when only an item was looked for."""
    form = GroupForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    if request.form.get("do") in {"find", "new-customer"}:
        return new(form, picker)
    try:
        saved = groups.create(actor(), form.details(), picker.new_items())
    except Refusal as refusal:
        return new(form.refused(refusal), picker, refusal.status)
    tell_saved(saved)
    after = {"close": url_for("groups.index"), "new": url_for("groups.new", type=saved.group.type)}
    return redirect(after.get(request.form.get("do", ""), url_for("members.show", code=saved.group.code)), 303)


def tell_saved(saved: Saved) -> None:
    """Say what a save did; of a shop's group, how many are members now and that future ones will be."""
    group, n = saved.group, saved.group.n_members
    flash(gettext("%(name)s is stored.", name=group.label), "success")
    shops = [shop.name for shop in find_items.included_shops(group)]
    if shops and group.status == "active":
        flash(
            ngettext(
                "Now the %(n)s present customer of %(shops)s, and all future ones, are members.",
                "Now all %(n)s present customers of %(shops)s, and all future ones, are members.",
                n, n=format_number(n), shops=", ".join(shops),
            ),
            "success",
        )  # fmt: skip
    for remark in saved.warnings:
        flash(say(remark), "warning")


@pages.get("/<code>/edit")
@needs(Action.EDIT_GROUP)
def edit(code: str, form: GroupForm | None = None, status: int = 200) -> Response:
    """Ask for a group's new name, colour and texts."""
    group = find.by_code(actor(), code)
    return render(
        "groups/edit.html",
        status=status,
        form=form or GroupForm(obj=group),
        group=group,
        is_conflict=status == Conflict.status,
    )


@pages.post("/<code>/edit")
@needs(Action.EDIT_GROUP)
@reads(GroupForm, also=("do",))
def update(code: str) -> ResponseReturnValue:
    """Store a group's new name, colour and texts."""
    group = find.by_code(actor(), code)
    form = GroupForm(request.form)
    try:
        saved = groups.edit(actor(), group.id, form.details(), form.seen())
    except Refusal as refusal:
        return edit(code, form.refused(refusal), refusal.status)
    flash(gettext("%(name)s is stored.", name=saved.group.label), "success")
    return redirect(url_for("groups.index" if request.form.get("do") == "close" else "members.show", code=code), 303)


@pages.post("/<code>/archive")
@needs(Action.EDIT_GROUP)
def archive(code: str) -> ResponseReturnValue:
    """Archive a group: it keeps its items and has no members."""
    group = groups.set_status(actor(), find.by_code(actor(), code).id, "archived").group
    sentence = gettext("%(name)s is archived and has no members now. Restore brings them back.", name=group.label)
    flash(sentence, "success")
    return redirect(url_for("members.show", code=code), 303)


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
    """Ask once more before a group is deleted."""
    group: Group = find.by_code(actor(), code)
    return render("groups/delete.html", group=group)


@pages.post("/<code>/delete")
@needs(Action.EDIT_GROUP)
def delete(code: str) -> ResponseReturnValue:
    """Delete a group; its customers stay."""
    saved = groups.delete(actor(), find.by_code(actor(), code).id)
    flash(gettext("%(name)s is deleted. Its customers are still here.", name=saved.group.label), "success")
    return redirect(url_for("groups.index"), 303)
