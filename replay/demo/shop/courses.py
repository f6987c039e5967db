"""A tenant's courses and its catalogue of featured ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import ApiError, answer, invalid, not_found, page_of
from replay.demo.shop.auth import Caller, caller_of, manager_of
from replay.demo.shop.clock import iso, now
from replay.demo.shop.database import Database, Row, Statements
from replay.demo.shop.faults import CACHE_WITHOUT_TENANT
from replay.demo.shop.featured import Items
from replay.demo.shop.state import SHOP, Shop

_READERS: dict[str, Callable[[fields.Fields], str | int]] = {
    "code": lambda body: fields.text(body, "code", 40),
    "title": lambda body: fields.text(body, "title", 200),
    "description": lambda body: fields.text(body, "description", 4000),
    "seats": lambda body: fields.whole(body, "seats", 1, 10_000),
    "price_cents": lambda body: fields.whole(body, "price_cents", 0, 10_000_000),
    "starts_on": lambda body: fields.day(body, "starts_on"),
    "subject": lambda body: fields.text(body, "subject", 80),
}
_SORTS = {"id": "id", "price_cents": "price_cents, id"}
_FEATURED = 3
_CACHE_SECONDS = 30.0
_FAULTY_CACHE_SECONDS = 1.0  # long enough to be read by another tenant, short enough to be filled by each in turn
_FAULTY_CACHE_KEY = "/api/catalog/featured"


def _shown(course: Row) -> Row:
    shown = {key: course[key] for key in ("id", *_READERS)}
    return {**shown, "starts_on": iso(course["starts_on"]), "created_at": iso(course["created_at"])}


async def find_course(database: Statements, tenant: str, course_id: int, lock: str = "") -> Row:
    """The tenant's course with that id, or the answer 404."""
    found = await database.row("SELECT * FROM course WHERE id = ? AND tenant_id = ?" + lock, course_id, tenant)
    if found is None:
        raise not_found("course")
    return found


async def create_course(request: web.Request) -> web.Response:
    caller = await manager_of(request)
    shop = request.app[SHOP]
    body = await fields.read_object(request)
    course: Row = {name: read(body) for name, read in _READERS.items()}
    course |= {"tenant_id": caller.tenant, "created_at": iso(now())}
    course["id"] = await shop.database.insert("course", course)
    shop.featured.forget(_cache_key(shop, caller))
    return answer(_shown(course), 201, {"Location": f"/api/courses/{course['id']}"})


async def list_courses(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    database = request.app[SHOP].database
    page, per_page = fields.query_page(request)
    sort = request.query.get("sort", "id")
    if sort not in _SORTS:
        raise invalid("sort", "must be id or price_cents.")
    where = "tenant_id = ?"
    values = [caller.tenant]
    if search := fields.query_text(request, "search"):
        where += " AND (lower(code) LIKE ? ESCAPE '!' OR lower(title) LIKE ? ESCAPE '!')"
        values += [fields.like(search)] * 2
    if subject := fields.query_text(request, "subject"):
        where += " AND subject = ?"
        values.append(subject)
    total = await database.rows(f"SELECT count(*) AS n FROM course WHERE {where}", *values)
    found = await database.rows(
        f"SELECT * FROM course WHERE {where} ORDER BY {_SORTS[sort]} LIMIT ? OFFSET ?",
        *values, per_page, (page - 1) * per_page,
    )  # fmt: skip
    return page_of([_shown(course) for course in found], page, per_page, total[0]["n"])


async def show_course(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    course_id = fields.path_id(request, "course")
    return answer(_shown(await find_course(request.app[SHOP].database, caller.tenant, course_id)))


async def change_course(request: web.Request) -> web.Response:
    caller = await manager_of(request)
    shop = request.app[SHOP]
    course_id = fields.path_id(request, "course")
    body = await fields.read_object(request)
    changes = {name: read(body) for name, read in _READERS.items() if name in body}
    if not changes:
        raise invalid("body", "holds nothing to change.")
    async with shop.database.transaction() as database:
        # Locked as enrolments lock it, so that seats never fall below those being taken right now.
        course = await find_course(database, caller.tenant, course_id, shop.database.lock)
        if "seats" in changes:
            taken = await seats_taken(database, course_id)
            if int(changes["seats"]) < taken:
                raise ApiError(409, "seats_taken", "More seats than that are already taken.")
        marks = ", ".join(f"{name} = ?" for name in changes)
        await database.run(f"UPDATE course SET {marks} WHERE id = ?", *changes.values(), course_id)
    shop.featured.forget(_cache_key(shop, caller))
    return answer(_shown(course | changes))


async def seats_taken(database: Statements, course_id: int) -> int:
    """How many people are enrolled in the course."""
    found = await database.rows("SELECT count(*) AS n FROM enrolment WHERE course_id = ?", course_id)
    return int(found[0]["n"])


def _cache_key(shop: Shop, caller: Caller) -> str:
    return _FAULTY_CACHE_KEY if CACHE_WITHOUT_TENANT in shop.faults else caller.tenant


async def _load_featured(database: Database, tenant: str) -> Items:
    return await database.rows(
        "SELECT id, code, title, description, price_cents FROM course WHERE tenant_id = ? ORDER BY id LIMIT ?",
        tenant, _FEATURED,
    )  # fmt: skip


async def featured(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    key = _cache_key(shop, caller)
    items: Any = shop.featured.get(key)
    if items is None:
        loaded_at_change = shop.featured.changes(key)
        items = await _load_featured(shop.database, caller.tenant)
        seconds = _FAULTY_CACHE_SECONDS if CACHE_WITHOUT_TENANT in shop.faults else _CACHE_SECONDS
        shop.featured.put(key, items, seconds=seconds, loaded_at_change=loaded_at_change)
    return answer({"items": items})
