"""A proof in words: one headline, and the few sentences that prove it; the same on a page and in the terminal."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_decimal, gettext, ngettext

from portal import config
from portal.errors import N_
from portal.queries.history.timeline import Stay
from portal.queries.why import Fix, PastProof, Proof, Reason
from portal.queries.why.rules import Verdict
from portal.rules.tree import Tree
from portal.words.causes import say_cause, who
from portal.words.rules import phrase

_SHOPS = 5  # named of those that a group includes; further ones are counted
_ITEMS = {
    ("include", "customer"): N_("Included by name"),
    ("include", "shop"): N_("Included with the shop %(shop)s"),
    ("include", "group"): N_("Included as a member of %(group)s"),
    ("include", "share"): N_("Included by the share %(share)s of %(group)s, for her lot is %(lot)s"),
    ("include", "rule"): N_("Included by a rule: %(rule)s"),
    ("exclude", "customer"): N_("Kept out by name"),
    ("exclude", "shop"): N_("Kept out with the shop %(shop)s"),
    ("exclude", "rule"): N_("Kept out by a rule: %(rule)s"),
    ("exclude", "group"): N_("Kept out as a member of %(group)s"),
    ("exclude", "share"): N_("Kept out by the share %(share)s of %(group)s, for her lot is %(lot)s"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a proof; those of a group within the group have a higher `level`. `sign` is in, out or ''."""

    text: str
    level: int = 0
    sign: str = ""


def headline(proof: Proof | PastProof) -> str:
    """Return whether she is a member, as a sentence."""
    names = {"name": proof.customer.name or proof.customer.code, "group": _label(proof)}
    if isinstance(proof, PastProof):
        told = N_("%(name)s was in %(group)s on %(day)s.") if proof.is_member else N_(
            "%(name)s was not in %(group)s on %(day)s."
        )  # fmt: skip
        return gettext(told) % {**names, "day": format_date(proof.day, "long")}
    return gettext(N_("%(name)s is in %(group)s.") if proof.is_member else N_("%(name)s is not in %(group)s.")) % names


def lines(proof: Proof | PastProof) -> list[Line]:
    """Return the sentences of a proof, what decides first."""
    if isinstance(proof, PastProof):
        return [Line(text) for text in _of_the_past(proof)]
    return [*_of_proof(proof, 0), *_of_stay(proof)]


def _of_proof(proof: Proof, level: int) -> list[Line]:
    told = [Line(text, level, "out") for text in _of_status(proof)]
    for reason in proof.excludes:
        told += _of_reason(reason, level, "out")
    if proof.excludes and proof.includes:
        told.append(Line(gettext("Exclude always wins over what includes her:"), level))
    for reason in proof.includes:
        told += _of_reason(reason, level, "in")
    if not proof.is_hidden:
        told += _of_misses(proof, level)
    return told


def _of_status(proof: Proof) -> list[str]:
    if proof.status == "draft":
        told = [gettext("A draft has no members.")]
        if proof.group.starts_at is not None:
            told.append(gettext("It becomes active on %(day)s.", day=_day(proof.group.starts_at)))
        return told
    return [gettext("An archived group has no members.")] if proof.status in {"archived", "deleted"} else []


def _of_reason(reason: Reason, level: int, sign: str) -> list[Line]:
    told = [Line(_sentence(reason), level, sign), *_conditions(reason, level + 1)]
    if reason.proof is not None and not reason.proof.is_hidden:
        told += _of_proof(reason.proof, level + 1)
    return told


def _sentence(reason: Reason) -> str:
    said = _item(reason)
    if reason.cause is not None:
        said += f", {_added(reason)}"
    if reason.item.valid_from is not None:
        said += ", " + gettext("from %(day)s", day=_day(reason.item.valid_from))
    if reason.item.valid_until is not None:
        said += ", " + gettext("until %(day)s", day=_day(reason.item.valid_until - timedelta(microseconds=1)))
    note = f" “{reason.item.note}”" if reason.item.note else ""
    return f"{said}.{note}"


def _item(reason: Reason) -> str:
    return gettext(_ITEMS[reason.sign, reason.kind]) % {
        "shop": reason.shop.name if reason.shop else "", "group": _label(reason.proof) if reason.proof else "",
        "share": _share(reason), "lot": _percent(reason.lot),
        "rule": _rule(reason.verdict, reason.verdict.tree) if reason.verdict else "",
    }  # fmt: skip


def _rule(verdict: Verdict, tree: Tree) -> str:
    return phrase(tree, verdict.catalogue)


def _conditions(reason: Reason, level: int) -> list[Line]:
    """Return of each condition of a rule whether it holds; of one that is the whole rule that is said already."""
    verdict = reason.verdict
    if verdict is None or len(verdict.conditions) < 2:
        return []
    yes, no = gettext("Holds: %(condition)s"), gettext("Does not hold: %(condition)s")
    return [
        Line((yes if holds else no) % {"condition": _rule(verdict, leaf)}, level, "in" if holds else "out")
        for leaf, holds in verdict.conditions
    ]


def _added(reason: Reason) -> str:
    cause, day = reason.cause, _day(reason.item.created_at)
    if cause is None:
        return ""
    if cause.number is not None:
        return _imported(reason, cause.number, cause.file, who(cause), day)
    if cause.act == "customer.edit" and cause.shops:
        return gettext("for she stayed when she left %(shop)s on %(day)s", shop=cause.shops[0], day=day)
    return gettext("by %(who)s on %(day)s", who=who(cause), day=day)


def _imported(reason: Reason, number: int, file: str, by: str, day: str) -> str:
    if reason.file_row is None:
        return gettext(
            "with import %(number)s (%(file)s) by %(who)s on %(day)s", number=number, file=file or "–", who=by, day=day
        )
    return gettext(
        "with import %(number)s (%(file)s, row %(row)s) by %(who)s on %(day)s", number=number, file=file or "–",
        row=reason.file_row, who=by, day=day,
    )  # fmt: skip


def _of_misses(proof: Proof, level: int) -> list[Line]:
    """Return what would have brought her in, or will: the nearest misses."""
    told: list[Line] = []
    for reason in proof.reasons:
        if reason.timing == "later":
            told.append(Line(gettext("Not yet: %(what)s", what=_sentence(reason)), level))
        elif reason.timing == "now" and not reason.counts and reason.sign == "include" and not proof.is_member:
            told += _outside(reason, level)
    if proof.is_member or proof.excludes:
        return told
    if proof.missed or proof.n_unnamed:
        told.append(Line(_elsewhere(proof), level))
    if not proof.has_named:
        told.append(Line(gettext("Nobody has added her by name."), level))
    return told


def _outside(reason: Reason, level: int) -> list[Line]:
    if reason.verdict is not None:
        said = _rule(reason.verdict, reason.verdict.tree)
        text = gettext("A rule of the group does not fit her: %(rule)s.", rule=said)
        return [Line(text, level), *_conditions(reason, level + 1)]
    if reason.proof is None:
        return []
    if reason.proof.is_member:
        text = gettext(
            "The group includes the share %(share)s of %(group)s; her lot is %(lot)s.", share=_share(reason),
            group=_label(reason.proof), lot=_percent(reason.lot),
        )  # fmt: skip
        return [Line(text, level)]
    text = gettext("The group includes members of %(group)s; she is not in it.", group=_label(reason.proof))
    return [Line(text, level), *([] if reason.proof.is_hidden else _of_proof(reason.proof, level + 1))]


def _elsewhere(proof: Proof) -> str:
    names = [shop.name for shop in proof.missed]
    further = len(names[_SHOPS:]) + proof.n_unnamed
    here = proof.customer.shop.name if proof.customer.shop else gettext("no shop")
    if not names:
        return gettext("The group includes whole shops; she is in %(here)s, which is none of them.", here=here)
    listed = ", ".join(names[:_SHOPS])
    if further:
        listed += " " + ngettext("and %(n)s more", "and %(n)s more", further, n=further)
    return ngettext(
        "The group includes the shop %(shops)s; she is in %(here)s.",
        "The group includes the shops %(shops)s; she is in %(here)s.",
        len(names) + proof.n_unnamed, shops=listed, here=here,
    )  # fmt: skip


def _of_stay(proof: Proof) -> list[Line]:
    stay = proof.stay
    if stay is None:
        return []
    if proof.is_member and stay.left is None:
        return [Line(gettext("A member since %(day)s.", day=_day(stay.joined_at)))]
    if proof.is_member or stay.left is None or stay.left_at is None:
        return []
    return [Line(_was(stay))]


def _was(stay: Stay) -> str:
    return gettext(
        "She was a member from %(first)s to %(second)s. Left: %(why)s.", first=_day(stay.joined_at),
        second=_day(stay.left_at) if stay.left_at else "", why=say_cause(stay.left) if stay.left else "",
    )  # fmt: skip


def _of_the_past(proof: PastProof) -> list[str]:
    if proof.stay is not None:
        since = _day(proof.stay.joined_at)
        told = [gettext("She joined on %(day)s: %(why)s.", day=since, why=say_cause(proof.stay.joined))]
        if proof.stay.left is not None and proof.stay.left_at is not None:
            left = _day(proof.stay.left_at)
            told.append(gettext("She left on %(day)s: %(why)s.", day=left, why=say_cause(proof.stay.left)))
        return told
    told = [_was(proof.before)] if proof.before is not None else []
    if proof.after is not None:
        day, why = _day(proof.after.joined_at), say_cause(proof.after.joined)
        told.append(gettext("Only later, on %(day)s, she joined: %(why)s.", day=day, why=why))
    return told or [gettext("She has never been a member.")]


def fix(what: Fix, proof: Proof) -> str:
    """Return what the button of a fix says."""
    if what.kind == "end":
        reason = next(reason for reason in proof.excludes if reason.item.id == what.item_id)
        return gettext("End this item: %(what)s", what=_item(reason))
    labels = {
        "add": N_("Add her by name"), "lift": N_("Lift the exclusion and add her by name"),
        "restore": N_("Make the group active"),
    }  # fmt: skip
    return gettext(labels[what.kind])


def _label(proof: Proof | PastProof) -> str:
    if isinstance(proof, Proof) and proof.is_hidden:
        return gettext("a group you may not see")
    return f"“{proof.group.label}”"


def _share(reason: Reason) -> str:
    return f"{_percent(reason.item.low)}–{_percent(reason.item.high)} %"


def _percent(hundredths: int | None) -> str:
    return str(format_decimal((hundredths or 0) / 100))


def _day(moment: datetime | date) -> str:
    """Return a moment (UTC) as a day of the store's, as the reader's language writes it."""
    if isinstance(moment, datetime):
        moment = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(config.current().timezone)).date()
    return str(format_date(moment, "long"))
