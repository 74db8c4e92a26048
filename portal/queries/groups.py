"""Reading groups and their members."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import peewee
from peewee import fn

from portal import clock, config
from portal.db import in_chunks, like
from portal.errors import N_, Missing, Refusal
from portal.models import Change, ChangeRow, Customer, Group, Membership, Shop, User
from portal.permissions import Action, Actor, require
from portal.queries import customers
from portal.text import fold

MAX_DUE = 20
STATUSES = ("active", "draft", "archived")
SORTS = {
    "name": (Group.name_key, Group.code),
    "members": (Group.n_members, Group.id),
    "updated": (Group.updated_at, Group.id),
}


@dataclass(frozen=True)
class Listed:
    """A group in a list, with the number of members that this person may see (None: not hers to know)."""

    group: Group
    n_members: int | None


def seen_by(actor: Actor) -> tuple[peewee.Expression, ...]:
    """Return the conditions under which `actor` may see a group of a query: those marked sensitive are not for all."""
    return () if actor.may(Action.SEE_SENSITIVE) else (Group.is_sensitive == False,)  # noqa: E712


def sees(actor: Actor, group: Group) -> bool:
    """Tell whether `actor` may see a group that something she sees names; else it is “a group you may not see”."""
    return actor.may(Action.SEE_SENSITIVE) or (actor.may(Action.SEE_GROUP_NAMES) and not group.is_sensitive)


def visible_to(actor: Actor) -> peewee.ModelSelect:
    """Return a select of the groups that `actor` may see; where every list, choice and look-up of groups starts.

    A sensitive group does not exist for support and shop staff (product.md §6).
    """
    query = Group.select()
    if not actor.may(Action.SEE_GROUP_NAMES):
        return query.where(peewee.Value(0) == 1)
    return query.where(Group.status != "deleted", *seen_by(actor))


def among(actor: Actor, group_ids: Sequence[int]) -> set[int]:
    """Return which of these groups are there and hers to see."""
    query = visible_to(actor).select(Group.id).where(Group.id.in_(list(group_ids)))
    return {group_id for (group_id,) in query.tuples()} if group_ids else set()


def names_taken(names: Iterable[str]) -> set[str]:
    """Return those of these names that groups have, whoever may see them, as names are compared."""
    found: set[str] = set()
    for part in in_chunks({fold(name) for name in names}):
        query = Group.select(Group.name_key).where(Group.name_key.in_(part), Group.status != "deleted")
        found |= {key for (key,) in query.tuples()}
    return found


def listed(actor: Actor, *, q: str = "", status: str = "", type_: str = "", sort: str = "name") -> list[Listed]:
    """Return the groups that fit, with their member counts; archived ones only when asked for.

    `q` is part of a name or code, without regard to case and accents; `sort` a key of SORTS, minus for descending.
    """
    require(actor, Action.SEE_GROUP_NAMES)
    query = visible_to(actor).select(Group, User).join(User, peewee.JOIN.LEFT_OUTER)
    wanted = [status] if status else ["active", "draft"]
    query = query.where(Group.status.in_([one for one in wanted if one in STATUSES]))
    if type_:
        query = query.where(Group.type == type_)
    if q.strip():
        query = query.where(like(Group.name_key, fold(q)) | like(Group.code, fold(q)))
    columns = SORTS.get(sort.lstrip("-"), SORTS["name"])
    groups = list(query.order_by(*(column.desc() if sort.startswith("-") else column.asc() for column in columns)))
    found = _counted(actor, groups)
    if sort.lstrip("-") == "members":
        # By what this person is shown: the order must not tell how many others there are.
        found.sort(key=lambda row: (row.n_members or 0, row.group.id), reverse=sort.startswith("-"))
    return found


def _counted(actor: Actor, groups: list[Group]) -> list[Listed]:
    if not actor.may(Action.SEE_GROUPS):
        return [Listed(group, None) for group in groups]
    reach = actor.shops(Action.SEE_GROUPS)
    if reach is None:
        return [Listed(group, group.n_members) for group in groups]
    # Somebody who sees some shops learns only how many of their customers belong.
    own = (
        Membership.select(Membership.group, fn.COUNT(Membership.customer))
        .join(Customer)
        .where(Customer.shop.in_(reach))
        .group_by(Membership.group)
    )
    counts = dict(own.tuples())
    return [Listed(group, counts.get(group.id, 0)) for group in groups]


def by_code(actor: Actor, code: str) -> Group:
    """Return the group of that code if `actor` may see it; raises Missing, naming it."""
    return by_codes(actor, [code])[0]


def by_codes(actor: Actor, codes: Sequence[str]) -> list[Group]:
    """Return the groups of these codes, in their order; raises Missing, naming the first that `actor` may not see."""
    require(actor, Action.SEE_GROUP_NAMES)
    if not codes:
        return []
    query = (
        visible_to(actor)
        .select(Group, User)
        .join(User, peewee.JOIN.LEFT_OUTER)
        .where(Group.code.in_({code.casefold() for code in codes}))
    )
    found = {group.code: group for group in query}
    for code in codes:
        if code.casefold() not in found:
            raise Missing(N_("There is no group “%(code)s”."), "group", code=code)
    return [found[code.casefold()] for code in codes]


def resolve(actor: Actor, reference: str) -> Group:
    """Return the group whose code or name is `reference`; raises Missing, or Refusal when two groups fit."""
    require(actor, Action.SEE_GROUP_NAMES)
    # A group may have no name; a reference that says nothing must not find it.
    is_named = (Group.name_key == fold(reference)) & (Group.name_key != "")
    found = list(
        visible_to(actor)
        .where((Group.code == reference.strip().casefold()) | is_named)
        .order_by(Group.code)
    )
    if not found:
        raise Missing(N_("There is no group “%(code)s”."), "group", code=reference)
    if len(found) > 1:
        names = ", ".join(f"{group.code} ({group.name})" for group in found)
        raise Refusal(N_("“%(reference)s” fits several groups: %(names)s."), reference=reference, names=names)
    return found[0]


def of_customer(actor: Actor, customer: Customer) -> list[Membership]:
    """Return her memberships in groups that `actor` may see, with the groups, in name order."""
    return list(
        Membership.select(Membership, Group)
        .join(Group)
        .where(Membership.customer == customer, *seen_by(actor))
        .order_by(Group.name_key, Group.code)
    )


def n_visible(actor: Actor, group: Group) -> int:
    """Return how many members of `group` this person may see."""
    return _counted(actor, [group])[0].n_members or 0


def due_for_review(actor: Actor) -> list[Group]:
    """Return those that could not start as planned (`was_to_start`), then whose day of review has come, longest first.

    Nothing for who keeps no groups.
    """
    if not actor.may(Action.APPROVE):
        return []
    today = clock.today(config.current().timezone)
    was_to_start = _is_unstarted()
    query = visible_to(actor).select(Group, User, was_to_start.alias("was_to_start")).join(User, peewee.JOIN.LEFT_OUTER)
    query = query.where((Group.review_on <= today) | was_to_start, Group.status.in_(("active", "draft")))
    return list(query.order_by(was_to_start.desc(), Group.review_on, Group.name_key, Group.id).limit(MAX_DUE))


def _is_unstarted() -> peewee.Expression:
    """Return the condition that a group is a draft that the clock could not start, and nobody has touched it since."""
    newest = (
        ChangeRow.select(Change.act)
        .join(Change)
        .where(ChangeRow.noun == "group", ChangeRow.row_id == Group.id)
        .order_by(ChangeRow.id.desc())
        .limit(1)
    )
    return (Group.status == "draft") & Group.starts_at.is_null() & (fn.COALESCE(newest, "") == "group.unstarted")


def is_unstarted(group: Group) -> bool:
    """Tell whether a group is a draft that the clock could not start, and what is said about it still stands so."""
    if group.status != "draft" or group.starts_at is not None:
        return False
    return bool(Group.select(peewee.SQL("1")).where(Group.id == group.id, _is_unstarted()).exists())


def open_to(actor: Actor) -> list[Group]:
    """Return the active groups whose single members `actor` may change for being open to support, in name order."""
    query = visible_to(actor).where(Group.status == "active", Group.is_open == True)  # noqa: E712
    return list(query.order_by(Group.name_key, Group.code)) if actor.may(Action.CHANGE_OPEN_MEMBER) else []


def since(customer_ids: Sequence[int], group: Group) -> dict[int, datetime]:
    """Return, by customer id, the moment (UTC) since when each of these customers is in `group`."""
    rows = Membership.select(Membership.customer, Membership.since).where(
        Membership.group == group, Membership.customer.in_(list(customer_ids))
    )
    return dict(rows.tuples())


def candidates(actor: Actor, text: str, limit: int = 12) -> list[Customer]:
    """Return customers that fit the typed text, for choosing items; nobody while nothing is typed."""
    conditions = customers.matching(actor, text)
    if not conditions:
        return []
    query = customers.visible_to(actor).select(Customer, Shop).join(Shop, peewee.JOIN.LEFT_OUTER)
    return list(query.where(*conditions).order_by(Customer.name_key, Customer.id).limit(limit))


def offered(actor: Actor, text: str, limit: int) -> list[Group]:
    """Return groups that fit the typed text, for choosing one as an item; none while nothing is typed."""
    if not fold(text):
        return []
    fits = like(Group.name_key, fold(text)) | like(Group.code, fold(text))
    query = visible_to(actor).where(fits, Group.status.in_(("active", "draft")))
    return list(query.order_by(Group.name_key, Group.code).limit(limit))
