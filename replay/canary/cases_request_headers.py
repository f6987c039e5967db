"""Secrets in the headers of requests."""

from __future__ import annotations

from base64 import b64encode

from replay.canary.case import Group, Plan, get, table
from replay.canary.encodings import b64, b64url, j, jwt, percent
from replay.canary.planted import Mint


def _one(name: str, value: str | bytes) -> Plan:
    return get("/account", (name, value))


def _sigv4(mint: Mint) -> Plan:
    credential = f"Credential={mint.aws()}/20261121/eu-central-1/execute-api/aws4_request"
    return _one(
        "Authorization", f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature={mint.hex(64)}"
    )


def _digest(mint: Mint) -> Plan:
    who = f'username="{mint.email()}", realm="api", nonce="7ypf/xlj9XXwfDPEoM4URrv"'
    return _one("Authorization", f'Digest {who}, uri="/account", response="{mint.hex(32)}", qop=auth, nc=00000001')


def _flask(mint: Mint) -> Plan:
    payload = b64url(j({"email": mint.email(), "name": mint.name()}))
    return _one("Cookie", f"session={payload}.ZxQ0Rg.{mint.token(27)}")


def _forwarded(mint: Mint) -> Plan:
    return _one("Forwarded", f'for="[{mint.ipv6()}]:4711";by={mint.ipv4()};host={mint.slug()}.example;proto=https')


def _addresses(mint: Mint) -> Plan:
    names = ("CF-Connecting-IP", "True-Client-IP", "X-Real-IP")
    return get(
        "/account", *((name, mint.ipv4()) for name in names), ("X-Forwarded-For", f"{mint.ipv4()}, {mint.ipv4()}")
    )


def _client_certificate(mint: Mint) -> Plan:
    subject = f'Subject="CN={mint.name()},O={mint.slug()}"'
    first = ("X-Forwarded-Client-Cert", f"By=spiffe://mesh/ns/a;Hash={mint.hex(64)};{subject}")
    return get("/account", first, ("SSL-Client-Cert", f"/C=DE/O={mint.slug()}/CN={mint.name()}"))


def _proof(mint: Mint) -> Plan:
    signature = (
        f'keyId="{mint.email()}",algorithm="hs2019",headers="(request-target) date",signature="{b64(mint.token(48))}"'
    )
    claims = {"jti": mint.hex(32), "htm": "GET", "htu": "https://canary.example/account", "iat": 1763742303}
    return get("/account", ("Signature", signature), ("DPoP", jwt(claims, "ES256", mint.token(64))))


def _encoded_words(mint: Mint) -> Plan:
    word = f"=?utf-8?B?{b64encode(mint.foreign_name().encode()).decode()}?="
    return get(
        "/account", ("X-Sender", word), ("X-File", f"attachment; filename*=UTF-8''{percent(mint.foreign_name())}")
    )


def _agent(mint: Mint) -> Plan:
    return _one("User-Agent", f"AcmeApp/4.2 (iPhone; id={mint.hex()}; {mint.email()}) Darwin/23.1.0")


def _socket_protocol(mint: Mint) -> Plan:
    return get("/live", ("Sec-WebSocket-Protocol", f"access_token, {jwt({'sub': mint.token()})}"))


CASES = table(
    Group.REQUEST_HEADER,
    ("C025", "Bearer, opaque", lambda m: _one("Authorization", f"Bearer {m.token(40)}")),
    (
        "C026",
        "Bearer JWT with personal claims",
        lambda m: _one("Authorization", f"Bearer {jwt({'sub': m.nine(), 'email': m.email(), 'name': m.name()})}"),
    ),
    ("C027", "Basic", lambda m: _one("Authorization", f"Basic {b64(f'{m.email()}:{m.password()}')}")),
    ("C028", "Basic with a non-ASCII user", lambda m: _one("Authorization", f"Basic {b64(f'{m.foreign_name()}:{m.password()}')}")),
    ("C029", "Authorization without a scheme", lambda m: _one("Authorization", m.token(40))),
    ("C030", "AWS signature version 4", _sigv4),
    ("C031", "Digest", _digest),
    ("C032", "unknown scheme with parameters", lambda m: _one("Authorization", f'Acme user="{m.email()}", mac="{m.hex()}"')),
    ("C033", "two Cookie headers", lambda m: get("/account", ("Cookie", f"sid={m.token()}"), ("Cookie", f"csrf={m.hex()}"))),
    ("C034", "signed cookie with a base64 JSON payload", _flask),
    ("C035", "Express session cookie", lambda m: _one("Cookie", f"connect.sid=s%3A{m.token(32)}.{percent(m.token(43))}")),
    ("C036", "cookie with JSON", lambda m: _one("Cookie", f"prefs={percent(j({'mail': m.email(), 'lang': 'de'}))}; a=1")),
    ("C037", "cookie name carries the id", lambda m: _one("Cookie", f"sess_{m.hex(32)}=1; theme=dark")),
    ("C038", "X-Api-Key", lambda m: _one("X-Api-Key", m.token())),
    ("C039", "unknown vendor header", lambda m: _one("X-Acme-Ctx", f"user={m.email()};org={m.slug()};v=1")),
    ("C040", "JSON in a header", lambda m: _one("X-Context", j({"user": {"mail": m.email(), "no": int(m.nine())}}))),
    ("C041", "Forwarded", _forwarded),
    ("C042", "client addresses", _addresses),
    ("C043", "Referer", lambda m: _one("Referer", f"https://app.example/reset?token={m.token()}&mail={percent(m.email())}")),
    ("C044", "Origin and Host with a tenant", lambda m: get("/account", ("Origin", f"https://{m.slug()}.app.example"))),
    ("C045", "client certificate", _client_certificate),
    ("C046", "From and X-User-Email", lambda m: get("/account", ("From", f"{m.name()} <{m.email()}>"), ("X-User-Email", m.email()))),
    ("C047", "X-User: base64 JSON", lambda m: _one("X-User", b64(j({"mail": m.email(), "id": int(m.nine())})))),
    ("C048", "trace state and baggage", lambda m: get("/account", ("Baggage", f"userId={m.nine()},mail={percent(m.email())}"), ("Tracestate", f"acme={m.token()}"))),
    ("C049", "If-None-Match of an id", lambda m: _one("If-None-Match", f'W/"{m.nine()}-{m.hex(16)}"')),
    ("C050", "value in latin-1 and in UTF-8", lambda m: get("/account", ("X-Name", m.foreign_name().encode("latin-1")), ("X-Nom", m.foreign_name().encode()))),
    ("C051", "RFC 2047 and RFC 8187 words", _encoded_words),
    ("C052", "phone, card and IBAN in headers", lambda m: get("/account", ("X-Caller", m.phone()), ("X-Pan", m.card()), ("X-Account", m.iban()))),
    ("C053", "token as a WebSocket protocol", _socket_protocol),
    ("C054", "User-Agent with device and e-mail", _agent),
    ("C055", "allowed header abused", lambda m: get("/account", ("Accept", f"application/json;u={m.email()};token={m.token()}"))),
    ("C056", "Range and Cache-Control abused", lambda m: get("/account", ("Range", f"bytes={m.nine()}-"), ("Cache-Control", f'private="{m.token()}"'))),
    ("C057", "Proxy-Authorization", lambda m: _one("Proxy-Authorization", f"Basic {b64(f'{m.slug()}:{m.password()}')}")),
    ("C058", "HTTP signature and DPoP", _proof),
    ("X010", "very long header", lambda m: _one("X-Blob", "x" * 6000 + m.email())),
    ("X011", "header with a PEM key escaped", lambda m: _one("X-Cert", percent(f"-----BEGIN PRIVATE KEY-----\n{m.token(64)}\n{m.token(64)}\n-----END PRIVATE KEY-----"))),
    ("X012", "hex of an e-mail", lambda m: _one("X-Id", m.email().encode().hex())),
)  # fmt: skip
