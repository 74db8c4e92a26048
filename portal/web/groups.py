"""Pages of groups: CRM Groups Maintenance."""

import secrets
from dataclasses import replace
from functools import partial
from typing import Self
from urllib.parse import parse_qsl

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext
from werkzeug.datastructures import MultiDict

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.models import Group
from portal.models.group import HUES
from portal.permissions import Action
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.queries import users as find_users
from portal.queries import uses
from portal.queries.rules.of_filter import tree_of
from portal.received import reads
from portal.services import details, groups
from portal.services.groups import Details, Saved
from portal.services.items import NewItem, plans
from portal.web import looking, previewing, rule_words
from portal.web.builder import ROWS, Builder, RuleForm, is_of_builder
from portal.web.filtering import Filtering
from portal.web.forms import VersionedForm, _l, options
from portal.web.language import say
from portal.web.members import marks, planned
from portal.web.picking import ItemsForm, Picker
from portal.web.render import render

pages = Blueprint("groups", __name__, url_prefix="/groups")

MAX_FILTER = 8_000  # characters of an address
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
        choices=options((("customer", _l("Customer")), ("shop", _l("Shop")), ("rule", _l("Rule")))),
        default="customer",
        validate_choice=False,
    )
    hue = wtforms.RadioField(
        _l("Colour"), choices=options((hue, HUE_LABELS[hue]) for hue in HUES), default="blue", validate_choice=False
    )
    description = wtforms.TextAreaField(_l("Description"))
    agent_note = wtforms.TextAreaField(_l("Agent note"))
    is_draft = wtforms.BooleanField(_l("Draft"))
    is_guarded = wtforms.BooleanField(_l("Guarded"))
    is_sensitive = wtforms.BooleanField(_l("Sensitive"))
    is_open = wtforms.BooleanField(_l("Open to support"))
    in_form = wtforms.BooleanField(_l("Show as a box in the customer form"))
    owner_id = wtforms.SelectField(_l("Owner"), validate_choice=False)
    review_on = wtforms.StringField(_l("Review on"), widget=wtforms.widgets.DateInput())
    starts_on = wtforms.StringField(_l("Planned start"), widget=wtforms.widgets.DateInput())
    ends_on = wtforms.StringField(_l("Planned end"), widget=wtforms.widgets.DateInput())

    def details(self) -> Details:
        """Return what was typed as the service takes it."""
        return Details(
            name=self.name.data or "",
            type=self.type.data or "customer",
            hue=self.hue.data or "blue",
            description=self.description.data or "",
            agent_note=self.agent_note.data or "",
            status="draft" if self.is_draft.data else "active",
            is_guarded=bool(self.is_guarded.data),
            is_sensitive=bool(self.is_sensitive.data),
            is_open=bool(self.is_open.data),
            in_form=bool(self.in_form.data),
            owner_id=_number(self.owner_id.data),
            review_on=self.review_on.data or "",
            starts_on=self.starts_on.data or "",
            ends_on=self.ends_on.data or "",
        )

    def drawn(self, group: Group | None = None) -> Self:
        """Return the form with the owners that may be chosen, the present one among them whatever she may do now."""
        keepers = {str(user.id): user.name for user in find_users.keepers()}
        if group is not None:
            owner = group.owner
            keepers.setdefault(*(str(owner.id), owner.name) if owner else ("", gettext("Nobody")))
        self.owner_id.choices = options(keepers.items())
        return self


class NewGroupForm(GroupForm, RuleForm):
    """What a person says about a group that does not exist yet, with its first rule."""


def _number(text: str | None) -> int | None:
    """Return the number in a form's text; None for none, 0 (nobody's) for what is no number."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@pages.get("")
@needs(Action.SEE_GROUP_NAMES)
def index() -> Response:
    """List the groups."""
    asked = {name: request.args.get(name, "")[:200] for name in ("q", "status", "type")}
    asked["sort"] = request.args.get("sort", "name")[:20]
    listed = find.listed(actor(), q=asked["q"], status=asked["status"], type_=asked["type"], sort=asked["sort"])
    n_uses = uses.counts(actor()) if actor().may(Action.SEE_GROUPS) else {}
    return render("groups/index.html", listed=listed, asked=asked, statuses=find.STATUSES, n_uses=n_uses)


@pages.get("/new")
@needs(Action.CREATE_GROUP)
def new(
    form: NewGroupForm | None = None, picker: Picker | None = None, builder: Builder | None = None, status: int = 200
) -> Response:
    """Ask for a new group; a rule in the address is its first item."""
    if form is None:
        form = NewGroupForm(request.args, owner_id=str(actor().user_id))
        form.in_form.data = form.type.data == "customer"
    picker = picker or Picker.read(actor(), request.args, shops_first=form.type.data == "shop")
    builder = builder or _builder(form, request.args)
    shown, act = None, request.form.get("do", "find")
    # While a rule is built its own count tells whom it fits; the preview is asked for by its button.
    if status == 200 and act == "find" and (picker.says_something or (builder.says_something and request.form)):
        # A name that is missing or taken is nothing that moves anybody: the save says so.
        details = replace(form.details(), name=f"{form.details().name[:40]} {secrets.token_hex(16)}")
        shown = previewing.of(
            lambda: groups.create(actor(), details, first_items(picker, builder)),
            lambda: plans.of_group(actor(), details, first_items(picker, builder)),
        )
    is_refused = status == Refusal.status or (act == "text" and builder.view == "rows")
    here = url_for("groups.create")
    return render(
        "groups/new.html", status=status, form=form.drawn(), picker=picker, shown=shown, only_known=False,
        proposal=None, target=here, rule_form=form, builder=builder,
        drawing=builder.drawing(here, is_refused=is_refused), look=partial(looking.of, builder),
        has_rule=builder.is_shown(form.type.data),
    )  # fmt: skip


def _builder(form: GroupForm, args: MultiDict[str, str]) -> Builder:
    """Return the rule that a form carries, whichever type is chosen now, or an address as a filter of the list."""
    if form.type.data == "rule" and args.get("filter"):
        asked = MultiDict(parse_qsl(args["filter"][:MAX_FILTER]))
        return Builder.of(tree_of(Filtering.read(actor(), asked).wanted), rule_words.catalogue())
    return Builder.read(args, rule_words.catalogue())


def first_items(picker: Picker, builder: Builder) -> list[NewItem]:
    """Return what a new group is made of: the rule, if one was begun, and what was chosen."""
    rule = [NewItem(rule=builder.as_json())] if builder.says_something else []
    return [*rule, *picker.new_items()]


@pages.post("/new")
@needs(Action.CREATE_GROUP)
@reads(NewGroupForm, ItemsForm, also=("do",), many=("item",), families=(ROWS,))
def create() -> ResponseReturnValue:
    """Store a new group, or draw the form again when only an item was looked for."""
    form = NewGroupForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    builder, act = _builder(form, request.form), request.form.get("do", "")
    if act in {"find", "new-customer"} or is_of_builder(act):
        return new(form, picker, builder)
    try:
        saved = groups.create(actor(), form.details(), first_items(picker, builder))
    except Refusal as refusal:
        return new(form.refused(refusal), picker, builder, refusal.status)
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
    days = {"starts_on": details.day_of(group.starts_at), "ends_on": details.day_of(group.ends_at, is_end=True)}
    return render(
        "groups/edit.html",
        status=status,
        form=(form or GroupForm(obj=group, data=days)).drawn(group),
        group=group,
        marks=marks(group),
        planned=planned(group),
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
