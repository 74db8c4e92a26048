"""The grammar of a rule's text.

A keyword is looked for only where it may stand, so that a field may be called “month” and a value “contains”. Where two
terminals may stand in one place, the one with the higher number is tried first: a day by its distance (-30d) comes
before a plain word or number. The words are English; those that join, and the plain ones of comparing, are there in
Portuguese and Spanish too.
"""

from functools import cache

from lark import Lark

_UNIT = r"(?:d|w|m|y|days?|weeks?|months?|years?|d[ií]as?|semanas?|m[eê]s|meses|a[nñ]os?)(?![\w.-])"
_END = r"(?![\w-])"  # behind a keyword
_GROUP = r"(?:group|cluster|segment|tag|grupo|segmento)"
_EMPTY = r"(?:empty|null|vazi[oa]|vac[ií][oa]|nul[oa])"
_NO = r"(?:não|nao|no)"
_STRING = r'"(?:[^"\\]|\\.)*"|“(?:[^”\\]|\\.)*”|«(?:[^»\\]|\\.)*»' + r"|'(?:[^'\\]|\\.)*'"
_TICKED = r"`(?:[^`\\]|\\.)*`"
QUOTED = f"{_STRING}|{_TICKED}"
# For looking through a text from word to word: a word first, so that the apostrophe in it opens no quote. A quote that
# is never closed goes on to the end, or each one behind it would be followed there too.
WORDS = rf"""\w[\w'’.-]*|{QUOTED}|["“«'`].*"""
_WORD = r"""(?:(?!&&|\|\|)[^\s,;()"“”«»`])*"""

_NOT_ONE_OF = (
    rf"(?:(?:is\s+)?not\s+(?:one|any)\s+of|{_NO}\s+(?:é\s+|es\s+)?(?:uma?|un[oa])\s+de){_END}"
    r"|(?:is\s+)?not\s+in(?=\s*\()"
)
# Values of two words: days by their distance (-30 d, 30 days ago, in 3 weeks), months (next month), 35 %.
_AT = rf"[+\-−–]\s*\d{{1,6}}\s*{_UNIT}"
_AGO = rf"\d{{1,6}}\s+{_UNIT}\s+(?:ago|atr[aá]s){_END}|(?:há|ha|hace)\s+\d{{1,6}}\s+{_UNIT}"
_AHEAD = rf"(?:in|em|en|dentro\s+de|daqui\s+a)\s+\d{{1,6}}\s+{_UNIT}"
_MONTH = rf"(?:(?:this|next|last)\s+month|(?:este|pr[oó]ximo|[uú]ltimo)\s+m[eê]s){_END}"
_PERCENT = r"[+\-−–]?\d+(?:\.\d+)?\s+%"

GRAMMAR = rf"""
start: [either]
?either: both (_OR both)*
?both: one (_AND one)*
?one: _NOT one -> negated
    | _LEFT either _RIGHT
    | (ALL_OF | ANY_OF) _LEFT [either (_COMMA either)*] _RIGHT -> gathered
    | _IN_GROUP group -> member
    | (IN_ANY | IN_ALL | IN_NONE) _LEFT group (_COMMA group)* _RIGHT -> member_of_several
    | subject compares [EXACTLY] value -> compared
    | subject IS_EXACTLY value -> compared_exactly
    | subject (BETWEEN | NOT_BETWEEN) value _AND value -> between
    | subject (ONE_OF | NOT_ONE_OF) [EXACTLY] _LEFT value (_COMMA value)* _RIGHT -> among
    | subject (IS_EMPTY | IS_NOT_EMPTY) -> emptiness

subject: field [_IN_LAST SPAN]
    | (AGE | DAYS_SINCE | MONTH) (field | _LEFT field _RIGHT) -> part
?field: NAME | STRING | TICKED
!?compares: IS | IS_NOT | LT | LE | GT | GE | CONTAINS | NOT_CONTAINS | STARTS_WITH | ENDS_WITH
?value: RELATIVE | STRING | TICKED | BARE
?group: STRING | TICKED | GROUP_WORD

_LEFT: "("
_RIGHT: ")"
_COMMA: ","
_AND: /&&?|(?:and|e|y){_END}/i
_OR: /\|\|?|(?:or|ou|o){_END}/i
_NOT.3: /!(?!=)|(?:not|{_NO}){_END}/i
ALL_OF.4: /all(?:\s+of)?(?=\s*\()/i
ANY_OF.4: /any(?:\s+of)?(?=\s*\()/i

_IN_GROUP.5: /(?:is\s+)?(?:in|member\s+of)\s+(?:the\s+)?{_GROUP}{_END}|e[mn]\s+(?:o\s+|el\s+)?{_GROUP}{_END}/i
IN_ANY.5: /in\s+(?:any\s+|one\s+)?(?:of\s+)?(?:the\s+)?{_GROUP}s{_END}/i
IN_ALL.5: /in\s+all\s+(?:of\s+)?(?:the\s+)?{_GROUP}s{_END}/i
IN_NONE.5: /in\s+none\s+(?:of\s+)?(?:the\s+)?{_GROUP}s{_END}/i

AGE.4: /(?:age\s+of|idade\s+de|edad\s+de){_END}|(?:age|idade|edad)(?=\s*\()/i
DAYS_SINCE.4: /(?:days[\s_]+since|d[ií]as[\s_]+desde){_END}/i
MONTH.4: /(?:month\s+of|m[eê]s\s+de){_END}|(?:month|m[eê]s)(?=\s*\()/i
NAME: /\w[\w.-]*/
STRING: /{_STRING}/s
TICKED: /{_TICKED}/s

_IN_LAST.6: /(?:in\s+(?:the\s+)?(?:last|past)|n[oa]s\s+[uú]ltim[oa]s|en\s+l[oa]s\s+[uú]ltim[oa]s){_END}/i
SPAN: /\d{{1,6}}\s*{_UNIT}/i

IS_EMPTY.6: /(?:is\s+|est[aá]\s+|é\s+|es\s+)?{_EMPTY}{_END}/i
IS_NOT_EMPTY.6: /(?:(?:is\s+)?not|{_NO}\s+(?:est[aá]|é|es))\s+{_EMPTY}{_END}/i
ONE_OF.6: /(?:(?:is\s+)?(?:one|any)\s+of|(?:é\s+)?uma?\s+de|(?:es\s+)?un[oa]\s+de){_END}|(?:is\s+)?in(?=\s*\()/i
NOT_ONE_OF.6: /{_NOT_ONE_OF}/i
BETWEEN.6: /(?:is\s+)?between{_END}|entre{_END}/i
NOT_BETWEEN.6: /(?:is\s+)?not\s+between{_END}|{_NO}\s+entre{_END}/i
IS_EXACTLY.6: "=="
CONTAINS.5: /(?:contains?|cont[eé]m|contiene){_END}/i
NOT_CONTAINS.5: /(?:(?:does\s+)?not\s+contains?|doesn['’]t\s+contain|{_NO}\s+(?:cont[eé]m|contiene)){_END}/i
STARTS_WITH.5: /(?:(?:starts?|begins?)\s+with|come[cç]a\s+(?:com|por)|(?:empieza|comienza)\s+(?:con|por)){_END}/i
ENDS_WITH.5: /(?:ends?\s+with|(?:acaba|termina)\s+(?:com|con|em|en)){_END}/i
IS_NOT.5: /!=|<>|≠|(?:(?:is\s+)?not|isn['’]t|{_NO}\s+(?:é|es)){_END}/i
LE.5: /<=|≤|(?:(?:is\s+)?on\s+or\s+before|(?:is\s+)?at\s+most){_END}/i
GE.5: />=|≥|(?:(?:is\s+)?on\s+or\s+after|(?:is\s+)?at\s+least){_END}/i
LT.4: /<|(?:(?:is\s+)?before|(?:is\s+)?less\s+than|antes\s+de){_END}/i
GT.4: />|(?:(?:is\s+)?after|(?:is\s+)?more\s+than|depois\s+de|despu[eé]s\s+de){_END}/i
IS.3: /=|(?:is(?:\s+on)?|on|equals|é|es){_END}/i

EXACTLY.6: /exactly(?=\s*["“'«(])/i
RELATIVE.5: /{_AT}|{_AGO}|{_AHEAD}|{_MONTH}|{_PERCENT}/i
BARE: /(?!(?:and|or|not){_END})[^\s,;()"“”«»`'=<>!&|]{_WORD}/i
GROUP_WORD: /(?!(?:and|or|not){_END})[^\s,;()"“”«»`'=<>!&|]{_WORD}/i

%ignore /\s+/
"""


@cache
def grammar() -> Lark:
    """Return the parser."""
    return Lark(GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=True)
