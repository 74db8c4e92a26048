"""Pages of the store's own fields, and of the form that they make."""

from itertools import groupby

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from portal import config
from portal.access import actor, needs
from portal.errors import Conflict, Refusal, Refusals
from portal.field_words import TYPES
from portal.models import Field
from portal.permissions import Action
from portal.queries import fields as find
from portal.queries.field_values import is_offered
from portal.queries.uses import users_of_field
from portal.received import reads
from portal.services import fields
from portal.services.fields import Details
from portal.web.forms import VersionedForm, _l, options
from portal.web.render import render

pages = Blueprint("fields", __name__, url_prefix="/settings/fields")
_MARKS = ("is_required", "is_searchable", "is_filterable", "is_unique")
_SAID = ("default", "section", *_MARKS)


class FieldForm(VersionedForm):
    """What a person says about a field."""

    label_en = wtforms.StringField(_l("Label in English"))
    label_pt = wtforms.StringField(_l("Label in Portuguese"))
    label_es = wtforms.StringField(_l("Label in Spanish"))
    code = wtforms.StringField(_l("Code"))
    type = wtforms.SelectField(_l("Type"), choices=options((name, _l(word)) for name, word in TYPES.items()),
                              default="text", validate_choice=False)  # fmt: skip
    choices = wtforms.TextAreaField(_l("Choices"))
    default = wtforms.StringField(_l("Default"))
    help_en = wtforms.StringField(_l("Help text in English"))
    help_pt = wtforms.StringField(_l("Help text in Portuguese"))
    help_es = wtforms.StringField(_l("Help text in Spanish"))
    section = wtforms.StringField(_l("Section"))
    side = wtforms.RadioField(
        _l("Column"), choices=options((("1", _l("First")), ("2", _l("Second")))), default="1", validate_choice=False
    )
    is_required = wtforms.BooleanField(_l("Required"))
    is_searchable = wtforms.BooleanField(_l("Searchable"))
    is_filterable = wtforms.BooleanField(_l("Filterable"))
    is_unique = wtforms.BooleanField(_l("Unique"))

    @classmethod
    def of(cls, field: Field) -> "FieldForm":
        """Return the form of a stored field."""
        texts = {f"label_{name}": field.labels.get(name, "") for name in config.LOCALES}
        texts |= {f"help_{name}": field.helps.get(name, "") for name in config.LOCALES}
        said = {name: getattr(field, name) for name in _SAID}
        return cls(data={**texts, **said, "choices": "\n".join(field.choices), "side": str(field.side)})

    def details(self) -> Details:
        """Return what was typed as the service takes it."""
        said = {name: str(part.data or "") for name, part in self._fields.items()}
        return Details(
            {name: said[f"label_{name}"] for name in config.LOCALES}, said["type"], said["code"],
            {name: said[f"help_{name}"] for name in config.LOCALES}, said["choices"].splitlines(), said["default"],
            said["section"], int(said["side"]) if said["side"] in {"1", "2"} else 0,
            **{name: bool(self[name].data) for name in _MARKS},
        )  # fmt: skip

    def refused(self, refusal: Refusal) -> "FieldForm":
        """Put the refusal's sentences at their fields; those of several languages at the store's own."""
        texts = {"labels": f"label_{config.current().locale}", "helps": f"help_{config.current().locale}"}
        told = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
        for each in told:
            each.field = texts.get(each.field or "", each.field)
        super().refused(refusal)
        return self


@pages.get("")
@needs(Action.EDIT_FIELDS)
def index() -> Response:
    """List the fields as they stand in the form, and the retired ones."""
    sections = [list(some) for _where, some in groupby(find.live(), lambda field: (field.side, field.section))]
    return render("fields/index.html", sections=sections, retired=find.retired(), label=_label, types=TYPES)


def _label(field: Field) -> str:
    return find.label(field, str(get_locale()))


@pages.get("/new")
@needs(Action.EDIT_FIELDS)
def new(form: FieldForm | None = None, status: int = 200) -> Response:
    """Ask for a new field."""
    return render(
        "fields/form.html", status=status, form=form or FieldForm(), field=None, sections=_sections(), stored=None,
        has_values=False,
    )  # fmt: skip


def _sections() -> list[str]:
    return sorted({field.section for field in find.live() if field.section})


@pages.post("")
@needs(Action.EDIT_FIELDS)
@reads(FieldForm, also=("do",))
def create() -> ResponseReturnValue:
    """Define a new field."""
    form = FieldForm(request.form)
    try:
        field = fields.create(actor(), form.details())
    except Refusal as refusal:
        return new(form.refused(refusal), refusal.status)
    flash(gettext("%(name)s is stored.", name=_label(field)), "success")
    return redirect(url_for("fields.new" if request.form.get("do") == "new" else "fields.index"), 303)


@pages.get("/<code>")
@needs(Action.EDIT_FIELDS)
def edit(code: str, form: FieldForm | None = None, status: int = 200) -> Response:
    """Ask what should be said about a field, and show what asks for it."""
    field = find.by_code(code)
    stored = FieldForm.of(field)
    return render(
        "fields/form.html", status=status, form=form or stored, field=field, sections=_sections(), title=_label(field),
        types=TYPES, users=users_of_field(field), stored=stored if status == Conflict.status else None,
        has_values=is_offered(field),
    )  # fmt: skip


@pages.post("/<code>")
@needs(Action.EDIT_FIELDS)
@reads(FieldForm)
def update(code: str) -> ResponseReturnValue:
    """Store what is said about a field."""
    form = FieldForm(request.form)
    try:
        field = fields.edit(actor(), find.by_code(code).id, form.details(), form.seen())
    except Refusal as refusal:
        return edit(code, form.refused(refusal), refusal.status)
    flash(gettext("%(name)s is stored.", name=_label(field)), "success")
    return redirect(url_for("fields.index"), 303)


@pages.post("/<code>/retire")
@needs(Action.EDIT_FIELDS)
@reads()
def retire(code: str) -> ResponseReturnValue:
    """Take a field out of the form."""
    try:
        field = fields.retire(actor(), find.by_code(code).id)
    except Refusal as refusal:
        return edit(code, FieldForm.of(find.by_code(code)).refused(refusal), refusal.status)
    flash(gettext("%(name)s is retired; its values stay.", name=_label(field)), "success")
    return redirect(url_for("fields.index"), 303)


@pages.post("/<code>/restore")
@needs(Action.EDIT_FIELDS)
@reads()
def restore(code: str) -> ResponseReturnValue:
    """Bring a retired field back."""
    field = fields.restore(actor(), find.by_code(code).id)
    flash(gettext("%(name)s is in the form again, with the values that it had.", name=_label(field)), "success")
    return redirect(url_for("fields.index"), 303)


@pages.post("/<code>/move")
@needs(Action.EDIT_FIELDS)
@reads(also=("to",))
def move(code: str) -> ResponseReturnValue:
    """Put a field one place up or down in its section."""
    fields.move(actor(), find.by_code(code).id, is_up=request.form.get("to") != "down")
    return redirect(url_for("fields.index", _anchor=code), 303)


@pages.post("/<code>/move-section")
@needs(Action.EDIT_FIELDS)
@reads(also=("to",))
def move_section(code: str) -> ResponseReturnValue:
    """Put the section in which a field stands one place up or down on its side."""
    field = find.by_code(code)
    fields.move_section(actor(), field.side, field.section, is_up=request.form.get("to") != "down")
    return redirect(url_for("fields.index", _anchor=code), 303)
