"""Groups: bringing them into being, editing, archiving, restoring, deleting."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from portal import clock
from portal.errors import N_, Conflict, Missing, Refusal
from portal.models import Group
from portal.permissions import Action, Actor, require
from portal.queries import codes, uses
from portal.services import activation, membership, nesting
from portal.services.changes import Recorder, plain, record, values
from portal.services.details import MAX_NAME, TYPES, Details, check
from portal.services.guards import Call, calling
from portal.services.item_rows import end_over
from portal.services.items import NewItem, live_items, plans, put, put_all, settle
from portal.services.items.new import as_json
from portal.text import fold, slug
from portal.values import Remark

_COPY = re.compile(r" \(copy(?: \d+)?\)$")
_PLAN = ("starts_at", "ends_at")

__all__ = ["TYPES", "Details", "Saved", "check", "create", "delete", "duplicate", "edit", "insert", "set_status"]


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
    call = lambda: Call("groups.create", {"details": asdict(details), "items": [as_json(one) for one in new_items]})  # noqa: E731
    ask = lambda: plans.of_group(actor, details, new_items)  # noqa: E731
    with membership.ahead(ask, call) as number, record(actor, "group.create", call=call) as change:
        group = insert(actor, details, change, number)
        change.about("group", group.id)
        warnings = put(actor, group, new_items, change)
        moved = settle(group, new_items, change)
    return Saved(Group.get_by_id(group.id), moved.joined, moved.left, warnings)


def insert(actor: Actor, details: Details, change: Recorder, number: int | None = None) -> Group:
    """Bring a group into being inside a change that another service has open, and return it.

    `number` is the one that its members were staged under, None for any.
    """
    require(actor, Action.CREATE_GROUP)
    said = check(details)
    if details.status not in {"active", "draft"}:
        raise Refusal(N_("A new group is active or a draft."), "status")
    columns = {"owner": actor.user_id} | said | {"code": _free_code(said["name"]), "status": details.status}
    group = Group(id=number, **columns)
    if number is None or not group.save():  # its row is gone if the staging was given up meanwhile
        group = Group.create(**columns)
    change.created("group", group)
    change.brings(group)
    return group


def duplicate(actor: Actor, group_id: int) -> Saved:
    """Bring a copy of a group into being: the same live items under a name of its own, and return it.

    A draft or archived group is copied as a draft, so that nobody joins by surprise. Raises Missing, Denied.
    """
    require(actor, Action.CREATE_GROUP)
    with record(actor, "group.duplicate", call=calling("groups.duplicate", group_id=group_id)) as change:
        source = _live(group_id)
        status = "active" if source.status == "active" else "draft"
        details = Details(
            _free_name(source.label), source.type, source.hue, source.description, source.agent_note, status,
            is_guarded=source.is_guarded, is_sensitive=source.is_sensitive, is_open=source.is_open,
            in_form=source.in_form,
        )  # fmt: skip
        copy = insert(actor, details, change)
        change.about("group", copy.id)
        put_all(live_items(source), copy, change)
        nesting.relevel([copy.id])
        moved = membership.refresh(change, groups=[copy.id], is_last=True)
        membership.schedule([copy.id])
    return Saved(Group.get_by_id(copy.id), moved.joined, moved.left)


def edit(actor: Actor, group_id: int, details: Details, version: int | None = None) -> Saved:
    """Change what is said about a group; its code stays, so that addresses keep working.

    `version` is the one the form was drawn with; another one stored raises Conflict. Raises Missing, Refusals.
    """
    require(actor, Action.EDIT_GROUP)
    call = calling("groups.edit", group_id=group_id, details=asdict(details), version=version)
    with record(actor, "group.edit", f"group:{group_id}", call=call) as change:
        group = _live(group_id)
        if version is not None and version != group.version:
            raise Conflict(
                N_(
                    "Somebody else changed this group since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        before = values(group)
        for column, value in check(details, group).items():
            setattr(group, column, value)
        is_planned_anew = any(plain(getattr(group, name)) != before[name] for name in _PLAN)
        if group.ends_at is not None and is_planned_anew:
            _refuse_if_used(group, "ends_on")
        if is_planned_anew:
            change.plans(group)
        # Words are nobody's loss. The mark itself, and what the clock will do, are guarded by the mark that was.
        if before["is_guarded"] and (is_planned_anew or not group.is_guarded):
            change.touches(group, was_guarded=True)
        _store(group, before, change)
    return Saved(group)


def set_status(actor: Actor, group_id: int, status: str) -> Saved:
    """Make a group active (also: restore it), draft or archived; draft and archived groups have no members (law 1).

    Restoring is one of the doors through which a group comes into being (product.md §6). Raises Missing, Denied.
    """
    require(actor, Action.CREATE_GROUP if status == "active" else Action.EDIT_GROUP)
    verb = {"active": "restore", "draft": "draft", "archived": "archive"}[status]
    call = calling("groups.set_status", group_id=group_id, status=status)
    with (
        membership.ahead(lambda: plans.of_status(actor, group_id, status), call),
        record(actor, f"group.{verb}", f"group:{group_id}", call=call) as change,
    ):
        group = _live(group_id)
        before = values(group)
        if status not in {"active", group.status}:
            _refuse_if_used(group)
        group.status = status
        change.touches(group)
        _unplan(group)
        if status == "active":
            activation.check(group)
            change.plans(group)  # its items of days to come count again
            group.starts_at = None  # it has started
            end_over(group, change)
        moved = _store(group, before, change)
    return Saved(Group.get_by_id(group_id), moved.joined, moved.left)


def delete(actor: Actor, group_id: int) -> Saved:
    """Take a group out of the portal: nobody is a member, its code and name are free; its row stays for history."""
    require(actor, Action.EDIT_GROUP)
    call = calling("groups.delete", group_id=group_id)
    with (
        membership.ahead(lambda: plans.of_status(actor, group_id, "deleted"), call),
        record(actor, "group.delete", f"group:{group_id}", call=call) as change,
    ):
        group = _live(group_id)
        before = values(group)
        _refuse_if_used(group)
        change.touches(group)
        group.status = "deleted"
        moved = _store(group, before, change)
    return Saved(group, moved.joined, moved.left)


def put_back(actor: Actor, group: Group, said: Mapping[str, Any], change: Recorder) -> membership.Moved:
    """Give a group earlier values, its status among them, inside a change that another service has open.

    A group that returns to life that way comes into being (law 11), and needs its code and name to be free. Raises
    Denied, Refusal.
    """
    require(actor, Action.EDIT_GROUP)
    before = values(group)
    was_deleted, was_active, ended = group.status == "deleted", group.status == "active", group.ends_at
    for name, value in said.items():
        setattr(group, name, value)
    group.name_key = fold(group.name)
    is_active = group.status == "active"
    if (is_active and not was_active) or (was_deleted and group.status != "deleted"):
        require(actor, Action.CREATE_GROUP)
    if group.status != "deleted":
        _refuse_if_not_free(group)
    if (was_active and not is_active) or (group.ends_at is not None and group.ends_at != ended):
        _refuse_if_used(group)
    _unplan(group)
    if (is_active and not was_active) or any(plain(getattr(group, name)) != before[name] for name in _PLAN):
        change.plans(group)
    if is_active and not was_active:
        activation.check(group)
        end_over(group, change)
    if was_deleted:
        nesting.relevel([group.id])
    return _store(group, before, change)


def _refuse_if_not_free(group: Group) -> None:
    """Refuse to bring back a code or name that another group has by now, and marks that exclude each other."""
    others = Group.select().where(Group.status != "deleted", Group.id != group.id)
    if others.where(Group.code == group.code).exists():
        raise Refusal(N_("Another group has the code “%(code)s” by now."), "code", code=group.code)
    if codes.field_of(group.code) is not None:
        raise Refusal(N_("A field has the code “%(code)s” by now."), "code", code=group.code)
    if group.name_key and others.where(Group.name_key == group.name_key).exists():
        raise Refusal(N_("There is a group called “%(name)s” already."), "name", name=group.name)
    if group.is_sensitive and group.is_open:
        raise Refusal(
            N_("Support does not see a sensitive group, so it cannot be open to support."), "is_open"
        )


def _refuse_if_used(group: Group, field: str | None = None) -> None:
    """Refuse to take a group's members away while an active group is made of it (product.md §5, States)."""
    names = uses.active(group)
    if names:
        raise Refusal(
            N_("%(name)s is used by %(groups)s, which would lose members. End those items first."), field,
            name=group.label, groups=", ".join(f"“{name}”" for name in names),
        )  # fmt: skip


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
    moved = membership.refresh(change, groups=[group.id], is_last=True)
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


def _free_name(name: str) -> str:
    """Return "NAME (copy)", with a number where that is taken; a copy's copy counts on."""
    base = _COPY.sub("", name)[: MAX_NAME - 12].rstrip()
    copy, number = f"{base} (copy)", 1
    while Group.select().where(Group.name_key == fold(copy), Group.status != "deleted").exists():
        number += 1
        copy = f"{base} (copy {number})"
    return copy


def _free_code(name: str) -> str:
    """Return the slug of `name`, with a number behind it where a group, a field or a reserved word has it."""
    base = slug(name) or "group"
    code, number = base, 1
    while not codes.is_free_for_group(code):
        number += 1
        code = f"{base}-{number}"
    return code
