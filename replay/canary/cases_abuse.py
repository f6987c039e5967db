"""Secrets where only a closed list of words or a number is expected: known headers, parameters, names and markup abused.

Each row is a pattern; the case plants a slug, a name, a number and an account in it, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

from replay.canary.case import Case, Group, Plan, answered, get, post, socket
from replay.canary.encodings import j, percent
from replay.canary.planted import Mint

REQUEST_HEADERS = (
    ("Accept", "text/{}"),
    ("Accept-CH", "{}"),
    ("Accept-Charset", "{};q=0.5"),
    ("Accept-Encoding", "gzip, {}"),
    ("Accept-Language", "{};q=0.5, x-{}"),
    ("Access-Control-Request-Headers", "x-{}, content-type"),
    ("Access-Control-Request-Method", "{}"),
    ("Cache-Control", "max-age=0, {}"),
    ("Connection", "keep-alive, X-{}"),
    ("DNT", "{}"),
    ("Expect-CT", "max-age=1, report-uri=https://{}.example/r"),
    ("If-Match", '"{}"'),
    ("If-Modified-Since", "{}"),
    ("Keep-Alive", "timeout=5, {}=1"),
    ("Pragma", "{}"),
    ("Max-Forwards", "{}"),
    ("Prefer", "return={}; wait=1"),
    ("Priority", "u=1, {}"),
    ("Range", "{}=0-10"),
    ("Sec-CH-UA", '"{}";v="1"'),
    ("Sec-CH-UA-Model", '"{}"'),
    ("Sec-Fetch-Site", "{}"),
    ("Sec-WebSocket-Extensions", "{}; x=1"),
    ("TE", "{}"),
    ("Traceparent", "00-{}-01"),
    ("User-Agent", "{}/1.0 (X11; {})"),
    ("X-Correlation-ID", "{}"),
    ("X-Forwarded-Host", "{}.example"),
    ("X-Forwarded-Proto", "{}"),
    ("X-HTTP-Method-Override", "{}"),
    ("X-Original-URL", "/u/{}?v={}"),
    ("X-Requested-With", "{}"),
)
ANSWER_HEADERS = (
    ("Access-Control-Expose-Headers", "X-{}"),
    ("Allow", "GET, {}"),
    ("Age", "{}"),
    ("Alt-Svc", 'h2="{}.example:443"; ma=60'),
    ("Clear-Site-Data", '"{}"'),
    ("Content-Language", "{}"),
    ("Content-Range", "{} 0-1/2"),
    ("Expires", "{}"),
    ("Last-Modified", "{}"),
    ("NEL", '{{"report_to": "{}", "max_age": 60}}'),
    ("Server", "{}"),
    ("Set-Cookie", "a=1; SameSite={}; {}"),
    ("Set-Cookie", "{}=1; Path=/{}; Expires={}"),
    ("SourceMap", "/maps/{}.js.map"),
    ("Strict-Transport-Security", "max-age=60; {}"),
    ("Timing-Allow-Origin", "https://{}.example"),
    ("Vary", "Accept, {}"),
    ("Warning", '110 {} "{}"'),
    ("X-Cache", "HIT from {}"),
    ("X-RateLimit-Reset", "{}"),
    ("X-Powered-By", "{}"),
)
PARAMETERS = (
    "page={}",
    "limit={}",
    "sort=-{}",
    "order_by={},created_at",
    "fields=id,{}",
    "lang={}",
    "v={}",
    "format={}",
    "callback={}",
    "status={}",
    "type[]={}",
    "scope=openid%20{}",
    "filter[{}]=1",
    "since={}",
    "tz={}",
)
KEYS = (
    "version", "count", "page",
    "status", "type", "kind", "role", "roles", "state", "currency", "country", "lang", "locale", "unit", "method", "event",
    "action", "level", "category", "scope", "sort", "fields", "columns", "order", "format", "encoding", "color",
    "createdAt", "expires_in", "size", "code", "error", "message", "operationName", "__typename",
    "timezone", "mime", "path", "url", "key", "id", "ref", "tag", "reason",
)  # fmt: skip
TEXTS = (
    "/srv/files/{}/photo.jpg",
    "C:\\Users\\{}\\notes.txt",
    "1.2.3-{}",
    "ftp://{}@files.example/x",
    "mailto:{}",
    "tel:{}",
    "urn:person:{}",
    "data:,{}",
    "javascript:go('{}')",
    "select * from users where name = '{}'",
    "name: {}\nage: 3\n",
    "a,b\n1,{}\n",
    '10.0.0.1 - {} [20/Nov/2026:10:00:00 +0000] "GET /u/{} HTTP/1.1" 200 12',
    "order.created.{}",
    "a1:{}:b2",
    "#{}",
    "@{}",
    "{{{{{}}}}}",
    "${{{}}}",
    "<!-- {} -->",
    "<{0}>x</{0}>",
    "//{}",
    "{}: 12",
    "{}=12",
    "[{}]",
    "{}@",
    "{}\u200b",
    "\u202e{}",
    "{}\x00",
    "v1.{}.s",
    "P1Y{}",
    "2026-11-20T10:00:00Z {}",
    "0x{}",
    "{}%",
    "{}-{}",
)
MARKUP = (
    "<div id={} class='{}'>x</div>",
    "<{}-card>x</{}-card>",
    "<p data-{}='1'>x</p>",
    "<img alt='{}' src='/i/{}.png' srcset='/i/{}.png 2x'>",
    "<meta property='og:title' content='{}'>",
    "<style>.u::after {{ content: '{}' }}</style>",
    "<a onclick=\"go('{}')\" href='?u={}'>x</a>",
    "<!--[if {}]>x<![endif]--><title>{}</title>",
    "<textarea name={}>{}</textarea><option value={}>x</option>",
    '<script type=\'application/ld+json\'>{{"name": "{}"}}</script><script>/* {} */</script>',
    "<svg><text>{}</text></svg><iframe srcdoc='{}'></iframe>",
    "<p>{}",
    "<p title={}",
)
SOCKET_TEXTS = (
    "40/{},",
    '42/{},1["{}"]',
    '{{"type": 1, "target": "{}", "arguments": []}}\x1e',
    "SEND\ndestination:/topic/{}\n{}:1\n\nhello\0",
    '{{"id": "{}", "type": "complete"}}',
    "PING {}",
    "{}",
    "{}\n{}\r\n",
)
# What `strict` lets stay on purpose: a vendor's name in a media type, and sums.
STAYING_HEADERS = (("Accept", "application/vnd.{}+json"),)
STAYING_KEYS = ("total",)
_WRITTEN: tuple[Callable[[Mint], str], ...] = (Mint.slug, Mint.family, Mint.nine, Mint.account)


def _fill(mint: Mint, pattern: str, turn: int) -> str:
    """Each blank of the pattern gets a secret of its own."""
    blanks = [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]
    needed = 1 if "0" in blanks else len(blanks)
    return pattern.format(*(_WRITTEN[(turn + i) % len(_WRITTEN)](mint) for i in range(needed)))


def _all(mint: Mint, pattern: str) -> list[str]:
    return [_fill(mint, pattern, turn) for turn in range(len(_WRITTEN))]


def _request(name: str, pattern: str) -> Callable[[Mint], Plan]:
    return lambda mint: get("/abuse", *((name, value) for value in _all(mint, pattern)))


def _answer(name: str, pattern: str) -> Callable[[Mint], Plan]:
    return lambda mint: answered("application/json", "{}", *((name, value) for value in _all(mint, pattern)))


def _parameter(pattern: str) -> Callable[[Mint], Plan]:
    return lambda mint: get("/abuse?" + "&".join(_all(mint, pattern)))


def _key(name: str) -> Callable[[Mint], Plan]:
    def make(mint: Mint) -> Plan:
        values = _all(mint, "{}")
        return post("application/json", j({name: values[0], "in": {name: values}, "n": {name: int(mint.nine())}}))

    return make


def _value(pattern: str) -> Callable[[Mint], Plan]:
    def make(mint: Mint) -> Plan:
        values = _all(mint, pattern)
        form = "&".join(f"a{i}={percent(value)}" for i, value in enumerate(values))
        return Plan(
            "POST",
            "/abuse",
            headers=(("Content-Type", "application/x-www-form-urlencoded"),),
            body=form.encode(),
            answer_headers=(("Content-Type", "application/json"),),
            answer=j({"list": values, "one": values[1]}).encode(),
        )

    return make


def _page(pattern: str) -> Callable[[Mint], Plan]:
    return lambda mint: answered("text/html", f"<html><body>{' '.join(_all(mint, pattern))}</body></html>")


def _message(pattern: str) -> Callable[[Mint], Plan]:
    return lambda mint: socket(*((turn % 2 == 0, 1, text) for turn, text in enumerate(_all(mint, pattern))))


CASES = (
    *(Case(f"H{i:03}", f"{name}: {text}", _request(name, text), group=Group.REQUEST_HEADER) for i, (name, text) in enumerate(REQUEST_HEADERS, 1)),
    *(Case(f"A{i:03}", f"{name}: {text}", _answer(name, text), group=Group.RESPONSE_HEADER) for i, (name, text) in enumerate(ANSWER_HEADERS, 1)),
    *(Case(f"Q{i:03}", f"parameter {text}", _parameter(text)) for i, text in enumerate(PARAMETERS, 1)),
    *(Case(f"K{i:03}", f"under the name {name}", _key(name), group=Group.NAMES) for i, name in enumerate(KEYS, 1)),
    *(Case(f"T{i:03}", f"text {text!r}", _value(text), group=Group.SHAPE) for i, text in enumerate(TEXTS, 1)),
    *(Case(f"M{i:03}", f"markup {text}", _page(text), group=Group.RESPONSE_BODY) for i, text in enumerate(MARKUP, 1)),
    *(Case(f"S{i:03}", f"message {text!r}", _message(text), group=Group.SOCKET) for i, text in enumerate(SOCKET_TEXTS, 1)),
)  # fmt: skip

STAYING = (
    *(Case(f"LH{i}", f"{name}: {text}", _request(name, text)) for i, (name, text) in enumerate(STAYING_HEADERS, 1)),
    *(Case(f"LK{i}", f"under the name {name}", _key(name)) for i, name in enumerate(STAYING_KEYS, 1)),
)
"""No cases of a run: known limits, kept here so that a test can say that the list is true."""
