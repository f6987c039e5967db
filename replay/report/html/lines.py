"""A request or an answer as lines that a page puts beside another's: what each says, and what it is compared by.

Ids and markers differ between two worlds though nothing is wrong. So a value is compared by the recording's word for
it, where the trace knows one, and a place that varies between clean replays is not compared at all.

Rule: credentials are never shown; of who sent a request the actor's stand-in is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.evidence import Attempt
from replay.model.headers import Headers
from replay.model.message import text_of
from replay.model.tree import Place, Tree, pattern
from replay.oracle.rowset import is_secret
from replay.report.html.visible import cut, without_tokens

MOST_LINES = 160  # of one message
_MOST_CHARS = 240  # of one value
_MOST_BYTES = 262_144  # a longer body is not read: its first lines say enough
_DEEPEST = 24
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|passw|api.?key|credential|session|csrf|xsrf|signature")
# Of every message, or of the connection: they say nothing about what went wrong.
_DULL = frozenset(
    {"host", "content-length", "connection", "keep-alive", "transfer-encoding", "accept", "accept-encoding", "date",
     "accept-language", "user-agent", "server", "te", "vary"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """`key`: equal keys are no change. `varies`: clean replays differ here."""

    text: str
    key: str
    varies: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """What a world calls the recording's values, and which places vary by themselves."""

    recorded: Mapping[str, str] = field(default_factory=dict)  # live -> recorded
    noisy: frozenset[str] = frozenset()  # places of the endpoint's answers

    def varies(self, place: str) -> bool:
        return place in self.noisy

    def key_of(self, value: str) -> str:
        return self.recorded.get(value, value)


def request_lines(attempt: Attempt, words: Words) -> list[Line]:
    """The request line, its fields, its body."""
    request = attempt.request
    out = [_target(request.method, request.target, words)]
    if attempt.as_recorded:
        return [*out, Line("as recorded; the capture holds its fields and body", "as recorded")]
    actor = attempt.sent_as
    who = f"{actor.tenant} {actor.principal}".strip() if actor else "nobody"
    out += _fields(request.headers, words, f"(credentials of {who})")
    return [*out, *islice(_body(request.body, words), MOST_LINES)]


def answer_lines(attempt: Attempt, words: Words) -> list[Line]:
    """The status or the fault, the answer's fields and body."""
    response = attempt.response
    if response is None:
        said = f"no answer: {attempt.fault.kind}" if attempt.fault else "no answer"
        return [Line(said, said)]
    out = [Line(f"status {response.status}", f"status {response.status}")]
    if attempt.as_recorded:
        return [*out, Line("as recorded; the capture holds its fields and body", "as recorded")]
    out += _fields(response.headers, words, "(hidden)")
    return [*out, *islice(_body(response.body, words), MOST_LINES)]


def _target(method: str, target: str, words: Words) -> Line:
    path, mark, query = target.partition("?")
    key = "/".join(words.key_of(part) for part in path.split("/"))
    shown = "&".join(_parameter(one) for one in query.split("&")) if query else ""
    text = without_tokens(cut(f"{method} {path}{mark}{shown}", 4 * _MOST_CHARS))
    return Line(text, f"{method} {key}{mark}{shown}")


def _parameter(piece: str) -> str:
    name, mark, value = piece.partition("=")
    return f"{name}{mark}(hidden)" if value and is_secret(name) else piece


def _fields(headers: Headers, words: Words, instead: str) -> Iterator[Line]:
    for name, value in headers.fields:
        low = name.lower()
        if low in _DULL:
            continue
        if _SECRET_HEADER.search(low):
            yield Line(f"{name}: {instead}", f"{low}: {instead}")
            continue
        text = f"{name}: {without_tokens(cut(value, _MOST_CHARS))}"
        varies = words.varies(f"header.{low}")
        yield Line(text, f"{low}: ~" if varies else f"{low}: {words.key_of(value)}", varies)


def _body(body: Body, words: Words) -> Iterator[Line]:
    if not body.data:
        if body.length_bytes:
            said = f"({body.length_bytes:,} bytes that were not kept)"
            yield Line(said, said)
        return
    yield Line("", "")
    if body.is_json and len(body.data) <= _MOST_BYTES:
        try:
            yield from _tree(parse_json(body.data), ("body",), "", "", words)
            return
        except UndecodableError:
            pass  # shown as the text that it is
    if body.is_form:
        pieces = body.data[:_MOST_BYTES].decode("utf-8", "replace").split("&")
        yield from (Line(text, text) for text in (cut(_parameter(one), _MOST_CHARS) for one in pieces[:MOST_LINES]))
        return
    yield from _text(body)


def _text(body: Body) -> Iterator[Line]:
    head = body.data[:_MOST_BYTES]
    try:
        text = head.decode("utf-8", "strict" if len(head) == len(body.data) else "ignore")
    except UnicodeDecodeError:
        said = f"({body.length_bytes:,} bytes of {body.media_type or 'an unknown type'})"
        yield Line(said, said)
        return
    for one in text.split("\n", MOST_LINES)[:MOST_LINES]:
        shown = without_tokens(cut(one.rstrip("\r"), 4 * _MOST_CHARS))
        yield Line(shown, shown)


def _tree(tree: Tree, place: Place, name: str, indent: str, words: Words) -> Iterator[Line]:
    """As indented JSON. An element of a list has no name."""
    label = f"{indent}{dump_json(name).decode('utf-8', 'replace')}: " if name else indent
    if isinstance(tree, dict | list) and tree and len(place) <= _DEEPEST:
        opening, closing = "{}" if isinstance(tree, dict) else "[]"
        yield Line(label + opening, label + opening)
        children = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, child in children:
            yield from _tree(child, (*place, key), key if isinstance(key, str) else "", indent + "  ", words)
        yield Line(indent + closing, indent + closing)
        return
    if isinstance(tree, dict | list):
        said = "…" if tree else "{}" if isinstance(tree, dict) else "[]"
        yield Line(label + said, label + said)
    elif name and is_secret(name) and isinstance(tree, str) and tree:
        yield Line(f"{label}(hidden)", f"{label}(hidden)")
    else:
        varies = words.varies(pattern(place))
        text = dump_json(tree).decode("utf-8", "replace")
        key = "~" if varies else words.key_of(text_of(tree))
        yield Line(label + without_tokens(cut(text, _MOST_CHARS)), label + key, varies)
