"""Why on a past day: history answers, with the interval that holds the day or those that lie nearest."""

from dataclasses import dataclass
from datetime import date

from portal.errors import N_, Missing
from portal.models import Customer, Group
from portal.permissions import Action, Actor, require_shop
from portal.queries.history import causes
from portal.queries.history.days import end_of
from portal.queries.history.timeline import Stay
from portal.queries.why.reading import changes_of, stay_of, stay_rows


@dataclass(frozen=True)
class PastProof:
    """The stay that holds the end of `day`, or else the last that ended before it and the first that began after it."""

    group: Group
    customer: Customer
    day: date
    stay: Stay | None
    before: Stay | None
    after: Stay | None

    @property
    def is_member(self) -> bool:
        """Tell whether she was in at the end of that day."""
        return self.stay is not None


def why_at(actor: Actor, group: Group, customer: Customer, day: date) -> PastProof:
    """Return what history says of `customer` (whom `actor` may see) and `group` at the end of `day`."""
    require_shop(actor, Action.WHY, customer.shop_id)
    if group.is_sensitive and not actor.may(Action.SEE_SENSITIVE):
        raise Missing(N_("There is no group “%(code)s”."), "group", code=group.code)
    moment = end_of(day)
    rows = stay_rows(group, customer)
    found = causes.of(changes_of(rows), customer)
    stays = [stay_of(group, row, found) for row in rows]
    # A stay lasts up to, not at, the moment of leaving; a day is looked at from its end.
    inside = [stay for stay in stays if stay.joined_at < moment and (stay.left_at is None or stay.left_at >= moment)]
    if inside:
        return PastProof(group, customer, day, inside[0], None, None)
    before = [stay for stay in stays if stay.left_at is not None and stay.left_at < moment]
    after = [stay for stay in stays if stay.joined_at >= moment]
    return PastProof(group, customer, day, None, before[-1] if before else None, after[0] if after else None)
