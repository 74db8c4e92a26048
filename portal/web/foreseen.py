"""What an import would move in all groups, as its pages show it, and who."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from portal.access import actor
from portal.errors import N_, Missing
from portal.models import Import, Job
from portal.queries import foreseen as find
from portal.queries import jobs as find_jobs
from portal.queries.foreseen import Total
from portal.services.imports import foreseeing
from portal.web.language import say
from portal.web.render import render
from portal.words import of_job, progress_of


@dataclass(frozen=True)
class Moved:
    """What becomes of the group of an import and of all others, as of when, or how far it is worked out."""

    own: list[Total]
    others: list[Total]
    is_over: bool
    is_current: bool
    at: datetime | None
    refusal: str
    job: Job | None
    progress: str
    error: str


def of(imported: Import) -> Moved:
    """Return what is known of what a checked import moves."""
    is_over = find.is_over(imported)
    newest = None if is_over else find_jobs.newest_about(foreseeing.key(imported.id))
    job = newest if newest is not None and newest.finished_at is None else None
    found = find.totals(actor(), imported) if is_over else []
    target = imported.group_id or (0 if imported.new_group else None)
    why = find.refused(imported)
    return Moved(
        [one for one in found if one.group_id == target], [one for one in found if one.group_id != target],
        is_over, find.is_current(imported), find.at(imported) if is_over else None, say(why) if why else "",
        job, progress_of(job) if job else "", of_job(newest).error if newest is not None else "",
    )  # fmt: skip


def page(imported: Import) -> Response:
    """Show what a checked import would move in all groups or, where the address names one and a way, who moves."""
    wanted, way = request.args.get("group", ""), request.args.get("way", "")
    if not wanted and not way:
        return render("imports/preview.html", imported=imported, moved=of(imported))
    total = next((one for one in find.totals(actor(), imported) if str(one.group_id) == wanted), None)
    if total is None or way not in {"joining", "leaving"}:
        raise Missing(N_("This import moves nobody there."))
    after, is_joining = request.args.get("after", ""), way == "joining"
    people = find.people(
        actor(), imported, total.group_id, is_joining=is_joining,
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0,
    )  # fmt: skip
    return render(
        "imports/who.html", imported=imported, total=total, people=people, is_joining=is_joining,
        is_current=find.is_current(imported), at=find.at(imported),
    )  # fmt: skip
