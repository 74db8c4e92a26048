"""The values of a field with how many customers have each, and which of them have a group already."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, Missing, Refusal
from portal.models import Change, Customer, Group
from portal.permissions import MASKED, Actor
from portal.queries import field_values as find
from portal.queries import fields as find_fields
from portal.services import customers, fields, groups, items, undo
from portal.services.fields import Details
from portal.services.items import NewItem

New = Callable[..., Any]


def define(cass: Actor, label: str, type_: str = "text", *choices: str, **marks: bool) -> None:
    fields.create(cass, Details({"en": label}, type_, choices=choices, **marks))


def have(cass: Actor, code: str, *values: str) -> None:
    """Store a customer with each of these values of a field."""
    for value in values:
        customers.create(cass, {"code": f"C{Customer.select().count()}", code: value})


def told(cass: Actor, code: str, most: int = find.MOST) -> tuple[list[tuple[Any, int]], int]:
    found = find.of(cass, find.one(cass, code), find_fields.catalogue(), most)
    return [(row.value, row.n) for row in found.shown], found.n_more


def made(cass: Actor, code: str) -> dict[Any, str]:
    found = find.of(cass, find.one(cass, code), find_fields.catalogue())
    return {row.value: row.group.code for row in found.shown if row.group}


def test_values_come_by_how_many_have_them_whatever_their_case_and_accents(cass: Actor) -> None:
    define(cass, "City")
    have(cass, "city", "São Paulo", "Porto", "sao paulo", "Porto", "PORTO", "Lisboa", "")
    values, n_more = told(cass, "city")
    assert ([(str(value).casefold(), n) for value, n in values], n_more) == (
        [("porto", 3), (values[1][0].casefold(), 2), ("lisboa", 1)], 0
    )
    assert values[1][0] in {"São Paulo", "sao paulo"}


def test_of_many_values_the_most_frequent_are_told_and_how_many_more_there_are(cass: Actor) -> None:
    define(cass, "City")
    have(cass, "city", *"abcdefg", "g", "f", "g")
    assert told(cass, "city", most=3) == ([("g", 3), ("f", 2), ("a", 1)], 4)
    define(cass, "Likes", "choices", "Tea", "Milk", "Water")
    have(cass, "likes", "Milk; Tea", "Milk", "Milk; Tea")
    assert told(cass, "likes") == ([("Milk", 3), ("Tea", 2), ("Water", 0)], 0)
    assert told(cass, "likes", most=1) == ([("Milk", 3)], 2)


def test_choices_that_nobody_has_chosen_are_told_too_and_yes_and_no(cass: Actor) -> None:
    define(cass, "Tier", "choice", "Gold", "Silver", "Bronze")
    define(cass, "Letters", "yesno")
    have(cass, "tier", "Silver", "silver", "Bronze")
    have(cass, "letters", "no", "")
    assert told(cass, "tier") == ([("Silver", 2), ("Bronze", 1), ("Gold", 0)], 0)
    assert told(cass, "letters") == ([(False, 1), (True, 0)], 0)


def test_numbers_percent_and_built_in_fields_have_values_too(
    cass: Actor, s1: Any, s2: Any, new_customer: New
) -> None:
    define(cass, "Children", "number")
    define(cass, "Discount", "percent")
    have(cass, "children", "2", "2.5", "2")
    have(cass, "discount", "35")
    new_customer("Ann", s1, gender="f", language="pt", id_type="passport")
    new_customer("Ben", s1, gender="f", language="Português")
    new_customer("Cay", gender="nobody's business")
    assert told(cass, "children") == ([(2, 2), (2.5, 1)], 0)
    assert told(cass, "discount") == ([(35, 1)], 0)
    assert told(cass, "shop") == ([("s1", 2), ("s2", 0)], 0)
    assert told(cass, "gender") == ([("female", 2), ("nobody's business", 1), ("male", 0), ("other", 0)], 0)
    assert told(cass, "language") == ([("pt", 2)], 0)
    assert told(cass, "id_type")[0][0] == ("passport", 1)


def test_who_was_removed_has_no_value_any_more(cass: Actor, new_customer: New) -> None:
    have(cass, "gender", "male", "female")
    undo.undo(cass, Change.select().order_by(Change.id.desc()).get().id)
    assert told(cass, "gender")[0][:2] == [("male", 1), ("female", 0)]


def test_a_value_has_its_group_where_one_includes_just_who_has_it(cass: Actor, new_customer: New) -> None:
    define(cass, "Tier", "choice", "Gold", "Silver", "Bronze")
    ann = new_customer("Ann", tier="Gold")

    def group(name: str, *rules: Any, **said: Any) -> Group:
        new = [NewItem(rule=rule, **said) for rule in rules]
        return groups.create(cass, groups.Details(name, "rule"), new).group

    def tier(value: str, op: str = "is") -> dict[str, Any]:
        return {"field": "tier", "op": op, "value": value}

    group("Not gold", tier("Gold", "is_not"))
    group("Out", tier("Gold"), sign="exclude")
    group("Both", tier("Gold"), tier("Silver"))
    group("Men of gold", {"all": [tier("Gold"), {"field": "gender", "op": "is", "value": "male"}]})
    assert made(cass, "tier") == {}
    best = group("Best", {"all": [tier("gold")]})
    assert made(cass, "tier") == {"Gold": "best"}
    # Taken out by hand, draft or archived: it is the group of the value all the same.
    items.remove_member(cass, best.id, ann.id)
    groups.set_status(cass, best.id, "archived")
    group("Later", tier("GOLD"))
    assert made(cass, "tier") == {"Gold": "best"}
    groups.delete(cass, best.id)
    assert made(cass, "tier") == {"Gold": "later"}


def test_a_group_that_includes_a_shop_is_the_group_of_that_shop(
    cass: Actor, s1: Any, s2: Any, new_customer: New, new_group: New
) -> None:
    new_customer("Ann", s1)
    new_group("Both", shops=[s1, s2])
    stays = groups.create(cass, groups.Details("Stays", "shop"), [NewItem(shop_id=s1.id, on_leave="stay")]).group
    new_group("Out", shops=[], without_shops=[s2])
    assert made(cass, "shop") == {}
    new_group("North", shops=[s1])
    groups.create(cass, groups.Details("South", "rule"), [NewItem(rule={"field": "shop", "op": "is", "value": "s2"})])
    assert made(cass, "shop") == {"s1": "north", "s2": "south"}
    assert made(cass, "gender") == {} and stays.n_members == 1


def test_fields_of_one_persons_own_values_are_not_offered(cass: Actor) -> None:
    define(cass, "Tier", "choice", "Gold")
    define(cass, "Card", is_unique=True)
    for type_ in ("longtext", "money", "date", "datetime", "phone", "email", "url", "cpf", "cnpj"):
        define(cass, f"A {type_}", type_)
    define(cass, "Old")
    fields.retire(cass, find_fields.by_code("old").id)
    assert [info.code for info in find.offered(cass)] == ["tier", "shop", "language", "gender", "id_type"]
    for code in ("card", "a-phone", "old", "phone", "birth_date", "search"):
        with pytest.raises(Refusal, match=f"“{code}”"):
            find.one(cass, code)
    with pytest.raises(Missing):
        find.one(cass, "none-such")


def test_nothing_is_offered_that_anybody_sees_masked() -> None:
    hidden = frozenset().union(*MASKED.values())
    assert not hidden & set(find.BUILT_IN)
    assert not {type_ for type_, column in find_fields.MASKED_AS.items() if column in hidden} & find.TYPES


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess"])
def test_only_who_creates_groups_reads_them(people: dict[str, Any], cass: Actor, name: str) -> None:
    actor, info = people[name].actor, find.one(cass, "gender")
    for read in (
        lambda: find.offered(actor), lambda: find.one(actor, "gender"),
        lambda: find.of(actor, info, find_fields.catalogue()),
    ):  # fmt: skip
        with pytest.raises(Denied):
            read()


def test_as_many_queries_whatever_there_is(cass: Actor, query_count: Callable[[Callable[[], Any]], int]) -> None:
    define(cass, "City")
    have(cass, "city", "Porto")
    info, catalogue = find.one(cass, "city"), find_fields.catalogue()
    few = query_count(lambda: find.of(cass, info, catalogue))
    have(cass, "city", *(f"Town {n}" for n in range(20)))
    for n in range(3):
        rule = {"field": "city", "op": "is", "value": f"Town {n}"}
        groups.create(cass, groups.Details(f"G{n}", "rule"), [NewItem(rule=rule)])
    assert query_count(lambda: find.of(cass, info, catalogue)) == few == 3
