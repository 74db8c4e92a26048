"""A reader of the sentences of rules: the phrases of three languages, typed by hand, back into the tree they say.

A sentence that can be read in two ways is no sentence; the reader returns every way it finds.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from portal.rules.catalogue import DATES, NUMBERS, Catalogue, FieldInfo
from portal.rules.tree import OPERATORS, UNITS, All, Any_, Days, In, Not, Test, Tree, Value

_OPPOSITE = {"is": "is_not", "contains": "not_contains", "one_of": "not_one_of", "empty": "not_empty"}
_OPPOSITE |= {other: one for one, other in _OPPOSITE.items()}

JOINING = {
    "en": {
        "and": ", and ", "or": " or ", "all": "all of (", "any": "at least one of (", "not": "not (",
        "empty": " (or is empty)", "nobody": "nobody at all", "in": "in the group ", "out": "not in the group ",
        "exactly": "exactly ", "yes": "yes", "no": "no", "months": ("this month", "next month", "last month"),
    },
    "pt": {
        "and": ", e ", "or": " ou ", "all": "todas estas condições (", "any": "pelo menos uma destas condições (",
        "not": "não é verdade que (", "empty": " (ou não tem valor)", "nobody": "ninguém",
        "in": "está no grupo ", "out": "não está no grupo ", "exactly": "exatamente ", "yes": "sim", "no": "não",
        "months": ("este mês", "próximo mês", "mês passado"),
    },
    "es": {
        "and": ", y ", "or": " o ", "all": "todas estas condiciones (", "any": "al menos una de estas condiciones (",
        "not": "no es cierto que (", "empty": " (o no tiene valor)", "nobody": "nadie",
        "in": "está en el grupo ", "out": "no está en el grupo ", "exactly": "exactamente ", "yes": "sí", "no": "no",
        "months": ("este mes", "próximo mes", "mes pasado"),
    },
}  # fmt: skip
TESTS = {
    "en": {
        "is": "{f} is {v}", "is_not": "{f} is not {v} (or is empty)", "lt": "{f} is less than {v}",
        "le": "{f} is at most {v}", "gt": "{f} is more than {v}", "ge": "{f} is at least {v}",
        "contains": "{f} contains {v}", "not_contains": "{f} does not contain {v} (or is empty)",
        "starts_with": "{f} starts with {v}", "ends_with": "{f} ends with {v}",
        "between": "{f} is between {v} and {w} (both included)", "one_of": "{f} is one of {v}",
        "not_one_of": "{f} is not one of {v} (or is empty)", "empty": "{f} is empty", "not_empty": "{f} is not empty",
    },
    "pt": {
        "is": "{f} é {v}", "is_not": "{f} não é {v} (ou não tem valor)", "lt": "{f} é inferior a {v}",
        "le": "{f} é no máximo {v}", "gt": "{f} é superior a {v}", "ge": "{f} é no mínimo {v}",
        "contains": "{f} contém {v}", "not_contains": "{f} não contém {v} (ou não tem valor)",
        "starts_with": "{f} começa por {v}", "ends_with": "{f} termina em {v}",
        "between": "{f} está entre {v} e {w} (ambos incluídos)", "one_of": "{f} é um destes valores: {v}",
        "not_one_of": "{f} não é nenhum destes valores: {v} (ou não tem valor)", "empty": "{f} não tem valor",
        "not_empty": "{f} tem valor",
    },
    "es": {
        "is": "{f} es {v}", "is_not": "{f} no es {v} (o no tiene valor)", "lt": "{f} es inferior a {v}",
        "le": "{f} es como máximo {v}", "gt": "{f} es superior a {v}", "ge": "{f} es como mínimo {v}",
        "contains": "{f} contiene {v}", "not_contains": "{f} no contiene {v} (o no tiene valor)",
        "starts_with": "{f} empieza por {v}", "ends_with": "{f} termina en {v}",
        "between": "{f} está entre {v} y {w} (ambos incluidos)", "one_of": "{f} es uno de estos valores: {v}",
        "not_one_of": "{f} no es ninguno de estos valores: {v} (o no tiene valor)", "empty": "{f} no tiene valor",
        "not_empty": "{f} tiene valor",
    },
}  # fmt: skip
OF_DATES = {
    "en": {"lt": "{f} is before {v}", "le": "{f} is {v} or before", "gt": "{f} is after {v}",
           "ge": "{f} is {v} or after"},
    "pt": {"lt": "{f} é anterior a {v}", "le": "{f} é {v} ou anterior", "gt": "{f} é posterior a {v}",
           "ge": "{f} é {v} ou posterior"},
    "es": {"lt": "{f} es anterior a {v}", "le": "{f} es {v} o anterior", "gt": "{f} es posterior a {v}",
           "ge": "{f} es {v} o posterior"},
}  # fmt: skip
SUBJECTS = {
    "en": {"age": "age (by {f})", "days_since": "number of days since {f}", "month": "month of {f}",
           "last": "{f} in the last {n}"},
    "pt": {"age": "idade (por {f})", "days_since": "número de dias desde {f}", "month": "mês de {f}",
           "last": "{f} durante {n} até hoje"},
    "es": {"age": "edad (según {f})", "days_since": "número de días desde {f}", "month": "mes de {f}",
           "last": "{f} durante {n} hasta hoy"},
}  # fmt: skip
# One and several of days, weeks, months, years.
LENGTHS = {
    "en": ("day days", "week weeks", "month months", "year years"),
    "pt": ("dia dias", "semana semanas", "mês meses", "ano anos"),
    "es": ("día días", "semana semanas", "mes meses", "año años"),
}
DISTANCES = {
    "en": ("today", "{n} ago", "{n} from today"), "pt": ("hoje", "{n} atrás", "daqui a {n}"),
    "es": ("hoy", "hace {n}", "dentro de {n}"),
}  # fmt: skip
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
DATES_AS = {"en": r"(?P<m>\w+) (?P<d>\d+), (?P<y>\d+)", "pt": r"(?P<d>\d+) de (?P<m>\w+) de (?P<y>\d+)"}
DATES_AS["es"] = DATES_AS["pt"]


def meant(tree: Tree) -> Tree:
    """Return the simplest tree that means the same: amounts in whole francs, no list of one, no empty `all`."""
    match tree:
        case All(parts) | Any_(parts):
            inner = tuple(meant(part) for part in parts)
            if len(inner) == 1:
                return inner[0]
            return type(tree)(inner) if inner else Any_(())
        case Not(part):
            found = meant(part)
            if isinstance(found, Not):
                return found.part
            if isinstance(found, Test) and found.op in _OPPOSITE:
                return replace(found, op=_OPPOSITE[found.op])
            return Not(found)
        case Test():
            return replace(tree, values=tuple(Days(0) if _is_today(value) else value for value in tree.values))
    return tree


def _is_today(value: Value) -> bool:
    return isinstance(value, Days) and value.n == 0


def francs(value: Value) -> Value:
    """Return an amount as the store's currency holds it."""
    return int(Decimal(str(value)).quantize(Decimal(1), ROUND_HALF_UP))


class Reader:
    """Reads the sentences of one language about the fields of one catalogue, with their labels in that language."""

    def __init__(self, language: str, catalogue: Catalogue, labels: dict[str, str]) -> None:
        self.language = language
        self.catalogue = catalogue
        self.labels = labels
        self.words = JOINING[language]

    def read(self, sentence: str) -> set[Tree]:
        """Return every tree that a sentence says."""
        assert sentence.endswith(".")
        inner = sentence[:-1]
        small = inner[:1].lower() + inner[1:]
        parts = _split(inner, str(self.words["and"]))
        if len(parts) > 1:
            first = parts[0][:1].lower() + parts[0][1:]
            found = self._every([parts, [first, *parts[1:]]], All)
        else:
            found = self._part(inner) | self._part(small)
        return {meant(tree) for tree in found}

    def _every(self, ways: list[list[str]], kind: Callable[[tuple[Tree, ...]], Tree]) -> set[Tree]:
        return {kind(parts) for way in ways for parts in product(*(self._part(part) for part in way))}

    def _part(self, text: str) -> set[Tree]:
        found = set(self._leaf(text))
        if text == self.words["nobody"]:
            found.add(Any_(()))
        for name, kind in (("all", All), ("any", Any_)):
            if (inner := _enclosed(text, str(self.words[name]))) is not None:
                found |= self._every([_split(inner, "; ")], kind)
        bare = text.removesuffix(str(self.words["empty"]))
        if (inner := _enclosed(bare, str(self.words["not"]))) is not None:
            # Only of a single condition is said that customers without a value fit.
            found |= {Not(part) for part in self._part(inner) if isinstance(part, Test) == (bare != text)}
        return found

    def _leaf(self, text: str) -> Iterator[Tree]:
        yield from self._group(text)
        of_dates = OF_DATES[self.language]
        for op, pattern in [*TESTS[self.language].items(), *of_dates.items()]:
            found = re.fullmatch(_regex(pattern), text, re.DOTALL)
            for test, kind, info in self._subjects(found["f"]) if found else ():
                # Dates have words of their own for what comes before and after.
                if found and (kind in DATES and op in of_dates) == (pattern in of_dates.values()):
                    yield from self._test(replace(test, op=op), kind, info, found.groupdict())

    def _group(self, text: str) -> Iterator[Tree]:
        for name in ("in", "out"):
            said = _unquoted(text.removeprefix(str(self.words[name])))
            for group in self.catalogue.groups.values() if text.startswith(str(self.words[name])) else ():
                if group.name == said:
                    yield In(group.code) if name == "in" else Not(In(group.code))

    def _subjects(self, text: str) -> Iterator[tuple[Test, str, FieldInfo]]:
        for code, label in self.labels.items():
            info = self.catalogue.fields[code]
            for name in {label, label[:1].lower() + label[1:]}:
                if text == name:
                    yield Test(code, "is"), info.type, info
                for part, pattern in SUBJECTS[self.language].items():
                    found = re.fullmatch(_regex(pattern.replace("{f}", name)), text)
                    if found and part == "last":
                        yield Test(code, "is", last=self._length(found["n"])), info.type, info
                    elif found:
                        yield Test(code, "is", part=part), part, info

    def _test(self, test: Test, kind: str, info: FieldInfo, found: dict[str, str]) -> Iterator[Test]:
        takes = OPERATORS[test.op]
        said = [] if takes == "none" else [found["v"], *([found["w"]] if takes == "two" else [])]
        if takes == "list":
            said = _split(found["v"], str(self.words["or"]))
        exactly = str(self.words["exactly"])
        is_exact = bool(said) and all(one.startswith(exactly) for one in said)
        values = [self._value(one.removeprefix(exactly) if is_exact else one, kind) for one in said]
        yield from (replace(test, values=way, is_exact=is_exact) for way in product(*values))

    # ---- values ----

    def _value(self, text: str, kind: str) -> list[Value]:
        if kind == "yesno":
            return [text == self.words["yes"]] if text in {self.words["yes"], self.words["no"]} else []
        if kind in DATES:
            return self._day(text)
        if kind == "month":
            named = dict(zip(self.words["months"], ("this", "next", "last"), strict=True))
            months = {name: n for n, name in enumerate(MONTHS[self.language].split(), 1)}
            return [value for value in (named.get(text), months.get(text)) if value is not None]
        if kind in NUMBERS | {"age", "days_since"}:
            return self._number(text, kind)
        said = _unquoted(text)
        if kind == "shop":
            return [code for code, (_, name) in self.catalogue.shops.items() if name == said]
        return [] if said is None else [said]

    def _number(self, text: str, kind: str) -> list[Value]:
        if kind == "money":
            text = re.sub(r"RF|RWF|[\s\xa0]", "", text)
        if kind == "percent":
            if not text.endswith(" %"):
                return []
            text = text.removesuffix(" %")
        plain = text.replace(",", "") if self.language == "en" else text.replace(".", "").replace(",", ".")
        if not re.fullmatch(r"-?\d+(\.\d+)?", plain):
            return []
        return [float(plain) if "." in plain else int(plain)]

    def _day(self, text: str) -> list[Value]:
        found = re.fullmatch(DATES_AS[self.language], text)
        months = MONTHS[self.language].split()
        if found and found["m"] in months:
            return [f"{int(found['y']):04}-{months.index(found['m']) + 1:02}-{int(found['d']):02}"]
        today, ago, ahead = DISTANCES[self.language]
        if text == today:
            return [Days(0)]
        for pattern, sign in ((ago, -1), (ahead, 1)):
            if (found := re.fullmatch(_regex(pattern), text)) and (length := self._length(found["n"])):
                return [Days(sign * length.n, length.unit)]
        return []

    def _length(self, text: str) -> Days | None:
        n, _, word = text.partition(" ")
        count = int(re.sub(r"[.,\xa0]", "", n)) if re.fullmatch(r"[\d.,\xa0]+", n) else 0
        for unit, names in zip(UNITS, LENGTHS[self.language], strict=True):
            if word == names.split()[count != 1]:
                return Days(count, unit)
        return None


def _regex(pattern: str) -> str:
    return re.sub(r"\\\{(\w)\\\}", r"(?P<\1>.+)", re.escape(pattern))


def _unquoted(text: str) -> str | None:
    found = re.fullmatch(r"“((?:[^”]|””)*)”", text, re.DOTALL)
    return found[1].replace("””", "”") if found else None


def _split(text: str, between: str) -> list[str]:
    """Return the parts that a joining word divides, outside of quotes and parentheses."""
    parts, depth, begin, at = [], 0, 0, 0
    while at < len(text):
        if text[at] == "“":
            quote = re.compile(r"“(?:[^”]|””)*”", re.DOTALL).match(text, at)
            at = quote.end() if quote else len(text)
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0 and text.startswith(between, at):
            parts.append(text[begin:at])
            at += len(between)
            begin = at
            continue
        at += 1
    return [*parts, text[begin:]]


def _enclosed(text: str, opening: str) -> str | None:
    """Return what stands between an opening and the parenthesis that ends the text."""
    if not text.startswith(opening) or not text.endswith(")"):
        return None
    inner = text[len(opening) : -1]
    # Divided by something that cannot be there, it comes back whole unless a parenthesis closes too early.
    depth = 0
    for piece in re.findall(r"“(?:[^”]|””)*”|[()]", inner, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth < 0:
            return None
    return inner if depth == 0 else None
