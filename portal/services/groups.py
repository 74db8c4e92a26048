"""Groups: bringing them into being, editing, archiving, restoring, deleting."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal import clock
from portal.errors import N_, Conflict, Missing, Refusal, Refusals
from portal.models import Group
from portal.models.group import HUES
from portal.permissions import Action, Actor, require
from portal.services import membership, nesting
from portal.services.changes import Recorder, record, values
from portal.services.item_rows import end_over
from portal.services.items import NewItem, live_items, put, put_all, settle
from portal.text import clean, fold, has_forbidden, slug
from portal.values import Remark

TYPES = ("customer", "shop")
MAX_NAME = 120
MAX_TEXT = 2_000
_COPY = re.compile(r" \(copy(?: \d+)?\)$")
# Codes stand in addresses and files; these mean something else there (product.md §5, Codes).
RESERVED = frozenset(
    {
        "new", "edit", "import", "imports", "export", "all", "any", "none", "q", "sort", "shop", "group", "groups",
        "code", "name", "email", "phone", "birth-date", "language", "gender", "id-type", "id-number", "address",
        "customer", "customers", "page", "after", "before", "at", "of", "me", "true", "false", "null",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says about a group, apart from its items."""

    name: str
    type: str = "customer"
    hue: str = "blue"
    description: str = ""
    agent_note: str = ""
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Saved:
    """A stored group, how many members its save moved, and warnings about new customers' values."""

    group: Group
    joined: int = 0
    left: int = 0
    warnings: Sequence[Remark] = ()


def create(actor: Actor, details: Details, new_items: Sequence[NewItem] = ()) -> Saved:
    """Bring a group into being, with its first items, and return it.

    Only CSCC Manager and Portfolio Manager may (product.md §4, law 11). Raises Refusals naming the fields.
    """
    require(actor, Action.CREATE_GROUP)
    with record(actor, "group.create") as change:
        group = insert(actor, details, change)
        change.about("group", group.id)
        warnings = put(actor, group, new_items, change)
        moved = settle(group, new_items, change)
    return Saved(Group.get_by_id(group.id), moved.joined, moved.left, warnings)


def insert(actor: Actor, details: Details, change: Recorder) -> Group:
    """Bring a group into being inside a change that another service has open, and return it."""
    require(actor, Action.CREATE_GROUP)
    details = check(details)
    if details.status not in {"active", "draft"}:
        raise Refusal(N_("A new group is active or a draft."), "status")
    group = Group.create(
        code=_free_code(details.name),
        name=details.name,
        name_key=fold(details.name),
        type=details.type,
        status=details.status,
        hue=details.hue,
        description=details.description,
        agent_note=details.agent_note,
        owner=actor.user_id,
    )
    change.created("group", group)
    return group


def duplicate(actor: Actor, group_id: int) -> Saved:
    """Bring a copy of a group into being: the same live items under a name of its own, and return it.

    A draft or archived group is copied as a draft, so that nobody joins by surprise. Raises Missing, Denied.
    """
    require(actor, Action.CREATE_GROUP)
    with record(actor, "group.duplicate") as change:
        source = _live(group_id)
        status = "active" if source.status == "active" else "draft"
        details = Details(
            _free_name(source.label), source.type, source.hue, source.description, source.agent_note, status
        )
        copy = insert(actor, details, change)
        change.about("group", copy.id)
        put_all(live_items(source), copy, change)
        nesting.relevel([copy.id])
        moved = membership.refresh(change, groups=[copy.id])
        membership.schedule([copy.id])
    return Saved(Group.get_by_id(copy.id), moved.joined, moved.left)


def edit(actor: Actor, group_id: int, details: Details, version: int | None = None) -> Saved:
    """Change a group's name, colour, texts or type; its code stays, so that addresses keep working.

    `version` is the one the form was drawn with; another one stored raises Conflict. Raises Missing, Refusals.
    """
    require(actor, Action.EDIT_GROUP)
    with record(actor, "group.edit", f"group:{group_id}") as change:
        group = _live(group_id)
        if version is not None and version != group.version:
            raise Conflict(
                N_(
                    "Somebody else changed this group since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        details = check(details, group)
        before = values(group)
        group.name, group.name_key = details.name, fold(details.name)
        group.type, group.hue = details.type, details.hue
        group.description, group.agent_note = details.description, details.agent_note
        _store(group, before, change)
    return Saved(group)


def set_status(actor: Actor, group_id: int, status: str) -> Saved:
    """Make a group active (also: restore it), draft or archived; draft and archived groups have no members (law 1).

    Restoring is one of the doors through which a group comes into being (product.md §6). Raises Missing, Denied.
    """
    require(actor, Action.CREATE_GROUP if status == "active" else Action.EDIT_GROUP)
    verb = {"active": "restore", "draft": "draft", "archived": "archive"}[status]
    with record(actor, f"group.{verb}", f"group:{group_id}") as change:
        group = _live(group_id)
        before = values(group)
        group.status = status
        _unplan(group)
        if status == "active":
            end_over(group, change)
        moved = _store(group, before, change)
    return Saved(Group.get_by_id(group_id), moved.joined, moved.left)


def delete(actor: Actor, group_id: int) -> Saved:
    """Take a group out of the portal: nobody is a member, its code and name are free; its row stays for history."""
    require(actor, Action.EDIT_GROUP)
    with record(actor, "group.delete", f"group:{group_id}") as change:
        group = _live(group_id)
        before = values(group)
        group.status = "deleted"
        moved = _store(group, before, change)
    return Saved(group, moved.joined, moved.left)


def _store(group: Group, before: dict[str, object], change: Recorder) -> membership.Moved:
    if values(group) == before:
        return membership.Moved(0, 0)
    group.version += 1
    group.updated_at = clock.now()
    # What the refresh keeps is not written from here.
    kept = {"id", "n_members", "level", "next_change_at"}
    group.save(only=[field for field in Group._meta.sorted_fields if field.name not in kept])
    change.updated("group", group.id, before, values(group))
    if group.status == before["status"]:
        membership.schedule([group.id])
        return membership.Moved(0, 0)  # a name moves nobody, and asking a large group takes time
    moved = membership.refresh(change, groups=[group.id])
    membership.schedule([group.id])
    return moved


def _unplan(group: Group) -> None:
    """Take away what was planned for a moment that has passed: a person's word stands above the clock's."""
    moment = clock.now()
    if group.starts_at is not None and group.starts_at <= moment:
        group.starts_at = None
    if group.ends_at is not None and group.ends_at <= moment:
        group.ends_at = None


def _live(group_id: int) -> Group:
    group = Group.get_or_none(Group.id == group_id, Group.status != "deleted")
    if group is None:
        raise Missing(N_("This group is not there any more."))
    return group


def check(details: Details, own: Group | None = None) -> Details:
    """Return a new group's details (or those of the existing group `own`) tidied.

    Raises Refusals naming every field that cannot be taken.
    """
    name = " ".join(clean(details.name).split())
    name = name if fold(name) else ""  # nobody could read or type it
    refusals = [*_unfit_name(name, own), *_unfit_choices(details), *_unfit_texts(details)]
    if refusals:
        raise Refusals(refusals)
    return replace(details, name=name, description=clean(details.description), agent_note=clean(details.agent_note))


def _unfit_name(name: str, own: Group | None) -> Iterator[Refusal]:
    # A group may lose its name later (lists then show its code), but nobody creates one without.
    if not name and own is None:
        yield Refusal(N_("A name is required."), "name")
    if len(name) > MAX_NAME:
        yield Refusal(N_("A group's name has at most 120 characters."), "name")
    taken = Group.get_or_none(Group.name_key == fold(name), Group.status != "deleted") if name else None
    if taken is not None and (own is None or taken.id != own.id):
        yield Refusal(N_("There is a group called “%(name)s” already."), "name", name=taken.name)


def _unfit_choices(details: Details) -> Iterator[Refusal]:
    if details.type not in TYPES:
        yield Refusal(N_("Choose Customer or Shop."), "type")
    if details.hue not in HUES:
        yield Refusal(N_("Choose one of the colours shown."), "hue")


def _unfit_texts(details: Details) -> Iterator[Refusal]:
    for field in ("name", "description", "agent_note"):
        if has_forbidden(getattr(details, field)):
            yield Refusal(N_("This holds characters that cannot be stored. Please type it anew."), field)
        elif field != "name" and len(getattr(details, field)) > MAX_TEXT:
            yield Refusal(N_("At most 2 000 characters fit here."), field)


def _free_name(name: str) -> str:
    """Return "NAME (copy)", with a number where that is taken; a copy's copy counts on."""
    base = _COPY.sub("", name)[: MAX_NAME - 12].rstrip()
    copy, number = f"{base} (copy)", 1
    while Group.select().where(Group.name_key == fold(copy), Group.status != "deleted").exists():
        number += 1
        copy = f"{base} (copy {number})"
    return copy


def _free_code(name: str) -> str:
    """Return the slug of `name`, with a number behind it where another group or a reserved word has it."""
    base = slug(name) or "group"
    code, number = base, 1
    while code in RESERVED or Group.select().where(Group.code == code, Group.status != "deleted").exists():
        number += 1
        code = f"{base}-{number}"
    return code
