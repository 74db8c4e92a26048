"""Pages of a group's rules: reading them, making one as conditions or as text, and exchanging one for another."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, RadioField, StringField

from portal.access import actor, needs
from portal.errors import Conflict, Missing, Refusal
from portal.models import Group, GroupItem
from portal.permissions import Action
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.received import reads
from portal.rules.tree import from_json
from portal.services import days, items
from portal.services.items import NewItem, plans
from portal.services.items import rules as item_rules
from portal.services.membership import Plan
from portal.web import choices, looking, previewing, rule_words
from portal.web.builder import ROWS, Builder, RuleForm
from portal.web.forms import _l, options
from portal.web.members import frame, tell
from portal.web.previewing import Shown
from portal.web.render import render

pages = Blueprint("rules", __name__, url_prefix="/groups")


class RuleItemForm(RuleForm):
    """A rule as an item of a group: whether it includes or excludes, from when to when, and why."""

    sign = RadioField(
        _l("Add as"), choices=options((("include", _l("Include")), ("exclude", _l("Exclude")))), default="include",
        validate_choice=False,
    )  # fmt: skip
    from_day = DateField(_l("From"))
    until_day = DateField(_l("Until, inclusive"))
    note = StringField(_l("Note"))

    def said(self) -> dict[str, Any]:
        """Return what is said besides the rule, as an item takes it; raises Refusal."""
        # As it was typed: what the field cannot read is refused in words.
        first, last = days.span(request.form.get("from_day", ""), request.form.get("until_day", ""))
        return {
            "sign": self.sign.data or "include", "note": self.note.data or "", "valid_from": first, "valid_until": last,
        }  # fmt: skip


@pages.get("/<code>/rule")
@needs(Action.SEE_GROUPS)
def show(code: str) -> Response:
    """Show by which rules a group has its members."""
    group = find.by_code(actor(), code)
    return render(
        "rules/show.html", **frame(group), found=find_items.rules(actor(), group), sentence=rule_words.sentence_of,
        text_of=rule_words.text_of, item_said=choices.said_of,
    )  # fmt: skip


@pages.get("/<code>/rule/new")
@needs(Action.EDIT_GROUP)
def new(code: str) -> Response:
    """Ask for a new rule; a text in the address begins it."""
    group = find.by_code(actor(), code)
    return _draw(group, None, RuleItemForm(request.args), Builder.read(request.args, rule_words.catalogue()))


@pages.post("/<code>/rule/new")
@needs(Action.EDIT_GROUP)
@reads(RuleItemForm, also=("do",), families=(ROWS,))
def add(code: str) -> ResponseReturnValue:
    """Add a rule to a group, or draw the form again when a button of it only changes the rule."""
    return _posted(find.by_code(actor(), code), None)


@pages.get("/<code>/rule/<int:item_id>")
@needs(Action.EDIT_GROUP)
def edit(code: str, item_id: int) -> Response:
    """Ask what is to come in the place of a rule."""
    group = find.by_code(actor(), code)
    item = _rule_of(group, item_id)
    return _draw(group, item, RuleItemForm(), Builder.of(from_json(item.rule), rule_words.catalogue()))


@pages.post("/<code>/rule/<int:item_id>")
@needs(Action.EDIT_GROUP)
@reads(RuleItemForm, also=("do",), families=(ROWS,))
def exchange(code: str, item_id: int) -> ResponseReturnValue:
    """Exchange a rule for another, or draw the form again when a button of it only changes the rule."""
    group = find.by_code(actor(), code)
    try:
        item = _rule_of(group, item_id)
    except Missing:
        # Somebody was quicker: what was made is kept, and may be added as a rule of its own.
        builder = Builder.read(request.form, rule_words.catalogue())
        return _draw(group, None, RuleItemForm(request.form), builder, status=Conflict.status, is_gone=True)
    return _posted(group, item)


def _rule_of(group: Group, item_id: int) -> GroupItem:
    item = find_items.one(actor(), group, item_id)
    if item.kind != "rule":
        raise Missing(find_items.NOT_THERE)
    return item


def _posted(group: Group, item: GroupItem | None) -> ResponseReturnValue:
    form, builder = RuleItemForm(request.form), Builder.read(request.form, rule_words.catalogue())
    act = request.form.get("do", "save")
    try:
        save = partial(_save, group, item, form, builder)
        if act == "preview":
            ask = partial(_plan, group, item, form, builder)
            return _draw(group, item, form, builder, previewing.of(save, ask))
        if act != "save":
            return _draw(group, item, form, builder)
        put = save()
    except Refusal as refusal:
        return _draw(group, item, form.refused(refusal), builder, status=refusal.status)
    tell(group, put)
    return redirect(url_for("rules.show", code=group.code), 303)


def _save(group: Group, item: GroupItem | None, form: RuleItemForm, builder: Builder) -> items.Put:
    rule: Mapping[str, Any] = builder.as_json()
    if item is None:
        return items.add(actor(), group.id, [NewItem(rule=rule, **form.said())])
    moved = item_rules.change_rule(actor(), group.id, item.id, rule)
    return items.Put(moved.joined, moved.left, [], [])


def _plan(group: Group, item: GroupItem | None, form: RuleItemForm, builder: Builder) -> Plan | None:
    rule: Mapping[str, Any] = builder.as_json()
    if item is None:
        return plans.of_new(actor(), group.id, [NewItem(rule=rule, **form.said())])
    return plans.of_change(actor(), group.id, item.id, rule)


def _draw(
    group: Group, item: GroupItem | None, form: RuleItemForm, builder: Builder, shown: Shown | None = None,
    status: int = 200, *, is_gone: bool = False,
) -> Response:  # fmt: skip
    one = {"item_id": item.id} if item else {}
    here = url_for("rules.exchange" if item else "rules.add", code=group.code, **one)
    is_refused = status == Refusal.status or (request.form.get("do") == "text" and builder.view == "rows")
    return render(
        "rules/edit.html", status=status, group=group, item=item, form=form, rule_form=form, builder=builder,
        drawing=builder.drawing(here, is_refused=is_refused), look=partial(looking.of, builder), shown=shown,
        said=choices.said_of(item) if item else (),
        gone=[rule_words.sentence_of(one) for one in find_items.rules(actor(), group)] if is_gone else None,
        is_gone=is_gone,
    )  # fmt: skip
