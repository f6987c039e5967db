"""What a manager sees of the tenant as a whole: its people and its revenue."""

from __future__ import annotations

import asyncio

from aiohttp import web

from replay.demo.shop.answers import answer
from replay.demo.shop.auth import admin_of
from replay.demo.shop.clock import iso
from replay.demo.shop.database import Row
from replay.demo.shop.faults import SLOW_ENDPOINT
from replay.demo.shop.state import SHOP

_SLOW_SECONDS = 0.15
_COURSES = (
    "SELECT course.id AS course_id, course.code, course.title, course.seats, count(enrolment.id) AS enrolments, "
    "coalesce(sum(enrolment.paid_cents), 0) AS revenue_cents "
    "FROM course LEFT JOIN enrolment ON enrolment.course_id = course.id "
    "WHERE course.tenant_id = ? GROUP BY course.id ORDER BY course.id"
)


async def list_users(request: web.Request) -> web.Response:
    caller = await admin_of(request)
    found = await request.app[SHOP].database.rows(
        "SELECT id, name, email, role, is_admin, created_at FROM account WHERE tenant_id = ? ORDER BY id",
        caller.tenant,
    )
    return answer({"items": [_user(account) for account in found]})


def _user(account: Row) -> Row:
    return {**account, "is_admin": bool(account["is_admin"]), "created_at": iso(account["created_at"])}


async def report(request: web.Request) -> web.Response:
    caller = await admin_of(request)
    shop = request.app[SHOP]
    if SLOW_ENDPOINT in shop.faults:
        await asyncio.sleep(_SLOW_SECONDS)
    courses = await shop.database.rows(_COURSES, caller.tenant)
    counts = await shop.database.rows(
        "SELECT (SELECT count(*) FROM account WHERE tenant_id = ?) AS users, "
        "(SELECT count(*) FROM note WHERE tenant_id = ?) AS notes",
        caller.tenant, caller.tenant,
    )  # fmt: skip
    totals = {
        "users": counts[0]["users"],
        "courses": len(courses),
        "enrolments": sum(course["enrolments"] for course in courses),
        "notes": counts[0]["notes"],
        "revenue_cents": sum(course["revenue_cents"] for course in courses),
    }
    return answer({"totals": totals, "courses": courses})
