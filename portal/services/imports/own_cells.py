"""The cells of a row that speak of the store's own fields and of groups, read into what is staged of them.

Staged are, by code of a field, its value as JSON holds it; by 'group:' and the code of a group, whether she is to be in
it; by 'new:' and a name, a group that is yet to be. Of values that have to be unique, 'row:' and the code name the row
that has said them first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, NamedTuple

from portal import own_values
from portal.errors import N_, Refusal
from portal.models import Field, Group
from portal.own_values import Context
from portal.own_values.readers import YES_NO_BY_WORD
from portal.services import groups
from portal.services.imports.columns import BOX, GROUPS, NEW, Known, is_box
from portal.services.imports.proposing import Column, written
from portal.sheets import restore
from portal.sheets.read import Row
from portal.text import clean, fold, has_forbidden
from portal.values import Remark

FIRST = "row:"
MAX_NAME = 100  # characters that a sentence repeats
NOT_YES = N_("“%(value)s” is neither yes nor no.")
NO_GROUP = N_("There is no group “%(value)s”.")
BOTH = N_("The row says both yes and no of the group “%(value)s”.")
_KEPT = 5_000  # different cells of a column whose reading is kept


class Said(NamedTuple):
    """What one cell says: staged values by key, a refusal, a warning, and what nobody else may say."""

    own: Mapping[str, Any] = {}
    refusal: Remark | None = None
    warning: Remark | None = None
    key: Any = None


@dataclass(slots=True)
class Own:
    """What all such cells of a row say together."""

    own: dict[str, Any] = made(default_factory=dict)
    keys: dict[str, Any] = made(default_factory=dict)
    refusals: list[Remark] = made(default_factory=list)
    warnings: list[Remark] = made(default_factory=list)


_Read = Callable[[str], Said]


class Cells:
    """Reads the cells of a file's rows; a cell that many rows hold is read once."""

    def __init__(self, targets: Sequence[str | None], known: Known, columns: Mapping[int, Column]) -> None:
        """`columns` is what those columns hold whose numbers may be written in several ways."""
        context = own_values.context()
        self._known = known
        self._names = _names(known.groups.values())
        self._readers: list[tuple[int, str, _Read, dict[str, Said]]] = []
        self._new: dict[str, str] = {}  # groups that are yet to be, each as it is written first
        self._firsts: dict[str, dict[Any, int]] = {}
        for index, target in enumerate(targets):
            if target in known.fields:
                own = known.fields[str(target)]
                said = written(own.type, columns[index].said, context) if index in columns else context
                self._readers.append((index, str(target), _field_reader(own, said), {}))
            elif is_box(target):
                self._readers.append((index, str(target), _box_reader(str(target)), {}))
            elif target == GROUPS:
                self._readers.append((index, target, self._list, {}))

    def __bool__(self) -> bool:
        return bool(self._readers)

    def read(self, row: Row) -> Own:
        """Return what the row says; its empty cells say nothing."""
        found = Own()
        for index, target, read, kept in self._readers:
            text = row.cells[index]
            if not text or text.isspace():
                continue
            said = kept.get(text)
            if said is None:
                said = read(restore(text).strip())
                if len(kept) < _KEPT:
                    kept[text] = said
            _add(found, target, said)
        return found

    def claim(self, row: Row, own: Own) -> dict[str, int]:
        """Note that a row, which can be taken, says its unique values; return which rows have said them before."""
        firsts = {FIRST + code: self._firsts.setdefault(code, {}).setdefault(key, row.row)
                  for code, key in own.keys.items()}  # fmt: skip
        return {code: first for code, first in firsts.items() if first != row.row}

    def _list(self, text: str) -> Said:
        """Read the list of groups: several in a cell, with semicolons or commas between."""
        own: dict[str, bool] = {}
        for piece in _pieces(text, self._names):
            code = self._names.get(fold(piece))
            if code is None:
                refusal = self._new_group(piece)
                if refusal is not None:
                    return Said(refusal=refusal)
                own[NEW + self._new[fold(piece)]] = True
            elif code != self._known.into:
                own[BOX + code] = True
        return Said(own)

    def _new_group(self, piece: str) -> Remark | None:
        """Return why the list cannot name a group that is not there; None if the import creates it."""
        if not self._known.may_create_groups:
            return Remark(NO_GROUP, GROUPS, {"value": clean(piece)[:MAX_NAME]})
        name = " ".join(clean(piece).split())
        try:
            groups.check(groups.Details(name))
        except Refusal as refusal:
            return Remark(refusal.sentence, GROUPS, {key: str(value) for key, value in refusal.params.items()})
        self._new.setdefault(fold(piece), name)
        return None


def wants_whole(own: Field | None) -> bool:
    """Tell whether how the cells of a field are written is found out from its whole column."""
    return own is not None and own.type in {"number", "money", "percent"}


def names_any(known: Known, cells: Iterable[str]) -> bool:
    """Tell whether any of these cells names a group that is there."""
    names = _names(known.groups.values())
    return any(fold(piece) in names for cell in cells for piece in _pieces(restore(cell), names))


def _names(there: Iterable[Group]) -> dict[str, str]:
    """Return the codes of groups by what a cell may call them: a code, or a name."""
    named: dict[str, str] = {}
    for group in there:
        named[group.code] = group.code
        if group.name_key:
            named.setdefault(group.name_key, group.code)
    return named


def _pieces(text: str, names: Mapping[str, str]) -> list[str]:
    """Return the names of groups in a cell; a comma that stands in the name of one parts nothing."""
    pieces: list[str] = []
    for piece in text.replace("\n", ";").split(";"):
        pieces += [piece] if fold(piece) in names else piece.split(",")
    return [piece.strip() for piece in pieces if fold(piece)]


def _field_reader(own: Field, said: Context) -> _Read:
    def read(text: str) -> Said:
        found = own_values.read(own, text, said)
        if found.refusal is not None or found.cell.value is None:
            return Said(refusal=found.refusal)
        cell = found.cell
        key = (cell.key or cell.value) if own.is_unique else None
        return Said({own.code: own_values.plain(own, cell.value, said)}, None, found.warning, key)

    return read


def _box_reader(target: str) -> _Read:
    def read(text: str) -> Said:
        is_in = None if has_forbidden(text) else YES_NO_BY_WORD.get(fold(text))
        if is_in is None:
            return Said(refusal=Remark(NOT_YES, target, {"value": clean(text)[:MAX_NAME]}))
        return Said({target: is_in})

    return read


def _add(found: Own, target: str, said: Said) -> None:
    if said.refusal is not None:
        found.refusals.append(said.refusal)
    if said.warning is not None:
        found.warnings.append(said.warning)
    if said.key is not None:
        found.keys[target] = said.key
    for key, value in said.own.items():
        if found.own.get(key, value) != value:
            found.refusals.append(Remark(BOTH, target, {"value": key.removeprefix(BOX)}))
        found.own[key] = value
