"""The parcel depot: a second, honest multi-tenant service in another style than the demo's shop, with planted faults.

    python app.py --db FILE --faults none|all|a,b      prints `ready http://127.0.0.1:PORT`

Each fault is a switch with its fixed twin in the same handler. Nothing of it is shipped.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import depot_parcels
from aiohttp import web
from depot_schema import digest, new_id, now_text, open_database
from depot_state import DEPOT, FAULTS, Depot, Refused, answer, body_of, depot_of, enter, text_of

BODY_LIMIT_BYTES = 65_536
PRICES = (("letter", "1.10"), ("parcel_s", "4.90"), ("parcel_m", "7.45"), ("pallet", "89.00"), ("bulky", "19.99"))


@web.middleware
async def trail(request: web.Request, handler: Any) -> web.StreamResponse:
    """Every request leaves a row, a refused or reading one as well."""
    depot, began = depot_of(request), time.perf_counter()
    try:
        response = await handler(request)
    except Refused as refusal:
        response = answer(request, {"code": refusal.code}, refusal.status, envelope="error")
    except web.HTTPException as error:
        response = answer(request, {"code": "refused"}, error.status, envelope="error")
    except Exception:
        response = answer(request, {"code": "internal"}, 500, envelope="error")
    took = (time.perf_counter() - began) * 1000
    depot.db.execute(
        "INSERT INTO access_trail (method, path, status, member_id, took_ms, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (request.method, request.path[:200], response.status, request.get("member_id"), took, now_text()),
    )
    return response


async def sign_up(request: web.Request) -> web.Response:
    depot, body = depot_of(request), await body_of(request)
    org, admin = body.get("org"), body.get("admin")
    if not isinstance(org, dict) or not isinstance(admin, dict):
        raise Refused(422, "org_and_admin")
    slug, name = text_of(org, "slug", 40), text_of(org, "name", 80)
    org_id = new_id("org")
    try:
        with depot.transaction() as db:
            db.execute("INSERT INTO org VALUES (?, ?, ?, ?)", (org_id, slug, name, now_text()))
            member_id = _insert_member(db, org_id, admin, "admin")
    except sqlite3.IntegrityError:
        raise Refused(409, "taken") from None
    data = {"org": {"id": org_id, "slug": slug, "name": name}, "member": {"id": member_id}}
    return answer(request, data, 201)


def _insert_member(db: sqlite3.Connection, org_id: str, who: dict[str, Any], position: str) -> str:
    member_id = str(uuid.uuid4())
    password = text_of(who, "password", 100)
    if len(password) < 8:
        raise Refused(422, "weak_password")
    row = (member_id, org_id, text_of(who, "email", 120), text_of(who, "name", 80), digest(password), position)
    db.execute("INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, now_text()))
    return member_id


async def log_in(request: web.Request) -> web.Response:
    """A form; the session is an opaque cookie, and the token against forged requests stands in the answer."""
    depot, form = depot_of(request), await request.post()
    row = depot.one(
        "SELECT member.*, org.slug FROM member JOIN org ON org.id = org_id WHERE email = ?", str(form.get("email", ""))
    )
    if row is None or row["password_hash"] != digest(str(form.get("password", ""))):
        raise Refused(401, "wrong_email_or_password")
    sid, csrf = secrets.token_urlsafe(24), secrets.token_hex(16)
    with depot.transaction() as db:
        db.execute("INSERT INTO web_session VALUES (?, ?, ?)", (digest(sid), row["id"], csrf))
        db.execute(
            "INSERT INTO login_count VALUES (?, 1, ?)"
            " ON CONFLICT (member_id) DO UPDATE SET logins = logins + 1, latest = excluded.latest",
            (row["id"], now_text()),
        )
    links = {"home": f"/o/{row['slug']}/me", "parcels": f"/o/{row['slug']}/parcels?limit=2"}
    member = {"id": row["id"], "name": row["name"], "position": row["position"]}
    data = {"csrf_token": csrf, "member": member, "org": row["slug"], "links": links}
    response = answer(request, data)
    response.set_cookie("sid", sid, httponly=True, samesite="Lax", max_age=3600)
    return response


async def log_out(request: web.Request) -> web.Response:
    depot = depot_of(request)
    depot.db.execute("DELETE FROM web_session WHERE sid_hash = ?", (digest(request.cookies.get("sid", "")),))
    response = web.Response(status=204)
    response.del_cookie("sid")
    return response


async def me(request: web.Request) -> web.Response:
    who = enter(request)
    logins = depot_of(request).one("SELECT logins FROM login_count WHERE member_id = ?", who.member_id)
    data = {"id": who.member_id, "name": who.name, "position": who.position, "logins": logins["logins"]}
    return answer(request, data | {"links": {"self": f"/o/{who.slug}/me", "members": f"/o/{who.slug}/members"}})


async def add_member(request: web.Request) -> web.Response:
    who, body = enter(request), await body_of(request)
    if who.position != "admin":
        raise Refused(403, "admins_only")
    try:
        with depot_of(request).transaction() as db:
            member_id = _insert_member(db, who.org_id, body, "clerk")
    except sqlite3.IntegrityError:
        raise Refused(409, "taken") from None
    return web.Response(status=201, headers={"Location": f"/o/{who.slug}/members/{member_id}"})


async def list_members(request: web.Request) -> web.Response:
    """In an order that nobody promises."""
    who = enter(request)
    rows = depot_of(request).all("SELECT id, name, position FROM member WHERE org_id = ?", who.org_id)
    random.shuffle(rows)
    return answer(request, [dict(row) for row in rows])


async def show_member(request: web.Request) -> web.Response:
    who = enter(request)
    row = depot_of(request).one(
        "SELECT id, name, email, position FROM member WHERE id = ? AND org_id = ?",
        request.match_info["member"], who.org_id,
    )  # fmt: skip
    if row is None:
        raise Refused(404, "no_such_member")
    return answer(request, dict(row))


async def prices(request: web.Request) -> web.Response:
    """Public: the same for everybody, also for those without an account."""
    listed = [{"product": product, "price": price, "currency": "EUR"} for product, price in PRICES]
    random.shuffle(listed)
    return answer(request, listed)


async def rates(request: web.Request) -> web.Response:
    """A carrier's service behind it fails one time in twenty."""
    enter(request)
    if random.random() < 0.05:
        raise Refused(503, "carrier_is_down")
    weight = float(request.query.get("weight_kg", "1"))
    return answer(request, {"weight_kg": weight, "price": f"{4.9 + 1.3 * weight:.2f}", "currency": "EUR"})


def build(db_path: str, faults: frozenset[str]) -> web.Application:
    app = web.Application(middlewares=[trail], client_max_size=64 * 2**20)
    app[DEPOT] = Depot(open_database(db_path, faults), faults, BODY_LIMIT_BYTES)
    app.add_routes(
        [
            web.post("/signup", sign_up),
            web.post("/session", log_in),
            web.delete("/session", log_out),
            web.get("/prices", prices),
            web.get("/o/{org}/me", me),
            web.post("/o/{org}/members", add_member),
            web.get("/o/{org}/members", list_members),
            web.get("/o/{org}/members/{member}", show_member),
            web.get("/o/{org}/rates", rates),
            *depot_parcels.ROUTES,
        ]
    )
    return app


async def serve(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(f"ready http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--faults", default="none")
    chosen = parser.parse_args()
    faults = FAULTS if chosen.faults == "all" else frozenset(chosen.faults.split(",")) - {"none", ""}
    unknown = faults - FAULTS
    if unknown:
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    Path(chosen.db).unlink(missing_ok=True)
    asyncio.run(serve(build(chosen.db, faults)))


if __name__ == "__main__":
    main()
