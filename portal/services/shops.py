"""Creating and editing shops."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.errors import N_, Conflict, Missing, Refusal
from portal.models import Customer, GroupItem, Shop, UserRole
from portal.permissions import Action, Actor, require
from portal.queries.shops import of_code
from portal.queries.uses import users_of_shop
from portal.services.changes import Recorder, record, values
from portal.text import clean, fold, has_forbidden

MAX_CODE = 40
MAX_NAME = 120
# A code stands in addresses of pages, several of them with commas between.
_NOT_IN_CODES = frozenset("/\\,\n\t")
_RESERVED = frozenset({"new", ".", ".."})


def create(actor: Actor, *, code: str, name: str) -> Shop:
    """Create a shop and return it; raises Refusal when the code is missing or taken."""
    require(actor, Action.EDIT_SHOP)
    with record(actor, "shop.create") as change:
        code, name = _checked(code, name)
        shop = _insert(code, name)
        change.about("shop", shop.id)
        change.created("shop", shop)
    return shop


def edit(actor: Actor, shop_id: int, *, code: str, name: str, version: int | None = None) -> Shop:
    """Give a shop another code or name and return it; raises Missing, and Refusal, also while a rule asks for its code.

    `version` is the one the form was drawn with; another one stored now raises Conflict.
    """
    require(actor, Action.EDIT_SHOP)
    with record(actor, "shop.edit", f"shop:{shop_id}") as change:
        shop = Shop.get_or_none(Shop.id == shop_id, Shop.removed_at.is_null())
        if shop is None:
            raise Missing(N_("This shop is not there any more."))
        if version is not None and version != shop.version:
            raise Conflict(
                N_(
                    "Somebody else changed this shop since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        before = values(shop)
        _name(shop, code, name)
        _store(shop, before, change)
    return shop


def put_back(actor: Actor, shop: Shop, said: Mapping[str, Any], change: Recorder) -> None:
    """Give a shop an earlier code or name, or bring it back, inside a change that another service has open.

    Raises Refusal when the code is taken by now.
    """
    require(actor, Action.EDIT_SHOP)
    before = values(shop)
    _name(shop, said.get("code", shop.code), said.get("name", shop.name))
    shop.removed_at = None
    _store(shop, before, change)


def _name(shop: Shop, code: str, name: str) -> None:
    code, name = _checked(code, name, shop.id)
    if code.casefold() != shop.code_key:
        _refuse_if_asked(shop)
    shop.code, shop.code_key, shop.name, shop.name_key = code, code.casefold(), name, fold(name)


def _refuse_if_asked(shop: Shop) -> None:
    """Refuse to take a shop's code away from the rules that ask for the shop by it."""
    users = ", ".join(f"“{use.label}”" for use in users_of_shop(shop))
    if users:
        raise Refusal(
            N_("Rules of %(groups)s ask for the shop by its code “%(code)s”. Change those first."), "code",
            groups=users, code=shop.code,
        )  # fmt: skip


def remove(actor: Actor, shop: Shop, change: Recorder) -> None:
    """Take a shop out of sight that nothing speaks of, inside a change that another service has open; its code is free.

    Raises Refusal while customers, items, rules or roles name it.
    """
    require(actor, Action.EDIT_SHOP)
    used = {
        N_("%(name)s stays: customers belong to this shop by now."): Customer.select().where(Customer.shop == shop),
        N_("%(name)s stays: an item of a group speaks of this shop by now."): GroupItem.select().where(
            GroupItem.shop == shop, GroupItem.ended_at.is_null()
        ),
        N_("%(name)s stays: somebody holds a role for this shop by now."): UserRole.select().where(
            UserRole.shop == shop
        ),
    }
    for sentence, rows in used.items():
        if rows.exists():
            raise Refusal(sentence, name=shop.name)
    _refuse_if_asked(shop)
    before = values(shop)
    shop.removed_at = clock.now()
    shop.code_key = f" {shop.id}"  # which nobody can type
    _store(shop, before, change)


def _store(shop: Shop, before: dict[str, Any], change: Recorder) -> None:
    if values(shop) != before:
        shop.version += 1
        shop.save()
        change.updated("shop", shop.id, before, values(shop))


@dataclass(frozen=True, slots=True)
class ShopRow:
    """One row of a file of shops: its number, the code, and the name where the file has one."""

    row: int
    code: str
    name: str | None = None


@dataclass(slots=True)
class Imported:
    """What a file of shops did, or would do: rows by result, and the refused ones with the reason."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Refusal]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return the number of rows, and of rows of each result."""
        done = {"new": self.new, "updated": self.updated, "unchanged": self.unchanged, "refused": len(self.refused)}
        return {"rows": sum(done.values()), **done}


def put_all(actor: Actor, rows: Iterable[ShopRow], *, dry_run: bool = False) -> Imported:
    """Create the shops that are not there and rename those that are, as one change; refused rows are left out.

    A row without a name leaves a shop's name alone; of two rows for one shop the second is refused unless they agree.
    A dry run counts and writes nothing.
    """
    require(actor, Action.EDIT_SHOP)
    with record(actor, "shop.import") as change:
        done, wanted = Imported(), _wanted(rows)
        done.refused = wanted.refused
        stored = {shop.code_key: shop for shop in Shop.select().where(Shop.removed_at.is_null())}
        for key, (code, name) in wanted.shops.items():
            shop = stored.get(key)
            if shop is None:
                done.new += 1
                if not dry_run:
                    change.created("shop", _insert(code, name or code))
            elif name in {"", shop.name}:
                done.unchanged += 1
            else:
                done.updated += 1
                if not dry_run:
                    _rename(shop, name, change)
        done.unchanged += wanted.n_again
    return done


@dataclass(slots=True)
class _Wanted:
    """The shops a file names, code and name by code key, the rows that repeat one, and the refused ones."""

    shops: dict[str, tuple[str, str]] = field(default_factory=dict)
    n_again: int = 0
    refused: list[tuple[int, Refusal]] = field(default_factory=list)


def _wanted(rows: Iterable[ShopRow]) -> _Wanted:
    wanted = _Wanted()
    for row in rows:
        code, name = clean(row.code), clean(row.name or "")
        refusal = _misshapen(code, name, row)
        before = wanted.shops.get(code.casefold())
        if refusal is None and before is not None and name not in {"", before[1]}:
            refusal = Refusal(N_("Another row names the shop “%(code)s” differently."), "code", code=code)
        if refusal is not None:
            wanted.refused.append((row.row, refusal))
        elif before is not None:
            wanted.n_again += 1
        else:
            wanted.shops[code.casefold()] = (code, name)
    return wanted


def _insert(code: str, name: str) -> Shop:
    return Shop.create(code=code, code_key=code.casefold(), name=name, name_key=fold(name))


def _rename(shop: Shop, name: str, change: Recorder) -> None:
    before = values(shop)
    shop.name, shop.name_key = name, fold(name)
    _store(shop, before, change)


def _misshapen(code: str, name: str, typed: ShopRow | None = None) -> Refusal | None:
    """Return what is wrong with a code or a name by itself."""
    if typed is not None and has_forbidden(typed.code + (typed.name or "")):
        return Refusal(N_("This holds characters that cannot be stored. Please type it anew."), "code")
    if not fold(code):
        return Refusal(N_("Give the shop a code."), "code")
    if len(code) > MAX_CODE or _NOT_IN_CODES & set(code) or code.casefold() in _RESERVED:
        return Refusal(N_("A shop's code has at most 40 characters, no slashes or commas, and is not “new”."), "code")
    if len(name) > MAX_NAME:
        return Refusal(N_("A shop's name has at most 120 characters."), "name")
    return None


def _checked(code: str, name: str, own_id: int | None = None) -> tuple[str, str]:
    code, name = clean(code), clean(name)
    refusal = _misshapen(code, name)
    if refusal is not None:
        raise refusal
    taken = of_code(code)
    if taken is not None and taken.id != own_id:
        raise Refusal(N_("Another shop has the code “%(code)s” already: %(name)s."), "code", code=code, name=taken.name)
    return code, name if fold(name) else code
