"""Conditions on fields, built-in and the store's own, as an address says them; each is a test of a rule."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from peewee import SQL, fn

from portal import config
from portal.clock import now
from portal.errors import N_, Refusal
from portal.models import Customer, CustomerValue, Field, Group
from portal.numbers import mark_of, write_number
from portal.permissions import Action, Actor
from portal.queries import fields as find
from portal.queries import groups as find_groups
from portal.queries.rules import compiling, matching
from portal.rules.catalogue import DATES, NUMBERS, OPERATORS_OF, Catalogue, FieldInfo
from portal.rules.checking import check_test
from portal.rules.tree import Any_, Test, Tree
from portal.rules.typed import value as read_value
from portal.rules.typed import yes_or_no

# Built-in fields that a list is filtered by; the shop, the name and the code have ways of their own.
BUILT_IN = ("email", "phone", "birth_date", "language", "gender", "id_type", "created")
MAX_VALUES = 50
MAX_LENGTH = 200
# What stands behind the point in the name of a parameter, and the operator that it is; without one it is equality.
WAYS = {"min": "ge", "max": "le", "has": "contains", "empty": "empty"}
# What somebody sees masked she cannot filter by (product.md §6): the built-in column, for own fields by their type.
NOT_FILTERABLE = N_("“%(field)s” is not marked as filterable, so the list cannot be filtered by it.")
YES_OR_NO = N_("“%(field)s” is yes or no; “%(value)s” is neither.")
MASKED = N_("You see “%(field)s” masked, so the list cannot be filtered by it.")


@dataclass(frozen=True)
class FieldTest:
    """One condition: the name of its parameter, the values as they are written there, and the same as a test."""

    key: str
    values: tuple[str, ...]
    info: FieldInfo
    tree: Tree

    @property
    def said(self) -> str:
        """Return the parameter's text: values with commas between, in quotes where one holds a comma itself."""
        return written(self.values)

    @property
    def is_empty(self) -> bool:
        """Tell whether it asks for who has no value of an own field: she need not have a row of values at all."""
        return self.info.is_own and isinstance(self.tree, Test) and self.tree.op == "empty"

    @cached_property
    def condition(self) -> compiling.Condition:
        """Return it compiled for today; where it asks for who has no value, for who has one."""
        own = {self.info.code: (int(self.info.columns[0][1:]), self.info.type)} if self.info.is_own else {}
        tree = Test(self.info.code, "not_empty") if self.is_empty else self.tree
        return compiling.of_tree(tree, own, matching.today_at(now()))

    def source(self) -> Any:
        """Return a select of the ids of customers whom it fits."""
        if not self.condition.needs_values:
            return matching.fitting(self.condition)
        if self.is_empty:
            her = Customer.alias("her")
            return her.select(her.id.alias("customer_id")).where(SQL(matching.is_live("her")), self._of(her.id))
        values = CustomerValue.alias("v")
        return values.select(values.customer.alias("customer_id")).where(matching.sql_of(self.condition))

    def fits(self) -> Any:
        """Return it as a condition of the query that walks through customers."""
        return self._of(Customer.id)

    def _of(self, customer_id: Any) -> Any:
        # Own values are asked in their own table, by its key or the field's index; no outer join stands in the way.
        her, values = Customer.alias("c"), CustomerValue.alias("v")
        where = matching.sql_of(self.condition)
        if not self.condition.needs_values:
            return fn.EXISTS(her.select(SQL("1")).where(her.id == customer_id, where))
        found = fn.EXISTS(values.select(SQL("1")).where(values.customer == customer_id, where))
        return ~found if self.is_empty else found


def written(values: Iterable[str]) -> str:
    """Return several values as one text; `split` gives them back."""
    return ",".join(
        '"' + value.replace('"', '""') + '"' if set(value) & {",", '"', "\n", "\r"} else value for value in values
    )


def split(texts: Iterable[str]) -> list[str]:
    """Return the values that one or more parameters of the same name hold, each once."""
    found: dict[str, None] = {}
    for text in list(texts)[:MAX_VALUES]:
        # A line break ends no value: outside of quotes it is a space like any other.
        lines = text[: MAX_VALUES * MAX_LENGTH].replace("\r", " ").replace("\n", " ")
        for row in csv.reader([lines], skipinitialspace=True):
            found |= dict.fromkeys(value.strip()[:MAX_LENGTH] for value in row if value.strip())
    return list(found)[:MAX_VALUES]


def filterable(actor: Actor, fields: Sequence[Field], language: str = "") -> dict[str, FieldInfo]:
    """Return the fields that `actor` may filter by, by code: some built-in ones, then own ones that are filterable."""
    hidden = actor.masked_anywhere()
    there = {code: info for code, info in find.built_in().items() if code in BUILT_IN and code not in hidden}
    shown = [field for field in fields if field.is_filterable and find.MASKED_AS.get(field.type) not in hidden]
    return there | {field.code: find.info(field, language) for field in shown}


def read(actor: Actor, said: Mapping[str, Sequence[str]], language: str = "") -> tuple[list[FieldTest], list[str]]:
    """Return the conditions that parameters say, and the names among them that are no field's.

    Raises Refusal for a field that cannot be filtered by, and for values that it cannot have.
    """
    live = find.live()
    infos, own = filterable(actor, live, language), {field.code: field for field in live}
    tests, others, mark = [], [], mark_of(language or config.current().locale)
    for key, texts in said.items():
        code, _, way = key.partition(".")
        values = _values(texts, way, infos.get(code))
        if code not in infos:
            if code in own or code in BUILT_IN:
                raise _not_filterable(actor, code, own.get(code), language)
            others.append(key)
        elif values:
            tests.append(_test(key, way, values, infos[code], mark))
    return tests, others


def twins(actor: Actor, names: Iterable[str], said: Mapping[str, Sequence[str]]) -> list[tuple[Group, bool]]:
    """Return the groups of these names, each taken for the yes/no field that it is, and whether one has to be in it.

    Raises Refusal for a name that no group has which `actor` sees, and for what is neither yes nor no.
    """
    found = []
    for name in names:
        there = find_groups.visible_to(actor).where(Group.code == name.casefold())
        group = there.first() if actor.may(Action.SEE_GROUPS) else None
        if group is None:
            raise Refusal(N_("There is no field or group “%(name)s” to filter by."), name=name[:60])
        for text in said[name]:
            is_in = yes_or_no(text)
            if not isinstance(is_in, bool):
                raise Refusal(YES_OR_NO, field=group.label, value=text[:60])
            found.append((group, is_in))
    return found


def _values(texts: Sequence[str], way: str, info: FieldInfo | None) -> tuple[str, ...]:
    """Return the values that parameters say; in one number the comma is the decimal mark and divides nothing."""
    if info is not None and info.type in NUMBERS and way in {"min", "max"} and len(texts) == 1:
        return tuple(text for text in [texts[0].strip()[:MAX_LENGTH]] if text)
    return tuple(split(texts))


def _not_filterable(actor: Actor, code: str, field: Field | None, language: str) -> Refusal:
    label = find.label(field, language) if field else find.BUILT_IN[code].label
    hidden = actor.masked_anywhere()
    if code in hidden or (field is not None and find.MASKED_AS.get(field.type) in hidden):
        return Refusal(MASKED, code, field=label)
    return Refusal(NOT_FILTERABLE, code, field=label)


def _test(key: str, way: str, values: tuple[str, ...], info: FieldInfo, mark: str) -> FieldTest:
    catalogue = Catalogue({info.code: info})
    operators = OPERATORS_OF[info.type]
    op = WAYS.get(way) if "." in key else None
    if ("." in key and op is None) or (op and op not in operators) or (op and len(values) > 1):
        raise Refusal(N_("“%(key)s” is no way to filter by “%(field)s”."), info.code, key=key, field=info.label)
    if op == "empty":
        return FieldTest(key, values, info, Test(info.code, "empty" if _is_yes(values[0], info) else "not_empty"))
    read = [read_value(text, info, "", catalogue, mark=mark) for text in values]
    parts = [Test(info.code, op or ("contains" if info.type == "choices" else "is"), (one,)) for one in read]
    for part in parts:
        for problem in check_test(part, catalogue):
            raise Refusal(problem.sentence, info.code, **problem.params)
    if info.type in NUMBERS:
        values = tuple(write_number(Decimal(repr(one))) for one in read)
    if len(parts) > 1 and "one_of" in operators:
        return FieldTest(key, values, info, Test(info.code, "one_of", tuple(read)))
    return FieldTest(key, values, info, parts[0] if len(parts) == 1 else Any_(tuple(parts)))


def _is_yes(text: str, info: FieldInfo) -> bool:
    said = read_value(text, FieldInfo(info.code, "yesno", info.label), "", Catalogue({}))
    if not isinstance(said, bool):
        raise Refusal(YES_OR_NO, info.code, field=info.label, value=text)
    return said


def ways_of(info: FieldInfo) -> tuple[str, ...]:
    """Return how a form asks for a field: '' for equality, `min` and `max`, `has`."""
    if info.type in NUMBERS or info.type in DATES:
        return "min", "max"
    return ("has",) if not info.choices and info.type in {"text", "longtext", "url", "email", "phone"} else ("",)
