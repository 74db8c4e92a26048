"""A proof as plain data, for other programs."""

from typing import Any

from portal.queries.history.timeline import Stay
from portal.queries.why.fixes import Fix
from portal.queries.why.past import PastProof
from portal.queries.why.proof import Proof, Reason
from portal.rules.tree import to_json


def of_proof(proof: Proof, fixes: list[Fix]) -> dict[str, Any]:
    """Return a proof as JSON can hold it; of a group that is not shown to the reader only whether she is in."""
    return _proof(proof) | {
        "customer": proof.customer.code,
        "since": proof.stay.joined_at if proof.stay and proof.stay.left is None else None,
        "fixes": [{"kind": fix.kind, "item": fix.item_id} for fix in fixes],
    }


def of_past(proof: PastProof) -> dict[str, Any]:
    """Return what history says as JSON can hold it."""
    stays = {"stay": proof.stay, "before": proof.before, "after": proof.after}
    return {
        "group": proof.group.code, "customer": proof.customer.code, "at": proof.day, "member": proof.is_member,
        **{name: _stay(stay) if stay else None for name, stay in stays.items()},
    }  # fmt: skip


def _proof(proof: Proof) -> dict[str, Any]:
    if proof.is_hidden:
        return {"group": None, "member": proof.is_member}
    return {
        "group": proof.group.code, "status": proof.status, "member": proof.is_member,
        "reasons": [_reason(reason) for reason in proof.reasons],
        "missed": [shop.code for shop in proof.missed],
    }  # fmt: skip


def _reason(reason: Reason) -> dict[str, Any]:
    item, cause = reason.item, reason.cause
    told: dict[str, Any] = {
        "item": item.id, "sign": reason.sign, "kind": reason.kind, "counts": reason.counts, "timing": reason.timing,
        "note": item.note, "added": item.created_at, "from": item.valid_from, "until": item.valid_until,
        "by": cause.who if cause else "", "door": cause.door if cause else "",
        "change": cause.change_id if cause else None, "import": cause.number if cause else None,
        "row": reason.file_row, "shop": reason.shop.code if reason.shop else None,
    }  # fmt: skip
    if reason.kind == "share":
        told |= {"low": item.low, "high": item.high, "lot": reason.lot}
    if reason.verdict is not None:
        held = [{"test": to_json(leaf), "holds": holds} for leaf, holds in reason.verdict.conditions]
        told |= {"rule": to_json(reason.verdict.tree), "fits": reason.verdict.fits, "tests": held}
    if reason.proof is not None:
        told["proof"] = _proof(reason.proof)
    return told


def _stay(stay: Stay) -> dict[str, Any]:
    return {
        "joined": stay.joined_at, "joined_by": stay.joined.change_id, "left": stay.left_at,
        "left_by": stay.left.change_id if stay.left else None,
    }  # fmt: skip
