"""Secrets in bodies of requests that are no JSON: forms, multipart, XML, GraphQL, NDJSON, CBOR, protobuf."""

from __future__ import annotations

import gzip
from urllib.parse import quote

from replay.canary.case import Group, Loss, Plan, post, table
from replay.canary.encodings import (
    b64,
    cbor,
    field,
    grpc,
    gzip_named,
    j,
    jwt,
    msgpack,
    multipart,
    percent,
    png,
    protobuf,
)
from replay.canary.planted import Mint

FORM = "application/x-www-form-urlencoded"
XML = "application/xml"
_B = "----canaryboundary7MA4YWxk"
_MULTI = f"multipart/form-data; boundary={_B}"
_BINARY = "a binary format that nobody here can read is left out"
_DOCTYPE = "entities can hide anything: a document with a DOCTYPE is left out"


def _multi(*parts: tuple[str, str | bytes]) -> Plan:
    return post(_MULTI, multipart(_B, *parts))


def _saml(mint: Mint) -> Plan:
    xml = f"<Response><NameID>{mint.email()}</NameID><Attribute><Value>{mint.name()}</Value></Attribute></Response>"
    return post(FORM, f"SAMLResponse={percent(b64(xml))}&RelayState=%2Fhome")


def _preamble(mint: Mint) -> Plan:
    inner = multipart(_B, (field("a"), "1"))
    return post(_MULTI, f"Sent by {mint.email()}\r\n".encode() + inner + f"\r\n{mint.name()} says bye".encode())


def _boundary(mint: Mint) -> Plan:
    boundary = f"b-{mint.hex(32)}"
    return post(f"multipart/form-data; boundary={boundary}", multipart(boundary, (field("a"), mint.name())))


def _wrong_boundary(mint: Mint) -> Plan:
    return post("multipart/form-data; boundary=other", multipart(_B, (field("a"), mint.name())))


def _xml(mint: Mint) -> Plan:
    inside = f"<who>{mint.name()}</who><m addr='{mint.email()}'/><![CDATA[{mint.token()}]]><!-- {mint.name()} -->"
    return post(XML, f"<?xml version='1.0'?><order>{inside}</order>")


def _entity(mint: Mint) -> Plan:
    return post(XML, f'<!DOCTYPE a [<!ENTITY e "{mint.email()}"><!ENTITY n SYSTEM "{mint.name()}">]><a>&e;</a>')


def _alias(mint: Mint) -> Plan:
    slug = mint.slug()
    return _graphql(f"query {slug}Q {{ {slug}Alias: me {{ id }} }}", {"operationName": f"{slug}Q"})


def _graphql(query: str, more: dict[str, object]) -> Plan:
    return post("application/json", j({"query": query, **more}), target="/graphql")


def _batch(mint: Mint) -> Plan:
    queries = [
        {"query": "{ me { id } }", "variables": {"n": mint.name()}},
        {"query": f'{{ u(mail: "{mint.email()}") {{ id }} }}'},
    ]
    return post("application/json", j(queries), target="/graphql")


def _patch(mint: Mint) -> Plan:
    steps = [{"op": "replace", "path": f"/users/{mint.nine()}/mail", "value": mint.email()}]
    return post("application/json-patch+json", j(steps), method="PATCH")


def _zipped(mint: Mint) -> Plan:
    body = gzip_named(j({"a": 1}), mint.email(), mint.name())
    return post("application/json", body, ("Content-Encoding", "gzip"))


def percent_latin(text: str) -> str:
    """As old pages send it."""
    return quote(text, safe="", encoding="latin-1")


CASES = table(
    Group.REQUEST_BODY,
    ("C093", "login form", lambda m: post(FORM, f"username={percent(m.email())}&password={percent(m.password())}")),
    ("C094", "form with a JSON value", lambda m: post(FORM, f"data={percent(j({'name': m.name()}))}&a=1")),
    ("C095", "SAML response", _saml),
    ("C096", "form without any =", lambda m: post(FORM, m.token())),
    ("C097", "multipart: file name", lambda m: _multi((field("f", f'; filename="CV {m.name()}.txt"') + "\r\nContent-Type: text/plain", "x"))),
    ("C098", "multipart: filename*", lambda m: _multi((field("f", f"; filename*=UTF-8''{percent(m.foreign_name())}.txt"), "x"))),
    ("C099", "multipart: field name", lambda m: _multi((field(m.email()), "1"))),
    ("C100", "multipart: values", lambda m: _multi((field("mail"), m.email()), (field("note"), f"for {m.name()}"), (field("iban"), m.iban()))),
    ("C101", "multipart: binary file", lambda m: _multi((field("f", '; filename="a.png"') + "\r\nContent-Type: image/png", png("Author", m.name() + " at " + m.geo())))),
    ("C102", "multipart: preamble and epilogue", _preamble),
    ("C103", "multipart: the boundary itself", _boundary),
    ("C104", "multipart: part headers and transfer encodings", lambda m: _multi((field("a") + f"\r\nX-Owner: {m.email()}\r\nContent-Transfer-Encoding: base64", b64(m.name())))),
    ("C105", "gzip header with file name and comment", _zipped),
    ("C106", "XML: element, attribute, CDATA, comment", _xml),
    ("C107", "XML: entity and DOCTYPE", _entity, Loss.BODY, _DOCTYPE),
    ("C108", "SOAP with namespaces and a processing instruction", lambda m: post("text/xml; charset=utf-8", f"<s:Envelope xmlns:s='urn:s'><?user {m.email()}?><s:Body><u:n xmlns:u='urn:u'>{m.name()}</u:n></s:Body></s:Envelope>")),
    ("C109", "GraphQL variables", lambda m: _graphql("query A($e: String!, $p: String!) { login(e: $e, p: $p) { id } }", {"variables": {"e": m.email(), "p": m.password()}})),
    ("C110", "GraphQL literal", lambda m: _graphql(f'mutation {{ login(e: "{m.email()}", p: "{m.password()}") {{ id }} }}', {})),
    ("C111", "GraphQL alias and operation name", _alias),
    ("C112", "GraphQL as application/graphql", lambda m: post("application/graphql", f'{{ user(mail: "{m.email()}") {{ id }} }} # {m.name()}'), Loss.BODY, _BINARY),
    ("C113", "GraphQL batch", _batch),
    ("C114", "JSON Patch", _patch),
    ("C115", "NDJSON", lambda m: post("application/x-ndjson", f"{j({'n': m.name()})}\n{j({'e': m.email()})}\n")),
    ("C116", "JSON sequence (RFC 7464)", lambda m: post("application/json-seq", f"\x1e{j({'n': m.name()})}\n\x1e{j({'e': m.email()})}\n"), Loss.BODY, _BINARY),
    ("C117", "CBOR", lambda m: post("application/cbor", cbor({"name": m.name(), "id": int(m.nine())})), Loss.BODY, _BINARY),
    ("C118", "protobuf over gRPC", lambda m: post("application/grpc", grpc(protobuf(m.email(), m.name()))), Loss.BODY, _BINARY),
    ("C119", "grpc-web-text", lambda m: post("application/grpc-web-text", b64(grpc(protobuf(m.email())))), Loss.BODY, _BINARY),
    ("C120", "MessagePack", lambda m: post("application/msgpack", msgpack({"name": m.name(), "id": int(m.nine())})), Loss.BODY, _BINARY),
    ("X030", "multipart: another boundary than declared", _wrong_boundary, Loss.BODY, "a multipart body without its boundary is left out"),
    ("X031", "form: JWT, URL and base64 as values", lambda m: post(FORM, f"a={jwt({'mail': m.email()})}&b={percent('https://x.example/?t=' + m.token())}&c={b64(j({'n': m.name()}))}")),
    ("X032", "gzip JSON", lambda m: post("application/json", gzip.compress(j({"n": m.name(), "e": m.email()}).encode()), ("Content-Encoding", "gzip"))),
    ("X033", "multipart/mixed in multipart", lambda m: _multi((f"Content-Type: multipart/mixed; boundary=in{_B}", multipart(f"in{_B}", ("Content-Type: application/json", j({"n": m.name()})))))),
    ("X035", "media type that is the secret", lambda m: post(f"application/{m.slug()}", m.name()), Loss.BODY, _BINARY),
    ("X036", "multipart: media type and charset of a part", lambda m: _multi((field("a") + f"\r\nContent-Type: text/{m.slug()}; charset={m.slug()}", m.name()))),
    ("X034", "form in UTF-16 and in latin-1 escapes", lambda m: post(FORM, f"n={percent_latin(m.foreign_name())}")),
)  # fmt: skip
