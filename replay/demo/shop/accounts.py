"""Tenants and the people in them: sign-up, registration, and one's own account."""

from __future__ import annotations

import json
import secrets

from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import ApiError, answer, invalid, not_found
from replay.demo.shop.auth import Caller, caller_of
from replay.demo.shop.clock import iso, now
from replay.demo.shop.database import Row, UniqueError
from replay.demo.shop.faults import MASS_ASSIGNMENT
from replay.demo.shop.passwords import hash_password
from replay.demo.shop.state import SHOP

_NAME_LIMIT = 120
_REGISTER_KEYS = frozenset({"tenant", "name", "email", "password"})


def _password(body: fields.Fields) -> str:
    password = fields.text(body, "password", 200)
    if len(password) < 8:
        raise invalid("password", "must have at least 8 characters.")
    return password


def _new_account(body: fields.Fields, tenant: str, role: str) -> Row:
    return {
        "tenant_id": tenant,
        "name": fields.text(body, "name", _NAME_LIMIT),
        "email": fields.email(body),
        "password_hash": hash_password(_password(body)),
        "role": role,
        "is_admin": 0,
        "attributes": "{}",
        "created_at": iso(now()),
    }


def _email_taken() -> ApiError:
    return ApiError(409, "email_taken", "There is already an account with this e-mail.")


async def signup(request: web.Request) -> web.Response:
    shop = request.app[SHOP]
    body = await fields.read_object(request)
    company = fields.text(body, "company", _NAME_LIMIT)
    tenant = "ten_" + secrets.token_hex(8)
    account = _new_account(body, tenant, "manager")
    try:
        async with shop.database.transaction() as database:
            await database.run(
                "INSERT INTO tenant (id, name, created_at) VALUES (?, ?, ?)", tenant, company, iso(now())
            )
            account_id = await database.insert("account", account)
    except UniqueError:
        raise _email_taken() from None
    user = {"id": account_id, "name": account["name"], "email": account["email"], "role": "manager"}
    return answer({"tenant": {"id": tenant, "name": company}, "user": user}, 201)


async def register(request: web.Request) -> web.Response:
    shop = request.app[SHOP]
    body = await fields.read_object(request)
    tenant = fields.text(body, "tenant", 64)
    account = _new_account(body, tenant, "student")
    if MASS_ASSIGNMENT in shop.faults:
        _assign_all(account, body)
    if await shop.database.row("SELECT id FROM tenant WHERE id = ?", tenant) is None:
        raise not_found("tenant")
    try:
        account_id = await shop.database.insert("account", account)
    except UniqueError:
        raise _email_taken() from None
    told = {"id": account_id, "tenant": tenant, "name": account["name"], "email": account["email"]}
    return answer({**told, "role": account["role"]}, 201)


def _assign_all(account: Row, body: fields.Fields) -> None:
    """The fault: what the client sent beside the four fields is stored as well."""
    extra = {key: value for key, value in body.items() if key not in _REGISTER_KEYS}
    if extra.get("is_admin") in (True, False):  # 0 and 1 as well, for 1 == True
        account["is_admin"] = int(extra.pop("is_admin"))
    if extra.get("role") in ("student", "manager"):
        account["role"] = extra.pop("role")
    if isinstance(extra.get("attributes"), dict):
        extra.update(extra.pop("attributes"))
    account["attributes"] = json.dumps(extra)


def _profile(caller: Caller, name: str, company: str) -> web.Response:
    tenant = {"id": caller.tenant, "name": company}
    profile = {"id": caller.id, "name": name, "email": caller.email, "role": caller.role, "tenant": tenant}
    return answer(profile)


async def _company(request: web.Request, caller: Caller) -> str:
    found = await request.app[SHOP].database.rows("SELECT name FROM tenant WHERE id = ?", caller.tenant)
    return str(found[0]["name"])


async def show_me(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    return _profile(caller, caller.name, await _company(request, caller))


async def change_me(request: web.Request) -> web.Response:
    caller = await caller_of(request)
    body = await fields.read_object(request)
    name = fields.text(body, "name", _NAME_LIMIT)
    await request.app[SHOP].database.run("UPDATE account SET name = ? WHERE id = ?", name, caller.id)
    return _profile(caller, name, await _company(request, caller))
