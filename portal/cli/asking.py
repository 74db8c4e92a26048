"""What the terminal does with an act that needs a second person: ask for approval, and say under which number."""

from flask_babel import gettext

from portal.errors import N_, NeedsApproval, Refusal
from portal.permissions import Actor
from portal.services import approvals
from portal.services.guards import Call
from portal.words import say


def asked(actor: Actor, needed: NeedsApproval) -> Refusal:
    """Ask for approval of an act, and return the refusal that tells the number of the request."""
    if not approvals.others(actor):
        sentence = N_("%(why)s Nobody else can; do it in the browser, by typing the name of the group.")
        return Refusal(sentence, why=say(needed))
    reason = str(needed.arguments.get("note") or "") or gettext("Asked for in the terminal.")
    proposal = approvals.ask(actor, Call(needed.call, dict(needed.arguments)), reason)
    return Refusal(N_("%(why)s It is asked for as request %(n)s."), why=say(needed), n=proposal.id)
