"""One entry of a HAR, one line of a tap, one Envoy trace: any JSON object is a snapshot or a reason to skip it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.model.exchange import FaultKind
from replay.record.faults import fault_of
from replay.record.rebuild import exchange_of
from replay.record.snapshot import Snapshot
from replay.record.sources import envoy, har_entry, tap_record
from replay.record.sources.contract import Found, Skipped

HAR: dict[str, Any] = {
    "startedDateTime": "2026-03-01T12:00:00.250+02:00",
    "time": 12.5,
    "request": {
        "method": "POST",
        "url": "https://ann:pw@shop.test:8443/a b/é?x=1#part",
        "headers": [{"name": ":authority", "value": "shop.test"}, {"name": "Content-Type", "value": "text/plain"}],
        "postData": {"mimeType": "text/plain", "text": "hello"},
    },
    "response": {
        "status": 200,
        "headers": [{"name": "content-encoding", "value": "br"}, {"name": "set-cookie", "value": "a=1\nb=2"}],
        "content": {"size": 2, "mimeType": "text/plain", "text": "aGk=", "encoding": "base64"},
    },
}
TAP: dict[str, Any] = {"started": 5, "method": "GET", "target": "/", "host": "shop", "status": 200}
ENVOY: dict[str, Any] = {
    "http_buffered_trace": {
        "request": {
            "headers": [
                {"key": ":authority", "value": "shop:81"}, {"key": ":path", "value": "/g"},
                {"key": ":method", "value": "POST"}, {"key": ":scheme", "value": "https"},
                {"key": "x-bin", "raw_value": "w6k="},
            ],
            "body": {"truncated": True, "as_bytes": base64.b64encode(b"abc").decode()},
            "trailers": [],
        },
        "response": {
            "headers": [{"key": ":status", "value": "200"}, {"key": "date", "value": "Sun, 01 Mar 2026 10:00:00 GMT"}],
            "body": {"truncated": False, "as_string": "ok"},
            "trailers": [{"key": "grpc-status", "value": "0"}],
        },
        "downstream_connection": {"remote_address": {"socket_address": {"address": "10.0.0.9", "port_value": 4711}}},
    }
}  # fmt: skip


def of_har(**changes: Any) -> Found:
    return har_entry.snapshot_of({**HAR, **changes}, "file.har")


def of_tap(**changes: Any) -> Found:
    return tap_record.snapshot_of({**TAP, **changes})


def taken(found: Found) -> Snapshot:
    assert isinstance(found, Snapshot)
    return found


def test_a_browsers_entry_becomes_what_went_over_the_wire() -> None:
    """Zones, percent-encoding, no user information, no pseudo-headers, no coding of a body that is decoded."""
    one = taken(of_har())
    assert (one.method, one.scheme, one.target) == (b"POST", "https", b"/a%20b/%C3%A9?x=1")
    assert (one.host, one.upstream_host, one.upstream_port) == (b"shop.test", "shop.test", 8443)
    assert one.started == 1_772_359_200.25
    assert one.ended == pytest.approx(one.started + 0.0125)
    assert one.request_headers == ((b"Content-Type", b"text/plain"),)
    assert (one.request_body, one.response_body) == (b"hello", b"hi")
    assert one.response_headers == ((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))


def response(**changes: Any) -> dict[str, Any]:
    return {**HAR["response"], **changes}


def request(**changes: Any) -> dict[str, Any]:
    return {**HAR["request"], **changes}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request": None}, "no-request"),
        ({"_fromCache": "disk"}, "from-cache"),
        ({"request": request(method="CONNECT")}, "tunnel"),
        ({"request": request(method="G E T")}, "bad-method"),
        ({"request": request(url="data:text/plain,hi")}, "not-http"),
        ({"request": request(url="https://")}, "not-http"),
        ({"startedDateTime": "yesterday"}, "bad-time"),
        ({"response": response(status="OK")}, "bad-status"),
        ({"response": {"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT"}}, "never-sent"),
    ],
)
def test_an_entry_that_is_no_exchange_is_skipped_for_a_reason(changes: dict[str, Any], reason: str) -> None:
    assert of_har(**changes) == Skipped(reason)


@pytest.mark.parametrize(
    ("changes", "body", "size"),
    [
        ({"content": {"size": 5, "mimeType": "text/plain"}}, b"", -1),
        ({"content": {"size": -1}, "bodySize": -1}, b"", 0),
        ({"content": {"size": 0}, "bodySize": 70}, b"", -1),
        ({"content": {"text": "é", "mimeType": "text/plain; charset=ISO-8859-1"}}, b"\xe9", 1),
        ({"content": {"text": "é", "mimeType": "text/plain; charset=zip"}}, b"\xc3\xa9", 2),
        ({"content": {"text": "\udce9"}}, b"\xe9", 1),
        ({"content": {"text": "no base64!", "encoding": "base64"}}, b"", -1),
        ({"content": {"text": "ab", "_truncated": True, "_size": 9}}, b"ab", 9),
        ({"content": None}, b"", 0),
    ],
)
def test_a_missing_cut_or_odd_body_is_told_from_an_empty_one(changes: dict[str, Any], body: bytes, size: int) -> None:
    one = taken(of_har(response=response(**changes)))
    assert (one.response_body, one.response_bytes) == (body, size)


def test_form_parameters_and_cookie_lists_become_what_was_sent() -> None:
    """Some tools keep only the parsed form of these."""
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "1 2"}], "text": ""}
    cookies = [{"name": "sid", "value": "x"}, {"name": "b", "value": "y"}]
    asked = request(
        headers=[], postData=form, cookies=cookies, url="http://s/", queryString=[{"name": "q", "value": "é"}]
    )
    set_cookie = {"name": "sid", "value": "z", "path": "/", "httpOnly": True, "sameSite": "Lax"}
    one = taken(of_har(request=asked, response=response(headers=[], cookies=[set_cookie])))
    assert (one.target, one.request_body) == (b"/?q=%C3%A9", b"a=1+2")
    assert one.request_headers == ((b"Cookie", b"sid=x; b=y"),)
    assert one.response_headers == ((b"Set-Cookie", b"sid=z; Path=/; SameSite=Lax; HttpOnly"),)


def test_websocket_messages_are_taken_and_pings_left() -> None:
    messages = [
        {"type": "send", "time": 1_772_359_201.5, "opcode": 1, "data": "hi"},
        {"type": "receive", "time": 1_772_359_202, "opcode": 2, "data": "/wA="},
        {"type": "receive", "time": 1, "opcode": 9, "data": ""},
        "nonsense",
    ]
    one = taken(of_har(_webSocketMessages=messages, request=request(url="wss://shop.test/live")))
    assert one.messages == ((True, 1, 1_772_359_201.5, b"hi", 2), (False, 2, 1_772_359_202.0, b"\xff\x00", 2))
    assert (one.scheme, one.ended) == ("https", 1_772_359_202.0)


def test_a_browsers_sockets_are_one_person_and_a_proxys_are_not() -> None:
    page = [taken(of_har(pageref="p", connection=name)).connection for name in ("1", "2")]
    proxy = [taken(of_har(connection=name)).connection for name in ("1", "2")]
    assert page[0] == page[1] != ""
    assert proxy[0] != proxy[1]
    assert taken(of_har()).connection == ""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((str(kind), kind) for kind in FaultKind if kind is not FaultKind.WITHHELD),  # only replay itself makes that
        ("net::ERR_CERT_DATE_INVALID", FaultKind.TLS),
        ("net::ERR_ABORTED", FaultKind.CLIENT_GONE),
        ("net::ERR_CONNECTION_REFUSED", FaultKind.CONNECT),
        ("DC", FaultKind.CLIENT_GONE),
        ("UT,URX", FaultKind.TIMEOUT),
        ("connection closed early", FaultKind.UPSTREAM_GONE),
        (None, FaultKind.PROTOCOL),
    ],
)
def test_errors_of_other_tools_are_kinds_of_faults(error: str | None, kind: FaultKind) -> None:
    one = taken(of_har(response={"status": 0, "_error": error}))
    assert fault_of(one.error).kind is kind


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reponse_body": "x"}, "misspelt-key"),
        ({"method": None}, "bad-method"),
        ({"target": "shop"}, "not-http"),
        ({"scheme": "ftp"}, "not-http"),
        ({"started": None}, "bad-time"),
        ({"started": 1_772_359_200_000}, "bad-time"),
        ({"status": None}, "no-outcome"),
        ({"status": "maybe"}, "bad-status"),
    ],
)
def test_a_line_that_lacks_something_is_skipped_for_a_reason(changes: dict[str, Any], reason: str) -> None:
    assert of_tap(**changes) == Skipped(reason)


def test_log_formats_quote_numbers_and_write_empty_headers() -> None:
    """nginx with escape=json: the time is the end, absent headers are empty, and other variables pass by."""
    one = taken(
        of_tap(
            started=None, ended="1772359201.500", duration="0.250", status="200", request_id="r", bytes_sent="12",
            request_headers={"Authorization": "Bearer x", "X-Tenant": ""}, upstream="10.0.0.5:8080",
        )
    )  # fmt: skip
    assert (one.started, one.ended, one.status) == (1_772_359_201.25, 1_772_359_201.5, 200)
    assert one.request_headers == ((b"Authorization", b"Bearer x"),)
    assert (one.upstream_host, one.upstream_port, one.host) == ("10.0.0.5", 8080, b"shop")


def test_bodies_say_whether_they_are_text_or_wire_bytes() -> None:
    """Text is decoded already; base64 is as on the wire, with its coding header; sizes tell of a cut."""
    coded = [["Content-Encoding", "gzip"]]
    text = taken(of_tap(response_headers=coded, response_body="hi", request_body="\udcff", request_bytes=10))
    wire = taken(of_tap(response_headers=coded, response_body_base64="aGk", request_bytes=-1))
    assert (text.response_headers, text.response_body, text.request_body, text.request_bytes) == (
        (),
        b"hi",
        b"\xff",
        10,
    )
    assert (wire.response_headers, wire.response_body) == (((b"Content-Encoding", b"gzip"),), b"hi")
    assert wire.request_bytes == -1


def test_an_envoy_trace_is_read_with_raw_values_trailers_and_cuts() -> None:
    one = taken(envoy.snapshot_of(ENVOY))
    assert (one.method, one.scheme, one.host, one.target) == (b"POST", "https", b"shop:81", b"/g")
    assert one.request_headers == ((b"x-bin", b"\xc3\xa9"),)
    assert (one.request_body, one.request_bytes, one.response_body) == (b"abc", 4, b"ok")
    assert one.response_trailers == ((b"grpc-status", b"0"),)
    assert (one.connection, one.started) == ("10.0.0.9:4711", 1_772_359_200.0)
    assert envoy.snapshot_of({"http_streamed_trace_segment": {}}) == Skipped("streamed-trace")
    assert envoy.snapshot_of({}) == Skipped("no-request")


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def spoiled(sample: dict[str, Any]) -> Any:
    """The sample with any JSON at some of its keys, two levels deep."""

    def at(level: dict[str, Any], depth: int) -> Any:
        keys = {k: (at(v, depth - 1) if isinstance(v, dict) and depth else st.just(v)) | JSON for k, v in level.items()}
        return st.fixed_dictionaries(keys)

    return at(sample, 3)


FULL_TAP = {key: TAP.get(key) for key in tap_record.KEYS}
FULL_HAR = {**HAR, "_webSocketMessages": [], "connection": "1", "pageref": ""}


@given(record=spoiled(FULL_TAP), entry=spoiled(FULL_HAR), trace=spoiled(ENVOY))
def test_any_json_is_a_snapshot_or_skipped(record: Any, entry: Any, trace: Any) -> None:
    """Hostile values at every place: nothing raises, and what comes out can be rebuilt as an exchange."""
    for found in (tap_record.snapshot_of(record), har_entry.snapshot_of(entry, "f"), envoy.snapshot_of(trace)):
        if isinstance(found, Snapshot):
            exchange, _ = exchange_of(found, "e1")
            assert exchange.request.target.isascii()
        else:
            assert " " not in found.reason
