"""One tenant's request with another tenant's credentials."""

from __future__ import annotations

import json
from random import Random

import pytest

from make import bearer, exchange, request, session
from replay.model.case import Expectation, Injected, SentAs
from replay.model.exchange import Exchange
from replay.mutate.contract import HasSerialTwin, Injects
from replay.mutate.swap_tenant import SwapTenant

AUTH = bearer("t-1")
SITES = [
    (exchange("x", "GET", "/notes/17", headers=AUTH), True, "an id in the path"),
    (exchange("x", "DELETE", "/notes/17", 204, headers=AUTH), True, "deletes are allowed"),
    (exchange("x", "POST", "/notes", 201, json={"course_id": 1}, headers=AUTH), True, "an id in the body"),
    (exchange("x", "GET", "/notes", headers=AUTH), False, "a list is rightly the other tenant's own"),
    (exchange("x", "GET", "/notes/17"), False, "nobody's: no credentials"),
    (exchange("x", "GET", "/notes/17", 404, headers=AUTH), False, "it never worked"),
    (exchange("x", "DELETE", "/sessions/17", 204, headers=AUTH), False, "its own credentials"),
]


@pytest.mark.parametrize(("one", "expected", "remark"), SITES)
def test_sites(one: Exchange, expected: bool, remark: str) -> None:
    """What worked with credentials and says whose data it wants."""
    sites = list(SwapTenant().sites(session("s", one, tenant="acme")))
    assert bool(sites) is expected, remark
    assert all(site.variant == "credentials" for site in sites)


def test_a_read_is_sent_as_the_other_tenant_unchanged() -> None:
    """Only the credentials differ, and the owner's read-back follows."""
    read, back = exchange("x", "GET", "/notes/17", headers=AUTH), exchange("y", "GET", "/notes", headers=AUTH)
    record = session("s", read, back, tenant="acme")
    site = next(iter(SwapTenant().sites(record)))
    swapped, rest = SwapTenant().apply(record, site, Random(1))
    assert (swapped.sent_as, swapped.mutated, swapped.request) == (SentAs.OTHER_TENANT, True, read.request)
    assert (rest.sent_as, rest.mutated, rest.exchange_id) == (SentAs.OWN, False, "y")
    assert SwapTenant().injected(record, site, Random(1)) == ()


def test_a_write_carries_fresh_text() -> None:
    """Same length, everything else as it was, and named as injected."""
    sent = {"title": "Notes of the meeting", "visibility": "private"}
    headers = {**AUTH, "Content-Length": "1"}
    record = session("s", exchange("x", "PATCH", "/notes/17", json=sent, headers=headers), tenant="acme")
    (site,) = SwapTenant().sites(record)
    (step,) = SwapTenant().apply(record, site, Random(3))
    document = json.loads(step.request.body.data)
    assert document["visibility"] == "private"
    assert document["title"] != sent["title"]
    assert len(document["title"]) == len(sent["title"])
    assert step.request.headers.get("content-length") == str(len(step.request.body.data))
    assert SwapTenant().injected(record, site, Random(3)) == (Injected("body.title", "title", document["title"]),)
    assert SwapTenant().apply(record, site, Random(4)) != (step,)


@pytest.mark.parametrize("body", [{"title": "Short"}, {"email": "anna@example.org"}, {"state": "in_review"}])
def test_a_write_without_free_text_stays_as_it_was(body: dict[str, str]) -> None:
    """Too short to be unique, or not for a person to choose."""
    record = session("s", exchange("x", "PATCH", "/notes/17", json=body, headers=AUTH), tenant="acme")
    (site,) = SwapTenant().sites(record)
    (step,) = SwapTenant().apply(record, site, Random(1))
    assert step.request == request("PATCH", "/notes/17", json=body, headers=AUTH)


def test_long_text_is_named_by_its_head() -> None:
    """A probe keeps the head of a long cell only."""
    record = session("s", exchange("x", "PUT", "/notes/17", json={"text": "word " * 500}, headers=AUTH), tenant="a")
    (site,) = SwapTenant().sites(record)
    (injected,) = SwapTenant().injected(record, site, Random(1))
    (step,) = SwapTenant().apply(record, site, Random(1))
    assert len(injected.value) == 64
    assert json.loads(step.request.body.data)["text"].startswith(injected.value)


def test_what_it_promises() -> None:
    assert SwapTenant().expectation is Expectation.REJECTED
    assert isinstance(SwapTenant(), Injects)
    assert not isinstance(SwapTenant(), HasSerialTwin)
