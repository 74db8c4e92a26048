"""Reading proposals: one's own, and those that wait for a decision."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import peewee
from peewee import fn

from portal.built import Built, Slot
from portal.errors import N_, Missing
from portal.models import Customer, Group, Import, Proposal, Shop, User
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import foreseen
from portal.queries import groups as find_groups


class Move(NamedTuple):
    """What an act would do to one group: who joins and leaves, how many are members then, and the first by name."""

    group: Group | None
    joining: int
    leaving: int
    n_after: int | None = None
    who_joins: Sequence[str] = ()
    who_leaves: Sequence[str] = ()


MOST = 100  # rows of a list; what is open is decided, and what is older is in the log


def visible_to(actor: Actor) -> peewee.ModelSelect:
    """Return a select of the proposals that `actor` may see: all for who decides, for others their own."""
    query = Proposal.select()
    if actor.may(Action.APPROVE):
        return query
    return query.where(Proposal.asker == actor.user_id if actor.may(Action.SEE_PROPOSALS) else peewee.Value(0) == 1)


def by_id(actor: Actor, proposal_id: int) -> Proposal:
    """Return the proposal of that number, with whom and what it is about; raises Missing."""
    require(actor, Action.SEE_PROPOSALS)
    found = _whole(visible_to(actor)).where(Proposal.id == proposal_id).first()
    if found is None:
        raise Missing(N_("There is no such request."))
    proposal: Proposal = found
    return proposal


def waiting(actor: Actor) -> list[Proposal]:
    """Return the open proposals of others, which `actor` may decide, the oldest first."""
    return list(_whole(undecided(actor)).order_by(Proposal.id).limit(MOST)) if actor.may(Action.APPROVE) else []


def n_waiting(actor: Actor) -> int:
    """Return how many open proposals of others `actor` may decide."""
    if not actor.may(Action.APPROVE):
        return 0
    ((n,),) = _N_UNDECIDED.rows(user=actor.user_id)
    return int(n)


def own(actor: Actor) -> list[Proposal]:
    """Return what `actor` has asked for, the newest first."""
    query = _whole(Proposal.select()).where(Proposal.asker == actor.user_id)
    return list(query.order_by(Proposal.id.desc()).limit(MOST))


def decided(actor: Actor) -> list[Proposal]:
    """Return what others asked for and has been decided, the newest first; nothing for who decides nothing."""
    if not actor.may(Action.APPROVE):
        return []
    query = _whole(Proposal.select()).where(Proposal.state != "open", Proposal.asker != actor.user_id)
    return list(query.order_by(Proposal.id.desc()).limit(MOST // 4))


def undecided(actor: Actor) -> peewee.ModelSelect:
    """Return a select of the open proposals of others; every page of who may decide counts them, in an index."""
    return _undecided(actor.user_id)


def _undecided(user: Any, *columns: Any) -> peewee.ModelSelect:
    return Proposal.select(*columns).where(Proposal.state == "open", Proposal.asker != user)


_N_UNDECIDED = Built(lambda: _undecided(Slot("user"), fn.COUNT(Proposal.id)).tuples())


def _whole(query: peewee.ModelSelect) -> peewee.ModelSelect:
    decider = User.alias()
    return (
        query.select(Proposal, User, decider, Group, Customer)
        .join(User, on=(Proposal.asker == User.id))
        .switch(Proposal)
        .join(decider, peewee.JOIN.LEFT_OUTER, on=(Proposal.decided_by == decider.id), attr="decided_by")
        .switch(Proposal)
        .join(Group, peewee.JOIN.LEFT_OUTER)
        .switch(Proposal)
        .join(Customer, peewee.JOIN.LEFT_OUTER)
    )


def items(actor: Actor, proposal: Proposal) -> list[dict[str, Any]]:
    """Return the items that a proposal would put: sign, and what each is called for who may see it ('' else)."""
    rows = [_row(item) for item in proposal.arguments.get("items", [])]
    ids = {kind: [row["id"] for row in rows if row["kind"] == kind] for kind in ("customer", "shop", "group")}
    people = find_customers.visible_to(actor).where(Customer.id.in_(ids["customer"])) if ids["customer"] else ()
    shops = Shop.select().where(Shop.id.in_(ids["shop"])) if ids["shop"] else ()
    groups = find_groups.visible_to(actor).where(Group.id.in_(ids["group"])) if ids["group"] else ()
    labels = {
        "customer": {row.id: row.name or row.code for row in people},
        "shop": {row.id: row.name for row in shops},
        "group": {row.id: row.label for row in groups},
        "new": {}, "rule": {},
    }  # fmt: skip
    return [row | {"label": row["label"] or labels[row["kind"]].get(row["id"], "")} for row in rows]


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """Return what an item names, in one form for all kinds."""
    for kind, name in (("customer", "customer_id"), ("shop", "shop_id"), ("group", "of_group_id")):
        if name in item:
            return {"sign": item.get("sign", "include"), "kind": kind, "id": item[name], "label": ""}
    if "rule" in item:  # its words are for the doors
        return {"sign": item.get("sign", "include"), "kind": "rule", "id": 0, "label": ""}
    typed = item.get("new_customer", {})
    label = typed.get("name") or typed.get("code") or ""
    return {"sign": item.get("sign", "include"), "kind": "new", "id": 0, "label": label}


def moves(proposal: Proposal) -> list[Move]:
    """Return what the asker of an approval was shown that it would move."""
    groups = {group.id: group for group in Group.select().where(Group.id.in_([row[0] for row in proposal.seen]))}
    groups |= {-place: group for place, group in enumerate(brought(proposal.act, proposal.arguments))}
    return [Move(groups.get(row[0]), row[1], row[2]) for row in proposal.seen]


def brought(act: str, arguments: dict[str, Any]) -> list[Group]:
    """Return the groups that an act would bring into being, as far as they are known before they are there."""
    if act == "groups.create":
        details = arguments["details"]
        return [Group(code="", **{name: details[name] for name in ("name", "hue", "is_sensitive")})]
    if act == "value_groups.create":
        return [Group(code="", name=" ".join(name.split())) for _value, name in arguments["wanted"]]
    if act == "groups.duplicate":
        source = Group.get_or_none(Group.id == arguments["group_id"])
        copy = source and Group(code="", name=source.label, hue=source.hue, is_sensitive=source.is_sensitive)
        return [copy] if copy else []
    imported = Import.get_or_none(Import.id == arguments["import_id"]) if act == "imports.run" else None
    return [Group(code="", name=name) for name in foreseen.brought(imported)] if imported is not None else []


def label_of(proposal: Proposal) -> str:
    """Return what the group is called that a proposal is about, whether or not it is there yet; '' for none."""
    group = proposal.group or next(iter(brought(proposal.act, proposal.arguments)), None)
    return group.label if group is not None else ""


def is_shown(actor: Actor, proposal: Proposal) -> bool:
    """Tell whether `actor` may see the group that a proposal is about, which may have become sensitive since."""
    return proposal.group is None or find_groups.sees(actor, proposal.group)


def is_asked(group: Group, customer: Customer, act: str) -> bool:
    """Tell whether somebody has asked for this very membership and waits."""
    query = Proposal.select(fn.COUNT(Proposal.id)).where(
        Proposal.state == "open", Proposal.kind == "membership", Proposal.act == act,
        Proposal.group == group, Proposal.customer == customer,
    )  # fmt: skip
    return bool(query.scalar())
