"""Acts that stand beyond the guard rails: asking a second person, and doing them once she has approved.

A request holds the act as data: the service's name and what it was called with. It runs as its asker, with the rights
she has then; what it moves has to be what the approver was shown, or nothing is done.
"""

from dataclasses import dataclass

from portal import clock
from portal.errors import N_, Conflict, Malformed, Refusal
from portal.models import Change, Group, Import, Proposal, User
from portal.permissions import Action, Actor, Door, require
from portal.queries import foreseen
from portal.queries import groups as find_groups
from portal.queries import proposals as find
from portal.queries import users as find_users
from portal.queries.proposals import Move
from portal.services import guards, imports, membership, once, preview
from portal.services.calls import MAX_ID, boxes_of, details_of, id_of, planned, run, wanted_of
from portal.services.changes import record
from portal.services.guards import Call, Leave
from portal.services.imports import background, foreseeing
from portal.services.proposals import decided, made, open_one, words
from portal.text import fold


@dataclass(frozen=True, slots=True)
class Shown:
    """What an act would move; the fingerprint differs where anybody else would."""

    moves: list[Move]
    fingerprint: str


def others(actor: Actor) -> list[User]:
    """Return who could approve what `actor` asks for."""
    require(actor, Action.SEE_GROUPS)
    return [user for user in find_users.approvers() if user.id != actor.user_id]


def show(actor: Actor, call: Call, *, reader: Actor | None = None) -> Shown:
    """Return what an act of `actor` would move, named as `reader` may see it; raises whatever the act raises."""
    require(actor, Action.SEE_GROUPS)
    if call.name == "imports.run":
        return _import(actor, call, reader or actor)
    shown = preview.of(reader or actor, lambda: run(actor, call), ask=lambda: planned(actor, call))
    moves = [
        Move(one.group, one.joining, one.leaving, one.n_after,
             [row.name or row.code for row in one.who_joins], [row.name or row.code for row in one.who_leaves])
        for one in shown.moves
    ]  # fmt: skip
    return Shown(moves, shown.fingerprint)


def _import(actor: Actor, call: Call, reader: Actor) -> Shown:
    """Return what was foreseen of an import; of a small one, as things are now. A run asks once more by itself.

    Raises Refusal while that of a large one is not known.
    """
    imported = _imported(call)
    if imported is None:
        raise Malformed(N_("This request was not understood. Nothing was changed."))
    if imported.state == "checked" and imported.counts["rows"] <= foreseeing.LARGE:
        foreseeing.ensure(actor, imported)
    why = foreseen.refused(imported)
    if why is not None or not foreseen.is_over(imported):
        raise Refusal(why.sentence, **why.params) if why is not None else Refusal(foreseen.UNKNOWN)
    moves = [
        Move(one.group, one.joining, one.leaving, one.n_after,
             *(_named(reader, imported, one, is_joining=is_joining) for is_joining in (True, False)))
        for one in foreseen.totals(reader, imported)
    ]  # fmt: skip
    return Shown(moves, foreseen.fingerprint(imported))


def _named(reader: Actor, imported: Import, total: foreseen.Total, *, is_joining: bool) -> list[str]:
    if not (total.joining if is_joining else total.leaving):
        return []
    found = foreseen.people(reader, imported, total.group_id, is_joining=is_joining)
    return [person.name or person.code for person in found.rows]


def ask(actor: Actor, call: Call, reason: str) -> Proposal:
    """Ask somebody else to approve an act, and return the request; nothing of the act is done.

    Raises whatever the act itself would raise, and Refusal where nobody else could approve it.
    """
    require(actor, Action.SEE_PROPOSALS)
    reason = words(reason, "reason")
    if not others(actor):
        raise Refusal(N_("Nobody else can approve this. Type the name of the group to do it by yourself."))
    shown = show(actor, call)
    moves = [(move.group, move.joining, move.leaving) for move in shown.moves if move.group]
    ids = [group.id for group, *_ in moves]
    there = {group_id for (group_id,) in Group.select(Group.id).where(Group.id.in_(ids)).tuples()}
    # A group that the act would bring into being has no number yet: it is known by its place among those (0, -1, …).
    places = {group.label: -place for place, group in enumerate(find.brought(call.name, call.arguments))}
    seen = [[one.id if one.id in there else places.get(one.label, 0), *counts] for one, *counts in moves]
    with record(actor, "proposal.approval") as change:
        return made(
            change, kind="approval", asker=actor.user_id, reason=reason, act=call.name, arguments=call.arguments,
            group=_group_of(call), customer=call.arguments.get("customer_id"), seen=seen,
            fingerprint=shown.fingerprint,
        )  # fmt: skip


def confirm(actor: Actor, call: Call, typed: str) -> object:
    """Do an act by oneself where nobody else could approve it: the name of the group is typed, and that is logged."""
    require(actor, Action.SEE_GROUPS)
    label = label_of(actor, call)
    if others(actor):
        raise Refusal(N_("Somebody else can approve this. Ask for it."))
    if not label or fold(typed) != fold(label):
        raise Refusal(N_("This is not the name of the group. Nothing was changed."), "typed")
    with guards.passing(Leave(f"“{label}”", {"typed": label})):
        return run(actor, call)


def approve(actor: Actor, proposal_id: int, seen: str) -> Proposal:
    """Do what somebody else asked approval for, as her; `seen` is the fingerprint of what the approver was shown.

    Raises Conflict where it would move others now, Denied where the asker may not do it any more, and whatever the act
    raises; nothing is done then.
    """
    require(actor, Action.APPROVE)
    proposal = open_one(actor, proposal_id, None)
    asker = asker_of(proposal)
    call = Call(proposal.act, proposal.arguments)
    leave = guards.leave_of(proposal, actor.user_id, actor.name)
    if call.name == "imports.run":
        return _approve_import(actor, asker, proposal, seen)
    newest = preview.newest_ids()  # looked up first: a group that is to be made may get its row beforehand
    with membership.ahead(lambda: planned(asker, call)), once.transaction():
        membership.catch_up(clock.now())
        open_one(actor, proposal_id, None)
        with guards.passing(leave), membership.collecting():
            run(asker, call)
            _same(preview.read(actor, newest, named=0).fingerprint, seen)
        membership.forget()
        return _note(actor, proposal_id, leave)


def _approve_import(actor: Actor, asker: Actor, proposal: Proposal, seen: str) -> Proposal:
    """Approve an import and begin it: it is written part after part, and each looks the approval up."""
    imported = _imported(Call(proposal.act, proposal.arguments))
    if imported is None:
        raise Refusal(N_("This file was dropped; there is nothing left to import."))
    asker = asker.through(Door.IMPORT)
    with guards.passing(Leave()):
        imported = imports.prepare(asker, imported.id)
    _same(foreseen.fingerprint(imported), seen)
    with record(actor, "proposal.approve", f"proposal:{proposal.id}") as change:
        # As it was shown to who approves: that is what the parts compare.
        done = decided(open_one(actor, proposal.id, None), change, actor, "approved", fingerprint=seen)
    if background.start(asker, imported.id) is None:
        imports.run(asker, imported.id)
    return done


def _note(actor: Actor, proposal_id: int, leave: Leave) -> Proposal:
    with record(actor, "proposal.approve", f"proposal:{proposal_id}") as change:
        return decided(open_one(actor, proposal_id, None), change, actor, "approved", change=leave.change_id)


def asker_of(proposal: Proposal) -> Actor:
    """Return who asked, with the rights that she has at this moment; raises Refusal where her account is closed."""
    user = User.get_by_id(proposal.asker_id)
    if not user.is_active:
        raise Refusal(N_("Whoever asked for this has no open account any more."))
    return find_users.actor_of(user, Door.PAGE)


def _same(found: str, seen: str) -> None:
    if found != seen:
        raise Conflict(
            N_("Others would move now than you were shown. Nothing was done: look at it anew, then approve again.")
        )


def _group_of(call: Call) -> int | None:
    if call.name == "imports.run":
        imported = _imported(call)
        return imported and imported.group_id
    if call.name == "undo.undo":
        return _undone(call)
    if "boxes" in call.arguments:
        return _ticked(call)
    group_id = call.arguments.get("group_id")
    return group_id if type(group_id) is int and 0 <= group_id <= MAX_ID else None


def _ticked(call: Call) -> int | None:
    """Return the group of a changed box; of several first one that is marked."""
    try:
        codes = list(boxes_of(call.arguments))
        of_boxes = Group.select(Group.id).where(Group.code.in_(codes), Group.status == "active")
    except (TypeError, ValueError):
        return None
    found: int | None = of_boxes.order_by(Group.is_guarded.desc(), Group.name_key).scalar()
    return found


def _undone(call: Call) -> int | None:
    """Return the group that the undone change was about, or that it moved most."""
    try:
        change = Change.get_or_none(Change.id == id_of(call.arguments, "change_id"))
    except (KeyError, ValueError):
        return None
    noun, _, row_id = change.subject.partition(":") if change is not None else ("", "", "")
    if noun == "group":
        return int(row_id)
    moved = guards.moved_by(change.id) if change is not None else {}
    return max(moved, key=lambda group_id: (sum(moved[group_id]), group_id), default=None)


def _imported(call: Call) -> Import | None:
    try:
        found: Import | None = Import.get_or_none(Import.id == id_of(call.arguments, "import_id"))
    except (KeyError, ValueError):
        return None
    return found


def label_of(actor: Actor, call: Call) -> str:
    """Return what the group that an act is about is called; '' where there is none that `actor` may see."""
    require(actor, Action.SEE_GROUPS)
    group = Group.get_or_none(Group.id == _group_of(call)) or _brought(call)
    return group.label if group is not None and find_groups.sees(actor, group) else ""


def _brought(call: Call) -> Group | None:
    try:
        if call.name == "groups.create":
            details_of(call.arguments)
        if call.name == "value_groups.create":
            wanted_of(call.arguments)
        is_there = call.name != "imports.run" or _imported(call)
        return next(iter(find.brought(call.name, call.arguments)), None) if is_there else None
    except (KeyError, TypeError, ValueError):
        return None
