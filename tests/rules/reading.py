"""A tree read in plain Python over one customer's values, and random trees and customers to read.

It knows nothing of SQL, so that what the databases answer can be held against it. A customer is a `Sample`: her values
by code of the field, None where she has none (texts as they are stored, money in major units, moments in UTC, several
choices as a tuple, her shop by its code), and the codes of the groups that she is in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from portal.rules.catalogue import DATES, OPERATORS_OF, PART_OPERATORS, TEXTS, Catalogue, FieldInfo
from portal.rules.checking import check
from portal.rules.tree import OPERATORS, UNITS, All, Any_, Days, In, Not, Test, Tree, Value
from portal.text import clean, fold

TODAY = date(2024, 2, 29)
# Phones as a store in Rwanda may write them, and the form they are stored in.
PHONES = {
    "0788123456": "+250788123456", "+250 788 123 456": "+250788123456", "00250788123456": "+250788123456",
    "0722000111": "+250722000111", "+351912345678": "+351912345678",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A customer."""

    values: dict[str, Any]
    groups: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Asked:
    """When and where it is asked: the day, the zone of the store, decimals of its currency."""

    today: date = TODAY
    timezone: str = "Africa/Kigali"
    places: int = 0


def holds(tree: Tree, customer: Sample, catalogue: Catalogue, asked: Asked | None = None) -> bool:
    """Say whether the customer fits the rule."""
    asked = asked or Asked()
    match tree:
        case All(parts):
            return bool(parts) and all(holds(part, customer, catalogue, asked) for part in parts)
        case Any_(parts):
            return any(holds(part, customer, catalogue, asked) for part in parts)
        case Not(part):
            return not holds(part, customer, catalogue, asked)
        case In(group):
            return group in customer.groups
    negations = {"is_not": "is", "not_contains": "contains", "not_one_of": "one_of", "not_empty": "empty"}
    if tree.op in negations:
        return not holds(replace(tree, op=negations[tree.op]), customer, catalogue, asked)
    info, value = catalogue.fields.get(tree.field), customer.values.get(tree.field)
    if tree.op == "empty":
        return info is None or value is None
    return info is not None and value is not None and _test(tree, info, value, asked)


def _test(test: Test, info: FieldInfo, value: Any, asked: Asked) -> bool:
    if info.type in DATES:
        day = (
            value.replace(tzinfo=UTC).astimezone(ZoneInfo(asked.timezone)).date() if info.type == "datetime" else value
        )
        return _of_day(test, day, asked.today)
    if info.type in {"number", "percent"}:
        return _ordered(test.op, value, test.values)
    if info.type == "money":
        unit = Decimal(1).scaleb(-asked.places)
        money = [Decimal(str(one)).quantize(unit, ROUND_HALF_UP) for one in test.values]
        return _ordered(test.op, Decimal(str(value)).quantize(unit, ROUND_HALF_UP), money)
    if info.type == "yesno":
        return value is test.values[0]
    if info.type == "choices":
        return fold(str(test.values[0])) in {fold(choice) for choice in value}
    if info.type == "phone":
        return _phone(test, value)
    key = (lambda text: text) if test.is_exact else _KEYS.get(info.type, fold)
    return _text(test.op, key(value), [key(str(one)) for one in test.values])


def _of_day(test: Test, day: date, today: date) -> bool:
    if test.part == "age":
        return _ordered(test.op, today.year - day.year - ((today.month, today.day) < (day.month, day.day)), test.values)
    if test.part == "days_since":
        return _ordered(test.op, (today - day).days, test.values)
    if test.part == "month":
        steps = {"this": 0, "next": 1, "last": -1}
        months = [(today.month - 1 + steps[one]) % 12 + 1 if isinstance(one, str) else one for one in test.values]
        return _ordered(test.op, day.month, months)
    days = [shifted(today, one) if isinstance(one, Days) else date.fromisoformat(str(one)) for one in test.values]
    return _ordered(test.op, day, days)


def shifted(day: date, by: Days) -> date:
    """Return the day that lies so far from another one; the last of its month where there is no such day."""
    if by.unit in {"days", "weeks"}:
        return day + timedelta(**{by.unit: by.n})
    count = day.year * 12 + day.month - 1 + (by.n if by.unit == "months" else 12 * by.n)
    number = day.day
    while True:
        try:
            return date(count // 12, count % 12 + 1, number)
        except ValueError:
            number -= 1


def _ordered(op: str, value: Any, others: Any) -> bool:
    first, last = others[0], others[-1]
    match op:
        case "lt":
            return value < first
        case "le":
            return value <= first
        case "gt":
            return value > first
        case "ge":
            return value >= first
        case "between":
            return first <= value <= last
    return value in list(others)


def _text(op: str, value: str, others: list[str]) -> bool:
    match op:
        case "contains":
            return others[0] in value
        case "starts_with":
            return value.startswith(others[0])
        case "ends_with":
            return value.endswith(others[0])
    return value in others


def _phone(test: Test, value: str) -> bool:
    if test.op in {"is", "one_of"}:
        return PHONES.get(value, value) in {PHONES.get(str(one), str(one)) for one in test.values}
    digits = "".join(filter(str.isdigit, str(test.values[0])))
    key = PHONES.get(value, value)
    return (
        key.startswith(f"+{digits.removeprefix('00')}") if test.op == "starts_with" else _text(test.op, key, [digits])
    )


def _alphanumeric(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))


_KEYS: dict[str, Callable[[str], str]] = {
    "email": lambda text: text.strip().casefold(),
    "shop": str.casefold,
    **dict.fromkeys(("cpf", "cnpj", "postalcode"), _alphanumeric),
}

# ---- random ones ----

_WORDS = [
    "Porto", "porto", "PÔRTO", "Port", "to", "São Paulo", "sao paulo", "Łódź", "lodz", "Straße", "STRASSE", "İzmir",
    "O'Brien", 'say "hi"', "back\\slash", "true", "null", "2026-02-28", "*go*", "-30d", "and", "or not", "(x)", "a, b",
    "this month", "50 %", "%", "_", "100", "Ωmega", "ﬁne", "北京", "x" * 120,
]  # fmt: skip
_EDGES = [
    date(2024, 2, 29), date(2023, 2, 28), date(2023, 3, 1), date(2000, 2, 29), date(1994, 2, 28), date(2024, 1, 31),
    date(2023, 12, 31), date(2024, 1, 1), date(1900, 1, 1), date(2099, 12, 31), date(2024, 3, 31),
]  # fmt: skip
_EXACT = st.sampled_from([0, 1, -1, 3, 12, 35, 35.5, 0.35, 0.1, 2.25, -7.75, 10**9, 10**15, 123456789012345])
_NUMBERS = _EXACT | st.integers(-5, 40)
_CPFS = ["111.444.777-35", "11144477735", "529.982.247-25"]
_CNPJS = ["11.222.333/0001-81", "11222333000181"]
_CODES = ["4050-123", "4050123", "01310-100"]
_MAILS = ["eva@store.example", "EVA@store.example", "ana.paula@mail.example", "store.example"]
_URLS = ["https://store.example/a?b=c&d=e", "HTTPS://STORE.EXAMPLE", "store"]
_POOLS = {"cpf": _CPFS, "cnpj": _CNPJS, "postalcode": _CODES, "email": _MAILS, "url": _URLS, "phone": [*PHONES]}


def texts() -> st.SearchStrategy[str]:
    """Texts as they are stored: well-known ones, which meet often, and any."""
    other = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"]), min_size=1, max_size=8)
    tidy = other.map(lambda text: " ".join(clean(text).split())).filter(lambda text: fold(text) != "")
    return st.sampled_from(_WORDS) | tidy


def _days(today: date) -> st.SearchStrategy[date]:
    near = st.integers(-420, 60).map(lambda n: today + timedelta(days=n))
    return st.sampled_from(_EDGES) | near | st.dates(date(1920, 1, 1), date(2090, 1, 1))


def customers(catalogue: Catalogue, today: date = TODAY) -> st.SearchStrategy[Sample]:
    """Customers with some values of these fields and some not; purchases nobody has."""
    infos = [info for info in catalogue.fields.values() if not info.is_purchase and info.type != "search"]
    values = st.fixed_dictionaries({info.code: st.none() | _value_of(info, catalogue, today) for info in infos})
    groups = st.frozensets(st.sampled_from([*catalogue.groups] or [""]))
    return st.builds(Sample, values, groups)


def _value_of(info: FieldInfo, catalogue: Catalogue, today: date) -> st.SearchStrategy[Any]:
    days = _days(today)
    minutes = st.sampled_from([0, 1, 719, 1319, 1320, 1321, 1439])
    moments = st.builds(lambda day, n: datetime.combine(day, datetime.min.time()) + timedelta(minutes=n), days, minutes)
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "yesno": st.booleans,
        "number": lambda: _NUMBERS,
        "percent": lambda: _NUMBERS,
        "money": lambda: st.integers(-100, 100) | st.sampled_from([10**9, 10**12]),
        "date": lambda: days,
        "datetime": lambda: moments,
        "choice": lambda: st.sampled_from(info.choices),
        "choices": lambda: st.lists(st.sampled_from(info.choices), min_size=1, unique=True).map(tuple),
        "shop": lambda: st.sampled_from([*catalogue.shops]),
        "phone": lambda: st.sampled_from(sorted(set(PHONES.values()))),
    }
    if info.type in kinds:
        return kinds[info.type]()
    return st.sampled_from(_POOLS[info.type]) if info.type in _POOLS else texts()


def trees(catalogue: Catalogue) -> st.SearchStrategy[Tree]:
    """Trees that nothing is wrong with, over all fields but `search`, and groups."""
    infos = [info for info in catalogue.fields.values() if not info.is_retired and info.type != "search"]
    leaves: st.SearchStrategy[Tree] = st.sampled_from(infos).flatmap(lambda info: _tests(info, catalogue))
    if catalogue.groups:
        leaves |= st.sampled_from([*catalogue.groups]).map(In)

    def wider(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        parts = st.lists(inner, max_size=3).map(tuple)
        return parts.map(All) | parts.map(Any_) | inner.map(Not)

    return st.recursive(leaves, wider, max_leaves=8).filter(lambda tree: check(tree, catalogue) == [])


@st.composite
def _tests(draw: st.DrawFn, info: FieldInfo, catalogue: Catalogue) -> Test:
    parts = ["", "age", "days_since", *(["month"] if info.type == "date" else [])] if info.type in DATES else [""]
    part = draw(st.sampled_from(parts))
    op = draw(st.sampled_from(PART_OPERATORS[part] if part else OPERATORS_OF[info.type]))
    last = None
    if info.is_purchase and info.type not in DATES:
        last = draw(st.none() | st.builds(Days, st.integers(1, 400), st.sampled_from(UNITS)))
    is_exact = info.type in TEXTS - {"phone"} and OPERATORS[op] != "none" and draw(st.booleans())
    n = {"one": 1, "two": 2, "none": 0, "list": draw(st.integers(1, 3))}[OPERATORS[op]]
    kinds = st.integers(1, 12) if (part, op) == ("month", "between") else _asked(part or info.type, info, catalogue)
    values = tuple(draw(kinds) for _ in range(n))
    test = Test(info.code, op, values, is_exact, part, last)
    if op == "between" and check(test, catalogue):
        test = replace(test, values=values[::-1])
    return test


def _asked(kind: str, info: FieldInfo, catalogue: Catalogue) -> st.SearchStrategy[Value]:
    days = st.builds(Days, st.integers(-40, 40), st.sampled_from(UNITS)) | st.just(Days(0))
    kinds: dict[str, Callable[[], st.SearchStrategy[Value]]] = {
        "yesno": st.booleans,
        "number": lambda: _NUMBERS,
        "percent": lambda: _NUMBERS,
        "money": lambda: _NUMBERS,
        "age": lambda: st.integers(-2, 120) | st.sampled_from([29.5, 30.0]),
        "days_since": lambda: st.integers(-60, 800) | st.sampled_from([29.5]),
        "month": lambda: st.integers(1, 12) | st.sampled_from(["this", "next", "last"]),
        "choice": lambda: st.sampled_from(info.choices),
        "choices": lambda: st.sampled_from(info.choices),
        "shop": lambda: st.sampled_from([*catalogue.shops]),
        **dict.fromkeys(("date", "datetime"), lambda: days | _days(TODAY).map(date.isoformat)),
    }
    if kind in kinds:
        return kinds[kind]()
    return st.sampled_from(_POOLS[kind]) if kind in _POOLS else texts()
