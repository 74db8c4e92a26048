"""Text folded by the database is text folded by the portal, for what Latin alphabets write."""

import string

from hypothesis import given
from hypothesis import strategies as st

from portal.db import run
from portal.text import fold

LETTERS = string.ascii_letters + string.digits + " -_.,'\"" + (
    "áàâãäåçéèêëíìîïñóòôõöúùûüýÿłøđðħıŋæœßþśžőű"
    "ÁÀÂÃÄÅÇÉÈÊËÍÌÎÏÑÓÒÔÕÖÚÙÛÜÝŁØĐÆŒÞŚŽŐŰ“”’–—"
)


def test_the_database_folds_as_the_portal_does(database: object) -> None:
    @given(st.text(LETTERS, max_size=30))
    def same(text: str) -> None:
        assert run("SELECT folded(CAST(? AS TEXT))", (text,)).fetchone()[0] == fold(text)

    same()
