"""Invoices: a student reads their own, a manager the tenant's."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import answer, not_found, page_of
from replay.demo.shop.auth import caller_of
from replay.demo.shop.clock import iso
from replay.demo.shop.database import Row
from replay.demo.shop.faults import CHANGED_FIELD, INVOICE_READ
from replay.demo.shop.state import SHOP, Shop

_FROM = (
    "FROM invoice JOIN enrolment ON enrolment.id = invoice.enrolment_id JOIN course ON course.id = enrolment.course_id"
)
_SELECT = f"SELECT invoice.*, enrolment.account_id, course.title AS course_title {_FROM}"


def _shown(shop: Shop, invoice: Row) -> Row:
    cents = invoice["total_cents"]
    total = {"total": f"{Decimal(cents) / 100:.2f}"} if CHANGED_FIELD in shop.faults else {"total_cents": cents}
    return {
        "id": invoice["id"],
        "number": invoice["number"],
        "enrolment_id": invoice["enrolment_id"],
        "billed_name": invoice["billed_name"],
        "course_title": invoice["course_title"],
        **total,
        "currency": "EUR",
        "issued_at": iso(invoice["created_at"]),
    }


async def list_invoices(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    page, per_page = fields.query_page(request)
    where = "invoice.tenant_id = ?"
    values: list[str | int] = [caller.tenant]
    if not caller.manages:
        where += " AND enrolment.account_id = ?"
        values.append(caller.id)
    found = await shop.database.rows(
        f"{_SELECT} WHERE {where} ORDER BY invoice.id LIMIT ? OFFSET ?",
        *values,
        per_page,
        (page - 1) * per_page,
    )
    total = await shop.database.rows(f"SELECT count(*) AS n {_FROM} WHERE {where}", *values)
    return page_of([_shown(shop, invoice) for invoice in found], page, per_page, total[0]["n"])


async def show_invoice(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    shop = request.app[SHOP]
    invoice_id = fields.path_id(request, "invoice")
    found = await shop.database.row(f"{_SELECT} WHERE invoice.id = ?", invoice_id)
    if found is None:
        raise not_found("invoice")
    own = found["tenant_id"] == caller.tenant and (caller.manages or found["account_id"] == caller.id)
    if not own and INVOICE_READ not in shop.faults:
        raise not_found("invoice")
    return answer(_shown(shop, found))
