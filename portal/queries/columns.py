"""Which columns a list of customers is asked for: built-in fields, the store's own, groups as the yes/no they are."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from portal.errors import N_, Refusal
from portal.models import Field, Group
from portal.permissions import Action, Actor
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.queries import listing
from portal.queries.filters.fields import split

# The name stands first in every list.
BUILT_IN = (
    "code", "phone", "email", "shop", "groups", "birth_date", "language", "gender", "id_type", "id_number", "address",
    "created",
)  # fmt: skip
DEFAULT = ("code", "phone", "email", "shop", "groups")
MOST = 30


class Chosen(NamedTuple):
    """A column by its code; an own field or a group where it is one of those."""

    code: str
    field: Field | None = None
    group: Group | None = None


def read(actor: Actor, texts: Iterable[str]) -> list[Chosen]:
    """Return the columns that texts name, with commas between, none where they name those of every list.

    Raises Refusal for too many, and for what is no field and no group that `actor` sees.
    """
    codes = [code for code in dict.fromkeys(text.casefold() for text in split(texts)) if code != "name"]
    if tuple(codes) == DEFAULT or not codes:
        return []
    if len(codes) > MOST:
        raise Refusal(N_("A list has at most %(n)s columns."), n=MOST)
    own = {one.code: one for one in find_fields.live()} if set(codes) - set(BUILT_IN) else {}
    rest = set(codes) - set(BUILT_IN) - set(own)
    groups = _groups(actor, rest) if rest else {}
    found = []
    for code in codes:
        if code in BUILT_IN and (code != "groups" or actor.may(Action.SEE_GROUPS)):
            found.append(Chosen(code))
        elif code in own or code in groups:
            found.append(Chosen(code, own.get(code), groups.get(code)))
        elif code != "groups":
            raise Refusal(N_("There is no field or group “%(name)s” to show."), name=code[:60])
    return found


def _groups(actor: Actor, codes: Collection[str]) -> dict[str, Group]:
    if not actor.may(Action.SEE_GROUPS):
        return {}
    return {group.code: group for group in find_groups.visible_to(actor).where(Group.code.in_(list(codes)))}


def of_file(codes: Sequence[str], fields: Iterable[Field]) -> tuple[str, ...]:
    """Return the names in the head of a file with these columns; without any it has all, and all `fields`."""
    if not codes:
        return (*listing.COLUMNS, *(field.code for field in fields))
    return ("code", "name", *(code for code in codes if code not in {"code", "name"}))
