"""GraphQL documents (October 2021 edition): literals become stand-ins, names stay or go as names, comments go.

    query Find($n: Int) { user(email: "ingrid@north.test", first: 3) { id } }
    query Find($n: Int) { user(email: "u4c….example",      first: 3) { id } }

Rule: a document that does not end as it should, or is no operation, is unreadable: a sentence in braces is none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from replay.redact.desk import Desk, UnreadableError
from replay.redact.vocabulary import KeyRole, listed, role_of

_MOST_TOKENS = 20_000
_MOST_DEPTH = 100
_LONGEST = 256 << 10  # characters
_LONGEST_NUMBER = 40  # characters
_TOKEN = re.compile(
    r"(?P<ignored>[\ufeff \t\r\n,]+)|(?P<comment>#[^\r\n]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>\.\.\.|[!$&()\[\]{}:=@|])"
    r"|(?P<float>-?(?:0|[1-9]\d*)(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)(?![\w.]))|(?P<int>-?(?:0|[1-9]\d*)(?![\w.]))"
    r'|(?P<block>"""(?:[^"\\]|\\(?:""")?|"(?!""))*+""")|(?P<string>"(?:[^"\\\r\n]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*+")',
    re.ASCII,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_START = re.compile(r"[\ufeff\s,]*(?:#[^\n]*\n[\ufeff\s,]*)*(?:(?:query|mutation|subscription|fragment)\b|\{)")
_OPERATIONS = listed("query mutation subscription")
_CLOSED_LISTS = (KeyRole.ENUM, KeyRole.MEASURE)
_OWN_WORDS = listed(
    """query mutation subscription fragment on true false null String Int Float Boolean ID include skip deprecated if
    __typename __schema __type"""
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}

Trail = tuple[str | None, ...]
"""Names of arguments and of fields of their objects; None is an element of a list."""


class Token(NamedTuple):
    kind: str
    text: str


def is_graphql(text: str) -> bool:
    """True when `text` begins and ends like an operation; the short form without `query` must be worth its braces."""
    if not text.rstrip().endswith("}") or len(text) > _LONGEST:
        return False
    start = _START.match(text)
    return start is not None and (not start.group().endswith("{") or text.count("{") > 1)


def rewritten_graphql(desk: Desk, text: str, place: str) -> str:
    """The document anew. Raises UnreadableError."""
    if len(text) > _LONGEST:
        raise UnreadableError("too long")
    tokens = list(_tokens(text))
    _check([token for token in tokens if token.kind not in ("ignored", "comment")])
    return "".join(_written(desk, tokens, place))


def _tokens(text: str) -> Iterator[Token]:
    at = count = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or count > _MOST_TOKENS:
            raise UnreadableError("no token, or too many")
        yield Token(found.lastgroup or "", found.group())
        at, count = found.end(), count + 1


def _check(tokens: list[Token]) -> None:
    """Brackets close in order, and each definition at the top begins as one of an executable document."""
    open_: list[str] = []
    start = 0
    for i, (kind, text) in enumerate(tokens):
        if kind != "mark":
            continue
        if text in _CLOSING:
            if not open_ and text == "{":
                _check_head(tokens[start:i])
            open_.append(_CLOSING[text])
        elif text in ")]}":
            if not open_ or open_.pop() != text:
                raise UnreadableError("brackets")
            if not open_ and text == "}":
                start = i + 1
        if len(open_) > _MOST_DEPTH:
            raise UnreadableError("too deep")
    if open_ or start != len(tokens) or not tokens:
        raise UnreadableError("no end")


def _check_head(head: list[Token]) -> None:
    """What stands before a selection set: nothing, `query Name`, or `fragment Name on Type`; variables, directives."""
    words = 0
    while words < len(head) and head[words].kind == "name":
        words += 1
    names = [token.text for token in head[:words]]
    is_fragment = len(names) == 4 and names[0] == "fragment" and names[2] == "on"
    is_operation = bool(names) and len(names) <= 2 and names[0] in _OPERATIONS
    rest = head[words].text if words < len(head) else ""
    if not (is_fragment or is_operation or not head) or rest not in ("", "(", "@"):
        raise UnreadableError("no operation")


def _written(desk: Desk, tokens: list[Token], place: str) -> Iterator[str]:
    """Each token as it stays, or anew. An argument's name says what its value is."""
    argument = before = last = before_name = ""
    depths: list[str] = []
    trail: Trail = ()  # of the arguments around
    above: list[Trail] = []
    for kind, text in tokens:
        if kind == "ignored":
            yield text
            continue
        if kind == "comment":
            continue
        if kind == "mark":
            if text in _CLOSING:
                above.append(trail)
                trail = _opened(text, depths, trail, argument)
                depths.append(text)
            elif text in ")]}":
                depths.pop()
                trail = above.pop()
            if text == ":":
                argument = last
            yield text
        elif kind == "name":
            is_value = before in (":", "[", "=") and "(" in depths
            is_operation = not depths and before_name in _OPERATIONS
            yield _name(desk, "operationName" if is_operation else argument if is_value else "", text, place)
        else:
            yield _literal(desk, _named(depths, trail, argument), argument, kind, text, place)
        last = before_name = text if kind == "name" else ""
        before = text if kind == "mark" else before if before == "[" else ""  # elements of a list follow each other


def _name(desk: Desk, argument: str, text: str, place: str) -> str:
    """A name, or a word of an enumeration under `argument`; an operation's is told again beside the document."""
    if text in _OWN_WORDS:
        return text
    if argument and role_of(argument) in _CLOSED_LISTS:
        new = desk.value(argument, text, f"{place}.{argument}" if place else argument)
    else:
        new = desk.name(text, place)
    if not _NAME.fullmatch(new) or new in _OWN_WORDS:
        raise UnreadableError("name")
    return new


def _named(depths: list[str], trail: Trail, argument: str) -> Trail:
    """The place of a value: elements of a list have no name of their own."""
    return trail if depths and depths[-1] == "[" else (*trail, argument)


def _opened(mark: str, depths: list[str], trail: Trail, argument: str) -> Trail:
    """What stands above whatever follows the bracket."""
    if mark == "(" or "(" not in depths:
        return ()
    inside = _named(depths, trail, argument)
    return (*inside, None) if mark == "[" else inside


def _literal(desk: Desk, trail: Trail, argument: str, kind: str, text: str, place: str) -> str:
    if kind in ("int", "float"):
        return _number(desk, trail, argument, kind, text, place)
    try:
        old = _block(text) if kind == "block" else json.loads(text, strict=False)
    except ValueError:
        raise UnreadableError("string") from None
    new = desk.literal(trail, argument, old, f"{place}.{argument}" if argument else place)
    return text if new == old and kind == "string" else json.dumps(new, ensure_ascii=False)


def _block(text: str) -> str:
    """A block string's value, its common indentation left as it is: layout, and no part of a value."""
    return text[3:-3].replace('\\"""', '"""').strip()


def _number(desk: Desk, trail: Trail, argument: str, kind: str, text: str, place: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise UnreadableError("number")
    old = int(text) if kind == "int" else float(text)
    if not math.isfinite(old):
        raise UnreadableError("number")
    new = desk.literal(trail, argument, old, f"{place}.{argument}" if argument else place)
    return text if new == old and type(new) is type(old) else json.dumps(new)
