"""The customer filter as an address: reading it, saying it in words, and the addresses that change it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.errors import N_, Missing
from portal.models import Shop
from portal.permissions import Action, Actor
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.queries.filters import fields, sorting
from portal.web import columns
from portal.web.columns import Column
from portal.web.language import lang
from portal.words import of_filter, of_test

RELATIONS = {"any": N_("in any of"), "all": N_("in all of"), "none": N_("in none of")}
# A group is called many things; these mean "in this group" (product.md §3, Words).
_SYNONYMS = ("group", "cluster", "segment", "tag")
# What an address may say besides fields, and groups by their codes.
_KNOWN = {*RELATIONS, *_SYNONYMS, "q", "shop", "sort", "add", "add_to", "after", "before", "start", "columns"}


@dataclass(frozen=True)
class Chip:
    """One condition as the page shows it, with the address that leaves it out."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True)
class Filtering:
    """A filter with everything the page needs to draw it; `canonical` is set when another address says the same."""

    actor: Actor
    wanted: filters.Filter
    canonical: str = ""
    columns: tuple[Column, ...] = ()

    @cached_property
    def groups(self) -> list[filters.Choice]:
        """The groups that may be chosen; read only when they are drawn, which a live search does not."""
        return filters.group_choices(self.actor)

    @cached_property
    def shops(self) -> list[filters.Choice]:
        """The shops that may be chosen."""
        return filters.shop_choices(self.actor)

    @classmethod
    def read(cls, actor: Actor, args: MultiDict[str, str]) -> "Filtering":
        """Return the filter that the address asks for; raises Missing for unknown groups and shops."""
        may_groups = actor.may(Action.SEE_GROUPS)
        named = {key: _split(args, key) for key in RELATIONS}
        for synonym in _SYNONYMS:
            named["all"] += _split(args, synonym)
        adding = args.get("add_to", ""), args.get("add", "")
        if adding[0] in RELATIONS and adding[1]:
            named[adding[0]].append(adding[1])
        further = {
            key: args.getlist(key) for key in args
            if key not in _KNOWN and any(text.strip() for text in args.getlist(key))
        }  # fmt: skip
        tests, others = fields.read(actor, further, lang()) if further else ([], [])
        for group, is_in in fields.twins(actor, others, further):
            named["all" if is_in else "none"].append(group.code)
        named = {key: _each_once(codes) for key, codes in named.items()}
        found_groups = iter(find_groups.by_codes(actor, [code for codes in named.values() for code in codes]))
        rows = {key: tuple(next(found_groups) for _ in codes) for key, codes in named.items()}
        if any(rows.values()) and not may_groups:
            raise Missing(N_("There is no such group."))
        sort, by = sorting.read(actor, args.get("sort", "name"), lang())
        wanted = filters.Filter(
            q=args.get("q", "")[:200],
            shops=_shops(actor, _split(args, "shop")),
            fields=tuple(tests),
            sort=sort,
            by=by,
            **rows,
        )
        is_blank = any(key not in _KNOWN and key not in further for key in args)
        chosen = columns.read(actor, args.getlist("columns"))
        is_odd = "add" in args or len(args.getlist("columns")) > 1 or any(key in args for key in _SYNONYMS)
        found = cls(actor, wanted, "", chosen)
        return replace(found, canonical=found.url()) if is_odd or is_blank or others else found

    def params(self) -> dict[str, str]:
        """Return the filter as parameters of an address, only those that say something."""
        wanted = self.wanted
        pairs = {
            "q": wanted.q.strip(),
            **{key: ",".join(group.code for group in getattr(wanted, key)) for key in RELATIONS},
            "shop": ",".join(shop.code for shop in wanted.shops),
            **{test.key: test.said for test in wanted.fields},
            "sort": "" if wanted.sort == "name" else wanted.sort,
            "columns": ",".join(column.code for column in self.columns),
        }
        return {key: value for key, value in pairs.items() if value}

    def url(self, endpoint: str = "customers.index", /, **changed: str | None) -> str:
        """Return the address of this filter with some parameters changed; None leaves one out."""
        merged: Mapping[str, str | None] = self.params() | changed
        query = urlencode({key: value for key, value in merged.items() if value})
        return url_for(endpoint) + (f"?{query}" if query else "")

    def may_sort(self, column: Column) -> bool:
        """Tell whether the list can be sorted by a column; by how it is shown, in the order of what is stored."""
        return column.code in filters.SORTS or (column.field is not None and sorting.may_sort(self.actor, column.field))

    def sort_url(self, key: str) -> str:
        """Return the address that sorts by `key`, turning the order round when it is sorted by it already."""
        return self.url(sort=f"-{key}" if self.wanted.sort == key else key)

    def sort_state(self, key: str) -> str:
        """Return the value of `aria-sort` for the column `key`."""
        return {key: "ascending", f"-{key}": "descending"}.get(self.wanted.sort, "")

    def chips(self) -> list[Chip]:
        """Return the conditions one by one, each with the address without it."""
        chips = []
        for key, label in RELATIONS.items():
            groups = getattr(self.wanted, key)
            for group in groups:
                rest = ",".join(other.code for other in groups if other.id != group.id)
                chips.append(Chip(gettext(label), group.label, self.url(**{key: rest or None})))
        for shop in self.wanted.shops:
            rest = ",".join(other.code for other in self.wanted.shops if other.id != shop.id)
            chips.append(Chip(gettext("Shop is"), shop.name, self.url(shop=rest or None)))
        for test in self.wanted.fields:
            said = of_test(test)
            chips.append(Chip("", said, self.url(**{test.key: None})))
        return chips

    def group_codes(self) -> str:
        """Return the codes of all groups that the filter names, with commas between."""
        return ",".join(dict.fromkeys(group.code for key in RELATIONS for group in getattr(self.wanted, key)))

    def words(self) -> str:
        """Return the whole filter as a sentence part, such as: in “Super Bonus”, not in “Employees”."""
        return of_filter(self.wanted)


def _split(args: MultiDict[str, str], key: str) -> list[str]:
    return [code for text in args.getlist(key)[:50] for code in text.split(",") if code][:50]


def _each_once(codes: list[str]) -> list[str]:
    # Codes are case-blind: the same one written twice is one condition, and one chip.
    first: dict[str, str] = {}
    for code in codes:
        first.setdefault(code.casefold(), code)
    return list(first.values())


def _shops(actor: Actor, codes: list[str]) -> tuple[Shop, ...]:
    return tuple(find_shops.named(actor, code) for code in _each_once(codes))
