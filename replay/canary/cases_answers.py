"""Secrets in the headers of responses, cookies, digests of the raw body, and trailers."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import replace

from replay.canary.case import Field, Group, Plan, answered, table
from replay.canary.encodings import b64, b64url, j, percent
from replay.canary.planted import Mint

_JSON = "application/json"


def _with(*fields: Field) -> Plan:
    return answered(_JSON, '{"ok": true}', *fields)


def _oracle(mint: Mint) -> Plan:
    body = j({"ssn": mint.ssn()})
    return answered(_JSON, body, ("ETag", f'"{hashlib.md5(body.encode()).hexdigest()}"'))  # noqa: S324 - as servers do


def _digests(mint: Mint) -> Plan:
    body = j({"ssn": mint.ssn()})
    sha = b64encode(hashlib.sha256(body.encode()).digest()).decode()
    md5 = b64encode(hashlib.md5(body.encode()).digest()).decode()  # noqa: S324 - as servers do
    fields = (("Content-MD5", md5), ("Digest", f"sha-256={sha}"), ("Repr-Digest", f"sha-256=:{sha}:"))
    return answered(_JSON, body, *fields, ("X-Amz-Content-Sha256", hashlib.sha256(body.encode()).hexdigest()))


def _link(mint: Mint) -> Plan:
    cursor = b64url(j({"after": mint.email()}))
    return _with(("Link", f'<https://canary.example/u?cursor={cursor}>; rel="next"; title="{mint.name()}"'))


def _trailers(mint: Mint) -> Plan:
    plan = _with(("Trailer", "X-Who, X-Mail"))
    return replace(plan, trailers=(("X-Who", mint.name()), ("X-Mail", mint.email())), chunks=(5, 7))


def _policies(mint: Mint) -> Plan:
    policy = f"default-src 'self' https://{mint.slug()}.cdn.example; report-uri https://x.example/r?u={mint.token()}"
    return _with(("Content-Security-Policy", policy), ("Report-To", j({"group": mint.slug(), "max_age": 1})))


CASES = table(
    Group.RESPONSE_HEADER,
    ("C121", "Set-Cookie value", lambda m: _with(("Set-Cookie", f"sid={m.token()}; Path=/; HttpOnly"))),
    ("C122", "Set-Cookie attributes", lambda m: _with(("Set-Cookie", f"a=1; Domain={m.slug()}.shop.example; Path=/u/{m.nine()}; owner={m.email()}"))),
    ("C123", "two cookies in one Set-Cookie", lambda m: _with(("Set-Cookie", f"a={m.token()}; Path=/, b={m.hex()}; Path=/"))),
    ("C124", "Set-Cookie with JSON, quoted", lambda m: _with(("Set-Cookie", f'prefs="{percent(j({"mail": m.email()}))}"; Max-Age=60'))),
    ("C125", "Link with cursor and title", _link),
    ("C126", "ETag that is the body's hash", _oracle),
    ("C127", "digests of the raw body", _digests),
    ("C128", "Location with id and token", lambda m: answered("", b"", ("Location", f"/users/{m.nine()}?ticket={m.token()}"), status=302)),
    ("C129", "WWW-Authenticate with user", lambda m: answered(_JSON, "{}", ("WWW-Authenticate", f'Bearer realm="{m.email()}", error_description="token {m.token()} expired"'), status=401)),
    ("C130", "Content-Disposition file name", lambda m: _with(("Content-Disposition", f'attachment; filename="statement {m.name()} {m.nine()}.json"'))),
    ("C131", "Refresh, Server-Timing, X-Debug", lambda m: _with(("Refresh", f"5;url=/r?t={m.token()}"), ("Server-Timing", f'db;desc="select {m.email()}"'), ("X-Debug", f"user {m.email()}"))),
    ("C132", "policies and reports", _policies),
    ("C133", "trailers", _trailers),
    ("X040", "Warning, Via and Server with names", lambda m: _with(("Warning", f'199 - "{m.name()}"'), ("Via", f"1.1 {m.slug()}.proxy"), ("Server", f"{m.slug()}/1.0"))),
    ("X041", "Content-Location and base64 header", lambda m: _with(("Content-Location", f"/u/{percent(m.email())}"), ("X-State", b64(j({"n": m.name()}))))),
    ("X042", "CORS and Vary with a tenant", lambda m: _with(("Access-Control-Allow-Origin", f"https://{m.slug()}.app.example"), ("Vary", f"X-{m.slug()}"))),
    ("X043", "reason phrase of odd status", lambda m: answered(_JSON, j({"detail": m.name()}), ("Retry-After", m.nine()), status=599)),
)  # fmt: skip
