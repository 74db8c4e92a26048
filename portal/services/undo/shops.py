"""Undoing what was done to shops: earlier codes and names come back; one that came by the change goes out of sight."""

from collections.abc import Iterator

from portal.errors import N_, Denied, Refusal
from portal.models import ChangeRow, Shop
from portal.services import shops
from portal.services.changes import plain
from portal.services.undo.work import Later, Work, touched

CHANGED = N_("The shop %(name)s has been changed since.")
_SAID = ("code", "name", "removed_at")


def put_back(work: Work) -> Iterator[None]:
    """Undo the shops of a change."""
    for rows in work.parts("shop"):
        later = work.later("shop", rows)
        by_id = {shop.id: shop for shop in Shop.select().where(Shop.id.in_([row.row_id for row in rows]))}
        for row in rows:
            _undo(work, row, by_id[row.row_id], later)
        yield


def _undo(work: Work, row: ChangeRow, shop: Shop, later: Later) -> None:
    goes = row.before is None or bool(row.before.get("removed_at"))
    now = {name: plain(shop.__data__[name]) for name in _SAID}
    wanted = {name: row.before[name] for name in _SAID if name in row.before} if row.before else {}
    if bool(shop.removed_at) if goes else all(now[name] == value for name, value in wanted.items()):
        return
    looked_at = _SAID if goes else (*wanted, "removed_at")
    is_other = any(now[name] != row.after[name] for name in looked_at if name in row.after)
    if is_other or touched(row, looked_at, later):
        work.keep("shop", shop.id, CHANGED, name=shop.name)
        return
    try:
        if goes:
            shops.remove(work.actor, shop, work.recorder)
        else:
            shops.put_back(work.actor, shop, wanted, work.recorder)
    except Denied:
        raise
    except Refusal as refusal:
        work.keep("shop", shop.id, refusal.sentence, **refusal.params)
    else:
        work.restored["shop"] += 1
