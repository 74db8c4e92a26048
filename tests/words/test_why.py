"""The sentences of a proof, in English, and of the seed's example in each language."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale

from portal.db import lot
from portal.models import Customer, Group, Shop
from portal.permissions import Actor
from portal.queries import customers as find_customers
from portal.queries import why as find
from portal.queries.why import data
from portal.services import customers, fields, groups, items
from portal.services.fields.details import Details
from portal.services.items import NewItem
from portal.words import why as words

New = Callable[..., Any]
START = datetime(2026, 5, 3, 8)


@pytest.fixture(autouse=True)
def day(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START.replace(tzinfo=UTC), tick=False) as traveller, app.test_request_context():
        yield traveller


def said(actor: Actor, group: Group, customer: Customer, language: str = "en") -> list[str]:
    proof = find.why(actor, Group.get_by_id(group.id), find_customers.by_id(actor, customer.id))
    with force_locale(language):
        return [words.headline(proof), *("  " * line.level + line.text for line in words.lines(proof))]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["The 16th is not in “Super Bonus”.", "Nobody has added her by name."]),
        ("pt", ["The 16th não está em “Super Bonus”.", "Ninguém adicionou esta pessoa pelo nome."]),
        ("es", ["The 16th no está en “Super Bonus”.", "Nadie ha añadido a esta persona por su nombre."]),
    ],
)
def test_the_16th_is_told_why_not_in_each_language(
    cass: Actor, new_customer: New, new_group: New, language: str, sentences: list[str]
) -> None:
    fifteen = [new_customer(f"N{n}") for n in range(15)]
    bonus = new_group("Super Bonus", members=fifteen)
    assert said(cass, bonus, new_customer("The 16th"), language) == sentences
    inside = {
        "en": ["N0 is in “Super Bonus”.", "Included by name, by Cass on May 3, 2026.",
               "A member since May 3, 2026."],
        "pt": ["N0 está em “Super Bonus”.", "Inclusão pelo nome, por Cass em 3 de maio de 2026.",
               "Membro desde 3 de maio de 2026."],
        "es": ["N0 está en “Super Bonus”.", "Inclusión por su nombre, por Cass el 3 de mayo de 2026.",
               "Miembro desde el 3 de mayo de 2026."],
    }  # fmt: skip
    assert said(cass, bonus, fifteen[0], language) == inside[language]


def test_in_through_a_shop_out_by_name_and_back(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, day: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann", s1), new_group("North", shops=[s1])
    since = "A member since May 3, 2026."
    by_shop = "Included with the shop Kigali North, by Cass on May 3, 2026."
    assert said(cass, group, ann) == ["Ann is in “North”.", by_shop, since]
    day.move_to(START + timedelta(days=1))
    items.remove_member(cass, group.id, ann.id, note="asked to be left out")
    assert said(cass, group, ann) == [
        "Ann is not in “North”.", "Kept out by name, by Cass on May 4, 2026. “asked to be left out”",
        "Exclude always wins over what includes her:", by_shop,
        "She was a member from May 3, 2026 to May 4, 2026. Left: Removed by name · Cass.",
    ]  # fmt: skip
    bea = new_customer("Bea", s2)
    assert said(cass, group, bea) == [
        "Bea is not in “North”.", "The group includes the shop Kigali North; she is in Huye.",
        "Nobody has added her by name.",
    ]  # fmt: skip
    assert said(cass, group, new_customer("Cid"))[1] == "The group includes the shop Kigali North; she is in no shop."


def test_further_shops_are_counted(
    cass: Actor, sol: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New
) -> None:
    more = [Shop.create(code=f"X{n}", code_key=f"x{n}", name=f"Shop {n}", name_key=f"shop {n}") for n in range(6)]
    ann, group = new_customer("Ann", s1), new_group("Many", shops=[s2, *more])
    assert said(cass, group, ann)[1] == (
        "The group includes the shops Huye, Shop 0, Shop 1, Shop 2, Shop 3 and 2 more; she is in Kigali North."
    )
    assert said(sol, group, ann)[1] == (
        "The group includes whole shops; she is in Kigali North, which is none of them."
    )


def test_groups_within_groups_are_proved_too(
    cass: Actor, sam: Actor, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben")
    inner, outer = new_group("Inner", shops=[s1]), new_group("Outer")
    items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
    assert said(cass, outer, ann) == [
        "Ann is in “Outer”.", "Included as a member of “Inner”, by Cass on May 3, 2026.",
        "  Included with the shop Kigali North, by Cass on May 3, 2026.", "A member since May 3, 2026.",
    ]  # fmt: skip
    assert said(cass, outer, ben) == [
        "Ben is not in “Outer”.", "The group includes members of “Inner”; she is not in it.",
        "  The group includes the shop Kigali North; she is in no shop.", "  Nobody has added her by name.",
        "Nobody has added her by name.",
    ]  # fmt: skip
    Group.update(is_sensitive=True).where(Group.id == inner.id).execute()
    assert said(sam, outer, ann)[1:-1] == [
        "Included as a member of a group you may not see, by Cass on May 3, 2026."
    ]
    assert said(sam, outer, ben)[1:] == [
        "The group includes members of a group you may not see; she is not in it.",
        "Nobody has added her by name.",
    ]


def test_shares_tell_her_lot(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    Customer.update(uid="u1").where(Customer.id == ann.id).execute()
    drawn = lot("s", "u1")
    inner = new_group("Inner", members=[ann])
    share = {"of_group_id": inner.id, "seed": "s"}
    for name, low, high, sign in (
        ("In", 0, drawn + 1, "include"), ("Out", 0, drawn + 1, "exclude"), ("Off", drawn + 1, 10_000, "include")
    ):  # fmt: skip
        items.add(cass, new_group(name).id, [NewItem(low=low, high=high, sign=sign, **share)])
    her, end = f"{drawn / 100:g}", f"{(drawn + 1) / 100:g}"
    groups_ = [Group.get(Group.name == name) for name in ("In", "Out", "Off")]
    assert [said(cass, group, ann)[1] for group in groups_] == [
        f"Included by the share 0–{end} % of “Inner”, for her lot is {her}, by Cass on May 3, 2026.",
        f"Kept out by the share 0–{end} % of “Inner”, for her lot is {her}, by Cass on May 3, 2026.",
        f"The group includes the share {end}–100 % of “Inner”; her lot is {her}.",
    ]


def test_dates_and_states_are_told_as_days_of_the_store(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    midnight = datetime(2026, 5, 9, 22)  # the tenth begins in Kigali
    group = new_group("Later")
    dates = {"valid_from": midnight, "valid_until": midnight + timedelta(days=2)}
    items.add(cass, group.id, [NewItem(customer_id=ann.id, **dates)])
    sentence = "Included by name, by Cass on May 3, 2026, from May 10, 2026, until May 11, 2026."
    assert said(cass, group, ann)[1:] == [f"Not yet: {sentence}"]
    draft = new_group("Draft", members=[ann], status="draft")
    Group.update(starts_at=midnight).where(Group.id == draft.id).execute()
    assert said(cass, draft, ann)[1:3] == ["A draft has no members.", "It becomes active on May 10, 2026."]
    old = new_group("Old", members=[ann])
    groups.set_status(cass, old.id, "archived")
    assert said(cass, old, ann)[1] == "An archived group has no members."


def test_who_stayed_when_she_left_a_shop_is_told_so(cass: Actor, s1: Shop, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann", s1), new_group("North")
    items.add(cass, group.id, [NewItem(shop_id=s1.id, on_leave="stay")])
    customers.edit(cass, ann.id, {"shop": "S2" if Shop.get_or_none(Shop.code == "S2") else ""})
    assert said(cass, group, ann)[1] == "Included by name, for she stayed when she left Kigali North on May 3, 2026."


def test_a_past_day_is_told_with_the_nearest_stays(
    cass: Actor, new_customer: New, new_group: New, day: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    for n, act in ((1, items.add_member), (2, items.remove_member), (4, items.add_member)):
        day.move_to(START + timedelta(days=n))
        act(cass, group.id, ann.id)

    def told(n: int) -> list[str]:
        proof = find.why_at(cass, group, ann, (START + timedelta(days=n)).date())
        return [words.headline(proof), *(line.text for line in words.lines(proof))]

    assert told(0) == [
        "Ann was not in “Vips” on May 3, 2026.", "Only later, on May 4, 2026, she joined: Added by name · Cass."
    ]  # fmt: skip
    assert told(1) == [
        "Ann was in “Vips” on May 4, 2026.", "She joined on May 4, 2026: Added by name · Cass.",
        "She left on May 5, 2026: Removed by name · Cass.",
    ]  # fmt: skip
    assert told(3) == [
        "Ann was not in “Vips” on May 6, 2026.",
        "She was a member from May 4, 2026 to May 5, 2026. Left: Removed by name · Cass.",
        "Only later, on May 7, 2026, she joined: Added by name · Cass.",
    ]  # fmt: skip
    other = new_group("Other")
    proof = find.why_at(cass, other, ann, START.date())
    assert [line.text for line in words.lines(proof)] == ["She has never been a member."]


def test_a_rule_names_fields_in_the_language_of_the_reader(cass: Actor, new_customer: New, new_group: New) -> None:
    fields.create(cass, Details({"en": "City", "pt": "Cidade"}))
    ann, group = new_customer("Ann", city="Porto"), new_group("Locals")
    items.add(cass, group.id, [NewItem(rule={"field": "city", "op": "is", "value": "Porto"})])
    said_in = {language: said(cass, group, ann, language)[1] for language in ("en", "pt", "es")}
    assert [told.partition(": ")[2].partition(" ")[0] for told in said_in.values()] == ["City", "Cidade", "City"]


def test_below_a_not_the_opposite_is_what_speaks_for_her(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann", gender="male", language="pt"), new_group("Ours")
    rule = {"all": [{"not": {"any": [{"field": "gender", "op": "is", "value": "male"}, {"in": "theirs"}]}},
                    {"not": {"not": {"field": "language", "op": "is", "value": "pt"}}}]}  # fmt: skip
    new_group("Theirs")
    items.add(cass, group.id, [NewItem(rule=rule)])
    assert [told.strip() for told in said(cass, group, ann)[2:5]] == [
        "Does not hold: Gender is not “male” (or is empty)", "Holds: not in the group “Theirs”",
        "Holds: Language is “pt”",
    ]  # fmt: skip


def test_a_rule_is_told_without_what_the_reader_may_not_see(
    cass: Actor, sam: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", id_number="12345678", gender="f")
    secret, group = new_group("Secret", [ann]), new_group("Rules")
    groups.edit(cass, secret.id, groups.Details("Secret", is_sensitive=True))
    rule = {"all": [{"in": "secret"}, {"field": "id_number", "op": "is", "value": "12345678"},
                    {"field": "gender", "op": "one_of", "value": ["f", "m"]}]}  # fmt: skip
    items.add(cass, group.id, [NewItem(rule=rule)])
    people = (cass, sam)
    told = {who.name: " ".join(line.text for line in words.lines(find.why(who, group, ann))) for who in people}
    assert find.why(cass, group, ann).is_member
    assert ("Secret" in told["Cass"], "12345678" in told["Cass"]) == (True, True)
    assert ("Secret" in told["Sam"], "12345678" in told["Sam"]) == (False, False)
    assert "a group you may not see" in told["Sam"]
    assert "secret" not in str(data.of_proof(find.why(sam, group, ann), []))
