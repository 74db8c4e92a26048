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
    """A query with slots, written when it is first asked on a kind of database."""

    def __init__(self, build: Callable[[], peewee.Query]) -> None:
        self._written = cache(lambda _is_sqlite: self._write(build()))

    @staticmethod
    def _write(query: peewee.Query) -> tuple[peewee.Query, str, list[Any]]:
        sql, parameters = db.get_sql_context().sql(query).query()
        return query, sql, parameters

    def rows(self, **said: Any) -> list[Any]:
        """Return the rows with these values in the slots, as the select itself would."""
        query, sql, parameters = self._written(is_sqlite())
        return list(query.clone().execute(_Answering(sql, _filled(parameters, said))))

    def first(self, **said: Any) -> Any:
        """Return the first of those rows, None if there is none: of one that a select limits to what is needed."""
        return next(iter(self.rows(**said)), None)

    def run(self, **said: Any) -> int:
        """Carry out what writes, with these values in the slots; return how many rows it wrote."""
        _query, sql, parameters = self._written(is_sqlite())
        return int(db.execute_sql(sql, _filled(parameters, said)).rowcount)


def _filled(parameters: list[Any], said: dict[str, Any]) -> list[Any]:
    return [part.stored(said[part.name]) if isinstance(part, _Mark) else part for part in parameters]


class _Answering(NamedTuple):
    """What a query takes for its database: it answers the text that was written before."""

    sql: str
    values: list[Any]

    def execute(self, _query: peewee.Select) -> Any:
        """Run the text."""
        return db.execute_sql(self.sql, self.values)
