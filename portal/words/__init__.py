"""Sentences for people, said the same on a page and in the terminal; each door has chosen the language."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import format_number, gettext, ngettext

from portal.errors import N_
from portal.models import Group, Job
from portal.queries import jobs as find_jobs
from portal.queries.filters import FieldTest, Filter
from portal.rules.catalogue import Catalogue
from portal.rules.tree import Any_, Test
from portal.values import Remark
from portal.words.rules import phrase
from portal.words.saying import say as say

_UNDONE = (
    "customer", "customer_value", "group", "group_item", "shop", "field", "user", "user_role", "setting", "file_shape",
)  # fmt: skip


def of_restored(restored: Mapping[str, int]) -> str:
    """Return what an undo brought back, such as: Undone: 9 980 customers, 1 group."""
    n = {noun: restored.get(noun, 0) for noun in _UNDONE}
    shown = {noun: format_number(number) for noun, number in n.items()}
    parts = {
        "customer": ngettext("%(n)s customer", "%(n)s customers", n["customer"], n=shown["customer"]),
        "customer_value": ngettext(
            "own fields of %(n)s customer", "own fields of %(n)s customers", n["customer_value"],
            n=shown["customer_value"],
        ),
        "group": ngettext("%(n)s group", "%(n)s groups", n["group"], n=shown["group"]),
        "group_item": ngettext("%(n)s item", "%(n)s items", n["group_item"], n=shown["group_item"]),
        "shop": ngettext("%(n)s shop", "%(n)s shops", n["shop"], n=shown["shop"]),
        "field": ngettext("%(n)s field", "%(n)s fields", n["field"], n=shown["field"]),
        "user": ngettext("%(n)s account", "%(n)s accounts", n["user"], n=shown["user"]),
        "user_role": ngettext("%(n)s role", "%(n)s roles", n["user_role"], n=shown["user_role"]),
        "setting": ngettext("%(n)s setting", "%(n)s settings", n["setting"], n=shown["setting"]),
        "file_shape": gettext("what columns of a file stand for"),
    }
    return gettext("Undone: %(what)s.", what=", ".join(words for noun, words in parts.items() if n[noun]))


def of_filter(wanted: Filter) -> str:
    """Return a filter as a part of a sentence, such as: in “Super Bonus”, not in “Employees”; '' for everybody."""
    parts = []
    if wanted.all:
        parts.append(_named(wanted.all, gettext("in %(group)s"), gettext(" and ")))
    if wanted.any:
        parts.append(_named(wanted.any, gettext("in %(group)s"), gettext(" or ")))
    if wanted.none:
        parts.append(_named(wanted.none, gettext("not in %(group)s"), gettext(" or ")))
    if wanted.shops:
        parts.append(gettext("shop %(name)s", name=gettext(" or ").join(shop.name for shop in wanted.shops)))
    parts += [of_test(test) for test in wanted.fields]
    if wanted.q.strip():
        parts.append(gettext("with “%(text)s” in name, code, e-mail or phone", text=wanted.q.strip()))
    return ", ".join(parts)


def of_test(test: FieldTest) -> str:
    """Return a condition on a field as a part of a sentence, such as: City is “Porto” or “Lisboa”."""
    tree = test.tree
    if isinstance(tree, Any_):  # of several values each is asked by itself; they are said as one
        parts = [part for part in tree.parts if isinstance(part, Test)]
        tree = Test(parts[0].field, parts[0].op, tuple(value for part in parts for value in part.values))
    return phrase(tree, Catalogue({test.info.code: test.info}))


def _named(groups: tuple[Group, ...], pattern: str, between: str) -> str:
    return pattern % {"group": between.join(f"“{group.label}”" for group in groups)}


_KINDS = {
    "clock.due": N_("What is due by the clock"), "clock.forecast": N_("Whom the clock moves next"),
    "membership.settle": N_("Writing down a large move"),
    "field.search": N_("Search over a field"), "import.run": N_("Import of a file"),
    "import.foresee": N_("Preview of an import"),
    "change.undo": N_("Undo of a change"),
}  # fmt: skip
_STATES = {
    "waiting": N_("Waiting"), "running": N_("Running"), "done": N_("Done"), "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}  # fmt: skip


@dataclass(frozen=True)
class JobWords:
    """What a job does, how it stands, why it failed and what it has done, in the reader's language."""

    kind: str
    state: str
    error: str
    told: str = ""


def of_job(job: Job) -> JobWords:
    """Return a job in words."""
    error = say(Remark(job.error, "", dict(job.error_params))) if job.error else ""
    return JobWords(gettext(_KINDS[job.kind]), gettext(_STATES[job.state]), error, _told(job))


def _told(job: Job) -> str:
    if job.kind != "change.undo" or "restored" not in job.result:
        return ""
    n, told = job.result["kept"], of_restored(job.result["restored"])
    return told + (
        " " + ngettext("%(n)s row stays as it is", "%(n)s rows stay as they are", n, n=format_number(n)) + "."
        if n else ""
    )  # fmt: skip


def progress_of(job: Job) -> str:
    """Return how far an open job is, such as: 4 200 of 20 000, about 10 s left."""
    if job.state == "waiting" and not job.n_steps:
        return gettext("It waits for its turn.")
    if not job.n_all:
        return gettext("It has begun.")
    told = gettext("%(done)s of %(all)s", done=format_number(job.n_done), all=format_number(job.n_all))
    left = find_jobs.seconds_left(job) if job.state == "running" else None
    if left is None:
        return told
    if left < 100:
        return told + gettext(", about %(n)s s left", n=left)
    return told + gettext(", about %(n)s min left", n=round(left / 60))
