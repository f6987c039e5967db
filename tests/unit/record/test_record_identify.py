"""Stated sources: every kind finds its value in an exchange, and nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from make import exchange
from replay.model.exchange import Exchange
from replay.record.identify import Sources, first_value, parse_sources
from replay.record.spelling import spelled
from replay.record.subdomains import NO_SITE, Site
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym


def jwt(**claims: Any) -> str:
    parts = ({"alg": "HS256"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join(encoded) + ".c2ln"


BASIC = "Basic " + base64.b64encode(b"svc-17:Redacted-1!").decode()
TOKEN = jwt(sub="ann", org=7, realm={"tenant": "acme"}, **{"https://acme.example/tenant": "t-9"})


def get(path: str = "/x", **headers: str) -> Exchange:
    return exchange("e", "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def post(document: Any = None, answer: Any = None, status: int = 200, **more: Any) -> Exchange:
    return exchange("e", "POST", "/x", status, json=document, answer=answer, **more)


VALUES = [
    ("header:X-Tenant-Id", get(X_Tenant_ID=" acme "), "acme", "case does not count, blanks neither"),
    ("header:X-Tenant-Id", get(), "", "not there"),
    ("cookie:tenant", get(Cookie="a=b; tenant=acme"), "acme", "a cookie"),
    ("cookie:tenant", get(Cookie='tenant="acme"'), "acme", "quoted"),
    ("query:org", get("/x?a=1&org=acme%20inc&org=b"), "acme inc", "the first, decoded"),
    ("claim:org", get(Authorization=f"Bearer {TOKEN}"), "7", "numbers are text"),
    ("claim:realm.tenant", get(Authorization=f"Bearer {TOKEN}"), "acme", "below another claim"),
    ("claim:https://acme.example/tenant", get(Authorization=f"Bearer {TOKEN}"), "t-9", "a name with dots"),
    ("claim:org", get(Cookie=f"access_token={TOKEN}"), "7", "wherever the JWT travels"),
    ("claim:org", get(X_Api_Key=TOKEN), "7", "in a key header"),
    ("claim:org", post(answer={"access_token": TOKEN}), "7", "when it is issued"),
    ("claim:org", get(Authorization="Bearer opaque-000"), "", "no JWT"),
    ("basic", get(Authorization=BASIC), "svc-17", "the user, not the password"),
    ("basic", get(Authorization=f"Bearer {TOKEN}"), "", "another scheme"),
    ("path:/o/{tenant}/**", get("/o/acme/parcels/7?x"), "acme", "with something below"),
    ("path:/o/{tenant}/**", get("/o/acme"), "acme", "and without"),
    ("path:/o/{tenant}", get("/o/acme/parcels"), "", "a closed pattern"),
    ("path:/api/*/{tenant}/**", get("/api/v2/acme%20inc/x"), "acme inc", "any segment, decoded"),
    ("path:/o/{tenant}/**", get("/p/acme/x"), "", "another collection"),
    ("body:user.tenant.id", post({"user": {"tenant": {"id": 3}}}), "3", "in the request"),
    ("body:items[0].id", post({"items": [{"id": "a"}]}), "a", "an element"),
    ("body:account.ref", post({}, {"account": {"ref": "acme"}}), "acme", "else in the answer"),
    ("body:account.ref", post({}, {"account": {"ref": "acme"}}, 403), "", "that is no error"),
    ("body:tenant", post(form={"tenant": "acme"}), "acme", "a form's field"),
    ("body:flag", post({"flag": True}), "", "a truth is no name"),
    ("body:user", post({"user": {"id": 1}}), "", "an object is no name"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "one", "expected", "remark"), VALUES)
def test_a_source_finds_its_value(text: str, one: Exchange, expected: str, remark: str) -> None:
    """Where the source says, and nowhere else."""
    (source,) = parse_sources("tenant", [text])
    assert source.value(one) == expected, remark


def test_the_first_source_with_a_value_counts() -> None:
    sources = parse_sources("tenant", ["header:X-A", "header:X-B"])
    assert first_value(sources, get(X_B="b")) == "b"
    assert first_value(sources, get(X_A="a", X_B="b")) == "a"
    assert first_value(sources, get()) == ""


def test_a_subdomain_is_the_stand_in_of_its_host() -> None:
    """Only where the host had one before redaction."""
    (source,) = parse_sources("tenant", ["subdomain"])
    assert source.value(get(), Site(parent=1)) == "shop"
    assert source.value(get(), NO_SITE) == ""


def test_sources_are_spelled_as_redaction_spells_them() -> None:
    """Namespaced claims and routes that look like data: the raw names would find nothing in a redacted exchange."""
    policy = Policy(Pseudonym(b"k" * 32))
    raw = Sources.parse(["claim:https://acme.example/tenant"], ["path:/Kunden/{kunde}/**"], [])
    one = policy.redact(exchange("e", "GET", "/Kunden/Ingrid/x", headers={"Authorization": f"Bearer {TOKEN}"})).exchange
    found = spelled(raw, policy)
    assert first_value(found.tenant, one)
    assert first_value(found.principal, one) not in ("", "Ingrid")
    assert first_value(raw.tenant, one) == ""


def test_plain_names_stay_as_they_were_written() -> None:
    sources = Sources.parse(["claim:org_id", "query:org"], ["path:/o/{t}/**", "basic"], ["cookie:sid", "body:a.b[0]"])
    assert spelled(sources, Policy(Pseudonym(b"k" * 32))) == sources
