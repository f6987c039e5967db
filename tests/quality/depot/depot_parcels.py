"""Parcels and what hangs on them: labels, remarks, shares, bulk changes, search."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sqlite3
import uuid
from typing import Any

from aiohttp import web
from depot_schema import digest, new_id, new_mood, now_text
from depot_state import Depot, Refused, Who, answer, body_of, depot_of, enter, text_of

SCAN_SECONDS = 0.05  # after a parcel was registered, a scanner writes a row
BIG_LIMIT_BYTES = 32 * 2**20
STATUSES = ("registered", "in_transit", "delivered")
_KNOWN = frozenset({"request_id", "reference", "contents", "recipient", "weight_kg", "declared_value", "attributes"})
_MINE = "deleted_at IS NULL AND (org_id = ? OR id IN (SELECT parcel_id FROM parcel_share WHERE org_id = ?))"


def _etag(row: sqlite3.Row) -> str:
    return f'"{digest(row["id"] + str(row["version"]))[:20]}"'


def _shown(depot: Depot, row: sqlite3.Row, slug: str) -> dict[str, Any]:
    here = f"/o/{slug}/parcels/{row['id']}"
    weight = f"{row['weight_kg']:.2f}" if "retyped" in depot.faults else row["weight_kg"]
    status = "accepted" if "enum" in depot.faults and row["status"] == "registered" else row["status"]
    return {
        "id": row["id"], "reference": row["reference"], "contents": row["contents"], "status": status,
        "recipient": json.loads(row["recipient"]), "weight_kg": weight, "declared_value": row["declared_value"],
        "owner_org": row["owner_org"], "attributes": json.loads(row["attributes"]), "created_at": row["created_at"],
        "links": {"self": here, "remarks": f"{here}/remarks", "label": f"/o/{slug}/labels?parcel_id={row['id']}"},
    }  # fmt: skip


def _announce(db: sqlite3.Connection, org_id: str, topic: str, subject: str) -> None:
    """Two rows each: one for the carrier, one for the bookkeeping."""
    for side in ("carrier", "books"):
        row = (org_id, f"{topic}.{side}", subject, now_text())
        db.execute("INSERT INTO outbox (org_id, topic, subject, created_at) VALUES (?, ?, ?, ?)", row)


async def create_parcel(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    body = await body_of(request)
    key = text_of(body, "request_id", 64)
    known = "SELECT id FROM parcel WHERE org_id = ? AND request_id = ?"
    found = depot.one(known, who.org_id, key)
    if found is None:
        if "race" in depot.faults:
            await asyncio.sleep(0.02)  # the answer of an address check
        try:
            parcel_id = _insert_parcel(depot, who, body, key)
        except sqlite3.IntegrityError:
            found = depot.one(known, who.org_id, key)
    if found is not None:
        parcel_id = found["id"]
    else:
        asyncio.get_running_loop().call_later(SCAN_SECONDS, _scan, depot, parcel_id)
    return web.Response(status=201, headers={"Location": f"/o/{who.slug}/parcels/{parcel_id}"})


def _insert_parcel(depot: Depot, who: Who, body: dict[str, Any], key: str) -> str:
    recipient, weight = body.get("recipient"), body.get("weight_kg")
    if not isinstance(recipient, dict) or isinstance(weight, bool) or not isinstance(weight, int | float):
        raise Refused(422, "bad_parcel")
    attributes = body.get("attributes") if isinstance(body.get("attributes"), dict) else {}
    attributes = {name: attributes[name] for name in ("fragile", "floor") if name in attributes}
    if "unknown-json" in depot.faults:
        attributes |= {name: value for name, value in body.items() if name not in _KNOWN}
    address = {"name": text_of(recipient, "name", 80), "street": text_of(recipient, "street", 120)}
    owner = who.org_id
    if "mass-assignment" in depot.faults and isinstance(body.get("owner_org"), str):
        owner = body["owner_org"]
    parcel_id = new_id("par")
    row = (
        parcel_id, who.org_id, owner, key, text_of(body, "reference", 40), text_of(body, "contents", 400),
        json.dumps(address), float(weight), text_of(body, "declared_value", 12), "registered", 1,
        json.dumps(attributes), who.member_id, now_text(), None,
    )  # fmt: skip
    with depot.transaction() as db:
        db.execute(f"INSERT INTO parcel VALUES ({', '.join('?' * len(row))})", row)
        _announce(db, who.org_id, "parcel.registered", parcel_id)
    return parcel_id


def _scan(depot: Depot, parcel_id: str) -> None:
    row = (parcel_id, new_mood(), random.randrange(1, 9), now_text())
    depot.db.execute("INSERT INTO tracking (parcel_id, note, hub, created_at) VALUES (?, ?, ?, ?)", row)


def _parcel(depot: Depot, who: Who, parcel_id: str, *, only_own: bool = False) -> sqlite3.Row:
    """One that the org owns, or that was shared with it. Raises Refused."""
    if only_own:
        row = depot.one(
            "SELECT * FROM parcel WHERE id = ? AND deleted_at IS NULL AND org_id = ?", parcel_id, who.org_id
        )
    else:
        row = depot.one(f"SELECT * FROM parcel WHERE id = ? AND {_MINE}", parcel_id, who.org_id, who.org_id)
    if row is None:
        raise Refused(404, "no_such_parcel")
    return row


async def show_parcel(request: web.Request) -> web.Response:
    depot = depot_of(request)
    who = enter(request, is_loose="cross-read" in depot.faults)
    row = _parcel(depot, who, request.match_info["parcel"])
    tracking = depot.all("SELECT note, hub FROM tracking WHERE parcel_id = ? ORDER BY id", row["id"])
    data = _shown(depot, row, who.slug) | {"tracking": [dict(one) for one in tracking]}
    response = answer(request, data)
    response.headers["ETag"] = _etag(row)
    return response


async def change_parcel(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    body = await body_of(request)  # before the version is looked at: an await in between would lose updates
    row = _parcel(depot, who, request.match_info["parcel"], only_own=True)
    if request.headers.get("If-Match") != _etag(row):
        raise Refused(412 if "If-Match" in request.headers else 428, "changed_meanwhile")
    contents = text_of(body, "contents", 400)
    with depot.transaction() as db:
        db.execute("UPDATE parcel SET contents = ?, version = version + 1 WHERE id = ?", (contents, row["id"]))
        _announce(db, who.org_id, "parcel.changed", row["id"])
    row = _parcel(depot, who, row["id"])
    response = answer(request, _shown(depot, row, who.slug))
    response.headers["ETag"] = _etag(row)
    return response


async def delete_parcel(request: web.Request) -> web.Response:
    """Soft: the row stays, with the time of its end."""
    depot = depot_of(request)
    if "cross-delete" in depot.faults:
        enter(request, is_loose=True)
        sql = "UPDATE parcel SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL"
        depot.db.execute(sql, (now_text(), request.match_info["parcel"]))
        if enter(request, is_loose=True).slug != _own_slug(request):
            raise Refused(404, "no_such_parcel")
        return web.Response(status=204)
    who = enter(request)
    row = _parcel(depot, who, request.match_info["parcel"], only_own=True)
    depot.db.execute("UPDATE parcel SET deleted_at = ? WHERE id = ?", (now_text(), row["id"]))
    return web.Response(status=204)


def _own_slug(request: web.Request) -> str:
    sql = "SELECT slug FROM org JOIN member ON org.id = org_id WHERE member.id = ?"
    return depot_of(request).one(sql, request["member_id"])["slug"]


async def list_parcels(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    limit = min(int(request.query.get("limit", "20")), 50)
    try:
        start = base64.urlsafe_b64decode(request.query.get("cursor", "")).decode().removeprefix("after:")
    except ValueError:
        raise Refused(400, "bad_cursor") from None
    rows = depot.all(
        "SELECT * FROM parcel WHERE org_id = ? AND deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?",
        who.org_id, start, limit + 1,
    )  # fmt: skip
    cursor = None
    if len(rows) > limit:
        cursor = base64.urlsafe_b64encode(f"after:{rows[limit - 1]['id']}".encode()).decode()
    data = [_shown(depot, row, who.slug) for row in rows[:limit]]
    links = {"next": f"/o/{who.slug}/parcels?limit={limit}&cursor={cursor}" if cursor else None}
    return answer(request, data, meta={"next_cursor": cursor}, links=links)


async def search(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    words = f"%{request.query.get('q', '')[:80]}%"
    scope, values = ("org_id = ?", [who.org_id]) if "search-leak" not in depot.faults else ("1", [])
    rows = depot.all(
        f"SELECT * FROM parcel WHERE deleted_at IS NULL AND {scope} AND (contents LIKE ? OR recipient LIKE ?)"
        " ORDER BY id DESC LIMIT 40",
        *values, words, words,
    )  # fmt: skip
    random.shuffle(rows)
    return answer(request, [_shown(depot, row, who.slug) for row in rows])


async def put_label(request: web.Request) -> web.Response:
    """The client makes the id; the same id again replaces."""
    depot, who = depot_of(request), enter(request)
    body = await body_of(request)
    row = _parcel(depot, who, text_of(body, "parcel_id", 64), only_own=True)
    text, copies = text_of(body, "text", 200), body.get("copies")
    label_id = request.match_info["label"]
    if not isinstance(copies, int) or len(label_id) != 36:
        raise Refused(422, "bad_label")
    known = depot.one("SELECT number FROM label WHERE label_id = ? AND org_id = ?", label_id, who.org_id)
    upsert = " ON CONFLICT (org_id, label_id) DO UPDATE SET text = excluded.text, copies = excluded.copies"
    with depot.transaction() as db:
        db.execute(
            "INSERT INTO label (label_id, org_id, parcel_id, text, copies) VALUES (?, ?, ?, ?, ?)"
            + ("" if "put-twice" in depot.faults else upsert),
            (label_id, who.org_id, row["id"], text, copies),
        )
    data = {"id": label_id, "parcel_id": row["id"], "text": text, "copies": copies}
    return answer(request, data, 200 if known else 201)


async def show_labels(request: web.Request) -> web.Response:
    who = enter(request)
    sql = "SELECT label_id AS id, text, copies FROM label WHERE org_id = ? AND parcel_id = ?"
    rows = depot_of(request).all(sql, who.org_id, request.query.get("parcel_id", ""))
    return answer(request, [dict(row) for row in rows])


async def add_remark(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    is_big = "big-string" in depot.faults
    body = await body_of(request, limit_bytes=BIG_LIMIT_BYTES if is_big else 0)
    row = _parcel(depot, who, request.match_info["parcel"])
    text = text_of(body, "text", BIG_LIMIT_BYTES if is_big else 1_000)
    remark_id = str(uuid.uuid4())
    with depot.transaction() as db:
        values = (remark_id, who.org_id, row["id"], text, who.member_id, now_text())
        db.execute("INSERT INTO remark VALUES (?, ?, ?, ?, ?, ?)", values)
        _announce(db, who.org_id, "remark.written", remark_id)
    return answer(request, {"id": remark_id, "text": text, "written_by": who.name}, 201)


async def show_remarks(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    row = _parcel(depot, who, request.match_info["parcel"])
    sql = "SELECT id, text, created_at FROM remark WHERE parcel_id = ? ORDER BY created_at"
    return answer(request, [dict(one) for one in depot.all(sql, row["id"])])


async def share_parcel(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    row = _parcel(depot, who, request.match_info["parcel"], only_own=True)
    body = await body_of(request)
    other = depot.one("SELECT id, slug FROM org WHERE slug = ?", text_of(body, "with_org", 40))
    if other is None or other["id"] == who.org_id:
        raise Refused(422, "bad_org")
    with depot.transaction() as db:
        db.execute("INSERT OR IGNORE INTO parcel_share VALUES (?, ?, ?)", (row["id"], other["id"], now_text()))
    return web.Response(status=201, headers={"Location": f"/o/{who.slug}/parcels/{row['id']}/shares/{other['slug']}"})


async def show_shared(request: web.Request) -> web.Response:
    """What other companies handed over, all of it or one."""
    depot, who = depot_of(request), enter(request)
    rows = depot.all(
        "SELECT parcel.* FROM parcel JOIN parcel_share ON parcel_id = id WHERE deleted_at IS NULL"
        " AND parcel_share.org_id = ?",
        who.org_id,
    )
    wanted = request.match_info.get("parcel")
    shown = [_shown(depot, row, who.slug) for row in rows if wanted in {None, row["id"]}]
    if wanted and not shown:
        raise Refused(404, "not_shared")
    return answer(request, shown[0] if wanted else shown)


async def change_many(request: web.Request) -> web.Response:
    depot, who = depot_of(request), enter(request)
    body = await body_of(request, deep_fault=True)
    ids, status = body.get("ids"), body.get("status")
    if not isinstance(ids, list) or not 0 < len(ids) <= 100 or status not in STATUSES:
        raise Refused(422, "bad_list")
    rows = [_parcel(depot, who, str(one), only_own=True) for one in ids]
    with depot.transaction() as db:
        for row in rows:
            db.execute("UPDATE parcel SET status = ?, version = version + 1 WHERE id = ?", (status, row["id"]))
            _announce(db, who.org_id, "parcel.moved", row["id"])
    return answer(request, {"ids": [row["id"] for row in rows], "status": status, "changed": len(rows)})


ROUTES = (
    web.post("/o/{org}/parcels", create_parcel),
    web.get("/o/{org}/parcels", list_parcels),
    web.post("/o/{org}/parcels/bulk", change_many),
    web.get("/o/{org}/parcels/{parcel}", show_parcel),
    web.patch("/o/{org}/parcels/{parcel}", change_parcel),
    web.delete("/o/{org}/parcels/{parcel}", delete_parcel),
    web.post("/o/{org}/parcels/{parcel}/shares", share_parcel),
    web.post("/o/{org}/parcels/{parcel}/remarks", add_remark),
    web.get("/o/{org}/parcels/{parcel}/remarks", show_remarks),
    web.get("/o/{org}/shared", show_shared),
    web.get("/o/{org}/shared/{parcel}", show_shared),
    web.get("/o/{org}/search", search),
    web.put("/o/{org}/labels/{label}", put_label),
    web.get("/o/{org}/labels", show_labels),
)
