"""Undoing what was done to customers: earlier values come back, who came by the change is removed, or comes back.

Nobody is deleted. A removed customer keeps her row, for history and changes speak of it; her code is free, no key of
hers fits anything, she is in no shop and no group, and every list leaves her out (`removed_at`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal import clock, config
from portal.db import run_many
from portal.errors import N_
from portal.models import ChangeRow, Customer, Group, GroupItem, Shop
from portal.models.customer import FIELDS, KEYS
from portal.permissions import Action
from portal.services import membership, own_values
from portal.services.changes import plain
from portal.services.undo.work import Work, touched, typed
from portal.values import keys_of, search_text

CHANGED = N_("%(name)s has been changed since.")
NAMED = N_("%(name)s stays: an item of %(group)s that was added since speaks of her.")
TAKEN = N_("%(name)s: the code “%(code)s” belongs to %(other)s by now.")
NO_SHOP = N_("%(name)s: the shop she was in is not there any more.")
OWN_TAKEN = N_("%(name)s: another customer has “%(value)s” as %(field)s by now.")
GONE = N_("%(name)s is not there any more.")
NOT_YOURS = N_("A customer of this change is in a shop that is not yours.")
_STORED = (*FIELDS, *KEYS, "search", "removed_at")
_SET = ", ".join(f"{'shop_id' if name == 'shop' else name} = ?" for name in _STORED)


def give_back(work: Work) -> Iterator[None]:
    """Give their earlier values back to those whom the change found; part by part, others may write at each yield."""
    yield from _undo(work, lambda row: not _takes_away(row) and not _brings_back(row))


def take_away(work: Work) -> Iterator[None]:
    """Remove those who came by the change, once nothing speaks of them any more."""
    yield from _undo(work, _takes_away)


def bring_back(work: Work) -> Iterator[None]:
    """Bring those back whom the change removed."""
    yield from _undo(work, _brings_back)


def _undo(work: Work, is_meant: Callable[[ChangeRow], bool]) -> Iterator[None]:
    for rows in work.parts("customer"):
        mine = [row for row in rows if is_meant(row)]
        if mine:
            _Part.of(work, mine).undo()
            yield


def _takes_away(row: ChangeRow) -> bool:
    return row.before is None or bool(row.before.get("removed_at"))


def _brings_back(row: ChangeRow) -> bool:
    return bool((row.after or {}).get("removed_at"))


@dataclass(slots=True)
class _Part:
    """Some hundred rows, and what they have to be held against."""

    work: Work
    rows: Sequence[ChangeRow]
    reach: frozenset[int] | None
    now: dict[int, dict[str, Any]]  # by customer id, as she is
    was: dict[int, dict[str, Any]]  # what she was before this part, of whom it writes
    later: Any
    shops: set[int] = field(default_factory=set)
    owners: dict[str, tuple[int, str]] = field(default_factory=dict)  # id and name by code key
    groups: dict[int, str] = field(default_factory=dict)  # by customer id, a group with an item that speaks of her
    lines: dict[int, str] = field(default_factory=dict)  # by customer id, what own fields add to her search
    own_later: Any = None  # what others wrote into her own fields
    own_taken: dict[int, tuple[str, str]] = field(default_factory=dict)  # unique values that somebody else has by now

    @classmethod
    def of(cls, work: Work, rows: Sequence[ChangeRow]) -> "_Part":
        ids = work.ids("customer", rows)
        columns = [getattr(Customer, name) for name in ("id", "version", *_STORED)]
        now = {row["id"]: row for row in Customer.select(*columns).where(Customer.id.in_(ids)).dicts()}
        part = cls(work, rows, work.actor.shops(Action.EDIT_CUSTOMER), now, {}, work.later("customer", rows))
        befores = [row.before for row in rows if row.before]
        part.lines = own_values.lines([row.row_id for row in rows])
        wanted = {before["shop"] for before in befores if before.get("shop")}
        part.shops = {id_ for (id_,) in _live_shops(wanted)} if wanted else set()
        keys = {before["code"].casefold() for before in befores if before.get("code")}
        owners = Customer.select(Customer.code_key, Customer.id, Customer.name, Customer.code)
        for key, id_, name, code in owners.where(Customer.code_key.in_(keys)).tuples() if keys else ():
            part.owners[key] = id_, name or code
        if any(_takes_away(row) for row in rows):
            part.groups = _groups_of(ids)
            part.own_later = work.later("customer", rows, among=own_values.NOUN)
        if any(_brings_back(row) for row in rows):
            part.own_taken = own_values.collisions([row.row_id for row in rows])
        return part

    def undo(self) -> None:
        for row in self.rows:
            self._row(row)
        self._write()

    def _row(self, row: ChangeRow) -> None:
        now = self.now.get(row.row_id)
        if now is None:
            self.work.keep("customer", row.row_id, GONE, name=row.row_id)
        elif not self._is_hers(row, now):
            self.work.keep("customer", row.row_id, NOT_YOURS)
        elif _takes_away(row):
            self._take_away(row, now)
        elif _brings_back(row):
            self._bring_back(row, now)
        else:
            self._give_back(row, now)

    def _is_hers(self, row: ChangeRow, now: dict[str, Any]) -> bool:
        if self.reach is None:
            return True
        shops = [] if now["removed_at"] else [now["shop"]]
        if "shop" in (row.before or {}):
            shops.append(row.before["shop"])
        return all(shop in self.reach for shop in shops)

    def _take_away(self, row: ChangeRow, now: dict[str, Any]) -> None:
        if now["removed_at"]:
            return
        said = {name: value for name, value in row.after.items() if name in FIELDS}
        if self._is_touched(row, (*FIELDS, "removed_at"), now, said) or row.row_id in self.own_later:
            self._keep(row, CHANGED)
        elif row.row_id in self.groups:
            self._keep(row, NAMED, group=self.groups[row.row_id])
        else:
            self._change(row.row_id, {"shop": None, "removed_at": clock.now()})

    def _bring_back(self, row: ChangeRow, now: dict[str, Any]) -> None:
        if not now["removed_at"]:
            return
        values = {name: value for name, value in (row.before or {}).items() if name in FIELDS}
        if self._is_touched(row, ("removed_at",), now, {"removed_at": row.after["removed_at"]}):
            self._keep(row, CHANGED)
        elif row.row_id in self.own_taken:
            value, label = self.own_taken[row.row_id]
            self._keep(row, OWN_TAKEN, value=value, field=label)
        else:
            self._try(row, values | {"removed_at": None})

    def _give_back(self, row: ChangeRow, now: dict[str, Any]) -> None:
        wanted = {name: value for name, value in (row.before or {}).items() if name in FIELDS}
        if all(plain(now[name]) == value for name, value in wanted.items()):
            return
        if now["removed_at"]:
            self._keep(row, GONE)
        elif self._is_touched(row, (*wanted, "removed_at"), now, {name: row.after[name] for name in wanted}):
            self._keep(row, CHANGED)
        else:
            self._try(row, wanted)

    def _is_touched(self, row: ChangeRow, columns: Sequence[str], now: dict[str, Any], said: dict[str, Any]) -> bool:
        return touched(row, columns, self.later) or any(plain(now[name]) != value for name, value in said.items())

    def _try(self, row: ChangeRow, values: dict[str, Any]) -> None:
        """Give values back, unless her code or her shop is no longer to be had."""
        key = values["code"].casefold() if "code" in values else ""
        owner = self.owners.get(key)
        if owner is not None and owner[0] != row.row_id:
            self._keep(row, TAKEN, code=values["code"], other=owner[1])
        elif values.get("shop") and values["shop"] not in self.shops:
            self._keep(row, NO_SHOP)
        else:
            self._change(row.row_id, values)

    def _change(self, id_: int, values: dict[str, Any]) -> None:
        now = self.now[id_]
        self.was.setdefault(id_, dict(now))
        if self.owners.get(now["code_key"], (0, ""))[0] == id_:
            del self.owners[now["code_key"]]
        now |= {name: typed(getattr(Customer, name), value) for name, value in values.items()}
        if now["removed_at"]:
            # No typed code begins with a space.
            now |= {"code_key": f" {id_}", "email_key": None, "phone_key": None, "search": ""}
            return
        changed = FIELDS if self.was[id_]["removed_at"] else values
        now |= keys_of({name: now[name] for name in changed}, config.current().region)
        now["search"] = search_text(now, self.lines.get(id_, ""))
        self.owners[now["code_key"]] = id_, now["name"] or now["code"]

    def _keep(self, row: ChangeRow, sentence: str, **params: object) -> None:
        now = self.now[row.row_id]
        self.work.keep("customer", row.row_id, sentence, name=now["name"] or now["code"], **params)

    def _write(self) -> None:
        if not self.was:
            return
        moment = clock.now()
        written = [
            [*(self.now[id_][name] for name in _STORED), was["version"] + 1, moment, id_]
            for id_, was in self.was.items()
        ]
        run_many(f"UPDATE customer SET {_SET}, version = ?, updated_at = ? WHERE id = ?", written)
        told = [(id_, *_differing(was, self.now[id_])) for id_, was in self.was.items()]
        self.work.recorder.rows("customer", told)
        self.work.restored["customer"] += len(told)
        # Their numbers, not a select of them: how many rows a change has just written PostgreSQL does not know yet.
        differing = {name for id_, was in self.was.items() for name in was if was[name] != self.now[id_][name]}
        if "removed_at" in differing:
            differing.add("shop")  # who comes back is looked at by every group
        membership.refresh(self.work.recorder, customers=list(self.was), fields=differing)


def _differing(was: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what changes keep of two states; of who goes or comes back all that she is."""
    columns: tuple[str, ...] = (*FIELDS, "removed_at")
    if was["removed_at"] == now["removed_at"]:
        columns = tuple(name for name in columns if was[name] != now[name])
    elif now["removed_at"]:
        return {name: plain(was[name]) for name in columns}, {"shop": None, "removed_at": plain(now["removed_at"])}
    else:
        return {"shop": None, "removed_at": plain(was["removed_at"])}, {name: plain(now[name]) for name in columns}
    return {name: plain(was[name]) for name in columns}, {name: plain(now[name]) for name in columns}


def _live_shops(ids: set[int]) -> Any:
    return Shop.select(Shop.id).where(Shop.id.in_(ids), Shop.removed_at.is_null()).tuples()


def _groups_of(ids: Any) -> dict[int, str]:
    """Return, by customer id, what a group is called of which a live item speaks of her."""
    named = (
        GroupItem.select(GroupItem.customer, Group.name, Group.code)
        .join(Group, on=(GroupItem.group == Group.id))
        .where(GroupItem.customer.in_(ids), GroupItem.ended_at.is_null())
        .order_by(GroupItem.id.desc())
    )
    return {customer_id: name or code for customer_id, name, code in named.tuples()}
