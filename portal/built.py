"""Queries that are written once: for peewee to write a short one takes several times as long as for the database to
answer it, and some are asked with every page."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import peewee

from portal.db import db, is_sqlite


class Slot(peewee.Node):
    """The place of a value that is known when the query is asked, compared to a column."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __sql__(self, ctx: peewee.Context) -> peewee.Context:
        """Put a mark among the parameters that knows how its column stores values."""
        return ctx.value(_Mark(self.name, ctx.state.converter or _as_it_is), _as_it_is)


class _Mark(NamedTuple):
    name: str
    stored: Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


class Built:
    """A select with slots, written when it is first asked on a kind of database."""

    def __init__(self, build: Callable[[], peewee.Select]) -> None:
        self._written = cache(lambda _is_sqlite: self._write(build()))

    @staticmethod
    def _write(query: peewee.Select) -> tuple[peewee.Select, str, list[Any]]:
        sql, parameters = db.get_sql_context().sql(query).query()
        return query, sql, parameters

    def rows(self, **said: Any) -> list[Any]:
        """Return the rows with these values in the slots, as the select itself would."""
        query, sql, parameters = self._written(is_sqlite())
        values = [part.stored(said[part.name]) if isinstance(part, _Mark) else part for part in parameters]
        return list(query.clone().execute(_Answering(sql, values)))


class _Answering(NamedTuple):
    """What a query takes for its database: it answers the text that was written before."""

    sql: str
    values: list[Any]

    def execute(self, _query: peewee.Select) -> Any:
        """Run the text."""
        return db.execute_sql(self.sql, self.values)
