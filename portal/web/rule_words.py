"""Rules in the words of a page, as far as its reader may read them."""

from collections.abc import Mapping
from typing import Any

from flask import g

from portal.access import actor
from portal.models import GroupItem
from portal.queries import fields as find_fields
from portal.rules.catalogue import Catalogue
from portal.rules.tree import from_json
from portal.rules.writing import write
from portal.web.language import lang
from portal.words.rules_read import sentence_for


def catalogue() -> Catalogue:
    """Return what rules may ask about, with the groups that this person may see; read once for each page."""
    if "rule_catalogue" not in g:
        g.rule_catalogue = find_fields.catalogue(lang(), actor())
    found: Catalogue = g.rule_catalogue
    return found


def sentence_of(item: GroupItem) -> str:
    """Return what the rule of an item says."""
    return sentence_for(actor(), item.rule, catalogue())


def sentence_of_rule(said: Mapping[str, Any]) -> str:
    """Return what a rule as JSON holds it says."""
    return sentence_for(actor(), said, catalogue())


def text_of(item: GroupItem) -> str:
    """Return the rule of an item as it is typed; for who may edit it, and so may read all of it."""
    return write(from_json(item.rule), catalogue())
