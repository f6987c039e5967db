"""One search over the tenant's courses and the notes the caller may see."""

from __future__ import annotations

from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import answer
from replay.demo.shop.auth import caller_of
from replay.demo.shop.database import Row
from replay.demo.shop.state import SHOP

_MOST = 50


async def search(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    database = request.app[SHOP].database
    pattern = fields.like(fields.query_text(request, "q", required=True))
    courses = await database.rows(
        "SELECT id, title FROM course WHERE tenant_id = ? "
        "AND (lower(code) LIKE ? ESCAPE '!' OR lower(title) LIKE ? ESCAPE '!') ORDER BY id LIMIT ?",
        caller.tenant, pattern, pattern, _MOST,
    )  # fmt: skip
    notes = await database.rows(
        "SELECT id, title FROM note WHERE tenant_id = ? AND (visibility = 'team' OR account_id = ?) "
        "AND lower(title) LIKE ? ESCAPE '!' ORDER BY id LIMIT ?",
        caller.tenant, caller.id, pattern, _MOST,
    )  # fmt: skip
    items: list[Row] = [{"kind": "course", **course} for course in courses]
    items += [{"kind": "note", **note} for note in notes]
    return answer({"items": items})
