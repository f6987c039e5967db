"""What the requests of a script take from its own answers: tokens of its logins, ids of what it made.

A stored trace holds stand-ins where the target's values were. The places are still equal where the values were, so the
script can be told where to take the live ones from when it runs.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from replay.correlate.bindings import Source
from replay.correlate.learn import learn
from replay.model.body import Body
from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Exchange, Request
from replay.model.message import request_leaves, with_values
from replay.model.session import Session
from replay.model.tree import Place

_READABLE = frozenset(("body", "header", "location", "set-cookie"))  # what the script's reader understands
_MARK = re.compile(r"zqReplayVar(\d+)Zq")
_QUOTED_MARK = re.compile(rb'"(zqReplayVar\d+Zq)"')
_WRITINGS = {"path": "percent", "query": "percent", "form": "percent", "body": "json"}

# Reads an answer as `curl --include` wrote it. No single quote may stand in it: it is one word of the shell.
READER = r"""
import json, re, sys, zlib
from urllib.parse import quote, unquote, urlsplit
data = open(sys.argv[1], "rb").read()
place, writing = json.loads(sys.argv[2]), sys.argv[3]
head = b""
shown = lambda text: "".join(char for char in text if char.isprintable())
plain = lambda data: zlib.decompressobj(31).decompress(data, 1 << 26) if data[:2] == b"\x1f\x8b" else data
while re.match(rb"HTTP/[0-9.]+ ", data):
    head, _, data = data.partition(b"\r\n\r\n")
lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
named = lambda name: [value.strip() for key, _, value in lines if key.lower() == name]
try:
    if place[0] == "body":
        value = json.loads(plain(data))
        for part in place[1:]:
            value = value[part]
    elif place[0] == "header":
        value = named(place[1])[place[2]]
    elif place[0] == "location":
        value = unquote(urlsplit(named("location")[0]).path.split("/")[place[1]])
    else:
        pairs = [field.partition(";")[0].partition("=") for field in named("set-cookie")]
        value = [text.strip() for name, _, text in pairs if name.strip() == place[1]][-1]
except (ValueError, LookupError, TypeError, OSError, RecursionError, zlib.error):
    sys.exit(shown("this answer lacks " + ".".join(map(str, place)) + ": " + head.decode("latin-1").split("\r\n")[0]))
text = value if isinstance(value, str) else json.dumps(value)
print({"percent": quote(text, safe=""), "json": json.dumps(text)[1:-1]}.get(writing, text), end="")
"""


@dataclass(frozen=True, slots=True)
class Linked:
    """`request` has marks where `takes` put values: (variable, number of the answer, place in it, writing)."""

    request: Request
    takes: tuple[tuple[str, int, Place, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _, _, _ in self.takes)

    def assignments(self) -> list[str]:
        """Lines of the shell."""
        return [
            f"{name}=$(value {n} {shlex.quote(json.dumps(place))} {writing}) || exit 1"
            for name, n, place, writing in self.takes
        ]


def linked(trace: Trace) -> list[Linked]:
    """Each attempt's request. Answers count from 1, as the script's comments do."""
    by_session: dict[str, list[Exchange]] = {}
    for n, attempt in enumerate(trace.attempts):
        one = Exchange(str(n), attempt.request, attempt.outcome, attempt.sent, attempt.ended)
        by_session.setdefault(attempt.session_id, []).append(one)
    bindings = learn([Session(name, None, tuple(found)) for name, found in by_session.items()])
    count = 0
    out = []
    for n, attempt in enumerate(trace.attempts):
        found = {
            one.place: source for one in bindings.of(str(n)) if (source := _usable(one.sources, n, trace.attempts))
        }
        out.append(_with_marks(attempt.request, found, count))
        count += len(found)
    return out


def pieces(text: str, names: frozenset[str]) -> Iterator[tuple[bool, str]]:
    """(True, variable) for marks of these variables, (False, text) for what stands around them.

    Any other mark is text: traffic may hold whatever looks like one.
    """
    end = 0
    for found in _MARK.finditer(text):
        if f"V{found[1]}" in names:
            yield False, text[end : found.start()]
            yield True, f"V{found[1]}"
            end = found.end()
    yield False, text[end:]


def word(text: str, names: frozenset[str] = frozenset()) -> str:
    """One word of the shell; marks of `names` become variables."""
    made = [f'"${one}"' if is_name else shlex.quote(one) for is_name, one in pieces(text, names) if one]
    return "".join(made) or "''"


def has_mark(text: str, names: frozenset[str]) -> bool:
    return any(is_name for is_name, _ in pieces(text, names))


def _usable(sources: Sequence[Source], consumer: int, attempts: Sequence[Attempt]) -> Source | None:
    """The best source that was answered before, at a place that the script's reader understands."""
    for source in sources:
        n = int(source.exchange_id)
        if n < consumer and source.place[0] in _READABLE and attempts[n].ended <= attempts[consumer].sent:
            return source
    return None


def _with_marks(request: Request, found: Mapping[Place, Source], count: int) -> Linked:
    if not found:
        return Linked(request)
    numbers = {place for place, value in request_leaves(request) if not isinstance(value, str)}
    takes: list[tuple[str, int, Place, str]] = []
    marks: dict[Place, str] = {}
    for number, (place, source) in enumerate(found.items(), count + 1):
        writing = "raw" if place in numbers else _WRITINGS.get(str(place[0]), "raw")
        takes.append((f"V{number}", int(source.exchange_id) + 1, source.place, writing))
        marks[place] = f"zqReplayVar{number}Zq"
    marked = with_values(request, marks)
    bare = {marks[place].encode() for place in numbers if place in marks}
    data = _QUOTED_MARK.sub(lambda mark: mark[1] if mark[1] in bare else mark[0], marked.body.data)
    body = Body(data, marked.body.content_type, marked.body.truncated, marked.body.size_bytes)
    return Linked(Request(marked.method, marked.target, marked.headers, body, marked.scheme, marked.host), tuple(takes))
