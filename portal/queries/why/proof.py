"""The proof itself: pure, over the facts that were read."""

from dataclasses import dataclass
from datetime import datetime

from portal.db import lot
from portal.models import Customer, Group, GroupItem, Shop
from portal.queries.history.causes import Cause
from portal.queries.history.timeline import Stay
from portal.queries.why.reading import Elsewhere, Facts
from portal.queries.why.rules import Verdict


@dataclass(frozen=True)
class Reason:
    """One live item that speaks of her, or of a group that she may be in.

    `timing` is now, later or over; `counts` says that it includes or excludes her now. Of an item that names another
    group there is the `proof` for that group, of a share her `lot` in hundredths of a percent, of a rule the `verdict`.
    """

    item: GroupItem
    sign: str
    kind: str
    timing: str
    counts: bool
    shop: Shop | None = None
    proof: "Proof | None" = None
    lot: int | None = None
    cause: Cause | None = None
    file_row: int | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Proof:
    """Whether `customer` is in `group` now, and everything that speaks for it and against it.

    `status` is what the clock has made of the group by now. `reasons` are the items that touch her; `missed` are the
    other shops that the group includes, `n_unnamed` how many more there are that the reader may not be told of.
    `stay` is her present or last one in the group that was asked about. A group that is not shown to the reader
    `is_hidden`: of it she learns only whether the customer is in.
    """

    group: Group
    customer: Customer
    status: str
    is_member: bool
    reasons: list[Reason]
    missed: list[Elsewhere]
    n_unnamed: int = 0
    stay: Stay | None = None
    is_hidden: bool = False

    @property
    def includes(self) -> list[Reason]:
        """Return what includes her now, if the group has members at all."""
        return [reason for reason in self.reasons if reason.counts and reason.sign == "include"]

    @property
    def excludes(self) -> list[Reason]:
        """Return what keeps her out now, whatever includes her."""
        return [reason for reason in self.reasons if reason.counts and reason.sign == "exclude"]

    @property
    def has_named(self) -> bool:
        """Tell whether a live item names her, whatever its dates."""
        return any(reason.kind == "customer" for reason in self.reasons)


def prove(facts: Facts, group: Group, depth: int = 0) -> Proof:
    """Return the proof for a group of the facts, with those of the groups that its items name."""
    touching = [_reason(facts, item, depth) for item in facts.items.get(group.id, [])]
    elsewhere = facts.elsewhere.get(group.id, [])
    missed = [shop for shop in elsewhere if facts.reach is None or shop.id in facts.reach]
    status = _status(group, facts.moment)
    signs = {reason.sign for reason in touching if reason.counts}
    is_member = status == "active" and signs == {"include"}  # law 1 of product.md §4
    if group.is_sensitive and not facts.sees_sensitive:
        return Proof(group, facts.customer, "", is_member, [], [], is_hidden=True)
    stay = facts.stay if depth == 0 else None
    return Proof(group, facts.customer, status, is_member, touching, missed, len(elsewhere) - len(missed), stay)


def _reason(facts: Facts, item: GroupItem, depth: int) -> Reason:
    timing = _timing(item, facts.moment)
    cause = facts.causes.get(item.created_by_id)
    row = facts.file_rows.get(cause.number) if cause and cause.number is not None and item.kind == "customer" else None
    proof = drawn = None
    verdict = facts.verdicts.get(item.id)
    fits = verdict.fits if verdict else item.kind == "customer" or item.shop_id == facts.customer.shop_id
    if item.of_group_id is not None:
        # What is stored has no circles (law 12), but a proof must end whatever is stored.
        proof = prove(facts, facts.groups[item.of_group_id], depth + 1) if depth < 6 else None
        fits = proof is not None and proof.is_member
    if item.kind == "share":
        drawn = lot(item.seed, facts.customer.uid)
        fits = fits and item.low <= drawn < item.high
    shop = item.shop if item.shop_id is not None else None
    return Reason(item, item.sign, item.kind, timing, fits and timing == "now", shop, proof, drawn, cause, row, verdict)


def _timing(item: GroupItem, moment: datetime) -> str:
    if item.valid_until is not None and item.valid_until <= moment:
        return "over"
    return "later" if item.valid_from is not None and item.valid_from > moment else "now"


def _status(group: Group, moment: datetime) -> str:
    """Return active, draft, archived or deleted, with what was planned for a moment that has come."""
    if group.status in {"draft", "active"} and group.ends_at is not None and group.ends_at <= moment:
        return "archived"
    if group.status == "draft" and group.starts_at is not None and group.starts_at <= moment:
        return "active"
    return str(group.status)
