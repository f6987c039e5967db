"""Secrets in JSON and text bodies of requests: escapes, numbers, nesting, broken documents."""

from __future__ import annotations

import codecs

from replay.canary.case import Group, Loss, Plan, post, table
from replay.canary.encodings import b64, entities, escaped, j, percent
from replay.canary.planted import Mint, SecretKind

JSON = "application/json"
_NAME = SecretKind.FOREIGN_NAME
_BROKEN = "a document that cannot be parsed is left out whole"


def _duplicate_keys(mint: Mint) -> Plan:
    return post(JSON, f'{{"name": "{mint.name()}", "name": "x", "n": 1}}')


def _nested(mint: Mint) -> Plan:
    inner = j({"who": mint.name(), "deep": j({"mail": mint.email()})})
    return post(JSON, j({"payload": inner}))


def _numbers(mint: Mint) -> Plan:
    phone, ssn = mint.phone(), mint.ssn()
    return post(JSON, f'{{"a": {mint.card()}, "b": {phone[1:]}, "c": {ssn.replace("-", "")}, "d": {mint.nine()}}}')


def _floats(mint: Mint) -> Plan:
    nine = mint.nine()
    return post(
        JSON, f'{{"x": {mint.nine()}.0, "y": {nine[0]}.{nine[1:]}e8, "lat": {mint.geo()}, "pos": [{mint.geo()}, 1]}}'
    )


def _deep(mint: Mint) -> Plan:
    return post(JSON, '{"a":' * 60 + f'"{mint.email()}"' + "}" * 60)


def _lists(mint: Mint) -> Plan:
    return post(JSON, j({"ids": f"{mint.nine()},{mint.nine()};{mint.six()}", "list": [mint.nine(), int(mint.nine())]}))


def _letter(mint: Mint) -> Plan:
    text = f"Dear {mint.name()},\nyour card {mint.card()} and IBAN {mint.iban()} ... call {mint.phone()}."
    return post(JSON, j({"note": text, "by": {"street": mint.street(), "ip": mint.ipv4(), "v6": mint.ipv6()}}))


def _grouped(mint: Mint) -> str:
    first, second = mint.card(), mint.card()
    groups = [" ".join(first[i : i + 4] for i in range(0, 16, 4)), "-".join(second[i : i + 4] for i in range(0, 16, 4))]
    return f"paid with {groups[0]} or {groups[1]}"


def _german(date: str) -> str:
    year, month, day = date.split("-")
    return f"{day}.{month}.{year}"


CASES = table(
    Group.REQUEST_BODY,
    ("C059", "password", lambda m: post(JSON, j({"email": m.email(), "password": m.password()}), target="/login")),
    ("C060", "password as a number, in a list, in an object", lambda m: post(JSON, f'{{"password": [{{"value": {m.nine()}}}], "pin": {m.nine()}}}')),
    ("C061", "escaped e-mail", lambda m: post(JSON, f'{{"x": "{escaped(m.email())}"}}')),
    ("C062", "escaped slashes, partly escaped token", lambda m: post(JSON, f'{{"t": "https:\\/\\/x.example\\/{m.token()}", "u": "{escaped(m.token()[:20])}x"}}')),
    ("C063", "escaped key", lambda m: post(JSON, f'{{"pass\\u0077ord": "{m.password()}"}}')),
    ("C064", "JSON with comments and trailing commas", lambda m: post(JSON, f'{{"name": "{m.name()}", /* {m.email()} */}}'), Loss.BODY, _BROKEN),
    ("C065", "card, phone and national number as integers", _numbers),
    ("C066", "numbers as floats and with exponents", _floats),
    ("C067", "integers beyond 64 bits", lambda m: post(JSON, f'{{"big": {m.card()}{m.nine()}, "id": 12{m.card()}}}')),
    ("C068", "not-a-number and infinity beside a secret", lambda m: post(JSON, f'{{"a": NaN, "b": Infinity, "n": "{m.name()}"}}'), Loss.BODY, _BROKEN),
    ("C069", "lone surrogate beside a secret", lambda m: post(JSON, f'{{"a": "\\ud800", "n": "{m.name()}"}}'), Loss.BODY, _BROKEN),
    ("C070", "duplicate keys", _duplicate_keys),
    ("C071", "truncated document", lambda m: post(JSON, f'{{"name": "{m.name()}", "password": "{m.password()}'), Loss.BODY, _BROKEN),
    ("C072", "document with a tail", lambda m: post(JSON, f'{{"a": 1}} {m.name()}'), Loss.BODY, _BROKEN),
    ("C073", "UTF-8 with a byte order mark", lambda m: post(JSON, codecs.BOM_UTF8 + j({"n": m.name()}).encode())),
    ("C074", "UTF-16LE", lambda m: post(JSON, j({"n": m.name(), "e": m.email()}).encode("utf-16-le"))),
    ("C075", "sent as text/plain", lambda m: post("text/plain", j({"n": m.name(), "t": m.token()}))),
    ("C076", "sent without a type", lambda m: post("", j({"n": m.name(), "t": m.token()})), Loss.BODY, "a body without a type is left out"),
    ("C077", "top-level array", lambda m: post(JSON, j([m.name(), m.email(), int(m.nine()), [m.nine()]]))),
    ("C078", "JSON in a string, two levels", _nested),
    ("C079", "base64 of JSON in a field", lambda m: post(JSON, j({"blob": b64(j({"n": m.name(), "e": m.email()}))}))),
    ("C080", "top-level string and number", lambda m: post(JSON, j(m.name()))),
    ("C081", "hex of UTF-8 in a field", lambda m: post(JSON, j({"h": m.email().encode().hex()}))),
    ("C082", "form in a field", lambda m: post(JSON, j({"raw": f"user={percent(m.email())}&password={percent(m.password())}"}))),
    ("C083", "entities in a field", lambda m: post(JSON, j({"html": f"<p>{entities(m.email())}</p>"}))),
    ("C084", "base64 in base64", lambda m: post(JSON, j({"b": b64(b64(f"mail: {m.email()}"))}))),
    ("C085", "pairs of key and value", lambda m: post(JSON, j([["password", m.password()], ["mail", m.email()]]))),
    ("C086", "listed key with a personal value", lambda m: post(JSON, j({"status": m.email(), "type": m.nine(), "currency": m.nine()}))),
    ("C087", "list of ids in a text", _lists),
    ("C088", "whole letter with many classes", _letter),
    ("C089", "card with blanks and dashes in text", lambda m: post(JSON, j({"t": _grouped(m)}))),
    ("C090", "IBAN in lower case in text", lambda m: post(JSON, j({"t": f"transfer to {m.iban().lower()} (bic deutdeff) please"}))),
    ("C091", "birth date under an unknown key", lambda m: post(JSON, j({"zq": m.birth(), "born": m.birth()}))),
    ("C092", "birth date in other writings", lambda m: post(JSON, j({"geb": _german(m.birth()), "dob": m.birth().replace("-", "")}))),
    ("X020", "sixty levels deep", _deep),
    ("X024", "entities as a whole value", lambda m: post(JSON, j({"t": entities(m.email()), "u": f"{m.name()} &amp; {m.name()}"}))),
    ("X025", "extended value of RFC 8187 as a whole value", lambda m: post(JSON, j({"file": f"UTF-8''{percent(m.foreign_name())}"}))),
    ("X021", "redaction key in a field", lambda m: post(JSON, j({"comment": m.key(), "b": b64(bytes.fromhex(m.key()))}))),
    ("X022", "other scripts", lambda m: post(JSON, j({"n": m.plant(_NAME, "Жовкинадо Луримечев"), "k": m.plant(_NAME, "\u4f50\u85e4\u5bff\u8cc0\u5b50\u592a\u90ce\u5c0f\u6797")}))),
    ("X023", "full-width and combining letters", lambda m: post(JSON, j({"f": m.plant(_NAME, "\uff26\uff4f\uff42\uff41\uff52\uff55\uff4d\uff49\uff4e\uff45"), "c": m.plant(_NAME, "Ze\u0301li\u0301e Nu\u0301no\u0308")}))),
)  # fmt: skip
