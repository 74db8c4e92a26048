"""What a person says about a group apart from its items: read, held against the rules, made into columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import ModelSelect

from portal import clock, config
from portal.errors import N_, Refusal, Refusals
from portal.models import Group
from portal.models.group import HUES
from portal.queries import users as find_users
from portal.services.days import planned
from portal.text import clean, fold, has_forbidden

TYPES = ("customer", "shop", "rule")
MAX_NAME = 120
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says about a group, apart from its items; dates as typed, '' for none.

    `owner_id` None leaves the owner as it is: of a new group, who creates it; `in_form` None likewise: a new group is a
    box of the customer form if it is of the type Customer.
    """

    name: str
    type: str = "customer"
    hue: str = "blue"
    description: str = ""
    agent_note: str = ""
    status: str = "active"
    is_guarded: bool = False
    is_sensitive: bool = False
    is_open: bool = False
    in_form: bool | None = None
    owner_id: int | None = None
    review_on: str = ""
    starts_on: str = ""
    ends_on: str = ""


def check(details: Details, own: Group | None = None, among: ModelSelect | None = None) -> dict[str, Any]:
    """Return the columns of a new group (or of the existing group `own`) that say what `details` says.

    A planned start is the beginning of its day in the store's time zone, a planned end lies behind the end of its day.
    `among` narrows the groups whose names are taken (default: all). Raises Refusals naming every field that cannot be
    taken.
    """
    name = " ".join(clean(details.name).split())
    name = name if fold(name) else ""  # nobody could read or type it
    days = _Days(details, own)
    refusals = [
        *_unfit_name(name, own, among), *_unfit_choices(details, own), *_unfit_texts(details), *days.unfit()
    ]  # fmt: skip
    if refusals:
        raise Refusals(refusals)
    said = {
        "name": name,
        "name_key": fold(name),
        "type": details.type,
        "hue": details.hue,
        "description": clean(details.description),
        "agent_note": clean(details.agent_note),
        "is_guarded": details.is_guarded,
        "is_sensitive": details.is_sensitive,
        "is_open": details.is_open,
        "review_on": days.review_on,
        "starts_at": days.starts_at,
        "ends_at": days.ends_at,
    }
    if details.in_form is not None or own is None:
        said["in_form"] = details.type == "customer" if details.in_form is None else details.in_form
    return said if details.owner_id is None else said | {"owner": details.owner_id}


def day_of(moment: datetime | None, *, is_end: bool = False) -> str:
    """Return the day of a planned start or end as a person types it; '' for none."""
    if moment is None:
        return ""
    if is_end:
        moment -= timedelta(seconds=1)
    return clock.day(moment, config.current().timezone).isoformat()


class _Days:
    """The days of `details`, read; what is stored already is taken as it is, though its day may have passed."""

    def __init__(self, details: Details, own: Group | None) -> None:
        self.zone = config.current().timezone
        self.today = clock.today(self.zone)
        self.is_draft = (own.status if own else details.status) == "draft"
        self.refusals: list[Refusal] = []
        self.review_on: date | None = None
        self.starts_at: datetime | None = None
        self.ends_at: datetime | None = None
        if own is not None and details.review_on.strip() == str(own.review_on or ""):
            self.review_on = own.review_on
        else:
            self.review_on = self._day("review_on", details.review_on)
        if own is not None and details.starts_on.strip() == day_of(own.starts_at):
            self.starts_at = own.starts_at
        else:
            self._start(self._day("starts_on", details.starts_on))
        if own is not None and details.ends_on.strip() == day_of(own.ends_at, is_end=True):
            self.ends_at = own.ends_at
        else:
            day = self._day("ends_on", details.ends_on)
            self.ends_at = clock.beginning(day + timedelta(days=1), self.zone) if day else None

    def unfit(self) -> list[Refusal]:
        """Return what cannot be taken, each named by its field."""
        if not self.refusals and self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            return [*self.refusals, Refusal(N_("The planned end lies before the planned start."), "ends_on")]
        return self.refusals

    def _start(self, day: date | None) -> None:
        if day is None:
            return
        if not self.is_draft:
            self.refusals.append(Refusal(N_("A start is planned for drafts only."), "starts_on"))
        # The past is read from history only: what starts today starts now.
        self.starts_at = clock.now() if day == self.today else clock.beginning(day, self.zone)

    def _day(self, field: str, text: str) -> date | None:
        try:
            return planned(field, text)
        except Refusal as refusal:
            self.refusals.append(refusal)
            return None


def _unfit_name(name: str, own: Group | None, among: ModelSelect | None) -> Iterator[Refusal]:
    # A group may lose its name later (lists then show its code), but nobody creates one without.
    if not name and own is None:
        yield Refusal(N_("A name is required."), "name")
    if len(name) > MAX_NAME:
        yield Refusal(N_("A group's name has at most 120 characters."), "name")
    groups = Group.select() if among is None else among
    taken = groups.where(Group.name_key == fold(name), Group.status != "deleted").first() if name else None
    if taken is not None and (own is None or taken.id != own.id):
        yield Refusal(N_("There is a group called “%(name)s” already."), "name", name=taken.name)


def _unfit_choices(details: Details, own: Group | None) -> Iterator[Refusal]:
    if details.type not in TYPES:
        yield Refusal(N_("Choose Customer, Shop or Rule."), "type")
    if details.hue not in HUES:
        yield Refusal(N_("Choose one of the colours shown."), "hue")
    if details.is_sensitive and details.is_open:
        yield Refusal(N_("Support does not see a sensitive group, so it cannot be open to support."), "is_open")
    is_new_owner = details.owner_id is not None and (own is None or own.owner_id != details.owner_id)
    if is_new_owner and details.owner_id not in {user.id for user in find_users.keepers()}:
        yield Refusal(N_("Choose somebody who may edit groups."), "owner_id")


def _unfit_texts(details: Details) -> Iterator[Refusal]:
    for field in ("name", "description", "agent_note"):
        if has_forbidden(getattr(details, field)):
            yield Refusal(N_("This holds characters that cannot be stored. Please type it anew."), field)
        elif field != "name" and len(getattr(details, field)) > MAX_TEXT:
            yield Refusal(N_("At most 2 000 characters fit here."), field)
