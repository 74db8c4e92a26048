"""Every act that is recorded: whether it can be undone, by whom and how, or why not (product.md §5, Undo).

| act | undone by |
|---|---|
| customer.create, customer.import | she is removed: nothing finds her, her code is free |
| customer.edit | her earlier values come back, in the store's own fields too |
| import.run | both of these, and what is said of groups and items |
| import.columns | the earlier choice counts for the next file of these columns |
| group.create, group.duplicate, group.of_values | the groups are deleted, their items end |
| group.edit, group.restore, group.draft, group.archive, group.delete | earlier values and status come back |
| group.items, group.add_member, group.remove_member, group.end_item, group.rule | new items end; ended ones come back |
| shop.create, shop.edit, shop.import | the shop is removed; earlier code and name come back |
| field.create | the field is retired; nothing of it is deleted |
| field.edit, field.retire, field.restore, field.move | earlier words, marks and places come back |
| setting.guards | the earlier guard rails |
| user.create | the account is closed, its roles are taken away |
| user.grant, user.revoke | the role is taken away, or given again |
| user.activate, user.deactivate | the account is closed, or opened again; sessions that ended stay ended |
| user.language | the earlier language |
| change.undo | what the undone change did is done again |
| the others | never, for the reason that stands beside each |
"""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.errors import N_, Refusal
from portal.models import Change, Import
from portal.permissions import Action, Actor, require
from portal.services.imports import columns

# How often an undo may be undone and that again: far beyond what anybody does, and no chain is endless.
_DEEPEST = 1_000


@dataclass(frozen=True, slots=True)
class Rule:
    """The right that an act needed, which its undo needs too; or why there is no undo of it."""

    action: Action | None = None
    why_not: str = ""


_NO_PASSWORD = N_("A password is not kept anywhere, so an earlier one cannot come back. Set a new one instead.")
_NO_SESSION = N_("Signing in and out cannot be undone. A session can be ended on the page of one's own account.")
_NO_DAY = N_("A day that was planned has come. Plan another one, or change what it did, in the group itself.")
_NO_REQUEST = N_("A request is not undone: whoever made it withdraws it, as long as nobody has decided.")
_NO_DECISION = N_("What became of a request is not undone. Undo what it did, or ask again.")
ACTS: dict[str, Rule] = {
    "customer.create": Rule(Action.EDIT_CUSTOMER),
    "customer.edit": Rule(Action.EDIT_CUSTOMER),
    "customer.import": Rule(Action.IMPORT_CUSTOMERS),
    "customer.reveal": Rule(why_not=N_("An ID was shown. That cannot be undone.")),
    "customer.export": Rule(why_not=N_("A list was taken out of the portal. That cannot be undone.")),
    "import.run": Rule(Action.IMPORT_CUSTOMERS),
    "import.columns": Rule(Action.IMPORT_CUSTOMERS),
    "group.create": Rule(Action.CREATE_GROUP),
    "group.duplicate": Rule(Action.CREATE_GROUP),
    "group.of_values": Rule(Action.CREATE_GROUP),
    "group.edit": Rule(Action.EDIT_GROUP),
    "group.restore": Rule(Action.CREATE_GROUP),
    "group.draft": Rule(Action.EDIT_GROUP),
    "group.archive": Rule(Action.EDIT_GROUP),
    "group.delete": Rule(Action.EDIT_GROUP),
    "group.items": Rule(Action.EDIT_GROUP),
    # Who may change single members of open groups only, undoes in those only (items.py).
    "group.add_member": Rule(Action.CHANGE_OPEN_MEMBER),
    "group.remove_member": Rule(Action.CHANGE_OPEN_MEMBER),
    "group.end_item": Rule(Action.EDIT_GROUP),
    "group.rule": Rule(Action.EDIT_GROUP),
    "field.create": Rule(Action.EDIT_FIELDS),
    "field.edit": Rule(Action.EDIT_FIELDS),
    "field.retire": Rule(Action.EDIT_FIELDS),
    "field.restore": Rule(Action.EDIT_FIELDS),
    "field.move": Rule(Action.EDIT_FIELDS),
    "shop.create": Rule(Action.EDIT_SHOP),
    "shop.edit": Rule(Action.EDIT_SHOP),
    "shop.import": Rule(Action.EDIT_SHOP),
    "setting.guards": Rule(Action.SET_GUARDS),
    "user.create": Rule(Action.EDIT_USER),
    "user.grant": Rule(Action.GRANT_ROLE),
    "user.revoke": Rule(Action.GRANT_ROLE),
    "user.activate": Rule(Action.EDIT_USER),
    "user.deactivate": Rule(Action.EDIT_USER),
    "user.language": Rule(Action.OWN_ACCOUNT),
    "user.password": Rule(why_not=_NO_PASSWORD),
    "user.sign_in": Rule(why_not=_NO_SESSION),
    "user.sign_out": Rule(why_not=_NO_SESSION),
    "proposal.group": Rule(why_not=_NO_REQUEST),
    "proposal.membership": Rule(why_not=_NO_REQUEST),
    "proposal.approval": Rule(why_not=_NO_REQUEST),
    "proposal.approve": Rule(why_not=_NO_DECISION),
    "proposal.decline": Rule(why_not=_NO_DECISION),
    "proposal.withdraw": Rule(why_not=_NO_DECISION),
    "clock.due": Rule(why_not=_NO_DAY),
    "group.unstarted": Rule(why_not=_NO_DAY),
    "system.backup": Rule(why_not=N_("A backup is a file beside the database; nothing in it could be undone.")),
    "system.restore": Rule(
        why_not=N_("A restore exchanged the whole database. To go back, restore the backup that was made before it.")
    ),
    # Whatever the change at the end of the chain needed.
    "change.undo": Rule(),
}
# What the rows of a change need beside the right of the act: an import may bring groups and items along.
_OF_NOUNS = {
    "customer": Action.EDIT_CUSTOMER,
    "customer_value": Action.EDIT_CUSTOMER,
    "field": Action.EDIT_FIELDS,
    "group": Action.EDIT_GROUP,
    "shop": Action.EDIT_SHOP,
    "user_role": Action.GRANT_ROLE,
}


def check(actor: Actor, change: Change, nouns: frozenset[str]) -> None:
    """Raise Denied or Refusal unless `actor` may undo a change whose rows are of these nouns."""
    require(actor, Action.UNDO_OWN)
    root, _depth = origin(change)
    rule = ACTS.get(root.act, Rule(why_not=N_("This version of the portal does not know how to undo this change.")))
    if rule.why_not:
        raise Refusal(rule.why_not)
    if rule.action is not None:
        require(actor, rule.action)
    for noun in sorted(nouns & set(_OF_NOUNS)):
        require(actor, _OF_NOUNS[noun])
    if any(columns.moves_members(imported) for imported in Import.select().where(Import.change == root)):
        require(actor, Action.EDIT_GROUP)


def origin(change: Change) -> tuple[Change, int]:
    """Return the change at the end of a chain of undoing, and how many links lead there."""
    depth = 0
    while change.undoes_id is not None and depth < _DEEPEST:
        change = change.undoes
        depth += 1
    return change, depth


def origins(change_ids: Iterable[int]) -> dict[int, str]:
    """Return the act at the end of each chain of undoing, by change: a statement for each link, however many ask."""
    ends = {change_id: change_id for change_id in change_ids}
    acts: dict[int, str] = {}
    todo = set(ends)
    while todo and len(acts) < _DEEPEST * len(ends):
        rows = Change.select(Change.id, Change.undoes, Change.act).where(Change.id.in_(todo)).tuples()
        links = {change_id: undoes for change_id, undoes, act in rows if not acts.update({change_id: act})}
        ends = {change_id: links.get(end) or end for change_id, end in ends.items()}
        todo = {undoes for undoes in links.values() if undoes is not None}
    return {change_id: acts[end] for change_id, end in ends.items()}


def may_be_undone_by(actor: Actor, act: str, *, is_own: bool, of_group: bool) -> bool:
    """Tell whether the actor may ask for an undo of such a change, her own or not, perhaps of a file for a group."""
    rule = ACTS.get(act)
    if rule is None or rule.action is None or not actor.may(Action.UNDO_OWN if is_own else Action.UNDO_ANY):
        return False
    if rule.action is Action.OWN_ACCOUNT:
        return is_own
    return actor.may(rule.action) and (not of_group or actor.may(Action.EDIT_GROUP))


def may_be_undone(act: str) -> bool:
    """Tell whether there is an undo of changes of that act at all."""
    rule = ACTS.get(act)
    return rule is not None and not rule.why_not
