"""What a group looked like on a past day, in the terminal: lines for people, a file's format only as an export."""

from collections.abc import Iterator

from flask_babel import gettext

from portal.cli import output
from portal.models import Group
from portal.permissions import Actor
from portal.queries import history
from portal.queries.history import lists
from portal.services import exports
from portal.words import history as words
from portal.words.causes import say_cause

LINE = ("code", "name", "email", "phone", "shop", "joined", "left")


def members_at(actor: Actor, group: Group, at: str, form: str) -> None:
    """Print the members at the end of a day: `form` is text, csv or json; csv and json are exports."""
    day = history.past_day(at, "at")
    crowd = history.members_at(actor, group, day)
    if form == "text":
        header = (
            gettext("Code"), gettext("Name"), gettext("E-mail"), gettext("Phone"), gettext("Shop"), gettext("Joined"),
            gettext("Left"),
        )  # fmt: skip
        output.table(header, (lists.cells(row, LINE) for row in lists.rows(crowd, crowd.count())))
        return
    found = exports.crowd(actor, crowd, said=words.members_at(group, day))
    if form == "json":
        output.json_list(found)
    else:
        output.csv(lists.COLUMNS, (lists.cells(row) for row in found))


def difference(actor: Actor, group: Group, one: str, other: str, *, as_json: bool) -> None:
    """Print who joined (+) and who left (−) between two days, each with the reason; as JSON it is an export."""
    days = history.past_days(one, other, ("from", "to"))
    found = history.difference(actor, group, *days)
    if as_json:
        joined = exports.crowd(actor, found.joined, said=words.joined_between(group, *days))
        left = exports.crowd(actor, found.left, said=words.left_between(group, *days))
        told = {"group": group.code, "from": str(days[0]), "to": str(days[1])}
        output.json_lists(told, {"joined": joined, "left": left})
        return
    header = (gettext("What"), gettext("Code"), gettext("Name"), gettext("When"), gettext("Why"))
    output.table(header, _lines(found))


def _lines(found: history.Difference) -> Iterator[list[str]]:
    for sign, crowd in (("+", found.joined), ("−", found.left)):
        for part in crowd.parts(crowd.count(), lists.CHUNK):
            for customer in part.rows:
                stay = part.intervals[customer.id]
                moment, change = (stay.joined_at, stay.joined_by) if sign == "+" else (stay.left_at, stay.left_by)
                why = say_cause(part.causes[change]) if change else ""
                yield [sign, customer.code, customer.name, lists.local(moment) if moment else "", why]
