"""Enrolling in a course: one seat, one payment and one invoice per person and course.

Rule: what was checked before the payment is checked again after it, in the transaction that stores the enrolment.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from aiohttp import web

from replay.demo.shop import fields, payment
from replay.demo.shop.answers import ApiError, answer, invalid, not_found, page_of
from replay.demo.shop.auth import Caller, caller_of
from replay.demo.shop.clock import iso, now
from replay.demo.shop.courses import find_course, seats_taken
from replay.demo.shop.database import Row, Statements, UniqueError
from replay.demo.shop.faults import ENROL_RACE, OVERSELL
from replay.demo.shop.passwords import stretch
from replay.demo.shop.state import SHOP, Shop

_KEY = re.compile(r"[!-~]{1,200}")
_SELECT = (
    "SELECT enrolment.*, invoice.id AS invoice_id FROM enrolment JOIN invoice ON invoice.enrolment_id = enrolment.id"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked request to enrol."""

    caller: Caller
    course_id: int
    key: str | None
    request_hash: str | None
    card_name: str
    card_last4: str


def _receipt(enrolment: Row) -> Row:
    keys = ("id", "course_id", "account_id", "status", "paid_cents", "invoice_id")
    return {key: enrolment[key] for key in keys}


def _shown(enrolment: Row) -> Row:
    return {**_receipt(enrolment), "created_at": iso(enrolment["created_at"])}


async def _read_wish(request: web.Request, caller: Caller) -> Wish:
    course_id = fields.path_id(request, "course")
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid("Idempotency-Key", "must be 1 to 200 printable ASCII characters.")
    body = await fields.read_object(request)
    card = payment.card_number(body)
    name = fields.text(body, "card_name", 120)
    if body.get("accept_terms") is not True:
        raise invalid("accept_terms", "must be true.")
    # Only the hash is kept: it tells another body under the same key without keeping the card.
    request_hash = stretch(json.dumps([caller.id, course_id, card, name]), key) if key else None
    return Wish(caller, course_id, key, request_hash, name, card[-4:])


def _replayed(enrolment: Row) -> web.Response:
    return answer(_receipt(enrolment), 200, {"Idempotent-Replayed": "true"})


async def _earlier(database: Statements, wish: Wish) -> web.Response | None:
    """The answer to repeat when this key was used before; 409 when the person is enrolled by other means."""
    if wish.key is not None:
        found = await database.row(
            f"{_SELECT} WHERE enrolment.tenant_id = ? AND enrolment.idempotency_key = ? ORDER BY enrolment.id",
            wish.caller.tenant, wish.key,
        )  # fmt: skip
        if found is not None and found["request_hash"] != wish.request_hash:
            raise ApiError(422, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
        if found is not None:
            return _replayed(found)
    enrolled = await database.row(
        "SELECT id FROM enrolment WHERE account_id = ? AND course_id = ?", wish.caller.id, wish.course_id
    )
    if enrolled is not None:
        raise ApiError(409, "already_enrolled", "You are already enrolled in this course.")
    return None


async def _check_seats(database: Statements, course: Row) -> None:
    if await seats_taken(database, course["id"]) >= course["seats"]:
        raise ApiError(409, "sold_out", "Every seat in this course is taken.")


async def enrol(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    wish = await _read_wish(request, caller)
    course = await find_course(shop.database, caller.tenant, wish.course_id)
    earlier = await _earlier(shop.database, wish)
    if earlier is not None:
        return earlier
    await _check_seats(shop.database, course)
    await payment.authorise()
    try:
        return await _store_checked(shop, wish)
    except UniqueError:
        # A copy under the same key was stored first, for another course and so past our lock: it decides the answer.
        earlier = await _earlier(shop.database, wish)
        if earlier is None:
            raise
        return earlier


async def _store_checked(shop: Shop, wish: Wish) -> web.Response:
    async with shop.database.transaction() as database:
        # Locking the course lets one enrolment at a time through the checks below.
        lock = "" if {ENROL_RACE, OVERSELL} <= shop.faults else shop.database.lock
        course = await find_course(database, wish.caller.tenant, wish.course_id, lock)
        if ENROL_RACE not in shop.faults:
            earlier = await _earlier(database, wish)
            if earlier is not None:
                return earlier
        if OVERSELL not in shop.faults:
            await _check_seats(database, course)
        return answer(_receipt(await _store(database, wish, course)), 201)


async def _store(database: Statements, wish: Wish, course: Row) -> Row:
    created_at = iso(now())
    enrolment: Row = {
        "tenant_id": wish.caller.tenant,
        "course_id": course["id"],
        "account_id": wish.caller.id,
        "idempotency_key": wish.key,
        "request_hash": wish.request_hash,
        "status": "confirmed",
        "paid_cents": course["price_cents"],
        "created_at": created_at,
    }
    enrolment["id"] = await database.insert("enrolment", enrolment)
    invoice: Row = {
        "tenant_id": wish.caller.tenant,
        "enrolment_id": enrolment["id"],
        "number": f"INV-{created_at[:4]}-{enrolment['id']:06d}",
        "billed_name": wish.card_name,
        "total_cents": course["price_cents"],
        "card_last4": wish.card_last4,
        "created_at": created_at,
    }
    enrolment["invoice_id"] = await database.insert("invoice", invoice)
    return enrolment


async def list_enrolments(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    database = request.app[SHOP].database
    page, per_page = fields.query_page(request)
    where = "enrolment.tenant_id = ?"
    values: list[str | int] = [caller.tenant]
    if not caller.manages:
        where += " AND enrolment.account_id = ?"
        values.append(caller.id)
    found = await database.rows(
        f"{_SELECT} WHERE {where} ORDER BY enrolment.id LIMIT ? OFFSET ?",
        *values,
        per_page,
        (page - 1) * per_page,
    )
    total = await database.rows(f"SELECT count(*) AS n FROM enrolment WHERE {where}", *values)
    return page_of([_shown(enrolment) for enrolment in found], page, per_page, total[0]["n"])


async def show_enrolment(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    enrolment_id = fields.path_id(request, "enrolment")
    found = await request.app[SHOP].database.row(
        f"{_SELECT} WHERE enrolment.id = ? AND enrolment.tenant_id = ?", enrolment_id, caller.tenant
    )
    if found is None or not (caller.manages or found["account_id"] == caller.id):
        raise not_found("enrolment")
    return answer(_shown(found))
