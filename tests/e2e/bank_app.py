"""A small bank for tests: customers, their payments, a search, tokens that end; its data is a SQL seed.

Two banks (tenants) share it. `leaks`: a payment of whichever tenant is shown to anybody who names its place.
"""

from __future__ import annotations

import gzip
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from aiohttp import web

SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, tenant TEXT, email TEXT, name TEXT, password TEXT, iban TEXT);
CREATE TABLE payment (id INTEGER PRIMARY KEY, customer_id INTEGER, payee TEXT, title TEXT, amount_cents INTEGER);
"""
PAGE = 4
PEOPLE = [
    (
        480213001,
        "acme-bank",
        "ingrid.soerensen@acme-bank.no",
        "Ingrid Sørensen",
        "Sommer-2024!",
        "DE75512108001245126199",
    ),
    (480213002, "fjord-bank", "bo.chen@fjord-bank.no", "Bo Chen", "Winter-2023!", "DE12500105170648489890"),
]
_WORDS = ("rent march", "rent april", "groceries", "new bicycle", "dentist", "rent may", "concert", "train ticket")
_PAYEES = ("Olivia Bennett", "Landlord Hansen", "Kaczmarek Foods", "Velo Dubois")


def seed() -> str:
    """INSERTs as a dump of production has them."""
    lines = [f"INSERT INTO customer (id, tenant, email, name, password, iban) VALUES {_row(one)};" for one in PEOPLE]
    for number in range(20):
        owner = PEOPLE[number % 2][0]
        row = (710_000_101 + 37 * number, owner, _PAYEES[number % 4], _WORDS[number // 2 % 8], 1_250 + 100 * number)
        lines.append(f"INSERT INTO payment (id, customer_id, payee, title, amount_cents) VALUES {_row(row)};")
    return "\n".join(lines) + "\n"


def _row(values: Iterable[Any]) -> str:
    return "(" + ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values) + ")"


def make_database(path: Path, dump: str) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA + dump)
    return path


class Bank:
    def __init__(self, database: Path, *, leaks: bool) -> None:
        self._rows = sqlite3.connect(database)
        self._rows.row_factory = sqlite3.Row
        self._leaks = leaks
        self._tokens: dict[str, int] = {}
        self.codings: set[str] = set()  # of the requests that came

    def close(self) -> None:
        self._rows.close()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.post("/login", self.login),
                web.post("/logout", self.logout),
                web.get("/me", self.me),
                web.get("/payments", self.pages),
                web.get("/payments/after", self.after),
                web.get("/payments/{id}", self.one),
                web.get("/search", self.search),
            ]
        )
        return app

    async def login(self, request: web.Request) -> web.Response:
        self.codings.add(request.headers.get("Content-Encoding", "identity"))
        body = await request.json()
        found = self._ask("SELECT * FROM customer WHERE email = ?", body["email"])
        if not found or found[0]["password"] != body["password"]:
            return _json({"error": "denied"}, 401)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = found[0]["id"]
        return _json({"token": token, "customer": {"id": found[0]["id"], "name": found[0]["name"]}})

    async def logout(self, request: web.Request) -> web.Response:
        known = self._tokens.pop(_token(request), 0)
        return _json({"status": "closed"} if known else {"error": "denied"}, 200 if known else 401)

    async def me(self, request: web.Request) -> web.Response:
        customer = self._caller(request)
        if customer is None:
            return _json({"error": "denied"}, 401)
        return _json({name: customer[name] for name in ("id", "tenant", "email", "name", "iban")}, packed=True)

    async def pages(self, request: web.Request) -> web.Response:
        """By page number."""
        rows, page = self._payments(request), int(request.query.get("page", "1"))
        if rows is None:
            return _json({"error": "denied"}, 401)
        return _json({"page": page, "total": len(rows), "items": rows[(page - 1) * PAGE : page * PAGE]}, packed=True)

    async def after(self, request: web.Request) -> web.Response:
        """By a cursor that each answer names."""
        rows, cursor = self._payments(request), request.query.get("cursor", "")
        if rows is None:
            return _json({"error": "denied"}, 401)
        first = next((n + 1 for n, row in enumerate(rows) if self._cursor(row) == cursor), 0)
        shown = rows[first : first + PAGE]
        more = first + PAGE < len(rows)
        return _json({"items": shown, "next_cursor": self._cursor(shown[-1]) if more else None})

    async def one(self, request: web.Request) -> web.Response:
        customer = self._caller(request)
        if customer is None:
            return _json({"error": "denied"}, 401)
        own = self._ask(
            "SELECT * FROM payment WHERE id = ? AND customer_id = ?", request.match_info["id"], customer["id"]
        )
        if self._leaks:  # the planted bug: the place in the list of all tenants
            own = self._ask("SELECT * FROM payment WHERE customer_id <> ? ORDER BY id LIMIT 1", customer["id"])
        return _json(dict(own[0])) if own else _json({"error": "not found"}, 404)

    async def search(self, request: web.Request) -> web.Response:
        rows, wanted = self._payments(request), request.query["q"]
        if rows is None:
            return _json({"error": "denied"}, 401)
        return _json({"items": [row for row in rows if wanted in row["title"]]})

    def _payments(self, request: web.Request) -> list[dict[str, Any]] | None:
        customer = self._caller(request)
        if customer is None:
            return None
        found = self._ask("SELECT * FROM payment WHERE customer_id = ? ORDER BY amount_cents", customer["id"])
        return [dict(row) for row in found]

    def _cursor(self, row: dict[str, Any]) -> str:
        return f"cur-{row['id']:x}-{row['amount_cents']:x}"

    def _caller(self, request: web.Request) -> sqlite3.Row | None:
        found = self._ask("SELECT * FROM customer WHERE id = ?", self._tokens.get(_token(request), 0))
        return found[0] if found else None

    def _ask(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._rows.execute(sql, values).fetchall()


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _json(tree: Any, status: int = 200, *, packed: bool = False) -> web.Response:
    data = json.dumps(tree).encode()
    fields = {"Content-Encoding": "gzip"} if packed else {}
    return web.Response(
        body=gzip.compress(data) if packed else data, status=status, content_type="application/json", headers=fields
    )


@asynccontextmanager
async def serving(database: Path, *, leaks: bool = False) -> AsyncIterator[tuple[str, Bank]]:
    """The URL, for as long as the context is open."""
    bank = Bank(database, leaks=leaks)
    runner = web.AppRunner(bank.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", bank
    finally:
        await runner.cleanup()
        bank.close()
