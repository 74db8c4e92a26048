"""`portal field …`."""

import click
from flask_babel import gettext

from portal import config
from portal.cli import output, value_groups
from portal.cli.options import acting, as_option, json_option
from portal.models import Field
from portal.models.field import COLUMN_TYPES
from portal.permissions import Action, Actor, require
from portal.queries import fields as find
from portal.queries.uses import users_of_field
from portal.services import fields

_TEXTS = "TEXT, or such as pt=TEXT for one language; may be given several times."


@click.group("field")
@as_option
def field() -> None:
    """The store's own fields of a customer."""


@field.command("add")
@click.argument("code")
@click.option("--label", "labels", multiple=True, required=True, metavar="L", help=_TEXTS)
@click.option("--type", "type_", type=click.Choice(sorted(COLUMN_TYPES)), default="text", show_default=True)
@click.option("--help-text", "helps", multiple=True, metavar="TEXT", help=_TEXTS)
@click.option("--choices", default="", metavar="A,B", help="What may be chosen, separated by commas.")
@click.option("--default", default="", metavar="VALUE", help="What a new customer has unless something else is said.")
@click.option("--section", default="", metavar="S", help="Heading in the form; without one, Personal Information.")
@click.option("--side", type=click.Choice(["1", "2"]), default="1", help="Column of the form.")
@click.option("--required", "is_required", is_flag=True, help="A new customer cannot do without.")
@click.option("--searchable", "is_searchable", is_flag=True, help="The search box finds customers by it.")
@click.option("--filterable", "is_filterable", is_flag=True, help="Lists are filtered by it; makes an index.")
@click.option("--unique", "is_unique", is_flag=True, help="No two customers have the same.")
@acting
def add(
    actor: Actor, code: str, labels: tuple[str, ...], type_: str, helps: tuple[str, ...], choices: str, default: str,
    section: str, side: str, is_required: bool, is_searchable: bool, is_filterable: bool, is_unique: bool,
) -> None:  # fmt: skip
    """Define a field and print its code; CODE stays for good, and an empty one is made of the label."""
    details = fields.Details(
        _by_language(labels), type_, code, _by_language(helps), choices.split(","), default, section, int(side),
        is_required, is_searchable, is_filterable, is_unique,
    )  # fmt: skip
    click.echo(fields.create(actor, details).code)


def _by_language(texts: tuple[str, ...]) -> dict[str, str]:
    said = {}
    for text in texts:
        language, equals, rest = text.partition("=")
        is_named = equals and language in config.LOCALES
        said[language if is_named else config.current().locale] = rest if is_named else text
    return said


@field.command("list")
@json_option
@acting
def list_(actor: Actor, as_json: bool) -> None:
    """List the fields in the order of the form, then the retired ones."""
    require(actor, Action.SEE_CUSTOMERS)
    known = [*find.live(), *find.retired()]
    if as_json:
        output.json_value([_as_json(one) for one in known])
        return
    header = (gettext("Code"), gettext("Type"), gettext("Label"), gettext("Section"), gettext("Marks"))
    output.table(header, [(one.code, one.type, find.label(one), one.section, " ".join(_marks(one))) for one in known])


def _marks(one: Field) -> list[str]:
    marks = ("required", "searchable", "filterable", "unique")
    said = [mark for mark in marks if getattr(one, f"is_{mark}")]
    return [*said, *(["retired"] if one.retired_at else [])]


def _as_json(one: Field) -> dict[str, object]:
    return {
        "code": one.code, "type": one.type, "labels": one.labels, "helps": one.helps, "choices": one.choices,
        "default": one.default, "section": one.section, "side": one.side, "required": one.is_required,
        "searchable": one.is_searchable, "filterable": one.is_filterable, "unique": one.is_unique,
        "retired": one.retired_at,
    }  # fmt: skip


@field.command("retire")
@click.argument("code")
@acting
def retire(actor: Actor, code: str) -> None:
    """Take a field out of the form; its values stay. Refused while a rule asks for it."""
    require(actor, Action.EDIT_FIELDS)
    fields.retire(actor, find.by_code(code).id)


@field.command("restore")
@click.argument("code")
@acting
def restore(actor: Actor, code: str) -> None:
    """Bring a retired field back, with the values that it had."""
    require(actor, Action.EDIT_FIELDS)
    fields.restore(actor, find.by_code(code).id)


@field.command("uses")
@click.argument("code")
@json_option
@acting
def uses(actor: Actor, code: str, as_json: bool) -> None:
    """List what asks for a field: the groups whose rules read it."""
    require(actor, Action.EDIT_FIELDS)
    found = users_of_field(find.by_code(code))
    if as_json:
        output.json_value([use._asdict() for use in found])
    else:
        output.table((gettext("Code"), gettext("Name")), [(use.code, use.label) for use in found])


field.add_command(value_groups.groups)
