"""In which order the dates of a file's columns are written: found out where only one reads them all, else chosen.

A date whose year of four digits stands in front is read the same in every order. The others are given their year in
front before anything reads them; until the order of their column is known their rows wait, and nothing is guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made

from portal.errors import N_, Refusal
from portal.file_words import ORDER_WORDS
from portal.models import Import
from portal.services.imports.columns import Known
from portal.sheets import ORDERS, SHORT_YEARS, has_short_year, orders_of, read_date, restore, rewritten
from portal.sheets.read import Row
from portal.text import clean, fold
from portal.values import Remark

EVIDENT = N_("The dates of “%(header)s” are read as %(target)s: %(value)s can be nothing else.")
ALONE = N_("The dates of “%(header)s” are read as %(target)s: no other order reads all of them.")
CHOSEN = N_("The dates of “%(header)s” are read as %(target)s, as was chosen.")
OPEN = N_("The dates of “%(header)s” can be read in several orders. None was guessed: choose one; their rows wait.")
MIXED = N_("No order reads all dates of “%(header)s”. None was guessed: choose one; their rows wait.")
SHORT = N_("In “%(header)s” years of two digits mean %(first)s to %(last)s.")
WAITS = N_("“%(value)s” waits: choose in which order the dates of this column are written.")
NO_DATES = N_("The column “%(header)s” is not read as dates, so no order can be chosen for it.")
NOT_SO = N_("The dates of “%(header)s” cannot be read as %(target)s.")
NO_ORDER = N_("“%(order)s” is no order of a date; write dmy, mdy or ymd.")
_MOST = 50_000  # different cells of a column that are known to have been looked at
_SAMPLES = 3


@dataclass(frozen=True)
class Chosen:
    """What is said of the order of dates, by header: by a person, or for an earlier file where it fits this one."""

    said: Mapping[str, str] = made(default_factory=dict)
    before: Mapping[str, str] = made(default_factory=dict)


@dataclass(slots=True)
class Dates:
    """How the dates of one column are written, found out cell by cell; what is no date in any order decides nothing."""

    fits: set[str] = made(default_factory=lambda: set(ORDERS))  # the orders that read all of them
    reads: set[str] = made(default_factory=set)  # those that read any which is not plain
    proofs: dict[str, str] = made(default_factory=dict)  # by an order a date that no other one reads
    samples: list[str] = made(default_factory=list)
    has_any: bool = False
    has_short: bool = False
    _seen: set[str] = made(default_factory=set)

    def add(self, cell: str) -> None:
        """Look at a cell; a blank one is none."""
        text = clean(restore(cell))
        if not text or text in self._seen:
            return
        if len(self._seen) < _MOST:
            self._seen.add(text)
        orders = orders_of(text)
        if not orders:
            return
        self.has_any = True
        if read_date(text):
            return
        self.fits &= orders
        self.reads |= orders
        self.has_short = self.has_short or has_short_year(text)
        if len(orders) == 1:
            self.proofs.setdefault(min(orders), text)
        if len(self.samples) < _SAMPLES:
            self.samples.append(text)

    @property
    def offered(self) -> list[str]:
        """Return the orders a person may choose: those that read all dates; where none does, those that read any."""
        fitting = self.fits if self.reads else {"ymd"} if self.has_any else set()
        return [order for order in ORDER_WORDS if order in (fitting or self.reads)]

    @property
    def evident(self) -> str:
        """Return the only order that reads all dates; '' where several do, or none."""
        return self.offered[0] if len(self.offered) == 1 else ""

    def taken(self, said: str, before: str) -> str:
        """Return the order to read them in; '' while it is open."""
        return self.evident or said or (before if before in self.fits else "")


def is_dates(target: str | None, known: Known) -> bool:
    """Tell whether a column that stands for `target` holds dates."""
    own = known.fields.get(target or "")
    return target == "birth_date" or (own is not None and own.type in {"date", "datetime"})


def look(rows: Iterable[Sequence[str]], wanted: Iterable[int]) -> dict[int, Dates]:
    """Return how the dates of the wanted columns are written, by their index, to the end of the file."""
    found = {index: Dates() for index in wanted}
    for cells in rows if found else ():
        for index, dates in found.items():
            dates.add(cells[index])
    return found


def settle(imported: Import, found: Mapping[int, Dates], chosen: Chosen) -> None:
    """Note in an import in which order each column of dates is read, and say so. Raises Refusal for what cannot be."""
    said = _by_header(chosen.said, imported, found)
    before = {fold(header): order for header, order in chosen.before.items()}
    orders: dict[str, str] = {}
    for index, dates in found.items():
        header = imported.headers[index]
        wanted = said.get(fold(header), "")
        if wanted and dates.reads and wanted not in dates.offered:
            raise Refusal(NOT_SO, "dates", header=header, target=ORDER_WORDS[wanted])
        if not dates.reads:
            continue
        orders[str(index)] = dates.taken(wanted, before.get(fold(header), ""))
        remarks = [told(header, dates, orders[str(index)])]
        if dates.has_short:
            remarks.append(of_short_years(header))
        imported.problems = [*imported.problems, *([one.sentence, header, one.params] for one in remarks)]
    imported.dates = orders


def told(header: str, dates: Dates, order: str) -> Remark:
    """Return what a person should know of how the dates of a column are read, and why so."""
    params = {"header": header, "target": ORDER_WORDS.get(order, "")}
    if not order:
        return Remark(OPEN if dates.fits else MIXED, "", params)
    if not dates.evident:
        return Remark(CHOSEN, "", params)
    proof = dates.proofs.get(order)
    return Remark(EVIDENT, "", {**params, "value": proof}) if proof else Remark(ALONE, "", params)


def of_short_years(header: str) -> Remark:
    """Return which years two digits mean."""
    first, last = map(str, SHORT_YEARS)
    return Remark(SHORT, "", {"header": header, "first": first, "last": last})


def plainly(row: Row, targets: Sequence[str | None], orders: Mapping[str, str]) -> tuple[Row, list[Remark]]:
    """Return a row with the year of its dates in front, and why it has to wait; a date that waits is left out of it."""
    waiting: list[Remark] = []
    if not orders:
        return row, waiting
    cells = list(row.cells)
    for at, order in orders.items():
        index = int(at)
        text = clean(restore(cells[index]))
        if order:
            cells[index] = rewritten(text, order) or cells[index]
        elif orders_of(text) and not read_date(text):
            cells[index] = ""
            waiting.append(Remark(WAITS, str(targets[index]), {"value": text}))
    return row._replace(cells=cells), waiting


def open_columns(imported: Import) -> list[str]:
    """Return the headers of the columns whose dates wait for somebody to choose their order."""
    return [imported.headers[int(index)] for index, order in imported.dates.items() if not order]


def chosen_in(imported: Import) -> set[str]:
    """Return the keys of the headers whose dates are read in an order because somebody chose it."""
    return {fold(header) for sentence, header, _params in imported.problems if sentence == CHOSEN}


def _by_header(said: Mapping[str, str], imported: Import, found: Mapping[int, Dates]) -> dict[str, str]:
    """Return what a person said by the key of headers; raises Refusal where that is no order, or no column of dates."""
    there = {fold(header) for header in imported.headers}
    dated = {fold(imported.headers[index]) for index in found}
    for header, order in said.items():
        if fold(header) not in there:
            raise Refusal(N_("The file has no column “%(header)s”."), "dates", header=header)
        if order not in ORDERS:
            raise Refusal(NO_ORDER, "dates", order=order)
        if fold(header) not in dated:
            raise Refusal(NO_DATES, "dates", header=header)
    return {fold(header): order for header, order in said.items()}
