"""What a form may say: each endpoint names its fields; what none of them is, or is said twice, is refused unread."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import wtforms
from flask import g
from flask_babel import get_locale
from werkzeug.datastructures import FileStorage, MultiDict

from portal.errors import N_, Malformed
from portal.models import Field
from portal.queries.fields import every
from portal.queries.fields import label as label_of

View = TypeVar("View", bound=Callable[..., Any])

# Drawn into every form by ui.csrf().
OF_THE_DOOR = frozenset({"csrf_token", "once"})
OWN = "own-"  # so begin the names of the store's own fields: a code may be any word
_SHOWN = 60  # characters of somebody's field name that a sentence repeats


@dataclass(frozen=True)
class Family:
    """Fields that a form holds once for each of its rows: `prefix-number-name`, by name with their labels.

    Of those named in `many` a row may say several values.
    """

    prefix: str
    labels: Mapping[str, Any]
    many: frozenset[str] = frozenset()

    def patterns(self, names: Iterable[str]) -> Iterator[re.Pattern[str]]:
        """Yield what the fields of those names are called in any row."""
        return (re.compile(rf"{self.prefix}-[0-9]{{1,4}}-{name}") for name in names)


@dataclass(frozen=True)
class Fields:
    """The fields of an endpoint's form: names with labels ('' for what is not typed), numbered ones as patterns."""

    labels: dict[str, Any] = field(default_factory=dict)
    numbered: tuple[tuple[re.Pattern[str], Any], ...] = ()
    many: frozenset[str] = frozenset()
    is_secret: bool = False
    numbered_many: tuple[re.Pattern[str], ...] = ()
    has_own: bool = False  # also the store's own fields, by their codes

    def label(self, name: str) -> Any:
        """Return what a person calls the field; None if the form has no such field."""
        if name in self.labels:
            return self.labels[name]
        if self.has_own and name.startswith(OWN):
            return _own(name.removeprefix(OWN))
        return next((label for pattern, label in self.numbered if pattern.fullmatch(name)), None)

    def is_many(self, name: str) -> bool:
        """Tell whether the field may be said any often."""
        own = _codes().get(name.removeprefix(OWN)) if self.has_own and name.startswith(OWN) else None
        is_numbered = any(pattern.fullmatch(name) for pattern in self.numbered_many)
        return name in self.many or is_numbered or (own is not None and own.type == "choices")


def reads(
    *forms: type[wtforms.Form], also: Sequence[str] = (), many: Sequence[str] = (), own: bool = False,
    families: Sequence[Family] = (),
) -> Callable[[View], View]:
    """Record on an endpoint which fields its form has: of `forms`, `families` and `also`; `many` are said any often.

    `own` lets it say the store's own fields too, by their codes behind OWN.
    """

    def mark(view: View) -> View:
        view.reads = replace(_fields(forms, also, many, families), has_own=own)  # type: ignore[attr-defined]
        return view

    return mark


def fields_of(view: Callable[..., Any] | None) -> Fields:
    """Return the fields that an endpoint reads; none if it names none."""
    return getattr(view, "reads", Fields())


def _fields(
    forms: Iterable[type[wtforms.Form]], also: Sequence[str], many: Sequence[str], families: Sequence[Family]
) -> Fields:
    parts: list[tuple[str, wtforms.Field]] = [pair for form in forms for pair in form()._fields.items()]
    typed = {name: "" if _is_hidden(part) else part.label.text for name, part in parts}
    numbered = [
        (re.compile(rf"{name}-[0-9]{{1,4}}-{inner}"), of.label.text)
        for name, part in parts
        if isinstance(part, wtforms.FieldList)
        for inner, of in part.unbound_field.args[0]()._fields.items()
    ]
    for family in families:
        numbered += zip(family.patterns(family.labels), family.labels.values(), strict=True)
    numbered_many = tuple(pattern for family in families for pattern in family.patterns(family.many))
    is_secret = any(isinstance(part, wtforms.PasswordField) for _, part in parts)
    labels = typed | dict.fromkeys((*also, *many), "")
    return Fields(labels, tuple(numbered), frozenset(many), is_secret, numbered_many)


def _is_hidden(part: wtforms.Field) -> bool:
    return isinstance(part.widget, wtforms.widgets.HiddenInput)


def check(view: Callable[..., Any], form: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> None:
    """Raise Malformed when a form holds a field that its endpoint does not read, or one value too many."""
    fields = fields_of(view)
    for name, n in _counted(form, files):
        if name not in OF_THE_DOOR and fields.label(name) is None:
            raise Malformed(
                N_("The field “%(name)s” is none of this form. Nothing was changed; reload the page and try again."),
                name=name[:_SHOWN],
            )
        if n > 1 and not fields.is_many(name):
            raise Malformed(
                N_("The field “%(name)s” was sent more than once. Nothing was changed; reload the page and try again."),
                name=name[:_SHOWN],
            )


def _own(code: str) -> str | None:
    """Return what an own field is called, one that is not in use any more too; None if there is no such field."""
    field = _codes().get(code)
    return label_of(field, str(get_locale() or "")[:2]) if field is not None else None


def _codes() -> dict[str, Field]:
    # Read once a request, and only for a form that names any.
    if "own_fields" not in g:
        g.own_fields = {field.code: field for field in every()}
    found: dict[str, Field] = g.own_fields
    return found


def _counted(form: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> Iterator[tuple[str, int]]:
    for name in {*form, *files}:
        yield name, len(form.getlist(name)) + len(files.getlist(name))
