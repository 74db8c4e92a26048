"""Proposals: asking for what one may not do oneself, and deciding what others ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from portal import clock
from portal.errors import N_, Conflict, Missing, Refusal
from portal.models import Customer, Group, Membership, Proposal, User
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.queries import proposals as find
from portal.queries import shops as find_shops
from portal.services import details, groups, guards, items
from portal.services.changes import Recorder, record, values
from portal.services.details import Details
from portal.services.guards import Leave
from portal.services.items import NewItem, rules
from portal.services.items.new import as_json
from portal.services.items.new import check as check_item
from portal.text import clean

MAX_WORDS = 500
MAX_ITEMS = 500
# What a proposed group says of itself; marks, days and owner are for who brings it into being.
PROPOSED = ("name", "type", "hue", "description")


def ask_group(actor: Actor, said: Details, new_items: Sequence[NewItem] = (), reason: str = "") -> Proposal:
    """Propose a group with its first items, and return the proposal; nothing of it is there before it is approved.

    Raises Refusals naming the fields and what is wrong with a rule, Missing for customers and shops that are not hers
    to name.
    """
    require(actor, Action.PROPOSE)
    reason = words(reason, "reason")
    # She is not told that a name is taken by a group that she does not see; whoever approves is.
    details.check(said, among=find_groups.visible_to(actor))
    rows = _rows(actor, new_items)
    with record(actor, "proposal.group") as change:
        arguments = {"details": {name: asdict(said)[name] for name in PROPOSED}, "items": rows}
        return made(change, kind="group", asker=actor.user_id, reason=reason, arguments=arguments)


def ask_member(actor: Actor, group_id: int, customer_id: int, act: str, reason: str = "") -> Proposal:
    """Ask that a customer be added to a group or (`act` remove) be removed from it, and return the proposal."""
    require(actor, Action.PROPOSE)
    if act not in {"add", "remove"}:
        raise Refusal(N_("Choose whether to add or to remove."), "act")
    with record(actor, "proposal.membership") as change:
        group = find_groups.visible_to(actor).where(Group.id == group_id).first()
        if group is None:
            raise Missing(N_("This group is not there any more."), "group")
        customer = find_customers.visible_to(actor, Action.PROPOSE).where(Customer.id == customer_id).first()
        if customer is None:
            raise Missing(N_("There is no customer “%(reference)s”."), "customer", reference=customer_id)
        name = customer.name or customer.code
        is_member = Membership.select().where(Membership.group == group, Membership.customer == customer).exists()
        if is_member == (act == "add"):
            sentence = N_("%(name)s is in %(group)s already.") if is_member else N_("%(name)s is not in %(group)s.")
            raise Refusal(sentence, "customer", name=name, group=group.label)
        if find.is_asked(group, customer, act):
            raise Refusal(N_("This is asked for already and waits for a decision."), "customer")
        return made(
            change, kind="membership", asker=actor.user_id, reason=words(reason, "reason"), group=group,
            customer=customer, act=act,
        )  # fmt: skip


def approve_group(
    actor: Actor, proposal_id: int, said: Details, new_items: Sequence[NewItem], version: int | None = None
) -> groups.Saved:
    """Bring a proposed group into being, as it was proposed or as `actor` has changed it, and return it."""
    require(actor, Action.APPROVE)
    require(actor, Action.CREATE_GROUP)

    def act(proposal: Proposal, change: Recorder) -> groups.Saved:
        group = groups.insert(actor, said, change)
        change.about("group", group.id)
        warnings = items.put(actor, group, new_items, change)
        moved = items.settle(group, new_items, change)
        proposal.group = group
        return groups.Saved(group, moved.joined, moved.left, warnings)

    done: groups.Saved = _approved(actor, proposal_id, "group", "group.create", version, act)
    return groups.Saved(Group.get_by_id(done.group.id), done.joined, done.left, done.warnings)


def approve_member(
    actor: Actor, proposal_id: int, group_id: int, act: str, version: int | None = None
) -> items.Put:
    """Add or remove the customer as was asked, or as `actor` has changed it: another group, the other act."""
    require(actor, Action.APPROVE)
    require(actor, Action.CHANGE_MEMBER)
    if act not in {"add", "remove"}:
        raise Refusal(N_("Choose whether to add or to remove."), "act")

    def do(proposal: Proposal, change: Recorder) -> items.Put:
        sign = "include" if act == "add" else "exclude"
        item = NewItem(customer_id=proposal.customer_id, sign=sign, note=proposal.reason)
        change.about("group", group_id)
        return items.change_one(actor, group_id, item, change)

    done: items.Put
    if act == "add":
        done = _approved(actor, proposal_id, "membership", "group.add_member", version, do)
    else:
        done = _approved(actor, proposal_id, "membership", "group.remove_member", version, do)
    return done


def decline(actor: Actor, proposal_id: int, answer: str, version: int | None = None) -> Proposal:
    """Decline what somebody else asked for, with a word to her."""
    require(actor, Action.APPROVE)
    with record(actor, "proposal.decline", f"proposal:{proposal_id}") as change:
        proposal = open_one(actor, proposal_id, version)
        return decided(proposal, change, actor, "declined", answer=words(answer, "answer"))


def withdraw(actor: Actor, proposal_id: int) -> Proposal:
    """Take back what one has asked for oneself."""
    require(actor, Action.SEE_PROPOSALS)
    with record(actor, "proposal.withdraw", f"proposal:{proposal_id}") as change:
        proposal = find.by_id(actor, proposal_id)
        if proposal.asker_id != actor.user_id:
            raise Missing(N_("There is no such request."))
        _stillopen_one(proposal)
        return decided(proposal, change, actor, "withdrawn")


def made(change: Recorder, **columns: Any) -> Proposal:
    """Store a request inside a change that a service has open, and return it."""
    proposal = Proposal.create(**columns)
    change.about("proposal", proposal.id)
    change.created("proposal", proposal)
    return proposal


def _approved(
    actor: Actor, proposal_id: int, kind: str, verb: str, version: int | None,
    act: Callable[[Proposal, Recorder], Any],
) -> Any:  # fmt: skip
    """Run `act` as the approver's change, in which both names stand, and note that it was done."""
    # A manager who approves what somebody else asked for is the second person that the guard rails want.
    with guards.passing(Leave(_both(actor, proposal_id))), record(actor, verb) as change:
        proposal = open_one(actor, proposal_id, version)
        if proposal.kind != kind:
            raise Missing(N_("There is no such request."))
        done = act(proposal, change)
        decided(proposal, change, actor, "approved", change=change.id)
        return done


def _both(actor: Actor, proposal_id: int) -> str:
    """Return who asked, who approves and why, as the log keeps it."""
    proposal = Proposal.select(Proposal, User).join(User, on=Proposal.asker).where(Proposal.id == proposal_id).first()
    if proposal is None:
        raise Missing(N_("There is no such request."))
    return f"№ {proposal.id} · {proposal.asker.name} → {actor.name} · {proposal.reason}"


def open_one(actor: Actor, proposal_id: int, version: int | None) -> Proposal:
    """Return somebody else's open request, for `actor` to decide; raises Missing, Refusal, Conflict."""
    proposal = find.by_id(actor, proposal_id)
    if proposal.asker_id == actor.user_id:
        raise Refusal(N_("Nobody decides her own request; somebody else has to."))
    _stillopen_one(proposal)
    if version is not None and version != proposal.version:
        raise Conflict(N_("This request has changed since you opened it. Nothing was done; look at it again."))
    return proposal


def _stillopen_one(proposal: Proposal) -> None:
    if proposal.state != "open":
        raise Refusal(N_("This request is decided already. Nothing was changed."))


def decided(proposal: Proposal, writing: Recorder, actor: Actor, state: str, **columns: Any) -> Proposal:
    """Note what has become of a request, and who decided it, inside a change that a service has open."""
    before = values(proposal)
    proposal.state, proposal.decided_at, proposal.decided_by = state, clock.now(), actor.user_id
    proposal.version += 1
    for name, value in columns.items():
        setattr(proposal, name, value)
    proposal.save()
    writing.updated("proposal", proposal.id, before, values(proposal))
    return proposal


def words(text: str, field: str) -> str:
    """Return a reason or an answer as it is stored; raises Refusal for none or too many words."""
    text = clean(text)
    if not text:
        raise Refusal(N_("Say why."), field)
    if len(text) > MAX_WORDS:
        raise Refusal(N_("At most 500 characters fit here."), field)
    return text


def _check_rules(actor: Actor, said: Sequence[Mapping[str, Any]]) -> None:
    if len(said) > 1:
        raise Refusal(N_("A request has one rule at most."), "rule")
    # The groups that she may not see are not there for her.
    catalogue = find_fields.catalogue(actor=actor) if said else None
    for rule in said:
        rules.checked(rule, catalogue)


def _rows(actor: Actor, new_items: Sequence[NewItem]) -> list[dict[str, Any]]:
    """Return the items as the proposal keeps them; raises Missing for what `actor` may not name."""
    if len(new_items) > MAX_ITEMS:
        raise Refusal(N_("At most 500 items are added at once; import a list for more."), "item")
    if any(item.new_customer for item in new_items):
        raise Refusal(N_("Choose customers who are there already."), "item")
    _check_rules(actor, [item.rule for item in new_items if item.rule is not None])
    for item in new_items:
        check_item(item)
    people, shops, nested = (
        {getattr(item, name) for item in new_items} - {None} for name in ("customer_id", "shop_id", "of_group_id")
    )
    seen = find_customers.visible_to(actor, Action.PROPOSE).where(Customer.id.in_(people))
    n_seen = seen.count() if people else 0
    own = {shop.id for shop in find_shops.visible_to(actor, Action.PROPOSE)}
    if n_seen != len(people) or not shops <= own or nested != find_groups.among(actor, list(nested)):
        raise Missing(N_("One of the chosen items was not understood. Choose it again."), "item")
    return [as_json(item) for item in new_items]
