"""Sentences for people, said the same on a page and in the terminal; each door has chosen the language."""

from flask_babel import gettext

from portal.errors import Refusal
from portal.models import Group
from portal.queries.filters import Filter
from portal.values import Remark


def say(told: Refusal | Remark) -> str:
    """Return a refusal's or remark's sentence in the reader's language (in English while no app is open)."""
    text = gettext(told.sentence)
    if not told.params:
        return text
    # A field is named in the reader's language too.
    return text % {name: gettext(str(value)) if name == "target" else value for name, value in told.params.items()}


def of_filter(wanted: Filter) -> str:
    """Return a filter as a part of a sentence, such as: in “Super Bonus”, not in “Employees”; '' for everybody."""
    parts = []
    if wanted.all:
        parts.append(_named(wanted.all, gettext("in %(group)s"), gettext(" and ")))
    if wanted.any:
        parts.append(_named(wanted.any, gettext("in %(group)s"), gettext(" or ")))
    if wanted.none:
        parts.append(_named(wanted.none, gettext("not in %(group)s"), gettext(" or ")))
    if wanted.shops:
        parts.append(gettext("shop %(name)s", name=gettext(" or ").join(shop.name for shop in wanted.shops)))
    if wanted.q.strip():
        parts.append(gettext("with “%(text)s” in name, code, e-mail or phone", text=wanted.q.strip()))
    return ", ".join(parts)


def _named(groups: tuple[Group, ...], pattern: str, between: str) -> str:
    return pattern % {"group": between.join(f"“{group.label}”" for group in groups)}
