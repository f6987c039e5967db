"""Synthetic sessions against the JSON API of a shop with many tenants: what benchmarks of the capture file record.

A session lists orders, reads some of them, changes one and reads it again, as a person with a browser does. Per
exchange about 4.1 KB before redaction: 10 request headers with a bearer of 180 bytes, 9 response headers, JSON bodies.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random
from typing import Any
from uuid import UUID

from replay.model.body import EMPTY, Body
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers

WORDS = [
    "ledger",
    "river",
    "stone",
    "market",
    "paper",
    "cloud",
    "signal",
    "garden",
    "window",
    "harbor",
    "copper",
    "violet",
    "engine",
    "bridge",
    "candle",
    "forest",
    "meadow",
    "silver",
    "anchor",
    "planet",
    "rocket",
    "basket",
    "kettle",
    "mirror",
    "pencil",
    "tunnel",
    "valley",
    "winter",
    "summer",
    "orange",
]
FIRST = [
    "Ann",
    "Bob",
    "Carla",
    "Dmitri",
    "Erin",
    "Farah",
    "Goran",
    "Hana",
    "Ivan",
    "Julia",
    "Karl",
    "Lena",
    "Mo",
    "Nina",
    "Otto",
    "Pia",
    "Quin",
    "Rosa",
    "Sven",
    "Tara",
]
LAST = [
    "Miller",
    "Schmidt",
    "Okafor",
    "Tanaka",
    "Novak",
    "Rossi",
    "Dubois",
    "Garcia",
    "Larsen",
    "Kim",
    "Patel",
    "Weber",
    "Silva",
    "Moreau",
    "Costa",
]
AGENTS = [
    f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for version in range(120, 128)
]
STATES = ("open", "paid", "packed", "shipped", "cancelled")
START = 1_795_000_000.0
Tree = dict[str, Any]


def sessions(
    count: int = 400, each: int = 10, seed: int = 7, *, unique: bool = False
) -> Iterator[tuple[str, Exchange]]:
    """(session, exchange), `count` x `each` of them, the same for one seed. `unique`: no two answers are equal."""
    rng = Random(seed)
    tenants = [_Tenant(rng, number) for number in range(20)]
    clock, number = START, 0
    for i in range(count):
        client = _Client(rng, rng.choice(tenants), unique=unique)
        for _ in range(each):
            number += 1
            clock += rng.random() * 0.5
            yield f"s{i}", client.exchange(number, clock)


class _Tenant:
    """Its customers, products and orders: the same ones come again in many answers."""

    def __init__(self, rng: Random, number: int) -> None:
        self.slug = f"tenant-{number}"
        self.customers = [_customer(rng, n) for n in range(30)]
        self.products = [_product(rng) for _ in range(25)]
        self.orders = [self._order(rng, number * 1000 + n) for n in range(60)]

    def _order(self, rng: Random, number: int) -> Tree:
        lines = []
        for product in rng.sample(self.products, 13):
            quantity = rng.randrange(1, 6)
            total = round(quantity * product["unit_price"], 2)
            lines.append({**product, "quantity": quantity, "discount": None, "tax_rate": 0.19, "total": total})
        return {
            "id": number,
            "reference": str(UUID(int=rng.getrandbits(128), version=4)),
            "state": rng.choice(STATES),
            "currency": "EUR",
            "created_at": _iso(START - rng.randrange(10**6)),
            "updated_at": _iso(START - rng.randrange(10**5)),
            "customer": rng.choice(self.customers),
            "lines": lines,
            "shipping": {"method": rng.choice(["standard", "express"]), "price": 4.9, "tracking_number": None},
            "payment": {"method": rng.choice(["card", "invoice", "transfer"]), "captured": bool(rng.getrandbits(1))},
            "total": round(sum(line["total"] for line in lines) + 4.9, 2),
            "note": _sentence(rng, 6),
            "links": {"self": f"/api/v1/orders/{number}", "customer": f"/api/v1/customers/{number % 30}"},
        }


class _Client:
    """One person: a token, a connection, an order that is looked at again."""

    def __init__(self, rng: Random, tenant: _Tenant, *, unique: bool) -> None:
        self._unique = unique
        self._rng, self._tenant = rng, tenant
        self._user = str(UUID(int=rng.getrandbits(128), version=4))
        self._token = _token(rng, self._user, tenant.slug)
        self._agent = rng.choice(AGENTS)
        self._connection = str(UUID(int=rng.getrandbits(128), version=4))
        self._order = rng.choice(tenant.orders)

    def exchange(self, number: int, at: float) -> Exchange:
        rng = self._rng
        kind = rng.choice(["list", "list", "read", "read", "read", "pick", "create", "update", "update", "me"])
        method, target, status, sent, answer = getattr(self, f"_{kind}")(at)
        body = Body(json.dumps(sent, separators=(",", ":")).encode(), "application/json") if sent else EMPTY
        request_id = str(UUID(int=rng.getrandbits(128), version=4))
        if self._unique:
            answer = {**answer, "meta": {"request_id": request_id, "served_at": _iso(at)}}
        data = json.dumps(answer, separators=(",", ":")).encode()
        asked = Headers.of(self._request_headers(request_id, body))
        answered = Headers.of(_response_headers(rng, request_id, at, len(data)))
        return Exchange(
            f"e{number}",
            Request(method, target, asked, body, "http", "api.shop.example.com"),
            Response(status, answered, Body(data, "application/json; charset=utf-8")),
            at,
            at + rng.random() * 0.2,
            self._connection,
        )

    def _list(self, _: float) -> tuple[Any, ...]:
        page = self._rng.randrange(6)
        rows = [
            {name: value for name, value in order.items() if name not in {"lines", "links"}}
            for order in self._tenant.orders[page * 10 : page * 10 + 10]
        ]
        answer = {"items": rows, "page": page, "page_size": 10, "total_items": 60, "total_pages": 6}
        return "GET", f"/api/v1/orders?page={page}&page_size=10&sort=-created_at", 200, None, answer

    def _read(self, _: float) -> tuple[Any, ...]:
        return "GET", f"/api/v1/orders/{self._order['id']}", 200, None, self._order

    def _pick(self, at: float) -> tuple[Any, ...]:
        self._order = self._rng.choice(self._tenant.orders)
        return self._read(at)

    def _create(self, at: float) -> tuple[Any, ...]:
        old = self._rng.choice(self._tenant.orders)
        self._order = {**old, "id": self._rng.randrange(10**5, 10**6), "state": "open", "created_at": _iso(at)}
        lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in old["lines"]]
        sent = {"customer_id": old["customer"]["id"], "lines": lines, "shipping": old["shipping"], "note": old["note"]}
        return "POST", "/api/v1/orders", 201, sent, self._order

    def _update(self, at: float) -> tuple[Any, ...]:
        sent = {"state": self._rng.choice(STATES), "note": _sentence(self._rng, 6)}
        self._order = {**self._order, **sent, "updated_at": _iso(at)}
        return "PATCH", f"/api/v1/orders/{self._order['id']}", 200, sent, self._order

    def _me(self, _: float) -> tuple[Any, ...]:
        areas, rights = ("orders", "users", "reports", "billing", "products"), ("read", "write", "delete", "admin")
        answer = {
            "id": self._user,
            "tenant": self._tenant.slug,
            "features": {f"feature_{word}": len(word) % 2 == 0 for word in WORDS},
            "settings": {"locale": "de-DE", "timezone": "Europe/Berlin", "theme": "dark", "page_size": 10},
            "permissions": [f"{area}:{right}" for area in areas for right in rights],
        }
        return "GET", "/api/v1/me", 200, None, answer

    def _request_headers(self, request_id: str, body: Body) -> list[tuple[str, str]]:
        last = ("Content-Type", "application/json") if body.data else ("Connection", "keep-alive")
        trace = f"00-{self._rng.getrandbits(128):032x}-{self._rng.getrandbits(64):016x}-01"
        return [
            ("Host", "api.shop.example.com"),
            ("User-Agent", self._agent),
            ("Accept", "application/json, text/plain, */*"),
            ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Authorization", f"Bearer {self._token}"),
            ("X-Request-Id", request_id),
            ("traceparent", trace),
            ("X-Tenant", self._tenant.slug),
            last,
        ]


def _response_headers(rng: Random, request_id: str, at: float, length: int) -> list[tuple[str, str]]:
    return [
        ("Date", formatdate(at, usegmt=True)),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(length)),
        ("Server", "nginx/1.25.3"),
        ("X-Request-Id", request_id),
        ("ETag", f'W/"{rng.getrandbits(64):x}"'),
        ("Cache-Control", "private, max-age=0, must-revalidate"),
        ("Vary", "Authorization, Accept-Encoding"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ]


def _token(rng: Random, user: str, tenant: str) -> str:
    """A JSON Web Token of 180 characters."""
    claims = {"sub": user, "tenant": tenant, "exp": 1_799_000_000 + rng.randrange(10**6)}
    parts = (b'{"alg":"HS256","typ":"JWT"}', json.dumps(claims, separators=(",", ":")).encode(), rng.randbytes(32))
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return token + "x" * max(0, 180 - len(token))


def _customer(rng: Random, number: int) -> Tree:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "id": number,
        "name": f"{first} {last}",
        "email": f"{first}.{last}{rng.randrange(99)}@example.com".lower(),
        "segment": rng.choice(["retail", "wholesale"]),
        "newsletter": bool(rng.getrandbits(1)),
    }


def _product(rng: Random) -> Tree:
    return {
        "sku": f"SKU-{rng.randrange(10**5):05}",
        "title": " ".join(rng.sample(WORDS, 3)).capitalize(),
        "unit": rng.choice(["piece", "box", "metre"]),
        "unit_price": round(rng.random() * 99, 2),
    }


def _sentence(rng: Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
