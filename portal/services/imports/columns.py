"""Columns: what each column of a file stands for; what the person says counts before the headers.

A column stands for a built-in field or one of the store's own, by its code; for a group ('group:' and its code), as a
yes/no column; or for the list of groups ('groups', several in a cell).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.errors import N_, Refusal
from portal.file_words import FIELD_WORDS
from portal.models import Field, Group, Import
from portal.models.customer import FIELDS
from portal.permissions import Action, Actor, require
from portal.queries import fields as find_fields
from portal.sheets import SYNONYMS, header_key, match_headers, match_problems
from portal.sheets.headers import Match
from portal.sheets.problems import Problem
from portal.text import fold

BUILT_IN = frozenset(FIELDS) | {"first_name", "last_name"}
BOX = "group:"  # before the code of a group whose box a column is
GROUPS = "groups"
NEW = "new:"  # before the name of a group that is yet to be
# Headers that can mean nothing but the list of groups: of others ("Segment") the values have to name some.
PLAINLY_GROUPS = frozenset({"groups", "grupos", "customer groups", "grupos de clientes"})
NOT_YOURS = N_("The column “%(header)s” is a group; your roles do not let you change groups, so it is left out.")
ITSELF = N_("The column “%(header)s” is the group that the whole file goes into, so it is left out.")
_OURS = frozenset(header_key(name) for names in SYNONYMS.values() for name in names)


@dataclass(frozen=True)
class Known:
    """What columns of a file may stand for beside the built-in fields: own fields and groups, by code.

    `into` is the code of the group that the whole file goes into.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    into: str = ""
    may_change_groups: bool = False
    may_create_groups: bool = False

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the names of all of them, by target, as headers are held against: fields before groups."""
        groups = {
            BOX + group.code: tuple(name for name in (group.code, group.name) if header_key(name) not in _OURS)
            for group in self.groups.values()
        }
        return groups | {code: tuple(one.labels.values()) for code, one in self.fields.items()}

    def target(self, said: str) -> str | None:
        """Return the target that a person names so; None for none."""
        if said in BUILT_IN or said in self.fields or said == GROUPS:
            return said
        code = said.removeprefix(BOX)
        return BOX + code if code in self.groups else None

    def why_closed(self, target: str | None) -> str:
        """Return why this person may not fill in the boxes of a column; '' if she may, or it is none of boxes."""
        if target != GROUPS and not is_box(target):
            return ""
        if not self.may_change_groups:
            return NOT_YOURS
        return ITSELF if target == BOX + self.into else ""


def known_to(actor: Actor, into: Group | None = None, *, creates_groups: bool = False) -> Known:
    """Return what columns of this person's file may stand for; new groups are named in its list only if so wished."""
    require(actor, Action.IMPORT_CUSTOMERS)
    groups = Group.select().where(Group.status.in_(("active", "draft")))
    return Known(
        {one.code: one for one in find_fields.live()}, {group.code: group for group in groups},
        into.code if into is not None else "", actor.may(Action.EDIT_GROUP),
        creates_groups and actor.may(Action.CREATE_GROUP),
    )  # fmt: skip


def match(headers: Sequence[str], columns: Mapping[str, str], known: Known) -> list[Match]:
    """Match headers to fields; what the person said counts before what the headers say."""
    targets = {header: known.target(said) if said else None for header, said in columns.items()}
    unknown = [columns[header] for header, target in targets.items() if columns[header] and target is None]
    missing = [header for header in columns if fold(header) not in {fold(one) for one in headers}]
    if unknown:
        raise Refusal(N_("There is no field “%(field)s”."), "map", field=unknown[0])
    if missing:
        raise Refusal(N_("The file has no column “%(header)s”."), "map", header=missing[0])
    said = {fold(header): target for header, target in targets.items()}
    chosen: dict[str | None, int] = {}
    for index, header in enumerate(headers):
        if said.get(fold(header)):
            chosen.setdefault(said[fold(header)], index)
    return [_meant(match, said, chosen) for match in match_headers(headers, known.names)]


def remarks(matches: Sequence[Match], columns: Mapping[str, str]) -> list[Problem]:
    """Return what a person should know of the matching: nothing of columns that she leaves out by choice."""
    left_out = {fold(header) for header, field in columns.items() if not field}
    return [one for one in match_problems(matches) if fold(str(one.params["header"])) not in left_out]


def is_box(target: str | None) -> bool:
    """Tell whether a column that stands for `target` is the box of a group."""
    return target is not None and target.startswith(BOX)


def is_new(key: str) -> bool:
    """Tell whether a key of the counts is a group that is yet to be."""
    return key.startswith(NEW)


def changes_groups(imported: Import) -> bool:
    """Tell whether a file has columns of groups; its counts still say so when what it was made of is dropped."""
    return bool(imported.counts.get("groups")) or any(one == GROUPS or is_box(one) for one in imported.columns)


def moves_members(imported: Import) -> bool:
    """Tell whether a file is for a group as a whole, or for any by its columns."""
    return imported.group_id is not None or bool(imported.new_group) or changes_groups(imported)


def word_for(target: str, known: Known) -> str:
    """Return what sentences call a target: an English word to be translated, a label or a name."""
    if target in known.fields:
        return find_fields.label(known.fields[target])
    if is_box(target):
        group = known.groups.get(target.removeprefix(BOX))
        return group.label if group is not None else target
    return FIELD_WORDS.get(target, target)


def _meant(match: Match, said: Mapping[str, str | None], chosen: Mapping[str | None, int]) -> Match:
    """Return what a column means; nothing is doubtful about what the person said, and each field is one column."""
    is_said = fold(match.header) in said
    target = said[fold(match.header)] if is_said else match.target
    if chosen.get(target, match.index) != match.index:
        return Match(match.index, match.header, None, duplicate_of=chosen[target])
    if is_said:
        return Match(match.index, match.header, target)
    return Match(match.index, match.header, target, match.is_sure, match.duplicate_of)
