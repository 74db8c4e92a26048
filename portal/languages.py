"""Languages as people call them, and the codes that are stored."""

from functools import cache

from babel import Locale

from portal.text import fold

# The languages of the pages: whoever reads one of them types and files names in it.
_PAGES = ("en", "pt", "es")


def read_language(text: str) -> str:
    """Return the code of the language that `text` names or is; other text as it is."""
    return _codes().get(fold(text), text)


def is_language(text: str) -> bool:
    """Tell whether `text` is the code of a language as it is stored, so that no other stored text means the same."""
    return _codes().get(text) == text


@cache
def _codes() -> dict[str, str]:
    """Return the code by folded code and folded name; a code comes before a name that is spelt like it."""
    names = [(code, name) for page in _PAGES for code, name in Locale(page).languages.items() if code.isalpha()]
    found = {code: code for code, _ in names}
    for code, name in names:
        found.setdefault(fold(name), code)
    return found
