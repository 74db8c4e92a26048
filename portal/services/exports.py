"""Exporting customers. An export writes nothing but its change: who took which list, when."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from portal.models import Field
from portal.permissions import Action, Actor, require
from portal.queries import filters, history, listing
from portal.queries.history import lists
from portal.services.changes import record


def customers(
    actor: Actor, wanted: filters.Filter, said: str, fields: Sequence[Field] = ()
) -> Iterator[dict[str, Any]]:
    """Record the export and return its rows, under the names listing.COLUMNS and of the fields; masked as on the page.

    `said` is the filter in words, kept with the change.
    """
    require(actor, Action.EXPORT)
    n, _exact = filters.count(actor, wanted, cap=None)
    with record(actor, "customer.export", note=said[:500]) as change:
        change.row("export", change.id, None, {"filter": said, "rows": n})
    return listing.rows(actor, wanted, fields)


def crowd(actor: Actor, wanted: history.Crowd, said: str) -> Iterator[dict[str, Any]]:
    """Record the export of a group's members of a past day and return its rows, under the names lists.COLUMNS.

    `said` is who they are in words, kept with the change.
    """
    require(actor, Action.EXPORT)
    wanted = replace(wanted, actor=actor)
    n = wanted.count()
    with record(actor, "customer.export", f"group:{wanted.group.id}", note=said[:500]) as change:
        change.row("export", change.id, None, {"filter": said, "rows": n})
    return lists.rows(wanted, n)
