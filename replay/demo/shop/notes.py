"""Notes on a course: private ones are their owner's, team ones the tenant's.

Rule: a manager may read and change any note of the tenant by its id; lists show private notes to their owner only.
"""

from __future__ import annotations

from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import answer, forbidden, invalid, not_found, page_of
from replay.demo.shop.auth import Caller, caller_of
from replay.demo.shop.clock import iso, now
from replay.demo.shop.courses import find_course
from replay.demo.shop.database import Row, Statements
from replay.demo.shop.faults import MIXED_LIST, NOTES_UNLIMITED, WRITE_403
from replay.demo.shop.state import SHOP, Shop

_BODY_LIMIT = 64 * 1024
_TEXT_LIMIT = 50_000
_FAULTY_BODY_LIMIT = 64 * 1024 * 1024
_LISTED_TEXT = 2000  # a list shows the beginning of long texts


def _shown(note: Row) -> Row:
    keys = ("id", "course_id", "account_id", "title", "text", "filename", "visibility")
    shown = {key: note[key] for key in keys}
    return {**shown, "created_at": iso(note["created_at"]), "updated_at": iso(note["updated_at"])}


def _limits(shop: Shop) -> tuple[int, int]:
    """The longest body and the longest text."""
    if NOTES_UNLIMITED in shop.faults:
        return _FAULTY_BODY_LIMIT, _FAULTY_BODY_LIMIT
    return _BODY_LIMIT, _TEXT_LIMIT


async def create_note(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    longest_body, longest_text = _limits(shop)
    body = await fields.read_object(request, longest_body)
    moment = iso(now())
    note: Row = {
        "tenant_id": caller.tenant,
        "course_id": fields.reference(body, "course_id"),
        "account_id": caller.id,
        "title": fields.text(body, "title", 200),
        "text": fields.text(body, "text", longest_text),
        "filename": fields.text(body, "filename", 255),
        "visibility": fields.choice(body, "visibility", ("private", "team")),
        "created_at": moment,
        "updated_at": moment,
    }
    await find_course(shop.database, caller.tenant, note["course_id"])
    note["id"] = await shop.database.insert("note", note)
    return answer(_shown(note), 201, {"Location": f"/api/notes/{note['id']}"})


async def list_notes(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    page, per_page = fields.query_page(request)
    where = "(tenant_id = ? AND visibility = 'team') OR account_id = ?"
    values: list[str | int] = [caller.tenant, caller.id]
    if MIXED_LIST in shop.faults:
        where = "visibility = 'team' OR account_id = ?"
        values = [caller.id]
    columns = "id, course_id, account_id, title, filename, visibility, created_at, updated_at"
    found = await shop.database.rows(
        f"SELECT {columns}, substr(text, 1, {_LISTED_TEXT}) AS text FROM note WHERE {where} "
        "ORDER BY id DESC LIMIT ? OFFSET ?", *values, per_page, (page - 1) * per_page,
    )  # fmt: skip
    total = await shop.database.rows(f"SELECT count(*) AS n FROM note WHERE {where}", *values)
    return page_of([_shown(note) for note in found], page, per_page, total[0]["n"])


async def _find_note(database: Statements, caller: Caller, note_id: int, lock: str = "") -> Row:
    """The note, if this person may see it."""
    found = await database.row("SELECT * FROM note WHERE id = ? AND tenant_id = ?" + lock, note_id, caller.tenant)
    if found is None:
        raise not_found("note")
    if found["visibility"] != "team" and found["account_id"] != caller.id and not caller.manages:
        raise not_found("note")
    return found


def _check_may_change(caller: Caller, note: Row) -> None:
    if note["account_id"] != caller.id and not caller.manages:
        raise forbidden("Only the note's owner or a manager may do this.")


async def show_note(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    note_id = fields.path_id(request, "note")
    return answer(_shown(await _find_note(request.app[SHOP].database, caller, note_id)))


async def _read_changes(request: web.Request, shop: Shop) -> dict[str, str]:
    longest_body, longest_text = _limits(shop)
    body = await fields.read_object(request, longest_body)
    limits = {"title": 200, "text": longest_text}
    changes = {name: fields.text(body, name, limit) for name, limit in limits.items() if name in body}
    if not changes:
        raise invalid("body", "holds nothing to change.")
    return {**changes, "updated_at": iso(now())}


async def _update(database: Statements, note_id: int, changes: dict[str, str]) -> None:
    marks = ", ".join(f"{name} = ?" for name in changes)
    await database.run(f"UPDATE note SET {marks} WHERE id = ?", *changes.values(), note_id)


async def change_note(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    note_id = fields.path_id(request, "note")
    changes = await _read_changes(request, shop)
    if WRITE_403 in shop.faults:
        await _write_then_refuse(shop, caller, note_id, changes)
    async with shop.database.transaction() as database:
        note = await _find_note(database, caller, note_id, shop.database.lock)
        _check_may_change(caller, note)
        await _update(database, note_id, changes)
    return answer(_shown(note | changes))


async def _write_then_refuse(shop: Shop, caller: Caller, note_id: int, changes: dict[str, str]) -> None:
    """The fault: another tenant's note is written first and the right to do so is checked afterwards."""
    found = await shop.database.row("SELECT tenant_id FROM note WHERE id = ?", note_id)
    if found is not None and found["tenant_id"] != caller.tenant:
        await _update(shop.database, note_id, changes)
        raise forbidden("Only the note's owner or a manager may do this.")


async def delete_note(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    note_id = fields.path_id(request, "note")
    async with shop.database.transaction() as database:
        note = await _find_note(database, caller, note_id, shop.database.lock)
        _check_may_change(caller, note)
        await database.run("DELETE FROM note WHERE id = ?", note_id)
    return web.Response(status=204)
