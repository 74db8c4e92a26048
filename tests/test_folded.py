"""Text folded by the database is text folded by the portal, in whatever alphabet it is written."""

import string
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from portal.db import run
from portal.text import clean, fold

LETTERS = string.ascii_letters + string.digits + " -_.,'\"`" + (
    "áàâãäåçéèêëíìîïñóòôõöúùûüýÿłøđðħıŋæœßþśžőű"
    "ÁÀÂÃÄÅÇÉÈÊËÍÌÎÏÑÓÒÔÕÖÚÙÛÜÝŁØĐÆŒÞŚŽŐŰẞ“”’–—´″"
    "ΣσςΌйЙёأَّשׁ서울각がパﾊﾟ㎏ﬁ\u0301\u0308\u0345\u00a0\u00ad\u200b\u2028"
)
# Letters that Python folds to others than their small ones: of Cherokee, and old forms of Cyrillic ones.
_OTHERS = {*range(0x13A0, 0x1400), *range(0xAB70, 0xABC0), *range(0x1C80, 0x1C89)}


def folded(texts: list[str]) -> list[str]:
    lines = " UNION ALL ".join("SELECT ?, folded(CAST(? AS TEXT))" for _ in texts)
    said = [value for n, text in enumerate(texts) for value in (n, text)]
    return [text for _n, text in sorted(run(lines, said).fetchall())]


def test_the_database_folds_as_the_portal_does(database: object) -> None:
    @given(st.text(LETTERS, max_size=30))
    def same(text: str) -> None:
        assert folded([text]) == [fold(text)]

    same()


def test_every_letter_is_folded_as_the_portal_does(database: object) -> None:
    known = [n for n in range(1, 0x20000) if n not in _OTHERS and unicodedata.category(chr(n)) not in {"Cs", "Cn"}]
    texts = [text for text in (clean(f"a{chr(n)}B") for n in known) if text != "aB"]
    for n in range(0, len(texts), 200):
        part = texts[n : n + 200]
        assert folded(part) == [fold(text) for text in part]
