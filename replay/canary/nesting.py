"""Random nesting: a secret in none to four layers of writing, at one of many places of an exchange.

Rule: the same seed and number give the same case, in this process and through a real recorder.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote

from replay.canary.case import Case, Group, Loss, Plan, answered, get, post, socket
from replay.canary.encodings import b64, b64url, escaped, field, j, jwt, multipart, percent
from replay.canary.planted import Mint

MOST_LAYERS = 4


def _marked(text: str) -> str:
    return escape(text, quote=True)


LAYERS: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: j({"id": 7, "value": text, "ok": True}),
    "escaped JSON": lambda text: f'{{"v": "{escaped(text)}"}}',
    "array": lambda text: j([1, text, None]),
    "base64": b64,
    "base64url": b64url,
    "percent": percent,
    "form": lambda text: f"a=1&v={quote(text, safe='')}&b=2",
    "URL": lambda text: f"https://shop.example/p?v={quote(text, safe='')}",
    "path": lambda text: f"/api/v1/{quote(text, safe='')}/items",
    "JWT": lambda text: jwt({"sub": text, "exp": 1763742303}),
    "XML": lambda text: f"<a><b>{_marked(text)}</b></a>",
    "text": lambda text: f"about {text} we know nothing",
    "hex": lambda text: text.encode().hex(),
    "gzip, base64": lambda text: b64(gzip.compress(text.encode(), mtime=0)),
    "JSON string": j,
}
PLACES: dict[str, Callable[[str], Plan]] = {
    "path": lambda text: get(f"/u/{quote(text, safe='')}/x"),
    "query": lambda text: get(f"/s?v={quote(text, safe='')}&page=2"),
    "header": lambda text: get("/h", ("X-Value", text)),
    "cookie": lambda text: get("/h", ("Cookie", f"v={quote(text, safe='')}; theme=dark")),
    "JSON body": lambda text: post("application/json", j({"a": {"b": [text]}})),
    "form body": lambda text: post("application/x-www-form-urlencoded", f"v={quote(text, safe='')}&n=1"),
    "JSON answer": lambda text: answered("application/json", j({"items": [{"v": text}]})),
    "text answer": lambda text: answered("text/plain", f"{text}\n"),
    "Basic user": lambda text: get("/h", ("Authorization", f"Basic {b64(f'{text}:x')}")),
    "Location": lambda text: answered("", b"", ("Location", f"/r?v={quote(text, safe='')}"), status=302),
    "Set-Cookie": lambda text: answered("", b"", ("Set-Cookie", f"v={quote(text, safe='')}; Path=/"), status=204),
    "multipart field": lambda text: post("multipart/form-data; boundary=bnd", multipart("bnd", (field("v"), text))),
    "XML element": lambda text: post("application/xml", f"<a><v>{_marked(text)}</v></a>"),
    "HTML attribute": lambda text: answered("text/html", f'<p title="{_marked(text)}">x</p>'),
    "event": lambda text: answered("text/event-stream", f"data: {text}\n\n"),
    "table cell": lambda text: answered("text/csv", f'id,note\r\n1,"{text.replace(chr(34), chr(34) * 2)}"\r\n'),
    "JSON line": lambda text: answered("application/x-ndjson", j({"v": text}) + "\n" + j([text]) + "\n"),
    "GraphQL variable": lambda text: post("application/json", j({"query": "{ me }", "variables": {"v": text}})),
    "GraphQL literal": lambda text: post("application/json", j({"query": f"{{ me(v: {j(text)}) {{ id }} }}"})),
    "JSON key": lambda text: answered("application/json", j({"by": {text: 1}})),
    "WebSocket text": lambda text: socket((False, 1, text)),
    "WebSocket message": lambda text: socket((True, 1, j({"v": text}))),
}
_KINDS: tuple[Callable[[Mint], str], ...] = (
    Mint.email,
    Mint.token,
    Mint.name,
    Mint.nine,
    Mint.ssn,
    Mint.card,
    Mint.iban,
    Mint.phone,
    Mint.uuid,
    Mint.slug,
    Mint.password,
    Mint.street,
    Mint.hex,
)


def nested_cases(seed: int, first: int, count: int) -> Iterator[Case]:
    """Cases number `first` and on. A body that a reader gives up on may be left out; an exchange may not."""
    for number in range(first, first + count):
        yield _case(seed, number)


def _case(seed: int, number: int) -> Case:
    chance = random.Random(f"nesting {seed} {number}")
    layers = [chance.choice(list(LAYERS)) for _ in range(chance.randint(0, MOST_LAYERS))]
    place, kind = chance.choice(list(PLACES)), chance.choice(_KINDS)

    def make(mint: Mint) -> Plan:
        text = kind(mint)
        for layer in layers:
            text = LAYERS[layer](text)
        return PLACES[place](text)

    position = f"{' in '.join(layers) or 'bare'} at {place}"
    reason = "what is nested too deep to be read may be left out"
    return Case(f"F{number:06}", position, make, Loss.BODY, reason, Group.SHAPE)
