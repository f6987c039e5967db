"""A new build of the shop that answers six things otherwise: the old one behind a server that changes its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from replay.model.endpoint import endpoint_of

_LATE_SECONDS = 0.2
_DROPPED = {"content-length", "transfer-encoding", "content-encoding", "connection"}


def _shifted(text: str) -> str:
    """Two hours later: somebody took local time for UTC."""
    moment = datetime.fromisoformat(text) + timedelta(hours=2)
    return moment.isoformat().replace("+00:00", "Z")


def _field(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "seats": row["seats"] + 1}


def _number(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "total_cents": str(row["total_cents"])}


def _element(page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "items": page["items"][:-1]}


def _id(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "course_id": row["account_id"]}


def _zone(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": _shifted(row["created_at"])}


CHANGES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("GET", "courses/{id}"): _field,
    ("GET", "invoices/{id}"): _number,
    ("GET", "notes"): _element,
    ("GET", "enrolments/{id}"): _id,
    ("GET", "notes/{id}"): _zone,
}
SLOW = "/api/me"


@asynccontextmanager
async def changed_build(upstream: str) -> AsyncIterator[str]:
    """Serves until the block ends; gives its URL."""

    async def answer(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED | {"host"}}
        body = await request.read()
        async with session.request(
            request.method, upstream + request.raw_path, headers=headers, data=body, allow_redirects=False
        ) as got:
            data, kept = await got.read(), [(k, v) for k, v in got.headers.items() if k.lower() not in _DROPPED]
        if got.content_type == "application/json" and got.status < 300:
            route = endpoint_of(request.method, request.path).partition(" /api/")[2]
            change = CHANGES.get((request.method, route), lambda document: document)
            data = json.dumps(change(json.loads(data))).encode()
        if request.path == SLOW and request.method == "GET":
            await asyncio.sleep(_LATE_SECONDS)
        response = web.Response(status=got.status, body=data)
        response.headers.clear()
        for name, value in kept:
            response.headers.add(name, value)
        return response

    async with aiohttp.ClientSession(auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()) as session:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
