"""The page on which groups are made of a field's values."""

from dataclasses import dataclass
from typing import Any

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext

from portal.access import actor, needs
from portal.errors import NeedsApproval, Refusal, Refusals
from portal.field_words import group_names, say_held
from portal.models import Group
from portal.permissions import Action
from portal.queries import field_values as find
from portal.queries.field_values import Valued
from portal.received import reads
from portal.rules.catalogue import FieldInfo
from portal.services import approvals, value_groups
from portal.services.guards import Call
from portal.services.value_groups import Made, Wanted
from portal.web import rule_words
from portal.web.approvals import told
from portal.web.forms import Form, _l
from portal.web.language import lang, say
from portal.web.render import render

pages = Blueprint("value_groups", __name__, url_prefix="/groups/new")
MAX_ENTRIES = 2 * find.MOST


class ValueForm(wtforms.Form):
    """What a person says of one value."""

    value = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    make = wtforms.BooleanField(_l("Make a group of it"))
    name = wtforms.StringField(_l("Name of the customer group"))


class ValuesForm(Form):
    """What a person says of the values of a field that have no group yet."""

    field = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    values = wtforms.FieldList(wtforms.FormField(ValueForm), label=_l("Values"), max_entries=MAX_ENTRIES)

    def ticked(self) -> list[ValueForm]:
        """Return the parts of the values of which groups are to be made."""
        return [entry.form for entry in self.values if entry.form.make.data]

    def wanted(self) -> list[Wanted]:
        """Return what is ticked as the service takes it."""
        return [Wanted(part.value.data or "", part.name.data or "") for part in self.ticked()]

    def of(self, value: str, name: str) -> ValueForm | None:
        """Return the part of a value, a new one with this name where the form has none yet and has room."""
        for entry in self.values:
            if entry.form.value.data == value:
                return entry.form
        if len(self.values) >= MAX_ENTRIES:
            return None
        return self.values.append_entry({"value": value, "name": name}).form

    def refused(self, refusal: Refusal) -> "ValuesForm":
        """Put what is refused at the values that it is about, the rest on top."""
        if isinstance(refusal, NeedsApproval):
            raise refusal
        parts = {f"{name}-{n}": part[name] for n, part in enumerate(self.ticked()) for name in ("name", "value")}
        rest = []
        for one in refusal.refusals if isinstance(refusal, Refusals) else [refusal]:
            # What is wrong with a value stands at its name: the value itself is typed nowhere.
            part = parts.get((one.field or "").replace("value-", "name-"))
            if part is None:
                rest.append(one)
            else:
                part.errors = [*part.errors, say(one)]
                self.values.errors = [*self.values.errors, say(one)]  # for the summary above the form
        if rest:
            super().refused(Refusals(rest))
        return self


@dataclass(frozen=True)
class Row:
    """A value in words, how many customers have it (None: not among those that are told), its group or its part."""

    said: str
    n: int | None
    group: Group | None = None
    part: ValueForm | None = None


@pages.get("/values")
@needs(Action.CREATE_GROUP)
def show() -> Response:
    """Ask for a field, and of which of its values groups are to be made."""
    code = request.args.get("field", "")[:200]
    info = find.one(actor(), code, lang()) if code else None
    return _draw(info, ValuesForm())


@pages.post("/values")
@needs(Action.CREATE_GROUP)
@reads(ValuesForm, also=("do",))
def create() -> ResponseReturnValue:
    """Make the groups, or draw the form again when they are only ticked or looked at."""
    form, act = ValuesForm(request.form), request.form.get("do", "")
    info = find.one(actor(), form.field.data or "", lang())
    if act in {"all", "preview"}:
        return _draw(info, form, act)
    try:
        made = value_groups.create(actor(), info.code, form.wanted())
    except Refusal as refusal:
        if refusal.status != Refusal.status:
            raise
        return _draw(info, form.refused(refusal), status=refusal.status)
    _tell(made)
    return redirect(url_for("value_groups.show", field=info.code), 303)


def _tell(made: Made) -> None:
    n_new, n_old = len(made.new), len(made.groups) - len(made.new)
    if n_new:
        said = ngettext("%(n)s group was made.", "%(n)s groups were made.", n_new, n=format_number(n_new))
        members = gettext("Members in all: %(n)s.", n=format_number(made.joined))
        flash(f"{said} {members}", "success")
    if n_old:
        flash(
            ngettext(
                "%(n)s value has a group already; none was made of it.",
                "%(n)s values have groups already; none were made of them.", n_old, n=format_number(n_old),
            ),
            "info",
        )  # fmt: skip


def _draw(info: FieldInfo | None, form: ValuesForm, act: str = "", status: int = 200) -> Response:
    n_more, rows, moves, obstacle = 0, [], None, ""
    if info is not None:
        values = find.of(actor(), info, rule_words.catalogue())
        n_more, rows = values.n_more, _rows(info, values.shown, form)
    for row in rows if act == "all" else ():
        if row.part is not None:
            row.part.make.data = True
    if info is not None and act == "preview" and form.wanted():
        moves, obstacle = _preview(info, form)
    return render(
        "groups/of_values.html", status=status, form=form, info=info, rows=rows, n_more=n_more, moves=moves,
        obstacle=obstacle, fields=find.offered(actor(), lang()),
    )  # fmt: skip


def _rows(info: FieldInfo, shown: list[Valued], form: ValuesForm) -> list[Row]:
    """Return the values that customers have, then those that were ticked and are none of these any more."""
    catalogue = rule_words.catalogue()
    free = [row for row in shown if row.group is None]
    names = dict(zip([row.key for row in free], group_names(info, [row.value for row in free], catalogue), strict=True))
    rows = []
    for row in shown:
        part = None if row.group else form.of(find.as_typed(row.value), names[row.key])
        rows.append(Row(say_held(info, row.value, catalogue), row.n, row.group, part))
    known = {find.as_typed(row.value) for row in shown}
    further = [part for part in form.ticked() if part.value.data not in known]
    return rows + [Row(part.value.data or "", None, part=part) for part in further]


def _preview(info: FieldInfo, form: ValuesForm) -> tuple[list[dict[str, Any]] | None, str]:
    """Return what making the groups would move, or in words why they would not be made."""
    wanted = [list(one) for one in form.wanted()]
    try:
        found = approvals.show(actor(), Call("value_groups.create", {"code": info.code, "wanted": wanted}))
    except Refusal as refusal:
        return None, " ".join(say(one) for one in getattr(refusal, "refusals", [refusal]))
    return told(found.moves), ""
