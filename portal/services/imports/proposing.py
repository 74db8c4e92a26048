"""Proposing a field for a column that is none of ours: its code, its label, its type and its choices.

A type is proposed only where every value of the column that was looked at reads as one; blanks decide nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal import own_values
from portal.numbers import bare_amount, signs_of
from portal.own_values import Context
from portal.own_values.readers import MAX_TEXT, YES_NO_BY_WORD
from portal.sheets import ORDERS, column_letters, guess_orders, header_key, kind_of, read_date, restore
from portal.text import clean, fold, slug

MOST = 2_000  # different values of a column that are looked at
MAX_CHOICES = 30
MAX_CHOICE = 60  # characters of a choice
SAID_OFTEN = 4  # times that each choice is said, on average: else a list of towns in a short file would be one
MAX_LABEL = 60
_NUMBERS = frozenset({"number", "money", "percent"})
_DATES = frozenset({"date", "datetime"})
_ZERO_IN_FRONT = re.compile(r"[+-]?0\d", re.ASCII)
_CLOCK = re.compile(r"\d:\d{2}")
_MIDNIGHT = re.compile(r"\b(?:00:00(?::00(?:[.,]0+)?)?|12:00(?::00)?\s*a\.?m\.?)", re.IGNORECASE)
_POSTAL = frozenset({"zip", "postal", "postcode", "cep", "cp"})
_PHONES = frozenset({
    "phone", "telephone", "tel", "mobile", "cell", "cellphone", "fax", "whatsapp", "telefone", "telemovel", "celular",
    "telefono", "movil",
})  # fmt: skip
_PAPERS = {"cpf": "cpf", "cnpj": "cnpj"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A field that a column could become; `index` counts columns from 0, `samples` are some of its values."""

    index: int
    header: str
    code: str
    label: str
    type: str = "text"
    choices: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()  # all that it holds, each once, where that is not too much for choices


@dataclass(slots=True)
class Column:
    """What a column holds: how often each of its values is said, of the first MOST different ones, and all together."""

    said: Counter[str] = field(default_factory=Counter)
    n: int = 0

    def add(self, cell: str) -> None:
        """Count a cell; a blank one is none."""
        text = clean(restore(cell))
        if not text:
            return
        self.n += 1
        if len(self.said) < MOST or text in self.said:
            self.said[text] += 1

    @property
    def is_whole(self) -> bool:
        """Tell whether every different value of the column was looked at."""
        return len(self.said) < MOST


@dataclass(frozen=True, slots=True)
class _Like:
    """What reading has to know of a field that is not there yet."""

    type: str
    code: str = ""
    choices: Sequence[str] = ()


def gather(rows: Iterable[Sequence[str]], wanted: Iterable[int]) -> dict[int, Column]:
    """Return what the wanted columns of a file hold, by their index."""
    columns = {index: Column() for index in wanted}
    for cells in rows:
        for index, column in columns.items():
            if index < len(cells):
                column.add(cells[index])
    return columns


def propose(index: int, header: str, column: Column, said: Context) -> Proposal:
    """Return the field that a column could become; `said` is how the store writes."""
    type_, choices = _type(header, column, said)
    samples = tuple(text[:MAX_CHOICE] for text in list(column.said)[:3])
    values = tuple({fold(text): text for text in reversed(column.said)}.values())[::-1] if column.is_whole else ()
    return Proposal(index, header, code_of(index, header), label_of(header), type_, choices, samples, values)


def coded(proposal: Proposal, code: str) -> Proposal:
    """Return the same proposal with another code."""
    return replace(proposal, code=code)


def code_of(index: int, header: str) -> str:
    """Return the code that a field of such a header would have: MonthlyCharges gives monthly-charges."""
    return slug(header_key(header)) or f"column-{column_letters(index).lower()}"


def label_of(header: str) -> str:
    """Return what people would call it: a header in words stays, MonthlyCharges and monthly_charges are parted."""
    text = " ".join(clean(header).split())
    if " " not in text:
        text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).replace("_", " ").strip()
        words = text.split()
        text = " ".join(word.lower() if n and word.istitle() else word for n, word in enumerate(words))
    return (text[:1].upper() + text[1:])[:MAX_LABEL].strip()


def written(type_: str, values: Iterable[str], said: Context) -> Context:
    """Return how the values of one column are written: the one order of its dates, the one decimal mark."""
    if type_ in _DATES:
        return replace(said, date_order=_order(list(values)) or "ymd")
    if type_ in _NUMBERS:
        return replace(said, mark=_mark(type_, values, said))
    return said


def _order(values: Sequence[str]) -> str | None:
    """Return the one order in which all days of the values are written, None where several would do, or none."""
    orders = guess_orders(values)
    return orders.pop() if len(orders) == 1 else None


def _mark(type_: str, values: Iterable[str], said: Context) -> str:
    """Return the decimal mark that some of the values can only be read with; '' where none says, or both."""
    found = set()
    if type_ == "money":  # of which 1,234 proves no point: it may have three decimals by mistake
        type_, values = "number", (bare_amount(clean(value), said.currency) for value in values)
    for value in values:
        marks = [mark for mark in ".," if _reads(type_, value, replace(said, mark=mark))]
        if len(marks) == 1:
            found.add(marks[0])
    return found.pop() if len(found) == 1 else ""


def _reads(type_: str, value: str, said: Context) -> bool:
    own = own_values.read(_Like(type_), value, said)
    return own.refusal is None and own.warning is None


def _type(header: str, column: Column, said: Context) -> tuple[str, tuple[str, ...]]:
    values = list(column.said)
    if not values:
        return "text", ()
    words = frozenset(header_key(header).split())
    found = next((name for name, fits in _LOOKS.items() if fits(values, words, said)), None)
    if found is not None:
        return found, ()
    if _is_open_date(values):
        return "text", ()  # as choices the days to come would be refused
    pieces = _pieces(column) if any(";" in value for value in values) else None
    for name, choices in (("choice", _choices(column.said, column)), ("choices", _choices(pieces, column))):
        if choices:
            return name, choices
    return ("longtext" if any(len(value) > MAX_TEXT or "\n" in value for value in values) else "text"), ()


def _all(type_: str, values: Sequence[str], said: Context) -> bool:
    context = written(type_, values, said)
    return all(_reads(type_, value, context) for value in values)


def _is_yesno(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    """Whether all are yes or no; letters, numbers and lone words only where both are said."""
    folded = {fold(value) for value in values}
    meant = {YES_NO_BY_WORD.get(word) for word in folded}
    if None in meant:
        return False
    return len(meant) == 2 or not folded & {"0", "1", "t", "f", "v", "s", "y", "n", "on", "off"}


def _is_date(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    """Whether one order reads all as days; of digits alone those of our time only."""
    if _has_clock(values) or _order(values) is None or not _all("date", values, said):
        return False
    days = [read_date(value) for value in values if value.isdigit()]
    return all(day is not None and 1900 <= day.year <= 2100 for day in days)


def _is_open_date(values: Sequence[str]) -> bool:
    """Whether all are days, of which nothing says whether the month or the day stands first."""
    return all(any(read_date(value, order) for order in ORDERS) for value in values) and _order(values) is None


def _is_moment(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    return _has_clock(values) and _order(values) is not None and _all("datetime", values, said)


def _has_clock(values: Sequence[str]) -> bool:
    """Whether an hour is told that is not midnight, which spreadsheets write behind every day."""
    return any(_CLOCK.search(value) and not _MIDNIGHT.search(value) for value in values)


def _is_paper(type_: str) -> "_Fits":
    # Of eleven digits at random one in a hundred is a CPF: a few that are written so, or a header that says so.
    def fits(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
        is_written_so = all("-" in value and "." in value for value in values)
        return (type_ in words or is_written_so or len(values) >= 5) and _all(type_, values, said)

    return fits


def _is_phone(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    is_named = bool(words & _PHONES) or all(value.startswith("+") for value in values)
    return is_named and _all("phone", values, said)


def _is_percent(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    return all(value.rstrip().endswith("%") for value in values) and _all("percent", values, said)


def _is_money(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    """Whether all are amounts of the store's currency, and some say so; others are plain numbers."""
    signs = signs_of(said.currency)
    has_sign = any(sign in value.upper() for value in values for sign in signs)
    return has_sign and _all("money", values, said)


def _is_number(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    """Whether all are numbers; 007 is a code, for a number would lose its zeros."""
    return not any(_ZERO_IN_FRONT.match(value) for value in values) and _all("number", values, said)


def _is_postal(values: Sequence[str], words: frozenset[str], said: Context) -> bool:
    return bool(words & _POSTAL) and _all("postalcode", values, said)


_Fits = Callable[[Sequence[str], frozenset[str], Context], bool]
_LOOKS: Mapping[str, _Fits] = {
    "email": lambda values, words, said: all("@" in value for value in values) and _all("email", values, said),
    "url": lambda values, words, said: all(kind_of(v) == "url" for v in values) and _all("url", values, said),
    "yesno": _is_yesno,
    "date": _is_date,
    "datetime": _is_moment,
    **{name: _is_paper(name) for name in _PAPERS},
    "postalcode": _is_postal,
    "phone": _is_phone,
    "percent": _is_percent,
    "money": _is_money,
    "number": _is_number,
}


def _pieces(column: Column) -> Counter[str]:
    """Return how often each of several choices is said in the cells of a column."""
    pieces: Counter[str] = Counter()
    for value, n in column.said.items():
        for piece in value.split(";"):
            pieces[clean(piece)] += n
    del pieces[""]
    return pieces


def _choices(said: Counter[str] | None, column: Column) -> tuple[str, ...]:
    """Return the texts as choices if they are few and short and each is said often; without any otherwise."""
    if said is None or not column.is_whole:
        return ()
    texts: dict[str, str] = {}
    for text in said:
        texts.setdefault(fold(text), " ".join(text.split()))
    is_short = all(len(text) <= MAX_CHOICE and not {"\n", ";"} & set(text) for text in said)
    fits = is_short and 2 <= len(texts) <= MAX_CHOICES and said.total() >= SAID_OFTEN * len(texts) and "" not in texts
    return tuple(texts.values()) if fits else ()


__all__ = ["Column", "Proposal", "code_of", "coded", "gather", "label_of", "propose", "written"]
