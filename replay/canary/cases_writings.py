"""Writings and places that hostile or careless services use and that no list of fields names.

Each row stands for a class; the first of each group leaked once.
"""

from __future__ import annotations

from dataclasses import replace

from replay.canary.case import Case, Field, Group, Loss, Plan, answered, get, post, socket, table
from replay.canary.encodings import j, percent
from replay.canary.planted import Mint

_JSON = "application/json"
_MIXED = "multipart/mixed; boundary=B"


def _with(*fields: Field) -> Plan:
    return answered(_JSON, '{"ok": true}', *fields)


def _codes(mint: Mint) -> Plan:
    """Numbers that spell a text: beside it in plain, for the search to see."""
    mail, name = mint.email(), mint.name()
    spelt = {"list": list(mail.encode()), "typed": {str(i): byte for i, byte in enumerate(name.encode())}}
    return post(_JSON, j({**spelt, "plain": [mail, name]}))


def _grpc_trailers(mint: Mint) -> Plan:
    plan = _with(("Trailer", "Grpc-Message, Server-Timing"))
    fields = (
        ("Grpc-Message", percent(mint.name())),
        ("Server-Timing", f"db;desc={mint.slug()}"),
        (f"X-{mint.slug()}", "1"),
    )
    return replace(plan, trailers=fields, chunks=(3,))


def _part(mint: Mint) -> Plan:
    head = f"Content-Type: text/plain; name={mint.slug()}\r\nContent-ID: <{mint.email()}>\r\nX-{mint.slug()}: {mint.name()}"
    return post(_MIXED, f"{mint.name()}\r\n--B\r\n{head}\r\n\r\n{mint.name()}\r\n--B--\r\n{mint.email()}")


HEADERS = table(
    Group.RESPONSE_HEADER,
    ("N001", "relation of a Link that is nobody's word", lambda m: _with(("Link", f'</u/1>; rel="{m.slug()}"; title*=UTF-8\'\'{percent(m.name())}'))),
    ("N002", "scheme of an app's own in Location", lambda m: _with(("Location", f"app-{m.slug()}://open/{m.nine()}"))),
    ("N003", "user information and port of a Location", lambda m: _with(("Location", f"https://{m.slug()}:{m.password()}@h.example:8443/"))),
    ("N004", "cookie prefixes and attributes", lambda m: _with(("Set-Cookie", f"__Host-{m.slug()}=1; Secure; Comment={m.name()}; Path=/t/{m.slug()}/x"))),
    ("N005", "challenge of Digest and Negotiate", lambda m: _with(("WWW-Authenticate", f'Digest realm="{m.slug()}", nonce="{m.hex()}", opaque={m.token()}'), ("Proxy-Authenticate", f"Negotiate {m.token()}"))),
    ("N006", "weak ETag, ETag without quotes", lambda m: _with(("ETag", f'W/"{m.slug()}"'), ("ETag", m.token()))),
    ("N007", "Cache-Status, Proxy-Status and fields of caches", lambda m: _with(("Cache-Status", f"{m.slug()}; hit"), ("Proxy-Status", f"{m.slug()}; error=x"), ("Cache-Control", f'private="{m.slug()}"'))),
    ("N009", "trailers of gRPC", _grpc_trailers),
)  # fmt: skip
TARGETS = table(
    Group.URL,
    ("N020", "matrix parameters", lambda m: get(f"/a;{m.slug()};v={m.nine()}/b;{m.slug()}=1")),
    ("N021", "keys of OData and of functions", lambda m: get(f"/Users('{m.slug()}')?$filter=Name%20eq%20'{percent(m.name())}'")),
    ("N022", "parameters without a name, twice a mark", lambda m: get(f"/a?={m.slug()}&&{m.slug()}&a=b={m.token()};c={m.nine()}")),
    ("N023", "encoded slash, NUL, at", lambda m: get(f"/a%2F{m.slug()}/%40{m.slug()}/x%00{m.nine()}")),
)  # fmt: skip
BODIES = table(
    Group.REQUEST_BODY,
    ("N040", "lists of character codes and typed arrays", _codes),
    ("N041", "parts with names, ids and own fields, preamble", _part),
    ("N042", "JSON with comments, in single quotes", lambda m: post(_JSON, f"/*{m.name()}*/{{'a': '{m.email()}'}}"), Loss.BODY, "what is no JSON is left out"),
    ("N043", "XML with a stylesheet, a base and a comment behind", lambda m: post("application/xml", f"<a xml:base='http://{m.slug()}.example/'><!--{m.name()}--><?{m.slug()} x?><![CDATA[{m.email()}]]></a><!-- {m.name()} -->")),
    ("N044", "GraphQL aliases, directives, fragments", lambda m: post("application/graphql", f'query {m.slug()} {{ {m.slug()}: user(id: "{m.token()}") {{ ...{m.slug()} }} }} # {m.name()}')),
    ("N045", "JSON-LD, HAL and JSON:API", lambda m: post("application/ld+json", j({"@context": {m.slug(): f"http://{m.slug()}/"}, "@id": f"urn:{m.slug()}", "_links": {m.slug(): {"href": f"/u/{m.slug()}"}}}))),
)  # fmt: skip
PAGES = table(
    Group.RESPONSE_BODY,
    ("N060", "attributes that browsers ignore", lambda m: answered("text/html", f"<p data-{m.slug()}='1' aria-label='{m.name()}'><a href='app-{m.slug()}://x' ping='/p?{m.nine()}'>x</a><!--{m.email()}-->")),
    ("N061", "lists of relations, sizes and policies", lambda m: answered("text/html", f"<link rel='{m.slug()}' href='/x'><img srcset='/a/{m.slug()} 1x' sizes='{m.slug()}'><iframe allow='{m.slug()}' name='{m.slug()}'></iframe>")),
    ("N062", "event stream with ids, comments and unknown fields", lambda m: answered("text/event-stream", f"id: {m.nine()}\nretry: {m.slug()}\n:{m.name()}\n{m.slug()}: x\ndata: {m.email()}\n\n")),
    ("N063", "UTF-16 behind a mark", lambda m: answered(_JSON, j({m.slug(): m.email()}).encode("utf-16"))),
    ("N064", "calendar and card", lambda m: answered("text/calendar", f"BEGIN:VEVENT\r\nATTENDEE;CN={m.name()}:mailto:{m.email()}\r\nEND:VEVENT\r\n")),
)  # fmt: skip
SOCKETS = table(
    Group.SOCKET,
    ("N080", "Nostr, JSON-RPC and XMPP", lambda m: socket((True, 1, f'["REQ","{m.slug()}",{{}}]'), (False, 1, j({"jsonrpc": "2.0", "method": m.slug(), "params": [m.email()], "id": m.token()})), (False, 1, f"<message to='{m.email()}'>{m.name()}</message>"))),
)  # fmt: skip
CASES: tuple[Case, ...] = (*HEADERS, *TARGETS, *BODIES, *PAGES, *SOCKETS)
