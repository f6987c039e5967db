"""A QA service that knows nobody of the recording: every door has its own way to say who is calling.

    /jwt    a JWT, verified with PyJWT       /basic  Basic              /web   a session cookie behind a login form
    /open   a token of POST /oauth/token     /key    X-Api-Key         /query ?api_key=

Behind each door: POST {door}/notes, GET {door}/notes/{id} (the tenant's own only, unless `leaks`), GET {door}/profile.
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web

from upstreams import served

ACCOUNTS = {  # user: (password, tenant)
    "qa-ann": ("ann-password-1", "qa-north"),
    "qa-bob": ("bob-password-2", "qa-south"),
    "qa-cyd": ("cyd-password-3", "qa-south"),
}
KEYS = {"key-of-ann-000001": "qa-ann", "key-of-bob-000002": "qa-bob"}
CLIENT = ("qa-client", "client-secret-9")


@dataclass
class Bank:
    """`url` is known while it is served. `hits`: (user, tenant) of accepted requests."""

    algorithm: str = "HS256"
    verify_with: Any = "an-hmac-secret-of-qa-that-is-long-enough"
    token_seconds: float = 60.0  # lifetime that it tells, and keeps on a clock of its own
    leaks: bool = False
    audience: str | None = None
    checks_times: bool = True
    now: float = 1000.0
    url: str = ""
    hits: list[tuple[str, str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refused: int = 0
    seconds_per_request: float = 0.0
    kids: list[str | None] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _notes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _forms: set[str] = field(default_factory=set)

    is_real: bool = False
    granted_by: dict[str, str] = field(default_factory=dict)  # token -> grant

    def clock_is_real(self) -> None:
        """Tokens expire by the machine's clock from now on."""
        self.is_real = True

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/oauth/token", self.token)
        app.router.add_get("/login", self.form)
        app.router.add_post("/login", self.login)
        app.router.add_post("/session", self.session)
        app.router.add_post("/{door}/notes", self.write)
        app.router.add_get("/{door}/notes/{id}", self.read)
        app.router.add_get("/{door}/profile", self.whoami)
        return app

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        client = (
            base64.b64decode(given).decode().split(":") if given else [form.get("client_id"), form.get("client_secret")]
        )
        grant = form.get("grant_type")
        self.logins.append(str(grant))
        if tuple(client) != CLIENT:
            return web.json_response({"error": "invalid_client"}, status=401)
        if grant == "password":
            user = str(form.get("username"))
            if ACCOUNTS.get(user, ("",))[0] != form.get("password"):
                return web.json_response({"error": "invalid_grant"}, status=400)
        elif grant == "refresh_token":
            found = self._refresh.pop(str(form.get("refresh_token")), None)
            if found is None:
                return web.json_response({"error": "invalid_grant"}, status=400)
            user = found
        else:
            user = "qa-ann"
        token = self._issue(user)
        self.granted_by[token] = str(grant)
        answer = {"access_token": token, "token_type": "bearer", "expires_in": self.token_seconds}
        if grant != "client_credentials":
            refresh = secrets.token_hex(12)
            self._refresh[refresh] = user
            answer["refresh_token"] = refresh
        return web.json_response(answer)

    async def form(self, request: web.Request) -> web.Response:
        csrf = secrets.token_hex(8)
        self._forms.add(csrf)
        page = web.Response(text=f'<form><input name="csrf" value="{csrf}"></form>', content_type="text/html")
        page.set_cookie("pre", csrf)
        return page

    async def login(self, request: web.Request) -> web.Response:
        form = await request.post()
        user, csrf = str(form.get("user")), str(form.get("csrf"))
        self.logins.append(user)
        is_known = csrf in self._forms and request.cookies.get("pre") == csrf
        if not is_known or ACCOUNTS.get(user, ("",))[0] != form.get("password"):
            return web.Response(status=403)
        answer = web.Response(status=302, headers={"Location": "/"})
        answer.set_cookie("sid", self._issue(user))
        return answer

    async def session(self, request: web.Request) -> web.Response:
        form = await request.json()
        self.logins.append(form["user"])
        if ACCOUNTS.get(form["user"], ("",))[0] != form["password"]:
            return web.json_response({"error": "unknown"}, status=401)
        token = self._issue(form["user"])
        self.granted_by[token] = "login"
        return web.json_response({"access_token": token})

    async def write(self, request: web.Request) -> web.Response:
        _, tenant = self._caller(request)
        made = f"note-{secrets.token_hex(8)}"
        self._notes[made] = (tenant, (await request.json())["text"])
        return web.json_response({"id": made}, status=201)

    async def read(self, request: web.Request) -> web.Response:
        _, tenant = self._caller(request)
        owner, text = self._notes.get(request.match_info["id"], ("", ""))
        if not owner or (owner != tenant and not self.leaks):
            return web.json_response({"error": "no such note"}, status=404)
        return web.json_response({"id": request.match_info["id"], "text": text})

    async def whoami(self, request: web.Request) -> web.Response:
        """A careless service: it repeats the caller's credentials."""
        self._caller(request)
        return web.json_response({"token": request.headers.get("Authorization", "")})

    def _issue(self, user: str) -> str:
        self.now = time.monotonic() if self.is_real else self.now
        token = secrets.token_hex(16)
        self._tokens[token] = (user, self.now + self.token_seconds)
        return token

    def _caller(self, request: web.Request) -> tuple[str, str]:
        """(user, tenant). Raises 401."""
        self.now = time.monotonic() if self.is_real else self.now + self.seconds_per_request
        found = self._who(request)
        if found is None:
            self.refused += 1
            raise web.HTTPUnauthorized
        self.hits.append(found)
        self.headers.append(dict(request.headers))
        return found

    def _who(self, request: web.Request) -> tuple[str, str] | None:
        door = request.match_info["door"]
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        user: str | None = None
        if door == "jwt":
            try:
                rules = {"require": ["exp", "sub", "tid"], "verify_exp": self.checks_times}
                claims = jwt.decode(given, self.verify_with, [self.algorithm], rules, audience=self.audience)
            except jwt.PyJWTError:
                return None
            self.kids.append(jwt.get_unverified_header(given).get("kid"))
            return claims["sub"], claims["tid"]
        if door == "open" and scheme == "Bearer":
            user = self._live(given)
        elif door == "basic" and scheme == "Basic":
            name, _, password = base64.b64decode(given).decode().partition(":")
            user = name if ACCOUNTS.get(name, ("",))[0] == password else None
        elif door == "key":
            user = KEYS.get(request.headers.get("X-Api-Key", ""))
        elif door == "query":
            user = KEYS.get(request.query.get("api_key", ""))
        elif door == "web":
            user = self._live(request.cookies.get("sid", ""))
        return (user, ACCOUNTS[user][1]) if user else None

    def _live(self, token: str) -> str | None:
        user, until = self._tokens.get(token, ("", 0.0))
        return user if self.now < until else None


def serving(bank: Bank):
    """`async with serving(bank) as url`."""
    return served(bank.app())
