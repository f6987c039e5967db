"""Redacted bodies over a real socket: a server's own parsers read what is replayed."""

from __future__ import annotations

import time
from xml.etree import ElementTree as ET

from aiohttp import web

from replay.model.exchange import Exchange, Response
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.wire.client import Client
from replay.wire.target import Target
from unit.redact.canary_cases import exchange
from upstreams import served

POLICY = Policy(Pseudonym(bytes(range(32))))
EMAIL = "ingrid.halvorsen@northwind.test"
PDF = b"%PDF-1.7\r\n--not the boundary\r\n" + bytes(range(256)) * 40


async def replayed(planted: Exchange, handler) -> Response:
    """The answer of a server with that handler to the redacted request."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    async with served(app) as url:
        target = Target("http", "127.0.0.1", int(url.rpartition(":")[2]), "127.0.0.1")
        async with Client(target, time.monotonic) as client:
            sent = await client.send(POLICY.redact(planted).exchange.request)
    assert isinstance(sent.outcome, Response)
    return sent.outcome


async def test_a_redacted_upload_is_a_form_for_a_server():
    """Fields, a file of the same size and type, and nothing of the person."""
    form = (
        b'--Zx9\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + EMAIL.encode() + b"\r\n"
        b'--Zx9\r\nContent-Disposition: form-data; name="page"\r\n\r\n3\r\n'
        b'--Zx9\r\nContent-Disposition: form-data; name="scan"; filename="Ingrid passport.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + PDF + b"\r\n--Zx9--\r\n"
    )
    content_type = "multipart/form-data; boundary=Zx9"
    seen = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(await request.post())
        seen["content"] = seen["scan"].file.read()
        return web.Response()

    headers = {"Content-Type": content_type, "Content-Length": str(len(form))}
    planted = exchange("/scans", body=form, content_type=content_type, headers=headers)
    assert (await replayed(planted, handler)).status == 200
    scan = seen["scan"]
    assert (scan.content_type, scan.filename[-4:], "Ingrid" in scan.filename) == ("application/pdf", ".pdf", False)
    assert len(seen["content"]) == len(PDF)
    assert seen["content"].startswith(b"%PDF-")
    assert seen["page"] == "3"
    assert seen["email"].endswith(".example")


async def test_redacted_xml_and_graphql_arrive_whole():
    """As many bytes as the header says, and a document of each kind."""
    seen = []

    async def handler(request: web.Request) -> web.Response:
        data = await request.read()
        seen.append((request.content_type, request.content_length == len(data), data))
        return web.Response()

    for kind, body in (
        ("application/xml", f"<?xml version='1.0'?><order><email>{EMAIL}</email><note>Jørgen</note></order>"),
        ("application/graphql", f'{{ user(email: "{EMAIL}") {{ id }} }}'),
        ("application/x-ndjson", f'{{"email": "{EMAIL}"}}\n{{"page": 3}}\n'),
    ):
        headers = {"Content-Type": kind, "Content-Length": str(len(body.encode()))}
        await replayed(exchange("/in", body=body, content_type=kind, headers=headers), handler)
    assert [(kind, whole) for kind, whole, _ in seen] == [
        ("application/xml", True), ("application/graphql", True), ("application/x-ndjson", True)
    ]  # fmt: skip
    assert [one.tag for one in ET.fromstring(seen[0][2]).iter()] == ["order", "email", "note"]
    assert seen[1][2].startswith(b'{ user(email: "u')
    assert seen[2][2].count(b"\n") == 2
    assert not any(EMAIL.encode() in data for _, _, data in seen)
