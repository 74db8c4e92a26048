"""Reading customers: who may see whom, finding one, what is masked."""

from typing import Any

import peewee

from portal import clock, config
from portal.db import like
from portal.emails import email_key
from portal.errors import N_, Missing, Refusal
from portal.models import Change, Customer, Shop
from portal.models.customer import FIELDS
from portal.permissions import Action, Actor
from portal.phones import read_phone
from portal.text import digits, fold

# The minutes for which a reveal with a logged reason opens a masked ID.
REVEALED_MINUTES = 10
MASK = "••••"
MAX_SEARCHED = 200  # characters of a searched text that count; SQLite refuses a pattern of some ten thousand


def visible_to(actor: Actor, action: Action = Action.SEE_CUSTOMERS) -> peewee.ModelSelect:
    """Return a select of the customers for whom `actor` may do `action`; where every list and look-up starts.

    Customers without a shop are seen by company-wide roles only (product.md §5).
    """
    query = Customer.select()
    if not actor.may(action):
        return query.where(peewee.Value(0) == 1)
    reach = actor.shops(action)
    # One who was removed is in no shop.
    return query.where(Customer.removed_at.is_null() if reach is None else Customer.shop.in_(reach))


def known_to(actor: Actor) -> peewee.ModelSelect:
    """Return a select of the customers of whom changes may tell `actor`: also those who were removed since."""
    wide = actor.may(Action.SEE_CUSTOMERS) and actor.shops(Action.SEE_CUSTOMERS) is None
    return Customer.select() if wide else visible_to(actor)


def by_id(actor: Actor, customer_id: int) -> Customer:
    """Return the customer of that id if `actor` may see her; raises Missing."""
    return _found(visible_to(actor).where(Customer.id == customer_id), str(customer_id))


def by_code(actor: Actor, code: str) -> Customer:
    """Return the customer of that code, whatever the case, if `actor` may see her; raises Missing."""
    return _found(visible_to(actor).where(Customer.code_key == code.casefold()), code)


def _found(query: peewee.ModelSelect, reference: str) -> Customer:
    customer = query.select(Customer, Shop).join(Shop, peewee.JOIN.LEFT_OUTER).first()
    if customer is None:
        raise Missing(N_("There is no customer “%(reference)s”."), reference=reference)
    return customer


def resolve(actor: Actor, reference: str) -> Customer:
    """Return the one customer whose code, e-mail or phone is `reference`.

    Raises Missing, or Refusal naming the candidates when several fit.
    """
    reference = reference.strip()
    matches = [Customer.code_key == reference.casefold()]
    hidden = actor.masked_anywhere()
    if "@" in reference and "email" not in hidden:
        matches.append(Customer.email_key == email_key(reference))
    phone = read_phone(reference, config.current().region or None) if digits(reference) else None
    if phone and phone.key and "phone" not in hidden:
        matches.append(Customer.phone_key == phone.key)
    for match in matches:
        found = list(visible_to(actor).where(match).order_by(Customer.id).limit(6))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"{customer.code} {customer.name}".strip() for customer in found)
            raise Refusal(
                N_("“%(reference)s” fits several customers: %(names)s. Use the code."), reference=reference, names=names
            )
    raise Missing(N_("There is no customer “%(reference)s”."), reference=reference)


def masked(actor: Actor, customer: Customer) -> frozenset[str]:
    """Return the columns of this customer that `actor` sees masked now, after any reveal of the last minutes."""
    hidden = actor.masked(customer.shop_id)
    # Only who may edit her may reveal, and only the ID (product.md §6).
    may_reveal = hidden == {"id_number"}
    if may_reveal and _is_revealed(actor, customer):
        return frozenset()
    return hidden


def _is_revealed(actor: Actor, customer: Customer) -> bool:
    return (
        Change.select()
        .where(
            Change.subject == f"customer:{customer.id}",
            Change.act == "customer.reveal",
            Change.actor == actor.user_id,
            Change.at >= clock.ago(minutes=REVEALED_MINUTES),
        )
        .exists()
    )


def shown(customer: Customer, hidden: frozenset[str]) -> dict[str, Any]:
    """Return her FIELDS as this person may read them: masked ones keep only their last characters.

    Not the columns that matching and searching compare: they repeat in the open what is masked.
    """
    values = {name: getattr(customer, name) for name in FIELDS}
    return {name: mask(name, value) if name in hidden else value for name, value in values.items()}


def mask(name: str, value: Any) -> str:
    """Return a value that can be told apart from others by its end but not read; an empty one stays empty."""
    text = str(value or "")
    if not text or name == "address":
        return MASK if text else ""
    if name == "email":
        return f"{MASK}@{MASK}"
    return f"{MASK} {text[-2:]}" if len(text) > 5 else MASK


def matching(actor: Actor, text: str) -> list[peewee.Expression]:
    """Return conditions that a customer fits the searched `text`: every word is part of a name, code, e-mail or phone.

    Words are compared folded; a word of digits is compared with the digits of the phone, without leading zeros.
    Whoever sees e-mail or phone masked searches names and codes only.
    """
    names_only = bool(actor.masked_anywhere() & {"email", "phone"})
    return [_fits(word, names_only) for word in words(text)]


def words(text: str) -> list[str]:
    """Return the words to search for: a phone in any format is one word of digits, anything else is split at spaces."""
    text = text[:MAX_SEARCHED]
    compact = digits(text)
    typed_as_phone = compact and not set(text) - set("0123456789 ()+-./–\u00a0\u202f")
    if typed_as_phone and len(compact) >= 4:
        return [compact]
    return fold(text).split()[:8]


def _fits(word: str, names_only: bool) -> peewee.Expression:
    if names_only:
        return like(Customer.name_key, word) | like(Customer.code_key, word)
    # 0788 412 903 and 00250 788 412 903 are both stored as +250788412903; what holds the zeros holds the rest.
    bare = word.lstrip("0")
    return like(Customer.search, bare if word.isdigit() and len(bare) >= 4 else word)
