"""A cash desk on SQLite: its planted faults are those of requests sent more than once; each has its right twin.

Quiet by design, faults or not: memos may be made twice, tags are made by their name, the journal is append-only.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

PAUSE_SECONDS = 0.012  # a payment gateway, a second service
LATE_SECONDS = 0.5  # a job that runs behind, later than a client's retry on a busy machine
SLOW_SECONDS = 0.12  # one that is slow enough for a client to go away in the middle, on a busy machine as well
FAULTS = frozenset(
    {"key-body", "key-tenant", "key-stuck", "double-charge", "partial", "overrun", "lost-hit", "if-match", "put-adds"}
    | {"delete-nothing"}
)
_SCHEMA = """
CREATE TABLE tenant (id INTEGER PRIMARY KEY, name TEXT, token TEXT);
CREATE TABLE payment (
    id INTEGER PRIMARY KEY, tenant_id INTEGER, key TEXT, payload TEXT, reference TEXT, amount INTEGER);
CREATE TABLE booking (id INTEGER PRIMARY KEY, payment_id INTEGER, amount INTEGER);
CREATE TABLE coupon (id INTEGER PRIMARY KEY, tenant_id INTEGER, name TEXT, uses INTEGER, most INTEGER);
CREATE TABLE counter (id INTEGER PRIMARY KEY, tenant_id INTEGER, name TEXT, hits INTEGER);
CREATE TABLE stock (id INTEGER PRIMARY KEY, tenant_id INTEGER, sku TEXT, quantity INTEGER, version INTEGER);
CREATE TABLE price (id INTEGER PRIMARY KEY, tenant_id INTEGER, sku TEXT, cents INTEGER);
CREATE TABLE memo (id INTEGER PRIMARY KEY, tenant_id INTEGER, text TEXT);
CREATE TABLE tag (id INTEGER PRIMARY KEY, tenant_id INTEGER, name TEXT, UNIQUE (tenant_id, name));
CREATE TABLE line (id INTEGER PRIMARY KEY, tenant_id INTEGER, text TEXT);
"""


class Till:
    """`faults`: those that are planted."""

    def __init__(self, database: Path, faults: frozenset[str]) -> None:
        self.database = sqlite3.connect(database, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.executescript(_SCHEMA)
        self.faults = faults
        self.in_use: set[tuple[int, str]] = set()
        self.pending: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        for task in self.pending:
            task.cancel()
        self.database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nothing may be awaited inside: there is one connection."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        return self.database.execute(sql, values).fetchone()

    def run(self, sql: str, *values: object) -> int:
        return self.database.execute(sql, values).lastrowid or 0

    def app(self) -> web.Application:
        made = web.Application()
        made.add_routes(
            [
                web.post("/signup", self.sign_up),
                web.post("/payments", self.pay),
                web.post("/coupons", self.new_coupon),
                web.post("/coupons/{id}/uses", self.use_coupon),
                web.post("/counters", self.new_counter),
                web.post("/counters/{id}/hits", self.hit),
                web.post("/stock", self.new_stock),
                web.put("/stock/{id}", self.set_stock),
                web.put("/prices/{sku}", self.set_price),
                web.post("/memos", self.new_memo),
                web.get("/memos/{id}", self.show_memo),
                web.delete("/memos/{id}", self.delete_memo),
                web.put("/tags/{name}", self.set_tag),
                web.post("/lines", self.new_line),
            ]
        )
        return made

    async def sign_up(self, request: web.Request) -> web.Response:
        told = await request.json()
        token = secrets.token_hex(16)
        tenant = self.run("INSERT INTO tenant (name, token) VALUES (?, ?)", told["company"], token)
        return web.json_response({"tenant_id": f"ten-{tenant:06d}", "access_token": token}, status=201)

    def tenant(self, request: web.Request) -> int:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = self.one("SELECT id FROM tenant WHERE token = ?", token)
        if found is None:
            raise web.HTTPUnauthorized
        return int(found["id"])

    async def pay(self, request: web.Request) -> web.Response:
        """A payment and its booking, once for each key of each tenant."""
        tenant = self.tenant(request)
        key = request.headers.get("Idempotency-Key", "")
        lock = (tenant, key)
        if key and lock in self.in_use:
            return web.json_response({"error": "in progress"}, status=409)
        self.in_use.add(lock)
        try:
            told = await request.json()
            return await self._pay(request, tenant, key, told)
        finally:
            if "key-stuck" not in self.faults or self._earlier(tenant, key):
                self.in_use.discard(lock)

    async def _pay(self, request: web.Request, tenant: int, key: str, told: dict[str, object]) -> web.Response:
        payload = json.dumps(told, sort_keys=True)
        known = self._earlier(tenant, key)
        if known is not None:
            if known["payload"] != payload and "key-body" not in self.faults:
                return web.json_response({"error": "key used for another body"}, status=422)
            return web.json_response({"id": known["id"], "reference": known["reference"]}, status=200)
        stored = "" if "double-charge" in self.faults else key
        insert = "INSERT INTO payment (tenant_id, key, payload, reference, amount) VALUES (?, ?, ?, ?, ?)"
        values = (tenant, stored, payload, told["reference"], told["amount"])
        booking = "INSERT INTO booking (payment_id, amount) VALUES (?, ?)"
        if "partial" in self.faults:
            made = self.run(insert, *values)
            await asyncio.sleep(SLOW_SECONDS)
            if request.transport is None:
                raise ConnectionResetError
            self.run(booking, made, told["amount"])
        else:
            await asyncio.sleep(PAUSE_SECONDS)
            with self.transaction():
                made = self.run(insert, *values)
                self.run(booking, made, told["amount"])
        if "double-charge" in self.faults:
            task = asyncio.create_task(self._remember(made, key))
            self.pending.add(task)
            task.add_done_callback(self.pending.discard)
        return web.json_response({"id": made, "reference": told["reference"]}, status=201)

    async def _remember(self, payment: int, key: str) -> None:
        await asyncio.sleep(LATE_SECONDS)
        self.run("UPDATE payment SET key = ? WHERE id = ?", key, payment)

    def _earlier(self, tenant: int, key: str) -> sqlite3.Row | None:
        if not key:
            return None
        if "key-tenant" in self.faults:
            return self.one("SELECT * FROM payment WHERE key = ?", key)
        return self.one("SELECT * FROM payment WHERE key = ? AND tenant_id = ?", key, tenant)

    async def new_coupon(self, request: web.Request) -> web.Response:
        told, tenant = await request.json(), self.tenant(request)
        made = self.run("INSERT INTO coupon (tenant_id, name, uses, most) VALUES (?, ?, 0, 1)", tenant, told["name"])
        return web.json_response({"coupon_id": f"cou-{made:06d}"}, status=201)

    async def use_coupon(self, request: web.Request) -> web.Response:
        """A coupon counts its uses, up to one."""
        tenant, number = self.tenant(request), int(request.match_info["id"].removeprefix("cou-"))
        coupon = self.one("SELECT * FROM coupon WHERE id = ? AND tenant_id = ?", number, tenant)
        if coupon is None:
            raise web.HTTPNotFound
        if "overrun" not in self.faults:
            sql = "UPDATE coupon SET uses = uses + 1 WHERE id = ? AND uses < most"
            if not self.database.execute(sql, (number,)).rowcount:
                return web.json_response({"error": "used up"}, status=409)
            return web.json_response({"ok": True})
        if coupon["uses"] >= coupon["most"]:
            return web.json_response({"error": "used up"}, status=409)
        await asyncio.sleep(PAUSE_SECONDS)
        self.run("UPDATE coupon SET uses = uses + 1 WHERE id = ?", number)
        return web.json_response({"ok": True})

    async def new_counter(self, request: web.Request) -> web.Response:
        told, tenant = await request.json(), self.tenant(request)
        made = self.run("INSERT INTO counter (tenant_id, name, hits) VALUES (?, ?, 0)", tenant, told["name"])
        return web.json_response({"counter_id": f"cnt-{made:06d}"}, status=201)

    async def hit(self, request: web.Request) -> web.Response:
        tenant, number = self.tenant(request), int(request.match_info["id"].removeprefix("cnt-"))
        counter = self.one("SELECT * FROM counter WHERE id = ? AND tenant_id = ?", number, tenant)
        if counter is None:
            raise web.HTTPNotFound
        if "lost-hit" in self.faults:
            await asyncio.sleep(PAUSE_SECONDS)
            self.run("UPDATE counter SET hits = ? WHERE id = ?", counter["hits"] + 1, number)
        else:
            self.run("UPDATE counter SET hits = hits + 1 WHERE id = ?", number)
        return web.json_response({"ok": True})

    async def new_stock(self, request: web.Request) -> web.Response:
        told, tenant = await request.json(), self.tenant(request)
        insert = "INSERT INTO stock (tenant_id, sku, quantity, version) VALUES (?, ?, 0, 1)"
        made = self.run(insert, tenant, told["sku"])
        return web.json_response({"stock_id": f"sto-{made:06d}"}, status=201, headers={"ETag": '"1"'})

    async def set_stock(self, request: web.Request) -> web.Response:
        """Only over the version that the client has seen (If-Match)."""
        told, tenant = await request.json(), self.tenant(request)
        number = int(request.match_info["id"].removeprefix("sto-"))
        stock = self.one("SELECT * FROM stock WHERE id = ? AND tenant_id = ?", number, tenant)
        if stock is None:
            raise web.HTTPNotFound
        if request.headers.get("If-Match") != f'"{stock["version"]}"':
            raise web.HTTPPreconditionFailed
        if "if-match" in self.faults:
            await asyncio.sleep(PAUSE_SECONDS)
        version = stock["version"] + 1
        self.run("UPDATE stock SET quantity = ?, version = ? WHERE id = ?", told["quantity"], version, number)
        return web.json_response({"quantity": told["quantity"]}, headers={"ETag": f'"{version}"'})

    async def set_price(self, request: web.Request) -> web.Response:
        told, tenant, sku = await request.json(), self.tenant(request), request.match_info["sku"]
        with self.transaction():
            known = self.one("SELECT * FROM price WHERE tenant_id = ? AND sku = ?", tenant, sku)
            if known is None:
                self.run("INSERT INTO price (tenant_id, sku, cents) VALUES (?, ?, 0)", tenant, sku)
            grown = known["cents"] if known and "put-adds" in self.faults else 0
            sql = "UPDATE price SET cents = ? WHERE tenant_id = ? AND sku = ?"
            self.run(sql, told["cents"] + grown, tenant, sku)
        return web.json_response({"sku": sku}, status=200 if known else 201)

    async def new_memo(self, request: web.Request) -> web.Response:
        told, tenant = await request.json(), self.tenant(request)
        made = self.run("INSERT INTO memo (tenant_id, text) VALUES (?, ?)", tenant, told["text"])
        return web.json_response({"memo_id": f"mem-{made:06d}"}, status=201)

    async def show_memo(self, request: web.Request) -> web.Response:
        tenant, number = self.tenant(request), int(request.match_info["id"].removeprefix("mem-"))
        memo = self.one("SELECT * FROM memo WHERE id = ? AND tenant_id = ?", number, tenant)
        if memo is None:
            raise web.HTTPNotFound
        return web.json_response({"text": memo["text"]})

    async def delete_memo(self, request: web.Request) -> web.Response:
        tenant, number = self.tenant(request), int(request.match_info["id"].removeprefix("mem-"))
        if "delete-nothing" not in self.faults:
            self.run("DELETE FROM memo WHERE id = ? AND tenant_id = ?", number, tenant)
        return web.Response(status=204)

    async def set_tag(self, request: web.Request) -> web.Response:
        """Made by its name: as often as anybody likes, it is there once."""
        tenant, name = self.tenant(request), request.match_info["name"]
        self.run("INSERT INTO tag (tenant_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", tenant, name)
        return web.json_response({"name": name})

    async def new_line(self, request: web.Request) -> web.Response:
        told, tenant = await request.json(), self.tenant(request)
        self.run("INSERT INTO line (tenant_id, text) VALUES (?, ?)", tenant, told["text"])
        return web.json_response({"ok": True}, status=202)
