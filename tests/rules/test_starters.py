"""Rules to begin with are good but for what a person has to fill in, and offered where they can be asked."""

from dataclasses import replace

from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.checking import check
from portal.rules.starters import by_code, offered
from portal.rules.text import parse, write
from portal.rules.tree import All, In, Not, Tree
from portal.rules.tree import Test as Leaf
from tests.rules.material import CATALOGUE

FULL = replace(CATALOGUE, fields={**CATALOGUE.fields, "first_order": FieldInfo("first_order", "date", "First order")})


def part_at(tree: Tree, path: tuple[int, ...]) -> Tree:
    for n in path:
        assert not isinstance(tree, Leaf | In)
        tree = tree.part if isinstance(tree, Not) else tree.parts[n]
    return tree


def test_a_store_with_all_fields_is_offered_all() -> None:
    assert [one.code for one in offered(FULL)] == [
        "new", "birthday", "birthday-next", "adults", "quiet", "never", "first", "frequent", "top", "shop",
        "reachable", "city", "resellers",
    ]  # fmt: skip


def test_only_what_has_to_be_filled_in_is_missing() -> None:
    for one in offered(FULL):
        missing = [(problem.path, problem.sentence) for problem in check(one.tree, FULL)]
        empty = [path for path in one.places if getattr(part_at(one.tree, path), "values", ()) == ("",)]
        sentences = {sentence for _, sentence in missing}
        assert [path for path, _ in missing] == empty, one.code
        assert sentences <= {"A value is missing here. To ask for customers without one, choose “is empty”."}
        if not missing:
            assert parse(write(one.tree, FULL), FULL) == one.tree


def test_every_place_is_a_condition_with_a_value() -> None:
    for one in offered(FULL):
        for path in one.places:
            part = part_at(one.tree, path)
            assert isinstance(part, Leaf)
            assert part.values != ()


def test_what_the_store_lacks_is_not_offered() -> None:
    assert offered(Catalogue({})) == []
    few = Catalogue({code: CATALOGUE.fields[code] for code in ("created", "email", "city")})
    assert [one.code for one in offered(few)] == ["new", "city"]
    assert by_code("resellers", few) is None
    retired = replace(CATALOGUE, fields={"city": replace(CATALOGUE.fields["city"], is_retired=True)})
    assert offered(retired) == []


def test_the_city_is_the_field_that_the_store_calls_so() -> None:
    town = FieldInfo("onde", "text", "Cidade", ("Cidade",), is_own=True)
    found = by_code("resellers", Catalogue({"onde": town}, {"resellers": CATALOGUE.groups["resellers"]}))
    assert found is not None
    assert found.tree == All((In("resellers"), Leaf("onde", "is", ("",))))
