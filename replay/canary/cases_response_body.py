"""Secrets in bodies of responses: pages, streams, tables, codings of every kind, tokens, what cannot be read."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

from replay.canary.case import HOST, Group, Loss, Plan, Row, answered, table
from replay.canary.encodings import b64, escaped, j, jwt, png, raw_deflate, zstd
from replay.canary.planted import Mint

JSON = "application/json"
_CODING = "a coding that does not end where its data ends is not undone"
_BINARY = "a binary format that nobody here can read is left out"


def _coded(coding: str, data: bytes, kind: str = JSON) -> Plan:
    return answered(kind, data, ("Content-Encoding", coding))


def _page(mint: Mint) -> Plan:
    head = f'<meta name="csrf" content="{mint.token()}"><title>Hi {mint.name()}</title>'
    script = f'<script>var user = {{"mail": "{mint.email()}", "id": {mint.nine()}}};</script>'
    form = f'<input name="who" value="{mint.name()}"><!-- {mint.email()} -->'
    return answered("text/html; charset=utf-8", f"<html><head>{head}{script}</head><body>{form}</body></html>")


def _trace(mint: Mint) -> Plan:
    lines = (
        f'  File "/srv/{mint.slug()}/app.py", line 12\n  connect("postgres://{mint.slug()}:{mint.password()}@db/x")\n'
    )
    return answered(
        "text/plain", f"Traceback (most recent call last):\n{lines}ValueError: {mint.email()}\n", status=500
    )


def _events(mint: Mint) -> Plan:
    first = f"id: {mint.nine()}\nevent: {mint.slug()}\ndata: {j({'mail': mint.email()})}\n\n"
    return answered("text/event-stream", f": for {mint.name()}\n{first}data: {mint.name()}\ndata: {mint.email()}\n\n")


def _two_members(mint: Mint) -> Plan:
    data = gzip.compress(b'{"a": 1}', mtime=0) + gzip.compress(j({"n": mint.name()}).encode(), mtime=0)
    return _coded("gzip", data)


def _split(mint: Mint) -> Plan:
    email = mint.email()
    return answered(JSON, j({"parts": [email[:10], email[10:]]}))


def _turned(mint: Mint) -> Plan:
    return answered(JSON, j({"r": mint.email()[::-1], "u": mint.email().upper()}))


def _long(mint: Mint) -> Plan:
    return answered(JSON, j({"text": "lorem ipsum dolor sit amet " * 11_500 + mint.email()}))


def _across_chunks(mint: Mint) -> Plan:
    body = j({"pad": "x" * 20, "mail": mint.email(), "name": mint.name()})
    return replace(answered(JSON, body), chunks=(50, 30))


def _claims(mint: Mint) -> Plan:
    claims = {"sub": mint.nine(), "address": {"street": mint.street()}, "exp": 1763742303}
    return answered(JSON, j({"jwt": jwt(claims, "none", "")}))


def _private_key(mint: Mint) -> Plan:
    key = f"-----BEGIN PRIVATE KEY-----\n{mint.token(64)}\n{mint.hex(64)}\n-----END PRIVATE KEY-----\n"
    return answered("text/plain", f"keep it safe\n{key}")


def _vendor_keys(mint: Mint) -> Plan:
    return answered("text/plain", f"aws_access_key_id={mint.aws()} aws_secret_access_key={mint.token(40)}\n")


def _after_head(mint: Mint) -> Plan:
    plan = answered(JSON, j({"n": mint.name()}), status=204)
    return replace(plan, is_odd=True)


def _brotli(mint: Mint) -> Plan:
    """Uncompressed meta-blocks (RFC 7932 section 9.2), so that no encoder is needed; gzip inside."""
    inner = gzip.compress(j({"n": mint.name()}).encode(), mtime=0)
    head = (len(inner) - 1) << 4 | 1 << 20  # WBITS 16, not last, 4 nibbles of length, uncompressed
    return _coded("gzip, br", head.to_bytes(3, "little") + inner + b"\x03")


def _codings() -> tuple[Row, ...]:
    return (
        ("C137", "zstd", lambda m: _coded("zstd", zstd(j({"n": m.name(), "e": m.email()})))),
        ("C138", "deflate, raw", lambda m: _coded("deflate", raw_deflate(j({"n": m.name()})))),
        ("C139", "stacked codings: gzip, br", _brotli),
        ("C140", "deflate, zlib", lambda m: _coded("deflate", zlib.compress(j({"n": m.name()}).encode()))),
        ("C141", "unknown coding", lambda m: _coded(m.slug(), j({"n": m.name()}).encode()), Loss.BODY, "an unknown coding is not undone"),
        ("C142", "gzip with a second member", _two_members, Loss.BODY, _CODING),
        ("C143", "gzip with a tail", lambda m: _coded("gzip", gzip.compress(b"{}", mtime=0) + m.email().encode()), Loss.BODY, _CODING),
        ("C144", "a coding that lies", lambda m: _coded("gzip", j({"n": m.name()}).encode()), Loss.BODY, _CODING),
    )  # fmt: skip


CASES = table(
    Group.RESPONSE_BODY,
    ("C134", "stack trace", _trace),
    ("C135", "HTML page", _page),
    ("C136", "inline script and style", lambda m: answered("text/html", f"<style>.u{m.hex(16)}{{}}</style><script>go('{escaped(m.email())}')</script><a href='mailto:{m.email()}'>x</a>")),
    *_codings(),
    ("C145", "JSONP", lambda m: answered("application/javascript", f"/**/cb({j({'n': m.name(), 'e': m.email()})});")),
    ("C146", "CSV download", lambda m: answered("text/csv", f"id;name;mail\r\n{m.nine()};{m.name()};{m.email()}\r\n{m.nine()};{m.name()};{m.email()}\r\n")),
    ("C147", "server-sent events", _events),
    ("C148", "plain text mail", lambda m: answered("text/plain", f"From: {m.name()} <{m.email()}>\nSubject: account {m.iban()}\n\nCall {m.phone()}, {m.street()}.\n")),
    ("C149", "image with a text chunk", lambda m: answered("image/png", png("Author", m.name())), Loss.BODY, _BINARY),
    ("C150", "data: URL", lambda m: answered(JSON, j({"img": f"data:text/plain;base64,{b64(f'{m.name()} {m.email()}')}"}))),
    ("C151", "unsigned JWT with nested claims", _claims),
    ("C152", "JWE of five parts", lambda m: answered(JSON, j({"jwe": f"{b64('{}')}.{m.token(43)}.{m.token(16)}.{m.token(60)}.{m.token(22)}"}))),
    ("C153", "refresh token under an innocent key", lambda m: answered(JSON, j({"extra": m.token(40), "next": m.hex()}))),
    ("C154", "private key in text", _private_key),
    ("C155", "AWS keys in text", _vendor_keys),
    ("C156", "PDF", lambda m: answered("application/pdf", f"%PDF-1.4\n1 0 obj<</Author({m.name()})/Title({m.email()})>>endobj\n%%EOF".encode()), Loss.BODY, _BINARY),
    ("C157", "secret split over two items", _split),
    ("C158", "reversed and upper-case e-mail", _turned),
    ("C159", "300 KB text with a secret at its end", _long),
    ("C160", "many records", lambda m: answered(JSON, j([{"id": i, "name": m.name(), "mail": m.email()} for i in range(40)]))),
    ("C161", "secret across chunks", _across_chunks),
    ("C162", "body after 204", _after_head, Loss.EXCHANGE, "bytes after a 204 are no message: the proxy may end the connection"),
    ("X050", "answer to HEAD", lambda m: Plan("HEAD", f"/u/{m.uuid()}", HOST, (), b"", 200, (("X-Who", m.name()),))),
    ("X051", "JSON with a guard in front", lambda m: answered(JSON, f")]}}',\n{j({'n': m.name()})}"), Loss.BODY, "a document that cannot be parsed is left out whole"),
    ("X052", "problem details", lambda m: answered("application/problem+json", j({"detail": f"user {m.email()} unknown", "instance": f"/u/{m.nine()}", "errors": {"name": [m.name()]}}), status=422)),
    ("X053", "SVG with text", lambda m: answered("image/svg+xml", f"<svg xmlns='http://www.w3.org/2000/svg'><text>{m.name()}</text><desc>{m.email()}</desc></svg>"), Loss.BODY, _BINARY),
)  # fmt: skip
