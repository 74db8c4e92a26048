"""Pages of shops."""

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms import validators

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.permissions import Action
from portal.queries import shops as find
from portal.received import reads
from portal.services import shops
from portal.web.forms import VersionedForm, _l
from portal.web.render import render

pages = Blueprint("shops", __name__, url_prefix="/settings/shops")


class ShopForm(VersionedForm):
    """A shop's code and name."""

    code = wtforms.StringField(_l("Code"), [validators.InputRequired(_l("Give the shop a code."))])
    name = wtforms.StringField(_l("Name"))


@pages.get("")
@needs(Action.EDIT_SHOP)
def index() -> Response:
    """List the shops."""
    return render("shops/index.html", listed=find.with_counts())


@pages.get("/new")
@needs(Action.EDIT_SHOP)
def new(form: ShopForm | None = None, status: int = 200) -> Response:
    """Ask for a new shop."""
    return render("shops/form.html", status=status, form=form or ShopForm(), shop=None, is_conflict=False)


@pages.post("")
@needs(Action.EDIT_SHOP)
@reads(ShopForm)
def create() -> ResponseReturnValue:
    """Store a new shop."""
    form = ShopForm(request.form)
    if not form.validate():
        return new(form, 422)
    try:
        shop = shops.create(actor(), code=form.code.data or "", name=form.name.data or "")
    except Refusal as refusal:
        return new(form.refused(refusal), refusal.status)
    flash(gettext("%(name)s is stored.", name=shop.name), "success")
    return redirect(url_for("shops.index"), 303)


@pages.get("/<code>")
@needs(Action.EDIT_SHOP)
def edit(code: str, form: ShopForm | None = None, status: int = 200) -> Response:
    """Ask for a shop's new code or name."""
    shop = find.by_code(code)
    return render(
        "shops/form.html", status=status, form=form or ShopForm(obj=shop), shop=shop,
        is_conflict=status == Conflict.status,
    )  # fmt: skip


@pages.post("/<code>")
@needs(Action.EDIT_SHOP)
@reads(ShopForm)
def update(code: str) -> ResponseReturnValue:
    """Store a shop's new code or name."""
    form = ShopForm(request.form)
    if not form.validate():
        return edit(code, form, 422)
    try:
        shop = shops.edit(
            actor(), find.by_code(code).id, code=form.code.data or "", name=form.name.data or "", version=form.seen()
        )
    except Refusal as refusal:
        return edit(code, form.refused(refusal), refusal.status)
    flash(gettext("%(name)s is stored.", name=shop.name), "success")
    return redirect(url_for("shops.index"), 303)
