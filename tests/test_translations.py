"""Every sentence is there in every language, with the same places."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
CATALOGUES = sorted((ROOT / "portal" / "translations").glob("*/LC_MESSAGES/messages.po"))
METHODS = [("portal/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "_l": None, "lazy_gettext": None, "N_": None}
PLACE = re.compile(r"%\((\w+)\)s|%%")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Every sentence that the code and the templates show, as the catalogues key it."""
    found = extract_from_dir(ROOT, METHODS, {"**": {}}, keywords=KEYWORDS)
    texts = (message for _, _, message, _, _ in found)
    return {text if isinstance(text, str) else text[0] for text in texts}


def texts(message: Message) -> list[tuple[str, str]]:
    """Return each source text with its translation, one for a plain message and one a form for a plural one."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[-1], text) for text in message.string]


def test_there_are_portuguese_and_spanish() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["es", "pt"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_sentence_is_missing_untranslated_or_in_doubt(path: Path, sentences: set[str]) -> None:
    catalogue = read(path)
    known = {message.id if isinstance(message.id,
    str) else message.id[0]: message for message in catalogue if message.id}
    assert sentences - set(known) == set()
    assert [key for key, message in known.items() if message.fuzzy or not all(text for _, text in texts(message))] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_have_the_places_of_their_sentences(path: Path) -> None:
    wrong = []
    for message in read(path):
        for source, text in texts(message) if message.id else []:
            # A plural's singular form may write "one" in words; it may not name what is not given.
            given, used = set(PLACE.findall(source)), set(PLACE.findall(text))
            if used - given or (isinstance(message.id, str) and given != used):
                wrong.append((source, text))
    assert wrong == []
