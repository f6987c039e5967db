"""Exchanges as JSON lines and as HAR entries: what is written is read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from make import exchange
from replay.model.body import Body
from replay.model.exchange import Exchange, Fault, FaultKind, Response, SocketMessage
from replay.model.headers import Headers
from replay.model.session import Actor
from replay.record.exports.har import entry_of
from replay.record.exports.jsonl import line_of
from replay.record.rebuild import exchange_of
from replay.record.snapshot import Snapshot
from replay.record.sources import har_entry, tap_record

PLAIN = exchange("e1", "POST", "/courses?x=%20", 201, json={"t": "Intro"}, answer={"id": 17}, at=1_772_359_200.25)
BYTES = Body(b"\xff\x00\xfe", "application/octet-stream")
GRPC = replace(
    PLAIN, outcome=Response(200, Headers((("A", "é"),)), BYTES, Headers((("grpc-status", "0"),))), connection="c9"
)
LATIN = replace(PLAIN, outcome=Response(200, Headers(), Body(b"\xe9t\xe9", "text/plain; charset=latin-1")))
SOCKET = replace(
    exchange("e1", "GET", "/live", 101, at=1_772_359_200.0, took=9.0),
    messages=(
        SocketMessage(True, 1_772_359_201.5, Body(b'{"a": 1}', "application/json")),
        SocketMessage(False, 1_772_359_202.0, Body(b"\x00\x01", "application/octet-stream")),
        SocketMessage(False, 1_772_359_203.0, Body(b"hel", "text/plain", True, 5)),
    ),
)
CUT = replace(PLAIN, outcome=Response(200, Headers(), Body(b"half", "text/plain", True, 99)))
UNSEEN = replace(PLAIN, outcome=Response(200, Headers(), Body(b"", "text/plain", True, 0)))
RECORDED = [kind for kind in FaultKind if kind is not FaultKind.WITHHELD]  # of a run alone: no capture holds it
FAULTS = [exchange("e1", "GET", "/", fault=kind, at=5.0) for kind in RECORDED]
SAMPLES = [PLAIN, GRPC, LATIN, SOCKET, CUT, UNSEEN, exchange("e1", "HEAD", "/h", at=1.0), *FAULTS]


def typed(one: Exchange) -> Exchange:
    """With the type of a body also as its header, as every recorded exchange has it."""
    if isinstance(one.outcome, Fault) or not one.outcome.body.content_type:
        return one
    headers = one.outcome.headers.replaced("Content-Type", one.outcome.body.content_type)
    return replace(one, outcome=replace(one.outcome, headers=headers))


def by_line(one: Exchange) -> Exchange:
    found = tap_record.snapshot_of(json.loads(line_of("s1", Actor("acme", "p"), one)))
    assert isinstance(found, Snapshot)
    return exchange_of(found, one.id)[0]


def by_har(one: Exchange) -> Exchange:
    found = har_entry.snapshot_of(json.loads(json.dumps(entry_of("s1", None, one))), "f")
    assert isinstance(found, Snapshot)
    return exchange_of(found._replace(connection=one.connection), one.id)[0]


@pytest.mark.parametrize("sample", [typed(one) for one in SAMPLES], ids=repr)
def test_a_line_is_read_back_as_it_was(sample: Exchange) -> None:
    """Faults, trailers, bytes, cut and unseen bodies, messages, times and connections."""
    assert by_line(sample) == sample


@pytest.mark.parametrize("sample", [typed(one) for one in SAMPLES], ids=repr)
def test_a_har_entry_is_read_back_as_it_was(sample: Exchange) -> None:
    """The same, to the microsecond of HAR's dates and milliseconds."""
    back = by_har(sample)
    assert back.ended == pytest.approx(sample.ended, abs=1e-5)
    assert back.started == pytest.approx(sample.started, abs=1e-5)
    assert replace(back, started=sample.started, ended=sample.ended) == sample


VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=9)
NAMES = st.from_regex(r"X-[A-Za-z]{1,5}", fullmatch=True)
PAIRS = st.lists(st.tuples(NAMES, VALUES.filter(bool)), max_size=4)


@given(headers=PAIRS, body=st.binary(max_size=40), query=st.from_regex(r"[a-z0-9=&%+]{0,12}", fullmatch=True))
def test_any_bytes_and_header_values_survive_both_formats(headers: Any, body: bytes, query: str) -> None:
    fields = Headers((*headers, ("Content-Type", "application/octet-stream")))
    kind = "application/octet-stream" if body else ""
    one = replace(
        PLAIN, request=replace(PLAIN.request, target=f"/a?{query}"), outcome=Response(200, fields, Body(body, kind))
    )
    assert by_line(one).response == one.response
    assert by_har(one).response == one.response
    assert by_line(one).request.target == by_har(one).request.target == one.request.target


def test_a_har_entry_has_every_field_that_the_format_requires() -> None:
    """HAR 1.2: readers may fail on a missing one."""
    entry = entry_of("s1", Actor("acme", "p"), PLAIN)
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    request = {
        "method",
        "url",
        "httpVersion",
        "cookies",
        "headers",
        "queryString",
        "headersSize",
        "bodySize",
        "postData",
    }
    response = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize"}
    assert request <= set(entry["request"])
    assert response | {"bodySize"} <= set(entry["response"])
    assert {"send", "wait", "receive"} <= set(entry["timings"])
    assert {"size", "mimeType", "text"} <= set(entry["response"]["content"])
    assert entry["request"]["url"] == "http://shop.test/courses?x=%20"
    assert entry["request"]["queryString"] == [{"name": "x", "value": " "}]
    assert (entry["_session"], entry["_tenant"], entry["_principal"]) == ("s1", "acme", "p")


def test_keys_that_the_export_writes_are_those_of_the_documented_form() -> None:
    """No line of ours is a slip of itself; and an unknown key that is near to none passes."""
    written = {key for one in SAMPLES for key in json.loads(line_of("s", Actor("t", "p"), one))}
    assert written <= set(tap_record.KEYS)
    assert not any(map(tap_record.is_slip, ("request_id", "status_text", "bytes_sent", "upstream_addr", "x", *written)))


def test_a_forged_time_makes_no_date_that_breaks_the_export() -> None:
    far = replace(PLAIN, started=1e18, ended=-5.0)
    assert entry_of("s", None, far)["startedDateTime"].startswith("9999-12-31")
