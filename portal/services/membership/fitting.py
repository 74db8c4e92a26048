"""Whom the rules fit, set aside for as long as the groups that have them are brought up: each rule is asked once."""

from collections.abc import Sequence
from datetime import datetime

import peewee

from portal.db import db, in_chunks, is_sqlite, run_many
from portal.queries.membership import Slice
from portal.queries.rules import matching

# Of a select of customers, the number of rules from which on one look at each customer costs less than one for each.
_FEW = 4
_MATCHED = peewee.Table("rule_match")
_COLUMNS = "group_id, is_excluding, customer_id"


def match(groups: Slice, customers: Slice, moment: datetime) -> peewee.Table | None:
    """Set aside whom the rules of these groups fit among these customers; None where these groups have no rule."""
    return set_aside(matching.items(groups, moment), customers)


def set_aside(rules: Sequence[matching.RuleItem], customers: Slice) -> peewee.Table | None:
    """Set aside whom these rules fit among these customers; None where there is no rule."""
    if not rules:
        return None
    _prepare()
    db.execute_sql("DELETE FROM rule_match")
    if isinstance(customers, Sequence) or (customers is not None and len(rules) > _FEW):
        said = {rule.id: (rule.group_id, rule.is_excluding) for rule in rules}
        for fits in in_chunks(matching.of_customers(rules, customers), 5_000):
            rows = [(*said[item_id], customer_id) for item_id, customer_id in fits]
            run_many(f"INSERT INTO rule_match ({_COLUMNS}) VALUES (?, ?, ?)", rows)
    else:
        for rule in rules:
            sql, params = db.get_sql_context().sql(matching.matches([rule], customers)).query()
            db.execute_sql(f"INSERT INTO rule_match ({_COLUMNS}) {sql}", params)
    return _MATCHED


def _prepare() -> None:
    # As `membership_delta`: one temporary table a connection, emptied at the commit where nothing vacuums it.
    db.execute_sql(
        "CREATE TEMP TABLE IF NOT EXISTS rule_match (group_id INTEGER NOT NULL, is_excluding BOOLEAN NOT NULL,"
        " customer_id INTEGER NOT NULL)"
        + ("" if is_sqlite() else " ON COMMIT DELETE ROWS")
    )
