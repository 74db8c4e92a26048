"""Rules to begin with: what stores ask for again and again, with places to fill in."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.errors import N_
from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.checking import reads
from portal.rules.tree import All, Any_, Days, In, Test, Tree

# What stores call these: a starter is made for the field or group that is there.
_CITY = ("city", "cidade", "ciudad", "town")
_RESELLERS = ("resellers", "dealers", "revendedores", "distribuidores", "reseller", "revendedor", "distribuidor")


@dataclass(frozen=True, slots=True)
class Starter:
    """A rule to begin with.

    `name` and `about` are English sentences marked for translation. `places` are the paths of the tests in the tree
    that a person fills in or changes; a value that she has to give is the empty text.
    """

    code: str
    name: str
    about: str
    tree: Tree
    places: tuple[tuple[int, ...], ...] = ()


_STARTERS = (
    Starter(
        "new", N_("New customers"), N_("Whoever became a customer in the last 30 days."),
        Test("created", "ge", (Days(-30),)), ((),),
    ),
    Starter(
        "birthday", N_("Birthday this month"), N_("Whoever was born in this month of the year."),
        Test("birth_date", "is", ("this",), part="month"),
    ),
    Starter(
        "birthday-next", N_("Birthday next month"), N_("Whoever was born in the month that comes next."),
        Test("birth_date", "is", ("next",), part="month"),
    ),
    Starter(
        "adults", N_("Adults"), N_("Whoever is at least 18 years old; not who has no date of birth."),
        Test("birth_date", "ge", (18,), part="age"), ((),),
    ),
    Starter(
        "quiet", N_("No purchase in 90 days"), N_("Whoever has bought, but not in the last 90 days."),
        Test("last_order", "lt", (Days(-90),)), ((),),
    ),
    Starter(
        "never", N_("Never bought"), N_("Whoever has become a customer and bought nothing yet."),
        Test("last_order", "empty"),
    ),
    Starter(
        "first", N_("First purchase lately"), N_("Whoever bought for the first time in the last 30 days."),
        Test("first_order", "ge", (Days(-30),)), ((),),
    ),
    Starter(
        "frequent", N_("Frequent buyers"), N_("Whoever has bought at least 3 times in the last 90 days."),
        Test("orders", "ge", (3,), last=Days(90)), ((),),
    ),
    Starter(
        "top", N_("Top spenders"), N_("Whoever has spent at least so much in the last year; you say how much."),
        Test("spent", "ge", ("",), last=Days(1, "years")), ((),),
    ),
    Starter(
        "shop", N_("New in a shop"), N_("Whoever became a customer of one shop in the last 30 days; you choose it."),
        All((Test("shop", "is", ("",)), Test("created", "ge", (Days(-30),)))), ((0,), (1,)),
    ),
    Starter(
        "reachable", N_("Can be written to"), N_("Whoever has an e-mail address or a phone number."),
        Any_((Test("email", "not_empty"), Test("phone", "not_empty"))),
    ),
)  # fmt: skip


def offered(catalogue: Catalogue) -> list[Starter]:
    """Return the starters of which the store has all fields and groups."""
    return [one for one in (*_STARTERS, *_of_the_store(catalogue)) if _is_there(one.tree, catalogue)]


def by_code(code: str, catalogue: Catalogue) -> Starter | None:
    """Return the offered starter with that code."""
    return next((one for one in offered(catalogue) if one.code == code), None)


def _is_there(tree: Tree, catalogue: Catalogue) -> bool:
    fields, groups, _ = reads(tree)
    live = {code for code, info in catalogue.fields.items() if not info.is_retired}
    return fields <= live and groups <= set(catalogue.groups)


def _of_the_store(catalogue: Catalogue) -> Iterator[Starter]:
    """Yield what is made of fields and groups that the store has called something."""
    city = _first_field(catalogue, _CITY)
    resellers = next((found for name in _RESELLERS if (found := catalogue.group_named(name))), None)
    if city is None:
        return
    in_city = Test(city.code, "is", ("",))
    yield Starter("city", N_("Customers of a city"), N_("Whoever lives in one city; you say which."), in_city, ((),))
    if resellers is not None:
        yield Starter(
            "resellers", N_("Resellers in a city"), N_("Whoever is a reseller and lives in one city; you say which."),
            All((In(resellers.code), in_city)), ((1,),),
        )  # fmt: skip


def _first_field(catalogue: Catalogue, names: tuple[str, ...]) -> FieldInfo | None:
    known = (catalogue.field_named(name) for name in names)
    return next((info for info in known if info is not None and info.type == "text" and not info.is_retired), None)
