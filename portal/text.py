"""One way to compare, tidy and shorten what people typed, shared by every door and every table."""

import re
import unicodedata

# Letters that Unicode does not decompose, so that stripping accents alone would leave them alone; and the
# typographic marks that phones and word processors put where a keyboard has one plain key.
_FOLDS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe",
        "ĸ": "k", "ŧ": "t", "ß": "ss", "ə": "e", "ɓ": "b", "ɗ": "d", "ɖ": "d", "ɛ": "e", "ɔ": "o", "ƙ": "k",
        "ƴ": "y", "ƒ": "f", "ȷ": "j", "ɩ": "i", "ʋ": "v", "ɣ": "g", "ɲ": "n", "ƥ": "p", "ƭ": "t", "ɨ": "i",
        "ʉ": "u", "ɵ": "o", "ƀ": "b", "ƶ": "z", "ɫ": "l", "ǥ": "g",
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʹ": "'", "ʻ": "'", "ʼ": "'", "ʽ": "'", "′": "'", "´": "'",
        "`": "'", "＇": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹘": "-", "﹣": "-", "－": "-",
    }
)  # fmt: skip

# Only the marks that are accents or vowel points are dropped. Others that Unicode also calls combining (the
# Japanese voicing mark, Indic signs) are part of the letter: が is not か with an accent.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670"
                      "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")  # fmt: skip
# Invisible: soft hyphen, zero widths, directions, fillers, variation selectors, tags, byte-order mark.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOT_SLUG = re.compile("[^a-z0-9]+")
_SLUG_LENGTH = 60


def fold(text: str) -> str:
    """Return `text` without case, accents, typographic marks, invisible characters and doubled spaces.

    Two names are the same name when their folds are equal; lists are sorted and searched by it. Idempotent,
    total, and may be empty or longer than its argument. Rule: product "Codes" (ł, ø, ß, æ … folded too).
    """
    if text.isascii() and text.isprintable() and "`" not in text:
        return " ".join(text.lower().split())
    # NFC first: some marks of the table have a second code point (U+1FFD is the acute U+00B4).
    text = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text))
    text = _INVISIBLE.sub("", text).translate(_FOLDS)
    # Compatibility forms hide capitals (℡ is TEL) and case folding makes new decompositions: NFKD twice.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = _INVISIBLE.sub("", _ACCENTS.sub("", text)).translate(_FOLDS)
    return " ".join(unicodedata.normalize("NFC", text).split())


def slug(text: str) -> str:
    """Return the ASCII code of a name: lower-case letters and digits joined by single dashes.

    At most 60 characters; `''` when nothing of `text` can be written in ASCII. Rule: product "Codes".
    """
    return _NOT_SLUG.sub("-", fold(text)).strip("-")[:_SLUG_LENGTH].rstrip("-")


def clean(text: str) -> str:
    """Return `text` as it is stored: NFC, without outer space, NUL and control characters.

    Line breaks (all three kinds become `\\n`) and tabs stay inside; a lone surrogate becomes U+FFFD, since
    no database can hold it. Idempotent. Boundaries that must refuse instead ask `has_forbidden` first.
    """
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", _SURROGATE.sub("\ufffd", text))
    return unicodedata.normalize("NFC", text).strip()


def has_forbidden(text: str) -> bool:
    """Say whether `text` holds NUL or a lone surrogate, which no database stores (reliability, "Do")."""
    return "\x00" in text or _SURROGATE.search(text) is not None


def loses_controls(text: str) -> bool:
    """Say whether `clean` drops control characters from inside `text`, which a person should be told."""
    return not text.isprintable() and _CONTROLS.search(text.strip().replace("\r", "")) is not None


def digits(text: str) -> str:
    """Return the decimal digits of `text`, of any script, as ASCII digits; `''` when there is none."""
    if text.isascii():
        return "".join(filter(str.isdigit, text))
    values = (unicodedata.decimal(char, None) for char in text)
    return "".join(str(value) for value in values if value is not None)
