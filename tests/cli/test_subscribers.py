"""A list of 7 043 people and 21 columns, from its header to groups that keep themselves right."""

import json
from pathlib import Path

import pytest

from portal.models import Customer, Field, Group
from portal.queries import fields as find
from tests import subscribers
from tests.material import foreign, named

CASS = ("--as", "cass@x.example")
THEIRS = foreign("ibm_telco_churn/*.csv")


@pytest.fixture(params=[None, *THEIRS], ids=["counted out", *map(named, THEIRS)])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Our own table, and the one that it is modelled on where that lies beside the checkout."""
    return request.param or subscribers.write(tmp_path / "subscribers.csv")


def test_a_list_of_7043_people_becomes_fields_customers_and_groups_that_rules_keep(portal, store, table):
    # A field that is there already has the type that the store gave it; the others are proposed.
    portal("field", "add", "", "--label", "Monthly charges", "--type", "money", *CASS)
    words = ("group", "import", "Subscribers", str(table), "--create", "--make-fields", "--json", *CASS)
    run = json.loads(portal(*words).stdout)
    assert (run["rows"], run["new"], run["joined"], run["problems"]) == (7_043, 7_043, 7_043, [])
    proposed = subscribers.PROPOSED.copy()
    del proposed["monthly-charges"]
    assert {one["code"]: one["type"] for one in run["fields"]} == proposed

    counts = {}
    for n, rule in enumerate(subscribers.ANSWERS):
        assert portal("group", "create", f"Rule {n}", "--rule", rule, *CASS).exit_code == 0
        counts[rule] = Group.get(Group.code == f"rule-{n}").n_members
    assert counts == subscribers.ANSWERS
    assert _bought_nothing() == [{"tenure": 0.0}] * subscribers.BLANK

    again = json.loads(portal(*words).stdout)
    assert (again["unchanged"], again["already"], again["fields"], again["change"]) == (7_043, 7_043, [], None)
    assert portal("verify").exit_code == 0


def _bought_nothing() -> list[dict[str, float]]:
    """Return months and total, as they are stored, of whoever has no total or one of zero."""
    fields = list(Field.select().where(Field.code.in_(["tenure", "total-charges"])))
    stored = find.values_of([id_ for (id_,) in Customer.select(Customer.id).tuples()], fields)
    assert len(stored) == subscribers.N
    return [values for values in stored.values() if not values.get("total-charges")]
