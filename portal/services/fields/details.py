"""What a person says about a field: read, held against the rules, made into columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal import config, own_values
from portal.errors import N_, Refusal, Refusals
from portal.models import Field
from portal.models.field import CHOICE_TYPES, COLUMN_TYPES, KEYED
from portal.queries import codes
from portal.text import clean, fold, has_forbidden, slug

MAX_LABEL = 80
MAX_HELP = 500
MAX_SECTION = 60
MAX_CHOICES = 200
MAX_CHOICE = 100
# Numbers of people are masked for support, so that nobody finds a person by one (product.md §6).
SEARCHABLE = KEYED - {"cpf", "cnpj"}
UNIQUE = frozenset({"text", "number", "phone", "email", "url", "cpf", "cnpj", "postalcode"})


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says about a field; `labels` and `helps` by language, the code '' for one made of its label.

    Type and code of a field that is there stay, whatever is said.
    """

    labels: Mapping[str, str]
    type: str = "text"
    code: str = ""
    helps: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[str] = ()
    default: str = ""
    section: str = ""
    side: int = 1
    is_required: bool = False
    is_searchable: bool = False
    is_filterable: bool = False
    is_unique: bool = False


def check(details: Details, own: Field | None = None) -> dict[str, Any]:
    """Return the columns of a new field (or of the existing field `own`) that say what `details` says.

    Raises Refusals naming all that cannot be taken.
    """
    said: dict[str, Any] = {
        "type": own.type if own else details.type,
        "labels": _texts(details.labels),
        "helps": _texts(details.helps),
        "choices": _choices(details.choices),
        "default": clean(details.default),
        "section": " ".join(clean(details.section).split()),
        "side": details.side,
        "is_required": details.is_required,
        "is_searchable": details.is_searchable,
        "is_filterable": details.is_filterable,
        "is_unique": details.is_unique,
    }
    said["code"] = own.code if own else slug(details.code) or slug(first_label(said["labels"]))
    refusals = [*_unfit_texts(details), *_unfit_words(said), *_unfit_choices(said), *_unfit_marks(said)]
    if own is None and (said["labels"] or details.code):
        refusals += _unfit_code(said["code"])
    if not refusals:
        refusals += _unfit_default(said)
    if refusals:
        raise Refusals(refusals)
    return said


def first_label(labels: Mapping[str, str]) -> str:
    """Return the label in the store's language, else the first that there is."""
    return next((labels[name] for name in (config.current().locale, *config.LOCALES) if labels.get(name)), "")


def _texts(said: Mapping[str, str]) -> dict[str, str]:
    tidy = {name: clean(said.get(name, "")) for name in config.LOCALES}
    return {name: text for name, text in tidy.items() if fold(text)}


def _choices(said: Sequence[str]) -> list[str]:
    return [choice for choice in (" ".join(clean(one).split()) for one in said) if fold(choice)]


def _unfit_texts(details: Details) -> Iterator[Refusal]:
    typed = {"labels": "".join(details.labels.values()), "helps": "".join(details.helps.values()),
             "choices": "".join(details.choices), "default": details.default, "section": details.section}  # fmt: skip
    for name, text in typed.items():
        if has_forbidden(text):
            yield Refusal(N_("This holds characters that cannot be stored. Please type it anew."), name)


def _unfit_words(said: Mapping[str, Any]) -> Iterator[Refusal]:
    if not said["labels"]:
        yield Refusal(N_("Give the field a label in at least one language."), "labels")
    if any(len(text) > MAX_LABEL for text in said["labels"].values()):
        yield Refusal(N_("A label has at most 80 characters."), "labels")
    if any(len(text) > MAX_HELP for text in said["helps"].values()):
        yield Refusal(N_("A help text has at most 500 characters."), "helps")
    if len(said["section"]) > MAX_SECTION:
        yield Refusal(N_("The name of a section has at most 60 characters."), "section")
    if said["side"] not in {1, 2}:
        yield Refusal(N_("Choose the first or the second column."), "side")
    if said["type"] not in COLUMN_TYPES:
        yield Refusal(N_("Choose one of the types shown."), "type")


def _unfit_code(code: str) -> Iterator[Refusal]:
    if not code:
        yield Refusal(N_("Give the field a code of letters and digits."), "code")
        return
    holder = codes.holder(code)
    if holder is None:
        return
    sentence = {
        "group": N_("The group %(label)s has the code “%(code)s” already; a group is a yes/no field by itself."),
        "field": N_("There is a field with the code “%(code)s” already."),
        "": N_("“%(code)s” is a word of the portal itself. Give another code."),
    }[holder.noun]
    yield Refusal(sentence, "code", code=code, label=holder.label)


def _unfit_choices(said: Mapping[str, Any]) -> Iterator[Refusal]:
    choices, is_choice = said["choices"], said["type"] in CHOICE_TYPES
    if is_choice and not choices:
        yield Refusal(N_("Name at least one choice."), "choices")
    if choices and not is_choice:
        yield Refusal(N_("Only a field of choices has choices."), "choices")
    if len(choices) > MAX_CHOICES:
        yield Refusal(N_("At most 200 choices fit; use a field of text instead."), "choices")
    if any(len(choice) > MAX_CHOICE or ";" in choice for choice in choices):
        yield Refusal(N_("A choice has at most 100 characters and no semicolon."), "choices")
    if len({fold(choice) for choice in choices}) < len(choices):
        yield Refusal(N_("Two of the choices are the same."), "choices")


def _unfit_marks(said: Mapping[str, Any]) -> Iterator[Refusal]:
    if said["is_searchable"] and said["type"] not in SEARCHABLE:
        yield Refusal(
            N_("The search does not look into values of this type. Make the field filterable."), "is_searchable"
        )
    if said["is_unique"] and said["type"] not in UNIQUE:
        yield Refusal(N_("Values of this type are the same for many customers; they cannot be unique."), "is_unique")
    if said["is_unique"] and said["default"]:
        yield Refusal(N_("A value that every new customer gets cannot be unique."), "default")


def _unfit_default(said: Mapping[str, Any]) -> Iterator[Refusal]:
    own = own_values.read(Field(**said), said["default"], own_values.context())
    if own.refusal is not None:
        yield Refusal(own.refusal.sentence, "default", **own.refusal.params)
