"""The diff room against a generated service: silent on clean sessions, and it finds what was broken on purpose.

The generator plays one plan (who asks for what) in several worlds. Each world has its own ids, clock and chance; the
recording is one more world whose values went through a redactor's hands. A regression is a change to the service
that every clean replay meets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from replay.diff.alignment import Redacted
from replay.diff.compare import compare
from replay.diff.noise import learn
from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Trace
from unit.diff.traced import JSON, answered, played, trace

ENDPOINTS = ("GET /orders/{id}", "GET /orders/{id}/full", "POST /orders", "PATCH /orders/{id}", "GET /summary")
STABLE, FLAKY = ENDPOINTS[0], ENDPOINTS[4]
EXCHANGES = 16  # per endpoint
ENTITIES = 6
STATES = ("open", "paid", "sent")
COOKIE = "sid=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600"
Change = Callable[[dict[str, Any]], Any]

REDACTED = {
    "body.owner": "uuid", "body.request": "uuid", "body.email": "email", "body.token": "token", "body.message": "text",
    "body.title": "text", "body.city": "text", "body.born": "birth", "body.link": "url", "set-cookie.sid": "token",
}  # fmt: skip
IDS = dict.fromkeys(("body.id", "body.ref_id", "body.lines[*].order_id", "location[*]"), "digits")


def redacted(_endpoint: str, side: str, place: str) -> str:
    """Small integers stay as they are, as the redactor's rules have it."""
    return REDACTED.get(place, "") if side == "response" else ""


def ids_as_well(_endpoint: str, side: str, place: str) -> str:
    return (REDACTED | IDS).get(place, "") if side == "response" else ""


@dataclass(frozen=True)
class Regression:
    """What breaks, where it must be reported, and of which kind."""

    name: str
    place: str
    kind: DifferenceKind
    body: Change | None = None
    status: int = 0
    headers: Callable[[list[tuple[str, str]]], list[tuple[str, str]]] | None = None
    media: str = JSON


def digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def uuid_of(*parts: object) -> str:
    word = digest(*parts)
    return f"{word[:8]}-{word[8:12]}-4{word[13:16]}-a{word[17:20]}-{word[20:32]}"


def scrambled(text: str) -> str:
    """As a redactor does it: same length, spaces kept, one stand-in per text."""
    letters = Random(text)
    return "".join(letter if letter == " " else letters.choice("abcdefghijklmnopqrstuvwxyz") for letter in text)


class World:
    """One set of fresh values. World 0 is the recording: what it answers is redacted."""

    def __init__(self, seed: int, number: int) -> None:
        self.seed, self.number = seed, number
        self.chance = Random(f"{seed}/{number}")
        self.now = (
            datetime(2026, 9, 3, 11, tzinfo=UTC) if number == 0 else datetime(2026, 11, 20, 9, number, tzinfo=UTC)
        )
        self.first_id = self.chance.randrange(100, 60_000)
        self.counter = self.chance.randrange(10_000)

    def id_of(self, entity: int) -> int:
        if self.number == 0:  # a permutation's image: no order left
            return 100 + int(digest(self.seed, "id", entity)[:6], 16) % 90_000
        return self.first_id + entity

    def text(self, text: str) -> str:
        return scrambled(text) if self.number == 0 else text

    def time(self, seconds: float) -> str:
        return (self.now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def document(self, entity: int, step: int) -> dict[str, Any]:
        """Stable fields, then one line per noise family."""
        chance = self.chance
        self.now += timedelta(seconds=chance.uniform(0.2, 4))
        self.counter += chance.randrange(1, 9)
        id_ = self.id_of(entity)
        document: dict[str, Any] = {
            "state": STATES[entity % 3], "total": 40 + 13 * entity, "active": entity % 2 == 0, "__typename": "Order",
            "lines": [{"sku": f"S{entity}{n}", "qty": n + 1, "order_id": id_} for n in range(1 + entity % 3)],
            "price": {"amount": 9.5 + entity, "currency": "EUR"}, "note": None, "due": "2027-01-15",
            "city": self.text("Springfield"), "born": "1986-03-04" if self.number == 0 else "1986-07-01",
            "id": id_,                                                                  # ids renamed per world
            "ref_id": self.id_of((entity + 1) % ENTITIES),                              # a reference among them
            "owner": uuid_of(self.seed, self.number, entity % 2),                       # uuids, repeated
            "request": uuid_of(self.seed, self.number, step, chance.random()),          # uuids, never repeated
            "email": f"u{digest(self.seed, self.number, entity % 2)[:12]}@d1.example",  # fresh e-mails
            "token": digest(self.number, step, chance.random())[:40],                   # tokens
            "now": self.time(0), "expires_ms": int(self.now.timestamp() * 1000) + 60_000,  # timestamps
            "today": self.now.strftime("%Y-%m-%d"),                                     # coarse times
            "seen": self.counter,                                                       # counters
            "took_ms": round(chance.lognormvariate(3, 0.6), 3),                         # latencies
            "labels": chance.sample(["a", "b", "c", "d"], 4),                           # shuffled scalars
            "message": self.text(f"Order {id_} was placed {self.time(0)}"),             # server-made text
            "title": self.text(f"Title {digest(self.number, entity)[:6 + self.number % 3]}"),  # fresh texts
            "link": f"https://h{self.number}.test/orders/{id_}?sig={digest(step, chance.random())[:12]}",
            "events": [
                {"at": self.time(-n), "n": self.counter + n, "by": chance.choice(["system", "user", None])}
                for n in range(chance.randrange(1, 5))
            ],                                                                          # dynamic list length
            "by_id": {str(id_ + n): {"rank": n} for n in range(2)},                     # keys that are data
        }  # fmt: skip
        if chance.random() > 0.05:  # a field that is missing once in 20
            document["promo"] = {"code": "P1", "until": self.time(900)}
        return document

    def headers(self, entity: int) -> list[tuple[str, str]]:
        return [
            ("Date", self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")), ("ETag", digest(self.chance.random())[:10]),
            ("X-Request-Id", digest(self.chance.random())[:8]), ("Cache-Control", "no-store, private"),
            ("Set-Cookie", COOKIE % digest(self.chance.random())[:24]), ("X-Api-Version", "3"),
            ("Location", f"/orders/{self.id_of(entity)}"), ("Server", f"node-{self.number}"),
        ]  # fmt: skip


def play(seed: int, number: int, broken: Regression | None = None) -> Trace:
    """The plan of `seed` in world `number`; `broken` changes what STABLE answers, except in the recording."""
    world, plan = World(seed, number), Random(f"{seed}/plan")
    attempts = []
    for step in range(EXCHANGES * len(ENDPOINTS)):
        endpoint, entity = ENDPOINTS[step % len(ENDPOINTS)], plan.randrange(ENTITIES)
        document, headers, status, media = world.document(entity, step), world.headers(entity), 200, JSON
        if endpoint == FLAKY and world.chance.random() < 0.05:
            status = 503
        if broken and endpoint == STABLE and number:
            document = broken.body(document) if broken.body else document
            headers = broken.headers(headers) if broken.headers else headers
            status, media = broken.status or status, broken.media
        attempts.append(played(f"e{step}", endpoint=endpoint, outcome=answered(document, status, headers, media)))
    return trace(*attempts, world=number)


def judged(seed: int, broken: Regression | None = None, known: Redacted = redacted) -> tuple[Difference, ...]:
    recorded, *clean = (play(seed, number, broken) for number in range(3))
    return compare(recorded, clean, learn(*clean, known), known)


def without(name: str) -> Change:
    return lambda document: {key: value for key, value in document.items() if key != name}


def with_(**fields: Any) -> Change:
    """Fields replaced or added; a function gets the whole document."""
    return lambda document: {
        **document, **{key: value(document) if callable(value) else value for key, value in fields.items()}
    }  # fmt: skip


def renamed_key(old: str, new: str) -> Change:
    return lambda document: {new if key == old else key: value for key, value in document.items()}


def each(name: str, change: Change) -> Change:
    """Every element of a list changed."""
    return lambda document: {**document, name: [change(element) for element in document[name]]}


def wrong_order(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines of one order in a few point to its neighbour."""
    return [{**line, "order_id": line["order_id"] + (document["total"] == 53)} for line in document["lines"]]


def someone_else(document: dict[str, Any]) -> str:
    return uuid_of("fixed") if document["total"] == 40 else str(document["owner"])


def rewritten(name: str, old: str, new: str) -> Callable[[list[tuple[str, str]]], list[tuple[str, str]]]:
    """One header with other text in it; with an empty text it is gone."""

    def rewrite(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        changed = [(n, v.replace(old, new) if n == name else v) for n, v in pairs]
        return [(n, v) for n, v in changed if v]

    return rewrite


K = DifferenceKind
R = Regression
REGRESSIONS = (
    R("field removed", "body.total", K.MISSING, without("total")),
    R(
        "nested field removed",
        "body.price.currency",
        K.MISSING,
        with_(price=lambda d: {"amount": d["price"]["amount"]}),
    ),
    R("field added", "body.password_hash", K.ADDED, with_(password_hash="x")),
    R("field renamed, old name", "body.state", K.MISSING, renamed_key("state", "status")),
    R("field renamed, new name", "body.status", K.ADDED, renamed_key("state", "status")),
    R("number became text", "body.total", K.TYPE, with_(total=lambda d: str(d["total"]))),
    R("truth became a number", "body.active", K.TYPE, with_(active=lambda d: int(d["active"]))),
    R("renamed id became text", "body.id", K.TYPE, with_(id=lambda d: str(d["id"]))),
    R("value changed", "body.total", K.VALUE, with_(total=lambda d: d["total"] + 1)),
    R("value changed for one order", "body.total", K.VALUE, with_(total=lambda d: d["total"] + (d["total"] == 53))),
    R("number scaled", "body.price.amount", K.VALUE, with_(price=lambda d: {**d["price"], "amount": 100.5})),
    R("enum changed", "body.state", K.VALUE, with_(state=lambda d: d["state"].replace("paid", "PAID"))),
    R("__typename changed", "body.__typename", K.VALUE, with_(__typename="Invoice")),
    R("null instead of a value", "body.due", K.TYPE, with_(due=None)),
    R("fixed date shifted by a month", "body.due", K.VALUE, with_(due="2027-02-15")),
    R("element of a stable list dropped", "body.lines", K.LENGTH, with_(lines=lambda d: d["lines"][:-1])),
    R("list became null", "body.lines", K.TYPE, with_(lines=None)),
    R("value in a stable list", "body.lines[*].qty", K.VALUE, each("lines", with_(qty=0))),
    R("field of a dynamic list removed", "body.events[*].n", K.MISSING, each("events", without("n"))),
    R("field of a dynamic list retyped", "body.events[*].n", K.TYPE, each("events", with_(n=lambda x: str(x["n"])))),
    R("wrong reference among renamed ids", "body.lines[*].order_id", K.RENAMING, with_(lines=wrong_order)),
    R("uuid became zero", "body.owner", K.RENAMING, with_(owner="00000000-0000-0000-0000-000000000000")),
    R("someone else's uuid", "body.owner", K.RENAMING, with_(owner=someone_else)),
    R("time became text", "body.now", K.VALUE, with_(now="just now")),
    R("time written otherwise", "body.now", K.VALUE, with_(now=lambda d: d["now"].replace("Z", ""))),
    R(
        "zero uuid where none repeats",
        "body.request",
        K.RENAMING,
        with_(request="0" * 8 + "-0000-0000-0000-" + "0" * 12),
    ),
    R("e-mail became text", "body.email", K.VALUE, with_(email="nobody")),
    R("status changed", "status", K.STATUS, status=500),
    R("media type changed", "body", K.MEDIA_TYPE, media="text/html"),
    R("cookie lost HttpOnly", "set-cookie.sid.httponly", K.MISSING, headers=rewritten("Set-Cookie", " HttpOnly;", "")),
    R("header lost", "header.x-api-version", K.MISSING, headers=rewritten("X-Api-Version", "3", "")),
    R("header changed", "header.cache-control", K.VALUE, headers=rewritten("Cache-Control", "no-store", "public")),
)
SAYS_TWICE = {"field renamed, old name": "body.status", "field renamed, new name": "body.state"}


@pytest.mark.parametrize("known", [redacted, ids_as_well])
@pytest.mark.parametrize("seed", range(1, 9))
def test_clean_sessions_are_silent(seed: int, known: Redacted) -> None:
    """Eight sessions, each with every noise family: not one difference."""
    assert judged(seed, known=known) == ()


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda regression: regression.name)
def test_what_was_broken_is_found_and_nothing_else(regression: Regression) -> None:
    """Every regression is reported at its place, of its kind, at the broken endpoint only."""
    found = judged(101, regression)
    assert (regression.place, regression.kind) in {(d.place, d.kind) for d in found}
    assert {d.endpoint for d in found} == {STABLE}
    assert {d.place for d in found} - {regression.place, SAYS_TWICE.get(regression.name)} == set()
