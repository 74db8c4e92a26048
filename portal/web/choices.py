"""What can be ticked as an item: its value in the form, and what it is called.

A value is `sign:kind:number`, with what was said besides behind a question mark: days, a share, a note.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask_babel import format_date, format_decimal, gettext

from portal.access import MAX_ID, actor
from portal.errors import N_, Refusal
from portal.models import Customer, Group, GroupItem, Shop
from portal.permissions import Action
from portal.services import days, details
from portal.services.items import NewItem, hundredths
from portal.web import rule_words

SIGNS = ("include", "exclude")
KINDS = ("customer", "shop", "group")
# What may be said besides, and of which kinds.
SAID = {
    "from_day": KINDS, "until_day": KINDS, "note": KINDS, "on_leave": ("shop",), "low": ("group",), "high": ("group",),
    "seed": ("group",),
}  # fmt: skip
NOT_UNDERSTOOD = N_("One of the chosen items was not understood. Choose it again.")


@dataclass(frozen=True)
class Choice:
    """A line that can be ticked: its value in the form, what it is called, more about it, what is said besides."""

    value: str
    label: str
    about: str
    sign: str
    kind: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """A value taken apart."""

    sign: str
    kind: str
    number: int
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_share(self) -> bool:
        """Tell whether it is a share of a group."""
        return not {"low", "high", "seed"}.isdisjoint(self.said)

    @property
    def value(self) -> str:
        """Return the value as it stands in the form."""
        bare = f"{self.sign}:{self.kind}:{self.number}"
        return f"{bare}?{urlencode(self.said)}" if self.said else bare

    def item(self) -> NewItem:
        """Return it as the service takes it; raises Refusal where days or a share cannot be read."""
        named = {"customer": "customer_id", "shop": "shop_id", "group": "of_group_id"}[self.kind]
        first, last = days.span(self.said.get("from_day", ""), self.said.get("until_day", ""))
        said: dict[str, Any] = {named: self.number, "sign": self.sign, "valid_from": first, "valid_until": last}
        said |= {name: self.said[name] for name in ("note", "on_leave", "seed") if name in self.said}
        if self.is_share:
            said |= {name: hundredths(self.said.get(name, whole)) for name, whole in (("low", "0"), ("high", "100"))}
        return NewItem(**said)


def value_of(item: NewItem) -> str:
    """Return the value under which a form holds an item that was put together before."""
    ids = {"customer": item.customer_id, "shop": item.shop_id, "group": item.of_group_id}
    kind, number = next((kind, number) for kind, number in ids.items() if number is not None)
    said = {
        "from_day": details.day_of(item.valid_from), "until_day": details.day_of(item.valid_until, is_end=True),
        "note": item.note, "on_leave": "" if item.on_leave == "leave" else item.on_leave,
        "low": f"{item.low / 100:g}" if item.low is not None else "",
        "high": f"{item.high / 100:g}" if item.high is not None else "", "seed": item.seed,
    }  # fmt: skip
    return Parts(item.sign, kind, number, {name: text for name, text in said.items() if text}).value


def signed(value: str, sign: str, said: Mapping[str, str]) -> str:
    """Return the value of something ticked just now: with that sign and what is said besides of its kind."""
    if value.partition("?")[0].count(":") != 1:
        return value
    own = own_of(value.partition(":")[0], sign, said)
    return f"{sign}:{value}?{urlencode(own)}" if own else f"{sign}:{value}"


def own_of(kind: str, sign: str, said: Mapping[str, str]) -> dict[str, str]:
    """Return what can be said of an item of that kind and sign, of all that is typed; `static/js/coterie.js` too."""
    own = {name: text for name, text in typed(said).items() if kind in SAID[name]}
    if sign == "exclude":
        own.pop("on_leave", None)
    return own


def typed(said: Mapping[str, str]) -> dict[str, str]:
    """Return what of a form says anything besides, apart from blanks."""
    filled = {name: text.strip() for name, text in said.items() if name in SAID and text.strip()}
    return {name: text for name, text in filled.items() if (name, text) != ("on_leave", "leave")}


def unsigned(value: str) -> str:
    """Return which row a value names, whatever is said of it."""
    return value.partition("?")[0].partition(":")[2]


def parts(value: str) -> Parts:
    """Take a value apart; raises Refusal for one that no page has drawn."""
    bare, _, rest = value.partition("?")
    sign, _, named = bare.partition(":")
    kind, _, number = named.partition(":")
    if sign not in SIGNS or kind not in KINDS or not (number.isascii() and number.isdigit()):
        raise Refusal(NOT_UNDERSTOOD, "item")
    if len(number) > 10 or int(number) > MAX_ID:
        raise Refusal(NOT_UNDERSTOOD, "item")
    said = dict(parse_qsl(rest, keep_blank_values=True, max_num_fields=20)) if rest.count("&") < 20 else {"": ""}
    if any(kind not in SAID.get(name, ()) for name in said):
        raise Refusal(NOT_UNDERSTOOD, "item")
    return Parts(sign, kind, int(number), said)


def of_customer(customer: Customer, value: Parts | None = None) -> Choice:
    """Return the line of a customer."""
    return _choice(value or Parts("include", "customer", customer.id), customer.name or customer.code, customer.code)


def of_shop(shop: Shop, value: Parts | None = None) -> Choice:
    """Return the line of a shop."""
    return _choice(value or Parts("include", "shop", shop.id), shop.name, shop.code)


def of_group(group: Group, value: Parts | None = None) -> Choice:
    """Return the line of a group."""
    return _choice(value or Parts("include", "group", group.id), group.label, group.code)


def _choice(value: Parts, label: str, about: str) -> Choice:
    return Choice(value.value, label, about, value.sign, value.kind, tuple(_said(value)))


def _said(value: Parts) -> list[str]:
    said = value.said
    share = ""
    if value.is_share:
        share = gettext(
            "share %(low)s–%(high)s %%, seed “%(seed)s”", low=said.get("low", "0"), high=said.get("high", "100"),
            seed=said.get("seed", ""),
        )  # fmt: skip
    return _told(
        share, said.get("from_day", ""), said.get("until_day", ""), said.get("on_leave", ""), said.get("note", "")
    )


def name_of(item: GroupItem) -> str:
    """Return what an item names: a customer, a shop, or a group that this person may see."""
    if item.kind == "customer":
        return item.customer.name or item.customer.code
    if item.kind == "shop":
        return item.shop.name
    if item.kind == "rule":
        return rule_words.sentence_of(item)
    return item.of_group.label if is_seen(item) else gettext("a group you may not see")


def is_seen(item: GroupItem) -> bool:
    """Tell whether this person may see the group that an item names."""
    return not item.of_group.is_sensitive or actor().may(Action.SEE_SENSITIVE)


def said_of(item: GroupItem | NewItem) -> list[str]:
    """Return what else an item says, in words: its share, its days, who stays, its note."""
    share = ""
    if item.low is not None and item.high is not None:
        low, high = (format_decimal(part / 100) for part in (item.low, item.high))
        share = gettext("share %(low)s–%(high)s %%, seed “%(seed)s”", low=low, high=high, seed=item.seed)
    first, last = details.day_of(item.valid_from), details.day_of(item.valid_until, is_end=True)
    return _told(share, first, last, item.on_leave, item.note)


def _told(share: str, first: str, last: str, on_leave: str, note: str) -> list[str]:
    told = [
        share,
        gettext("from %(day)s", day=_day(first)) if first else "",
        gettext("until %(day)s", day=_day(last)) if last else "",
        gettext("who leaves the shop stays") if on_leave == "stay" else "",
        note,
    ]
    return [text for text in told if text]


def _day(text: str) -> str:
    """Return a typed day as the language of the page writes it; what is none as it was typed."""
    try:
        return str(format_date(date.fromisoformat(text), "medium"))
    except ValueError:
        return text
