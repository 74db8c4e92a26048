"""Pages of one group: its members and its items."""

from datetime import date
from typing import Any

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_number, gettext, ngettext

from portal.access import actor, needs
from portal.errors import N_, Denied, NeedsApproval, Refusal
from portal.models import Customer, Group
from portal.permissions import Action, require_shop
from portal.queries import customers as find_customers
from portal.queries import filters, uses
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.received import reads
from portal.services import details, items
from portal.services.items import plans
from portal.web import choices, paging, previewing
from portal.web.forms import Form, _l, options
from portal.web.language import say
from portal.web.picking import ItemsForm, Picker
from portal.web.render import render

pages = Blueprint("members", __name__, url_prefix="/groups")


class MemberForm(Form):
    """Which customer and which group, where that leads back to, and why."""

    customer = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    back = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    group = wtforms.SelectField(_l("Group"), validate_choice=False)
    reason = wtforms.StringField(_l("Why? This is written to the log."))


@pages.get("/<code>")
@needs(Action.SEE_GROUPS)
def show(code: str) -> ResponseReturnValue:
    """Show a group's members, page by page."""
    group = find.by_code(actor(), code)
    wanted = filters.Filter(all=(group,), q=request.args.get("q", "")[:200])
    after, before = paging.anchors()
    found = filters.page(actor(), wanted, after=after, before=before)
    if found.is_lost:
        return paging.from_the_start()
    since = find.since([row.id for row in found.rows], group)
    return render(
        "groups/show.html", **frame(group), found=found, since=since, q=wanted.q, shown=_shown, change_of=change_of
    )


def change_of(group: Group, shop_id: int | None) -> str:
    """Return how this person changes one member of that shop: at once, by saying why, or ('') not at all."""
    if actor().may(Action.CHANGE_MEMBER):
        return "at once"
    return "say why" if group.is_open and actor().may_in(Action.CHANGE_OPEN_MEMBER, shop_id) else ""


def marks(group: Group) -> list[str]:
    """Return how a group is marked, in words."""
    said = ((group.is_guarded, gettext("Guarded")), (group.is_sensitive, gettext("Sensitive")))
    return [word for is_marked, word in (*said, (group.is_open, gettext("Open to support"))) if is_marked]


def planned(group: Group) -> str:
    """Return when a group begins and ends, as far as that is planned, in words; '' if it is not."""
    start = details.day_of(group.starts_at) if group.status == "draft" else ""
    end = details.day_of(group.ends_at, is_end=True) if group.status in {"draft", "active"} else ""
    first, last = (format_date(date.fromisoformat(day), "medium") if day else "" for day in (start, end))
    if first and last:
        return gettext("planned from %(first)s to %(last)s", first=first, last=last)
    if first:
        return gettext("planned from %(first)s", first=first)
    return gettext("planned to %(last)s", last=last) if last else ""


def _shown(customer: Customer) -> dict[str, Any]:
    return find_customers.shown(customer, actor().masked(customer.shop_id))


def frame(group: Group, n_items: int | None = None) -> dict[str, Any]:
    """Return what every tab of a group shows around its content."""
    if n_items is None:
        n_items = find_items.count(actor(), group)
    return {
        "group": group, "n_members": find.n_visible(actor(), group), "n_items": n_items,
        "n_uses": uses.count(actor(), group), "marks": marks(group), "planned": planned(group),
        "is_unstarted": actor().may(Action.EDIT_GROUP) and find.is_unstarted(group),
    }  # fmt: skip


@pages.get("/<code>/items")
@needs(Action.SEE_GROUPS)
def items_of(
    code: str, picker: Picker | None = None, problem: Refusal | None = None, status: int = 200
) -> ResponseReturnValue:
    """Show what a group includes and excludes, page by page."""
    group = find.by_code(actor(), code)
    q = request.args.get("q", "")[:200]
    after, before = paging.numbers()
    found = find_items.page(actor(), group, q, after=after, before=before)
    if found.is_lost:
        return paging.from_the_start()
    is_all = not (q or found.before or found.after)
    picker = picker or Picker.read(actor(), request.args, shops_first=group.type == "shop")
    shown = None
    if picker.says_something and actor().may(Action.EDIT_GROUP) and not problem:
        shown = previewing.of(lambda: items.add(actor(), group.id, picker.new_items()))
    return render(
        "groups/items.html", status=status, **frame(group, len(found.rows) if is_all else None), found=found, q=q,
        picker=picker, problem=say(problem) if problem else "", shown=shown, item_name=choices.name_of,
        item_said=choices.said_of, item_seen=choices.is_seen,
    )  # fmt: skip


@pages.post("/<code>/items")
@needs(Action.EDIT_GROUP)
@reads(ItemsForm, also=("do",), many=("item",))
def add_items(code: str) -> ResponseReturnValue:
    """Add the chosen items, or draw the form again when only an item was looked for."""
    group = find.by_code(actor(), code)
    picker = Picker.read(actor(), request.form, shops_first=group.type == "shop")
    if request.form.get("do") in {"find", "new-customer"}:
        return items_of(code, picker)
    try:
        put = items.add(actor(), group.id, picker.new_items())
    except NeedsApproval:
        raise
    except Refusal as refusal:
        return items_of(code, picker, refusal, refusal.status)
    tell(group, put)
    return redirect(url_for("members.items_of", code=code), 303)


@pages.get("/<code>/used-by")
@needs(Action.SEE_GROUPS)
def used_by(code: str, problem: Refusal | None = None, status: int = 200) -> Response:
    """Show which groups are made of this one; and why it stays as it is, after an attempt to archive or delete it."""
    group = find.by_code(actor(), code)
    return render(
        "groups/used_by.html", status=status, **frame(group), used=uses.of_group(actor(), group),
        problem=say(problem) if problem else "",
    )  # fmt: skip


@pages.get("/<code>/items/<int:item_id>/end")
@needs(Action.EDIT_GROUP)
def ask_end(code: str, item_id: int) -> Response:
    """Show what ending an item would move, and ask once more."""
    group = find.by_code(actor(), code)
    item = find_items.one(actor(), group, item_id)
    shown = previewing.of(
        lambda: items.end(actor(), group.id, item_id), lambda: plans.of_end(actor(), group.id, item_id)
    )
    return render("groups/end_item.html", group=group, item=item, shown=shown, label=choices.name_of(item))


@pages.post("/<code>/items/<int:item_id>/end")
@needs(Action.EDIT_GROUP)
def end_item(code: str, item_id: int) -> ResponseReturnValue:
    """End one item."""
    group = find.by_code(actor(), code)
    tell(group, items.end(actor(), group.id, item_id))
    return redirect(url_for("members.items_of", code=code), 303)


@pages.get("/<code>/members/remove")
@needs(Action.CHANGE_OPEN_MEMBER)
def ask_remove(code: str, form: MemberForm | None = None, status: int = 200) -> Response:
    """Ask why a customer is to be removed."""
    group, form = find.by_code(actor(), code), form or MemberForm(request.args)
    customer = find_customers.by_code(actor(), form.customer.data or "")
    _may_change(group, customer)
    who = customer.name or customer.code
    return render(
        "groups/member.html", status=status, form=form, group=group, customer=customer, who=who,
        heading=gettext("Remove %(name)s from %(group)s", name=who, group=group.label),
    )  # fmt: skip


@pages.post("/<code>/members/remove")
@needs(Action.CHANGE_OPEN_MEMBER)
@reads(also=("customer", "back", "reason"))
def remove(code: str) -> ResponseReturnValue:
    """Remove one customer; she stays out until somebody adds her by name."""
    group, form = find.by_code(actor(), code), MemberForm(request.form)
    customer = find_customers.by_code(actor(), form.customer.data or "")
    try:
        items.remove_member(actor(), group.id, customer.id, form.reason.data or "")
    except Refusal as refusal:
        if not _is_about_form(refusal):
            raise
        return ask_remove(code, form.refused(refusal), refusal.status)
    flash(
        gettext("%(name)s is no longer in %(group)s, and stays out until somebody adds her by name.",
                name=customer.name or customer.code, group=group.label),
        "success",
    )  # fmt: skip
    if form.back.data == "customer":
        return redirect(url_for("customers.show", code=customer.code), 303)
    return redirect(url_for("members.show", code=code), 303)


@pages.get("/of/<code>")
@needs(Action.CHANGE_OPEN_MEMBER)
def ask_add(code: str, form: MemberForm | None = None, status: int = 200) -> Response:
    """Ask to which group a customer is to be added; who is no manager, to which of the open ones, and why."""
    customer, form = find_customers.by_code(actor(), code), form or MemberForm(request.args)
    require_shop(actor(), Action.CHANGE_OPEN_MEMBER, customer.shop_id)
    offered = filters.group_choices(actor()) if actor().may(Action.CHANGE_MEMBER) else find.open_to(actor())
    form.group.choices = options([("", ""), *((group.code, group.label) for group in offered)])
    who = customer.name or customer.code
    return render(
        "groups/member.html", status=status, form=form, group=None, customer=customer, who=who,
        heading=gettext("Add %(name)s to a group", name=who),
    )  # fmt: skip


@pages.post("/of/<code>")
@needs(Action.CHANGE_OPEN_MEMBER)
@reads(also=("group", "reason", "do"))
def add_from_customer(code: str) -> ResponseReturnValue:
    """Add the customer of that code to the group chosen on her page, or tell why she is not in it."""
    customer, form = find_customers.by_code(actor(), code), MemberForm(request.form)
    if request.form.get("do") == "why":
        return redirect(url_for("why.show", customer=customer.code, group=form.group.data or ""), 303)
    try:
        group = _chosen(form)
        put = items.add_member(actor(), group.id, customer.id, form.reason.data or "")
    except Refusal as refusal:
        if not _is_about_form(refusal):
            raise
        return ask_add(code, form.refused(refusal), refusal.status)
    tell(group, put, _added(group, put) % {"name": customer.name or customer.code, "group": group.label})
    return redirect(url_for("customers.show", code=customer.code), 303)


def _chosen(form: MemberForm) -> Group:
    if not form.group.data:
        raise Refusal(N_("Choose a group."), "group")
    return find.by_code(actor(), form.group.data)


def _may_change(group: Group, customer: Customer) -> None:
    if not change_of(group, customer.shop_id):
        raise Denied(Action.CHANGE_MEMBER)


def _is_about_form(refusal: Refusal) -> bool:
    """Tell whether the form can be drawn again with the refusal: what it is about is there, and hers to change."""
    return refusal.status == Refusal.status


def _added(group: Group, put: items.Put) -> str:
    """Return what has become of a customer who was added, with places for her name and the group's."""
    if put.joined:
        return gettext("%(name)s is in %(group)s.")
    if group.status == "draft":
        return gettext("%(name)s will be in %(group)s once it is active: a draft has no members.")
    if group.status == "archived":
        return gettext("%(name)s will be in %(group)s once it is restored: an archived group has no members.")
    return gettext("%(name)s was in %(group)s already.")


def tell(group: Group, put: items.Put, sentence: str = "") -> None:
    """Say what putting items did."""
    moved = [
        ngettext("%(n)s joined", "%(n)s joined", put.joined, n=format_number(put.joined)) if put.joined else "",
        ngettext("%(n)s left", "%(n)s left", put.left, n=format_number(put.left)) if put.left else "",
    ]
    said = ", ".join(part for part in moved if part) or gettext("no member moved")
    flash(sentence or gettext("%(group)s is stored: %(moved)s.", group=group.label, moved=said), "success")
    if put.lifted:
        flash(gettext("The exclusion of %(names)s is lifted.", names=", ".join(put.lifted)), "warning")
    for remark in put.warnings:
        flash(say(remark), "warning")
