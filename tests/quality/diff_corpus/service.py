"""A generated SaaS API: endpoints in one of five styles, each a mix of stable and noisy fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from quality.diff_corpus.noisy_fields import NOISY, b64, http_date, iso
from quality.diff_corpus.stable_fields import STABLE, Family, Field
from quality.diff_corpus.worlds import ABSENT, ENTITIES, Turn, World, digest, uuid_of

Row = dict[str, Any]
NOUNS = (
    *("order", "invoice", "customer", "shipment", "product", "payment", "refund", "cart", "coupon", "warehouse"),
    *("ticket", "plan", "report", "user"),
)
STYLES = ("plain", "envelope", "json-api", "graphql", "hal")
_SHUFFLED_PAGES = 0.35
_RARE_503 = 0.01
_HEADERS: dict[str, Callable[[Turn], str]] = {
    "ETag": lambda t: f'"{digest(t.world.number, t.number)[:16]}"',
    "X-Request-Id": lambda t: uuid_of(t.world.number, t.number),
    "X-Operation": lambda t: uuid_of("operation", t.world.number, t.number),
    "X-Node": lambda t: f"node-{t.world.draw('node', t.number).randrange(4)}",
    "X-Quota-Left": lambda t: str(9_000 - t.number - t.world.draw("quota", t.number).randrange(9)),
    "X-Elapsed": lambda t: f"{t.world.draw('elapsed', t.number).uniform(1, 90):.1f}ms",
    "Last-Modified": lambda t: http_date(t.now - 30),
    "Set-Cookie": lambda t: f"sid={digest(t.world.number, t.number, 'sid')[:32]}; Path=/; HttpOnly; SameSite=Lax",
}


@dataclass(slots=True)
class Answer:
    """What is about to be sent; a regression changes it in place. `rows` hold the fields, `top` what is beside them."""

    turn: Turn
    status: int
    headers: dict[str, str]
    rows: list[Row]
    top: Row
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    noun: str
    style: str
    is_page: bool
    is_shuffled: bool
    fields: tuple[Field, ...]
    headers: tuple[str, ...]
    noise: tuple[str, ...] = field(default=())

    def answer(self, turn: Turn) -> Answer:
        rows = [self._row(turn.about(turn.entity + i)) for i in range(3 + turn.entity % 3 if self.is_page else 1)]
        if self.is_shuffled:
            turn.chance.shuffle(rows)
        top = {"total": 40 + turn.entity} if self.is_page else {}
        status = 503 if turn.world.is_hard and turn.chance.random() < _RARE_503 else 200
        headers = {"Date": http_date(turn.now), "Cache-Control": "private, no-store", "X-Api-Version": "3"}
        headers |= {name: _HEADERS[name](turn) for name in self.headers}
        return Answer(turn, status, headers, rows, top)

    def _row(self, turn: Turn) -> Row:
        row = {"id": turn.world.id_of(turn.noun, turn.entity)}
        made = ((one.name, one.family.make(turn, one.name)) for one in self.fields)
        return row | {name: value for name, value in made if value is not ABSENT}

    def document(self, answer: Answer) -> Any:
        if answer.status >= 500:
            return {"error": {"code": "unavailable", "retry": True}}
        rows = [_cased(row, self.style) for row in answer.rows]
        return _WRAPS[self.style](self, answer, rows)

    def place(self, name: str) -> str:
        """Where a row's field stands in the answer."""
        own = camel(name) if self.style in {"envelope", "graphql"} else name
        return f"{_row_place(self)}.{own}"

    def top_place(self) -> str:
        """Where the total of a page stands."""
        return {
            "plain": "body.total",
            "envelope": "body.result.total",
            "json-api": "body.meta.total",
            "graphql": f"body.data.{self.noun}s.total",
            "hal": "body.total",
        }[self.style]


def camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _cased(row: Row, style: str) -> Row:
    return {camel(name): value for name, value in row.items()} if style in {"envelope", "graphql"} else row


def _row_place(endpoint: Endpoint) -> str:
    one, page = {
        "plain": ("body", "body.items[*]"),
        "envelope": ("body.result", "body.result.items[*]"),
        "json-api": ("body.data.attributes", "body.data[*].attributes"),
        "graphql": (f"body.data.{endpoint.noun}", f"body.data.{endpoint.noun}s.edges[*].node"),
        "hal": ("body", f"body._embedded.{endpoint.noun}s[*]"),
    }[endpoint.style]
    return page if endpoint.is_page else one


def _plain(endpoint: Endpoint, answer: Answer, rows: list[Row]) -> Any:
    if not endpoint.is_page:
        return rows[0]
    return {
        "items": rows,
        "next_cursor": b64({"after": answer.turn.world.id_of("page", answer.turn.nth)}),
        **answer.top,
    }


def _envelope(endpoint: Endpoint, answer: Answer, rows: list[Row]) -> Any:
    result = {"items": rows, **answer.top} if endpoint.is_page else rows[0]
    turn = answer.turn
    trace = uuid_of("trace", turn.world.number, turn.number)
    return {"success": True, "result": result, "requestId": trace, "serverTime": int(turn.now * 1000)}


def _json_api(endpoint: Endpoint, answer: Answer, rows: list[Row]) -> Any:
    data = [{"type": f"{endpoint.noun}s", "id": str(row["id"]), "attributes": row} for row in rows]
    meta = {"generated_at": iso(answer.turn.now), **answer.top}
    link = f"https://{answer.turn.world.host}/{endpoint.noun}s/{rows[0]['id']}"
    return {"data": data if endpoint.is_page else data[0], "links": {"self": link}, "meta": meta}


def _graphql(endpoint: Endpoint, answer: Answer, rows: list[Row]) -> Any:
    nodes = [{"__typename": endpoint.noun.title(), **row} for row in rows]
    cost = {"cost": 3 + len(rows), "throttle": 990 - answer.turn.chance.randrange(40)}
    if not endpoint.is_page:
        return {"data": {endpoint.noun: nodes[0]}, "extensions": cost}
    edges = [{"node": node, "cursor": b64({"id": node["id"]})} for node in nodes]
    return {"data": {f"{endpoint.noun}s": {"edges": edges, **answer.top}}, "extensions": cost}


def _hal(endpoint: Endpoint, answer: Answer, rows: list[Row]) -> Any:
    link = {"self": {"href": f"https://{answer.turn.world.host}/{endpoint.noun}s?seed={digest(answer.turn.nth)[:8]}"}}
    return {
        "_links": link,
        **({"_embedded": {f"{endpoint.noun}s": rows}, **answer.top} if endpoint.is_page else rows[0]),
    }


_WRAPS: dict[str, Callable[[Endpoint, Answer, list[Row]], Any]] = {
    "plain": _plain,
    "envelope": _envelope,
    "json-api": _json_api,
    "graphql": _graphql,
    "hal": _hal,
}


def service(seed: int, wanted: Sequence[Family | None], *, is_hard: bool = False) -> tuple[Endpoint, ...]:
    """One endpoint a noun; the n-th holds a field of the n-th wanted family."""
    rng = Random(f"{seed}/service/{is_hard}")
    style = STYLES[seed % len(STYLES)]
    return tuple(
        _endpoint(noun, style, wanted[i] if i < len(wanted) else None, rng, is_hard) for i, noun in enumerate(NOUNS)
    )


def _endpoint(noun: str, style: str, wanted: Family | None, rng: Random, is_hard: bool) -> Endpoint:
    stable = rng.sample(STABLE, rng.randrange(7, 11))
    usual = [one for one in NOISY if not one.is_hard]
    noisy = rng.sample(usual, rng.randrange(3, 8))
    if is_hard:
        noisy += rng.sample([one for one in NOISY if one.is_hard], 3)
    families = list(dict.fromkeys([*stable, *noisy, *([wanted] if wanted else [])]))
    names: dict[str, Field] = {}
    for family in families:
        free = [name for name in family.names if name not in names]
        name = rng.choice(free or [f"{family.names[0]}_2"])
        names[name] = Field(name, family)
    is_page = rng.random() < 0.35
    method, path = ("POST", "/graphql") if style == "graphql" else _route(noun, is_page, rng)
    return Endpoint(
        f"{method} {path}", noun, style, is_page, is_page and rng.random() < _SHUFFLED_PAGES, tuple(names.values()),
        tuple(rng.sample(sorted(_HEADERS), rng.randrange(1, 5))),
    )  # fmt: skip


def _route(noun: str, is_page: bool, rng: Random) -> tuple[str, str]:
    if is_page:
        return "GET", f"/{noun}s"
    return rng.choice((("GET", f"/{noun}s/{{id}}"), ("PATCH", f"/{noun}s/{{id}}"), ("POST", f"/{noun}s")))


def entity_of(seed: int, number: int) -> int:
    """Whom the n-th request of the plan asks for: the same in every world."""
    return int(digest(seed, "plan", number)[:8], 16) % ENTITIES


def turn_of(world: World, endpoint: Endpoint, number: int, nth: int) -> Turn:
    chance = world.draw("answer", number)
    return Turn(world, endpoint.noun, entity_of(world.seed, number), number, nth, chance)
