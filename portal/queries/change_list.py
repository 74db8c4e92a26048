"""The list of changes as somebody may see it: filtered, newest first, page by page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

import peewee

from portal import config
from portal.errors import N_, Missing, Refusal
from portal.models import Change, ChangeRow, GroupItem, Import, User
from portal.permissions import Action, Actor, Scope, require
from portal.queries import changes, customers, groups, shops
from portal.queries.changes import Told

PAGE = 50
SIGN_INS = ("user.sign_in", "user.sign_out")
NOUNS = ("customer", "group", "shop", "import")
OPERATOR = "operator"  # instead of a person: what nobody signed in did


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes: by whom, through which door, of what kind, about what, on which days of the store; '' for all."""

    who: str = ""  # the number of a person, or OPERATOR
    door: str = ""
    kind: str = ""
    noun: str = ""
    code: str = ""
    since: str = ""
    until: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether everything is wanted."""
        return self == Wanted(noun=self.noun)


@dataclass(frozen=True)
class Page:
    """One page of changes, and the numbers that the pages after and before it go on from (None: there is none)."""

    rows: list[Told]
    after: int | None = None
    before: int | None = None


def visible_to(actor: Actor) -> peewee.ModelSelect:
    """Return a select of the changes that `actor` may see: all, her own, sign-ins, or what her roles add up to."""
    scopes = actor.scopes(Action.SEE_CHANGES)
    if Scope.ALL in scopes:
        return Change.select()
    allowed = [peewee.Value(0) == 1]
    if Scope.OWN_ACTS in scopes:
        allowed.append(Change.actor == actor.user_id)
    if Scope.SIGN_INS in scopes:
        allowed.append(Change.act.in_(SIGN_INS))
    return Change.select().where(reduce(or_, allowed))


def by_id(actor: Actor, change_id: int) -> Told:
    """Return one change; raises Missing, for one that is not the reader's to see as for none."""
    require(actor, Action.SEE_CHANGES)
    found = visible_to(actor).where(Change.id == change_id).first()
    if found is None:
        raise Missing(N_("There is no change %(n)s."), n=change_id)
    return changes.told(actor, [found])[0]


def page(
    actor: Actor, wanted: Wanted, *, after: int | None = None, before: int | None = None, size: int = PAGE
) -> Page:
    """Return the changes that fit, newest first, older than `after` or newer than `before`.

    Raises Missing for a customer, group, shop or import that the reader does not see, Refusal for what is no day.
    """
    require(actor, Action.SEE_CHANGES)
    query = visible_to(actor)
    for condition in _conditions(actor, wanted):
        query = query.where(condition)
    if before is not None:
        found = list(query.where(Change.id > before).order_by(Change.id).limit(size + 1))
        rows, has_newer, has_older = found[:size][::-1], len(found) > size, True
    else:
        if after is not None:
            query = query.where(Change.id < after)
        found = list(query.order_by(Change.id.desc()).limit(size + 1))
        rows, has_newer, has_older = found[:size], after is not None, len(found) > size
    if not rows:
        return Page([])
    return Page(changes.told(actor, rows), rows[-1].id if has_older else None, rows[0].id if has_newer else None)


def people(actor: Actor) -> list[User]:
    """Return whom the list may be filtered by: nobody where the reader sees only her own acts."""
    if not actor.scopes(Action.SEE_CHANGES) & {Scope.ALL, Scope.SIGN_INS}:
        return []
    return list(User.select(User.id, User.name).order_by(User.name, User.id))


def _conditions(actor: Actor, wanted: Wanted) -> list[peewee.Expression]:
    found = [*_by(wanted), *_between(wanted)]
    if wanted.door:
        found.append(Change.door == wanted.door)
    if wanted.kind == "sign_in":
        found.append(Change.act.in_(SIGN_INS))
    elif wanted.kind:
        found += [Change.act.startswith(f"{wanted.kind}."), Change.act.not_in(SIGN_INS)]
    if wanted.code:
        found.append(_about(actor, wanted.noun, wanted.code))
    return found


def _by(wanted: Wanted) -> list[peewee.Expression]:
    if not wanted.who:
        return []
    if wanted.who == OPERATOR:
        return [Change.actor.is_null()]
    is_number = wanted.who.isascii() and wanted.who.isdigit() and len(wanted.who) < 10
    return [Change.actor == (int(wanted.who) if is_number else 0)]


def _between(wanted: Wanted) -> list[peewee.Expression]:
    """Days are the store's: from the start of the first to the end of the last."""
    found = []
    if wanted.since:
        found.append(Change.at >= _start(_day(wanted.since, "since")))
    if wanted.until:
        last = _day(wanted.until, "until")
        found.append(Change.at < _start(last + timedelta(days=1)) if last < date.max else Change.at <= datetime.max)
    return found


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal(N_("“%(text)s” is no day; write it like 2026-01-31."), field, text=text[:40]) from None


def _start(day: date) -> datetime:
    try:
        moment = datetime.combine(day, time(), ZoneInfo(config.current().timezone))
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # the first and the last day that there are
        return datetime.combine(day, time())


def _about(actor: Actor, noun: str, code: str) -> peewee.Expression:
    """Return the condition that a change is about a thing, or has touched it."""
    if noun == "group":
        group_id = groups.by_code(actor, code).id
        return _touched("group", group_id) | Change.id.in_(
            Import.select(Import.change).where(Import.group == group_id, Import.change.is_null(False))
        )
    if noun == "shop":
        return _touched("shop", shops.named(actor, code).id)
    if noun == "import":
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0
        return Change.subject == f"import:{number}"
    customer_id = customers.by_code(actor, code).id
    items = GroupItem.select(GroupItem.id).where(GroupItem.customer == customer_id)
    of_items = ChangeRow.select(ChangeRow.change).where(ChangeRow.noun == "group_item", ChangeRow.row_id.in_(items))
    own = _touched("customer_value", customer_id)
    return _touched("customer", customer_id) | own | Change.id.in_(of_items)


def _touched(noun: str, row_id: int) -> peewee.Expression:
    rows = ChangeRow.select(ChangeRow.change).where(ChangeRow.noun == noun, ChangeRow.row_id == row_id)
    return (Change.subject == f"{noun}:{row_id}") | Change.id.in_(rows)
