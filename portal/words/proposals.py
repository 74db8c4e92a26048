"""Requests in words: what each asks for, and what has become of it."""

from flask_babel import gettext

from portal.errors import N_
from portal.models import Group, Proposal
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.queries import proposals as find
from portal.rules.catalogue import Catalogue
from portal.words.rules_read import sentence_for

STATES = {
    "open": N_("Waiting"), "approved": N_("Approved"), "declined": N_("Declined"), "withdrawn": N_("Withdrawn")
}  # fmt: skip


def of_proposal(actor: Actor, proposal: Proposal) -> str:
    """Return what a proposal asks for, as `actor` may read it."""
    if proposal.kind == "group":
        return gettext("New group “%(name)s”", name=proposal.arguments["details"]["name"])
    group = find.label_of(proposal) if find.is_shown(actor, proposal) else gettext("a group you may not see")
    if proposal.customer is None:
        return _of_act(proposal, group)
    names = {"name": proposal.customer.name or proposal.customer.code, "group": group}
    if proposal.act in {"add", "items.add_member"}:
        return gettext("Add %(name)s to %(group)s", **names)
    if proposal.act == "customers.edit":
        return gettext("Edit %(name)s, and her place in %(group)s", **names)
    return gettext("Remove %(name)s from %(group)s", **names)


def rules_of(actor: Actor, proposal: Proposal, catalogue: Catalogue | None = None) -> list[str]:
    """Return what the rules of the items say that a proposal would put, as `actor` may read them."""
    said = [item["rule"] for item in proposal.arguments.get("items", []) if "rule" in item]
    there = catalogue or (find_fields.catalogue(actor=actor) if said else None)
    return [sentence_for(actor, rule, there) for rule in said if there is not None]


def _of_act(proposal: Proposal, group: str) -> str:
    sentences = {
        "items.add": gettext("Add items to %(group)s", group=group),
        "items.end": gettext("End an item of %(group)s", group=group),
        "items.change_rule": gettext("Change a rule of %(group)s", group=group),
        "groups.create": gettext("New group “%(name)s”", name=group),
        "value_groups.create": gettext("New groups of a field's values, “%(name)s” among them", name=group),
        "groups.duplicate": gettext("Duplicate %(group)s", group=group),
        "customers.create": gettext("New customer, in %(group)s", group=group),
        "groups.delete": gettext("Delete %(group)s", group=group),
        "groups.edit": gettext("Edit %(name)s", name=group),
        "undo.undo": gettext("Undo change %(n)s", n=proposal.arguments.get("change_id", "")),
        "imports.run": gettext("Import a file into %(group)s", group=group),
        "archived": gettext("Archive %(group)s", group=group),
        "draft": gettext("Make %(group)s a draft", group=group),
        "active": gettext("Make %(group)s active", group=group),
    }
    is_status = proposal.act == "groups.set_status"
    return sentences.get(proposal.arguments.get("status") if is_status else proposal.act, proposal.act)


def of_group(actor: Actor, group: Group | None) -> str:
    """Return what a group that would move is called; of one that `actor` may not see only that it is one."""
    is_seen = group is not None and find_groups.sees(actor, group)
    return group.label if group is not None and is_seen else gettext("a group you may not see")
