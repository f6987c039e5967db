"""Bodies of 99 KB that cost much for their length: the worst of a search, and the kinds that anybody would try first.

Each is (name, media type, data). `REFUSED` would take from 50 ms to half a second of one core; `PASSED` are as long
and take less.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from random import Random
from string import ascii_letters, digits

SIZE = 99_000  # bytes
JSON, FORM, TEXT, CSV = "application/json", "application/x-www-form-urlencoded", "text/plain", "text/csv"
Body = tuple[str, str, bytes]

_rng = Random("hostile")


def word(length: int, alphabet: str = ascii_letters + digits) -> str:
    return "".join(_rng.choices(alphabet, k=length))


def hexes(length: int) -> str:
    return word(length, "0123456789abcdef")


def number(length: int) -> int:
    return _rng.randrange(10 ** (length - 1), 10**length)


def many(make: Callable[[int], object]) -> list[object]:
    """As many as fit, as a JSON list."""
    out: list[object] = []
    length = 2
    while length < SIZE:
        out.append(make(len(out)))
        length += len(json.dumps(out[-1], separators=(",", ":")).encode()) + 1
    return out[:-1]


def listed(name: str, make: Callable[[int], object]) -> Body:
    return name, JSON, json.dumps(many(make), separators=(",", ":")).encode()


def named(name: str, document: dict[str, object]) -> Body:
    return name, JSON, json.dumps(document, separators=(",", ":")).encode()


def run(name: str, text: str) -> Body:
    return name, JSON, json.dumps(text * ((SIZE - 2) // len(text))).encode()


def joined(name: str, media_type: str, between: str, make: Callable[[int], str]) -> Body:
    parts: list[str] = []
    length = 0
    while length < SIZE:
        parts.append(make(len(parts)))
        length += len(parts[-1]) + len(between)
    return name, media_type, between.join(parts[:-1]).encode()


def nested(depth: int, inner: object) -> str:
    """A document in base64 in a document in base64 ..."""
    text = json.dumps(inner)
    for _ in range(depth):
        text = b64encode(json.dumps({"a": text}).encode()).decode()
    return text


REFUSED: list[Body] = [
    listed("12 k distinct five-digit integers", lambda i: 10_000 + 7 * i % 90_000),
    listed("9 k ten-digit integers", lambda i: number(10)),
    listed("17-digit integers", lambda i: number(17)),
    listed("cards", lambda i: f"4{number(15)}"),
    listed("telephones", lambda i: f"+49{number(10)}"),
    listed("2 k e-mails", lambda i: f"user{word(8)}@{word(8)}.test"),
    listed("e-mails in sentences", lambda i: "mail " + " ".join(f"{word(4)}@{word(3)}.de" for _ in range(8))),
    listed("1.3 k URLs", lambda i: f"https://{word(5)}.test/a/{word(6)}?q={word(5)}&r={i}"),
    listed("short URLs", lambda i: f"a://{i}"),
    listed("paths", lambda i: "/" + "/".join(word(1) for _ in range(40))),
    listed("5 k tokens", lambda i: word(17)),
    listed("short strings", lambda i: word(4)),
    listed("days", lambda i: f"19{number(2)}-0{1 + i % 9}-{10 + i % 19}"),
    listed("percent-encoded", lambda i: f"%41{word(4)}%42"),
    listed("base64 in base64", lambda i: nested(3, {"u": word(9)})),
    listed("documents in strings", lambda i: f"[{i}]"),
    listed("eyJ at the start", lambda i: f"eyJ{word(12)}"),
    ("5 k new names", JSON, json.dumps({word(14): i for i in range(4_300)}, separators=(",", ":")).encode()),
    (
        "names that stay",
        JSON,
        json.dumps({"k" + word(6, "abcdefghij"): "" for _ in range(6_500)}, separators=(",", ":")).encode(),
    ),
    joined("form pairs", FORM, "&", lambda i: f"{word(2)}={word(3)}"),
    joined("empty form pairs", FORM, "&", lambda i: ""),
    joined("numbers in text", TEXT, " ", lambda i: str(number(9))),
    joined("five digits in text", TEXT, " ", lambda i: f"{word(6, ascii_letters)} {number(5)}"),
    joined("UUIDs in text", TEXT, " ", lambda i: f"{hexes(8)}-{hexes(4)}-4{hexes(3)}-a{hexes(3)}-{hexes(12)}"),
    listed("sentences with one number", lambda i: " ".join(word(6, ascii_letters) for _ in range(9)) + f" {number(6)}"),
    listed("tokens of 40 characters", lambda i: word(40)),
    listed("tokens of 80 characters", lambda i: word(80)),
    joined("addresses in text", TEXT, " ", lambda i: f"{word(4)}@{word(3)}.de"),
    joined("cells", CSV, ",", lambda i: word(3)),
    run("@-runs", "@"),
    run("a@b.-runs", "a@b."),
    run("digits", "1"),
    run("slashes", "/"),
]

PASSED: list[Body] = [
    run("one long string", "Ab3"),
    run("eyJ once", "x"),
    listed("one word again and again", lambda i: "waiting"),
    listed("rows of one shape", lambda i: {"n": i % 100, "state": "open", "ok": True, "at": None}),
    joined("words", TEXT, " ", lambda i: word(5)),
    ("nothing but zeros", JSON, json.dumps([0] * 33_000).encode()),
]
