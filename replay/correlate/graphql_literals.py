"""The literals in a GraphQL document: arguments by the field that takes them (October 2021 edition, section 2.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replay.correlate.nouns import named_by, singular_of
from replay.correlate.pieces import Piece, as_json, as_text
from replay.model.tree import Place, Scalar

_DOCUMENT = re.compile(r"\s*(?:query\b|mutation\b|subscription\b|fragment\b|\{\s*[A-Za-z_]\w*\s*[({\w}])")
_STRING = r'"(?:[^"\\\n]++|\\.)*+"'
_TOKEN = re.compile(rf'#[^\n]*|"""(?:[^"]|"(?!""))*"""|({_STRING})|(-?\d+(?![\w.]))|([A-Za-z_]\w*)|([(){{}}\[\]:$])')
_OPERATIONS = frozenset({"query", "mutation", "subscription", "on", "fragment"})


def is_graphql(text: str) -> bool:
    return _DOCUMENT.match(text) is not None and "{" in text


def graphql_pieces(text: str, place: Place) -> tuple[Piece, ...]:
    """Numbers and strings with the names of their field and argument; the n-th of the same names carries n."""
    seen: dict[Place, int] = {}
    out: list[Piece] = []
    for field, argument, value, start, end in _literals(text):
        n = seen.get((field, argument), 0)
        seen[field, argument] = n + 1
        named = named_by(argument)
        noun = (named.noun or singular_of(field)) if named else ""
        spell = as_json if isinstance(value, str) else as_text
        own: Place = (field, argument, n) if n else (field, argument)
        out.append(Piece((*place, *own), value, start, end, spell, noun=noun))
    return tuple(out)


def _literals(text: str) -> Iterator[tuple[str, str, Scalar, int, int]]:
    """(field, argument, value, start, end). `field` is the last name before the bracket that is open."""
    fields: list[str] = []
    name = argument = ""
    for token in _TOKEN.finditer(text):
        string, number, word, mark = token.groups()
        if word:
            name = word
        elif mark == "(":
            fields.append("" if name in _OPERATIONS else name)
        elif mark == ")" and fields:
            fields.pop()
        elif mark == ":":
            argument = name
        elif fields and string:
            yield fields[-1], argument, _unquoted(string), *token.span()
        elif fields and number:
            yield fields[-1], argument, int(number), *token.span()


def _unquoted(string: str) -> str:
    return re.sub(r"\\(.)", lambda found: found[1], string[1:-1])
