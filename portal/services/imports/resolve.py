"""Resolving: whom each staged row fits and what it would do, set-based, in SQL that both databases read.

Whom a row fits and what becomes of it is found in `matching`, what it does to the group in `effect`.
"""

import secrets
import time
from functools import partial

import peewee
from peewee import fn

from portal.db import transaction
from portal.errors import N_, Conflict
from portal.models import ChangeRow, Customer, Import, ImportRow
from portal.services import customers
from portal.services.imports import counts, effect, judging, matching, turns

BEING_MATCHED = N_("Somebody else is importing this very file just now. Wait a moment, then look at it again.")


def resolve(imported: Import) -> None:
    """Write into each staged row whom it fits, its result and its effect on the group; set counts and fingerprint.

    One step after the other, each for one part of the rows after the other; others who write are let in between.
    What they write meanwhile is found by `stands`. Who begins to match the same rows anew stops whoever was at it:
    that one gets Conflict. Stores the import.
    """
    _begin(imported)
    judge = judging.judge_of(imported)
    steps = [*matching.steps(imported.first_key, judge), effect.join]
    slow = [*judge.first_steps(), *judge.last_steps()]
    seen = imported.fingerprint
    work = [
        partial(step, part)
        for step in steps
        for part in turns.parts(imported, judging.ROWS if step in slow else turns.PART)
    ]
    while work:
        with transaction(turns.PATIENCE):
            _is_mine(imported)
            until = time.monotonic() + turns.HOLD
            while True:
                work.pop(0)()
                if not work or time.monotonic() >= until:
                    break
        time.sleep(turns.BREATH)
    with transaction(turns.PATIENCE):
        _is_mine(imported)
        counts.summarise(imported, judge.counts)
        # As long as what it does is the same, what was foreseen stays, with the moment as of which it is.
        imported.foreseen = Import.get_by_id(imported.id).foreseen if imported.fingerprint == seen else {}
        imported.matching = ""
        imported.state = "checked"
        imported.save()


def _begin(imported: Import) -> None:
    imported.matching = secrets.token_hex(8)
    imported.as_of, imported.code_base = newest_change_row(), customers.code_base()
    mine = [Import.id == imported.id, Import.state.in_(("reading", "checked"))]
    with transaction(turns.PATIENCE):
        # One that has been run or dropped meanwhile stays as it is, and is nobody's to match.
        Import.update(matching=imported.matching).where(*mine).execute()


def _is_mine(imported: Import) -> None:
    if Import.select(Import.matching).where(Import.id == imported.id).scalar() != imported.matching:
        raise Conflict(BEING_MATCHED)


def newest_change_row() -> int:
    """Return the id of the newest row of any change."""
    return ChangeRow.select(fn.MAX(ChangeRow.id)).scalar() or 0


def stands(imported: Import) -> bool:
    """Tell whether nobody else has written anything since the rows were matched.

    The import's own writing moves `as_of` on, for as long as that is so.
    """
    return not ChangeRow.select().where(ChangeRow.id > imported.as_of).exists()


def set_aside(part: turns.Part) -> None:
    """Refuse the rows whose customers somebody else has touched since the rows were matched."""
    imported = part.imported
    fits = ImportRow.customer == Customer.id
    for staged, stored in matching.KEYS.values():
        fits |= stored == staged
    touched = ChangeRow.select(ChangeRow.row_id).where(
        ChangeRow.id > imported.as_of, ChangeRow.change != (imported.change_id or 0), ChangeRow.noun == "customer"
    )
    somebody = Customer.select(peewee.SQL("1")).where(Customer.id.in_(touched), fits)
    taken = part.rows(ImportRow.result.in_(effect.TAKEN), fn.EXISTS(somebody))
    ImportRow.update(result="refused", reason=matching.MEANWHILE, joins="").where(*taken).execute()


def follow(imported: Import) -> None:
    """Give rows that say a customer a second time what their first row came to."""
    leader = ImportRow.alias()
    led = leader.select(leader.customer).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    alone = [ImportRow.imported == imported, ImportRow.result == "unchanged", ImportRow.customer.is_null()]
    ImportRow.update(customer=led).where(*alone).execute()
    ImportRow.update(result="refused", reason=matching.MEANWHILE, joins="").where(*alone).execute()
