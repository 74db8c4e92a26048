"""A tree written as text, so that reading it gives the same tree."""

from decimal import Decimal

from portal.rules.catalogue import Catalogue
from portal.rules.checking import WRITTEN
from portal.rules.tree import OPERATORS, All, Any_, Days, In, Not, Test, Tree, Value

_LETTERS = {"days": "d", "weeks": "w", "months": "m", "years": "y"}
_PARTS = {"age": "age({})", "days_since": "days since {}", "month": "month of {}"}
_MONTHS = {"this": "this month", "next": "next month", "last": "last month"}


def write(tree: Tree, catalogue: Catalogue) -> str:
    """Return the text of a tree; '' for one without any condition."""
    return "" if tree == All(()) else _Writer(catalogue).part(tree, is_outer=True)


class _Writer:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def part(self, tree: Tree, *, is_outer: bool = False) -> str:
        match tree:
            case All(parts) | Any_(parts):
                return self._joined(tree, parts, is_outer)
            case Not(part):
                return f"not {self.part(part)}"
            case In(code):
                return f"in group {_quoted(self._name(code))}"
            case Test():
                return self._test(tree)

    def _joined(self, tree: All | Any_, parts: tuple[Tree, ...], is_outer: bool) -> str:
        word = "and" if isinstance(tree, All) else "or"
        if len(parts) < 2:
            return f"{'all' if word == 'and' else 'any'} ({''.join(self.part(part, is_outer=True) for part in parts)})"
        text = f" {word} ".join(self.part(part) for part in parts)
        return text if is_outer else f"({text})"

    def _name(self, code: str) -> str:
        """Return the name of a group, or its code where another one answers to that name."""
        info = self.catalogue.groups.get(code)
        found = self.catalogue.group_named(info.name) if info else None
        return found.name if found and found.code == code else code

    def _test(self, test: Test) -> str:
        field = self._field(test.field)
        if test.part:
            field = _PARTS[test.part].format(field)
        if test.last is not None:
            field += f" in last {test.last.n}{_LETTERS[test.last.unit]}"
        way, values = WRITTEN[test.op], [_value(value, test.part) for value in test.values]
        if test.is_exact:
            way = "==" if test.op == "is" else f"{way} exactly"
        match OPERATORS[test.op]:
            case "none":
                return f"{field} {way}"
            case "two":
                return f"{field} {way} {' and '.join(values)}"
            case "list":
                return f"{field} {way} ({', '.join(values)})"
        return f"{field} {way} {values[0]}"

    def _field(self, code: str) -> str:
        """Return the code as it is where the grammar reads it as a name, else in quotes."""
        is_plain = code.isascii() and code[:1].isalnum() and code.replace("_", "").replace("-", "").isalnum()
        return code if is_plain and code.lower() not in KEYWORDS else _quoted(code)


# Words that mean something else where a field may stand.
KEYWORDS = frozenset(["not", "no", "não", "nao", "all", "any", "age", "month", "in", "days"])


def _value(value: Value, part: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Days):
        return "today" if value == Days(0) else f"{value.n:+d}{_LETTERS[value.unit]}"
    if isinstance(value, str):
        return _MONTHS[value] if part == "month" and value in _MONTHS else _quoted(value)
    # All its decimals, and no exponent.
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{inner}"'
