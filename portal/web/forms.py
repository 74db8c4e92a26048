"""The base of all forms: a form checks shape, the service checks truth."""

from collections.abc import Iterable
from typing import Any, Self

import wtforms
from flask import request
from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from portal.errors import NeedsApproval, Refusal, Refusals
from portal.received import OWN
from portal.web.language import say


class Form(wtforms.Form):
    """A form that can show the refusals of a service at their fields."""

    def typed(self) -> dict[str, str]:
        """Return what was typed into the text fields that the request carried, by name."""
        return {
            name: str(field.data or "")
            for name, field in self._fields.items()
            if name in request.form and not isinstance(field, wtforms.FieldList)
        }

    def refused(self, refusal: Refusal) -> Self:
        """Put the refusal's sentences at their fields, or on top of the form, and return the form.

        What needs approval is no fault of the form's: it has a page of its own (web/approvals.py), so it is raised on.
        """
        if isinstance(refusal, NeedsApproval):
            raise refusal
        told = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
        for each in told:
            # The store's own fields stand in a form behind a mark.
            own: Any = self._fields.get(f"{OWN}{each.field}")
            field: Any = own or self._fields.get(each.field or "")
            if field is None:
                self.form_errors.append(say(each))
            else:
                # A service does not know who reads: an own field is called here as the form calls it.
                called = {"label": own.label.text} if own is not None and "label" in each.params else {}
                field.errors = [*field.errors, say(Refusal(each.sentence, None, **{**each.params, **called}))]
        return self


class VersionedForm(Form):
    """A form that was drawn from a stored row, and says from which version of it."""

    version = wtforms.StringField(widget=wtforms.widgets.HiddenInput())

    def seen(self) -> int:
        """Return the version that was drawn; one that no row has (0) when the form does not say so legibly."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Return (value, label) pairs as the choices of a field."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


__all__ = ["Form", "VersionedForm", "_l", "options"]
