"""Login, tokens, and who is calling.

Rule: a handler that needs a person calls `caller_of` before it looks at anything else in the request.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt
from aiohttp import web

from replay.demo.shop import fields
from replay.demo.shop.answers import ApiError, answer, forbidden
from replay.demo.shop.clock import now
from replay.demo.shop.database import Row
from replay.demo.shop.faults import LOGIN_UNLIMITED
from replay.demo.shop.passwords import password_matches
from replay.demo.shop.state import SHOP, Shop

TOKEN_SECONDS = 3600
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Caller:
    """The signed-in person behind a request."""

    id: int
    tenant: str
    name: str
    email: str
    role: str
    is_admin: bool

    @property
    def manages(self) -> bool:
        return self.role == "manager"


def _token_for(shop: Shop, account: Row) -> str:
    issued = now()
    claims = {
        "sub": str(account["id"]),
        "tid": account["tenant_id"],
        "role": account["role"],
        "iat": int(issued.timestamp()),
        "exp": int((issued + timedelta(seconds=TOKEN_SECONDS)).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, shop.signing_key, algorithm=_ALGORITHM)


async def login(request: web.Request) -> web.Response:
    shop = request.app[SHOP]
    body = await fields.read_object(request)
    email = fields.email(body)
    password = fields.text(body, "password", 200)
    account = await shop.database.row("SELECT * FROM account WHERE email = ?", email)
    # From here to the end nothing is awaited: parallel guesses are counted one by one.
    wait = 0 if LOGIN_UNLIMITED in shop.faults else shop.failed_logins.seconds_to_wait(email)
    if wait:
        message = "Too many failed logins for this e-mail; try again later."
        raise ApiError(429, "too_many_attempts", message, {"Retry-After": str(wait)})
    if not password_matches(password, account["password_hash"] if account else None) or account is None:
        shop.failed_logins.record(email)
        raise ApiError(401, "wrong_credentials", "The e-mail or the password is wrong.")
    user = {"id": account["id"], "name": account["name"], "role": account["role"]}
    token = _token_for(shop, account)
    return answer({"token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "user": user})


async def caller_of(request: web.Request) -> Caller:
    """The person whose token came with the request."""
    refusal = ApiError(401, "unauthenticated", "Sign in first.", {"WWW-Authenticate": "Bearer"})
    shop = request.app[SHOP]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise refusal
    try:
        claims = jwt.decode(
            token.strip(),
            shop.signing_key,
            algorithms=[_ALGORITHM],
            options={"require": ["sub", "tid", "exp"]},
        )
    except (jwt.PyJWTError, ValueError):  # ValueError: a token that is not even text
        raise refusal from None
    account = await shop.database.row(
        "SELECT * FROM account WHERE id = ? AND tenant_id = ?", int(claims["sub"]), claims["tid"]
    )
    if account is None:
        raise refusal
    return Caller(
        id=account["id"],
        tenant=account["tenant_id"],
        name=account["name"],
        email=account["email"],
        role=account["role"],
        is_admin=bool(account["is_admin"]),
    )


async def manager_of(request: web.Request) -> Caller:
    """The caller, who must be a manager."""
    caller = await caller_of(request)
    if not caller.manages:
        raise forbidden("Only a manager may do this.")
    return caller


async def admin_of(request: web.Request) -> Caller:
    """The caller, who must be a manager or an administrator."""
    caller = await caller_of(request)
    if not (caller.manages or caller.is_admin):
        raise forbidden("Only a manager may see this.")
    return caller
