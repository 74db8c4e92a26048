"""Shops."""

import pytest

from portal.errors import Missing, Refusal
from portal.models import Shop
from portal.permissions import Actor
from portal.queries import shops as find
from portal.services import shops
from tests.conftest import Database


def test_a_shop_has_a_code_and_takes_it_for_a_name_if_none_is_given(olive: Actor) -> None:
    shops.create(olive, code=" KGN ", name="")
    shop = find.by_code("kgn")
    assert (shop.code, shop.name, shop.version) == ("KGN", "KGN", 1)


@pytest.mark.parametrize(
    ("code", "name", "field", "sentence"),
    [
        ("", "X", "code", "Give the shop a code."), ("\u200b", "X", "code", "Give the shop a code."),
        ("s1", "X", "code", "Another shop has the code “s1” already: Kigali North."),
        ("a/b", "X", "code", "A shop's code has"), ("a\\b", "X", "code", "A shop's code has"),
        ("a,b", "X", "code", "A shop's code has"), ("New", "X", "code", "A shop's code has"),
        ("..", "X", "code", "A shop's code has"), ("x" * 41, "X", "code", "A shop's code has"),
        ("S3", "x" * 121, "name", "A shop's name has at most 120 characters."),
    ],
)  # fmt: skip
def test_what_cannot_be_a_shop_is_refused_in_words(
    code: str, name: str, field: str, sentence: str, olive: Actor, s2: Shop, database: Database
) -> None:
    before = database.checksum()
    for call in (
        lambda: shops.create(olive, code=code, name=name),
        lambda: shops.edit(olive, s2.id, code=code, name=name),
    ):
        with pytest.raises(Refusal) as refused:
            call()
        assert (refused.value.field, str(refused.value)[: len(sentence)]) == (field, sentence)
    assert database.checksum() == before


def test_a_shop_that_is_not_there_is_missing(olive: Actor) -> None:
    with pytest.raises(Missing):
        shops.edit(olive, 999, code="S3", name="")
    with pytest.raises(Missing):
        find.by_code("S9")


def test_each_sees_her_own_shops(sol: Actor, sam: Actor, tess: Actor, s1: Shop, s2: Shop) -> None:
    assert [shop.code for shop in find.visible_to(sol)] == ["S1"]
    assert [shop.code for shop in find.visible_to(sam)] == ["S2", "S1"]  # Huye before Kigali North
    assert find.visible_to(tess) == []
