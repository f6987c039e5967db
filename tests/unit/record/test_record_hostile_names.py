"""What a stranger may put where names are looked for: it is taken as text or left alone, and nothing fails on it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from make import exchange
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.record.identify import Sources
from replay.record.naming import Namer
from replay.record.selection import Selection
from replay.record.subdomains import site_of

SOURCES = Sources.parse(
    ["claim:a.b", "path:/o/{tenant}/**", "body:a[0].b", "subdomain", "query:t"], ["basic", "header:x"], ["cookie:c"]
)


def claims(text: str) -> str:
    return f"eyJ9.{base64.urlsafe_b64encode(text.encode('utf-8', 'surrogatepass')).decode()}.x"


def sent(target: str = "/", **headers: str) -> Exchange:
    return exchange(
        "e", "GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()}, at=1.0
    )


def answered(data: bytes) -> Exchange:
    return exchange("e", "POST", "/login", answer_body=Body(data, "application/json"), at=1.0)


HOSTILE = [
    ("lone surrogates in the target", sent("/o/\udcff/x?t=\udcff&api_key=\udcff1234567")),
    ("lone surrogates in cookies", sent(Cookie="c=\udcff; sid=\udcff1234567")),
    ("a JWT that is a list", sent(Authorization=f"Bearer {claims('[1]')}")),
    ("a JWT that is no JSON", sent(Authorization=f"Bearer {claims('{')}")),
    ("a JWT of only dots", sent(Authorization="Bearer ..")),
    ("a JWT that nests", sent(Authorization=f"Bearer {claims('[' * 3000)}")),
    ("claims of odd types", sent(Authorization="Bearer " + claims('{"sub": {}, "tid": [1], "a": {"b": null}}'))),
    ("letters outside ASCII in base64", sent(Authorization="Bearer a.\u00e9\u00e9.b")),
    ("basic that is no base64", sent(Authorization="Basic %%%")),
    ("basic that is no text", sent(Authorization="Basic " + base64.b64encode(b"\xff\xfe:x").decode())),
    ("no values at all", sent(Authorization="", Cookie="", X_Api_Key="", x="")),
    ("a long path", sent("/" + "o/" * 30_000)),
    ("a long name", sent(x="n" * 100_000)),
    ("broken percent-encoding", sent("/o/%zz%/x?%=%&t=%ff")),
    ("an answer that nests", answered(b'{"token":' * 3000)),
    ("an answer with odd names", answered(json.dumps({"token": "t" * 9, "user": {"": 1}, "tenants": [[]]}).encode())),
    ("an answer that is a word", answered(b'"token"')),
    ("a number too large", answered(b'{"token": "123456789", "tenant_id": 1' + b"0" * 5000 + b"}")),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "one"), [pytest.param(*row, id=row[0]) for row in HOSTILE])
@pytest.mark.parametrize("sources", [Sources(), SOURCES], ids=["guessed", "stated"])
def test_hostile_exchanges_are_named_like_any_other(remark: str, one: Exchange, sources: Sources) -> None:
    """Twice the same exchange is one session, unless it logs in twice; under sampling grouped alike."""
    namer, chosen = Namer(sources=sources), Selection(b"k", sources, 1800.0)
    one = replace(one, connection="c1")
    site = site_of(one.request.host)
    first, again = namer.name(one, site), namer.name(one, site)
    is_one = first.session_id == again.session_id
    assert is_one or one.request.path == "/login", remark
    assert (chosen.place(one, site).group is chosen.place(one, site).group) is is_one
    assert not first.actor or len(first.actor.tenant) <= 65_536


@pytest.mark.parametrize("host", ["\udcff.a.b.c", "a" * 70_000, "." * 5000, "@:@:", "[", "%00.a.b", "-a.b.c.d"])
def test_hostile_hosts_have_no_subdomain(host: str) -> None:
    assert site_of(host).parent == 0
