"""Files that mitmproxy itself and other tools wrote become captures: redacted, named, counted."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.record.import_samples import (
    MAIL,
    TOKEN,
    flow,
    gor,
    gor_pair,
    odd_flows,
    tap,
    tflow,
    write_flows,
    write_mitmproxy_har,
)
from replay.model.exchange import Exchange, FaultKind
from replay.record.import_plan import plan_import
from replay.record.importing import ImportSummary, import_capture
from replay.record.settings import RecordSettings
from replay.record.snapshot import Snapshot
from replay.record.sources.builtin import SOURCES, source_of
from replay.record.sources.contract import Found, Skipped
from replay.store.capture_reader import CaptureReader

Import = Callable[..., ImportSummary]


@pytest.fixture
def run(tmp_path: Path) -> Import:
    """Import the files into `c.db`."""

    def importing(*paths: Path, settings: RecordSettings | None = None, **options: Any) -> ImportSummary:
        return import_capture(plan_import(paths, tmp_path / "c.db", 1.0, settings=settings, **options))

    return importing


def exchanges(tmp_path: Path) -> list[Exchange]:
    with CaptureReader.open(tmp_path / "c.db") as reader:
        return [stored.exchange for stored in reader.stored()]


def found_in(path: Path, format_name: str = "") -> list[Found]:
    return list(source_of(path, format_name).snapshots(path))


def assert_nothing_leaks(tmp_path: Path) -> None:
    data = (tmp_path / "c.db").read_bytes()
    assert TOKEN.encode() not in data
    assert MAIL.encode() not in data
    with CaptureReader.open(tmp_path / "c.db") as reader:
        text = repr([(s.exchange.request.body.data, s.exchange.request.headers.fields) for s in reader.stored()])
        assert MAIL not in text
        assert TOKEN not in text


def test_a_har_of_mitmproxy_is_imported_whole(tmp_path: Path, run: Import) -> None:
    """savehar's own output: gzip answers that it has decoded, one actor in one session, nothing raw in the file."""
    path = write_mitmproxy_har(tmp_path / "in.har", [flow(n) for n in range(5)])
    summary = run(path)
    assert (summary.read, summary.captured, summary.damage) == (5, 5, ())
    got = exchanges(tmp_path)
    assert [json.loads(one.response.body.data)["id"] for one in got if one.response] == [0, 1, 2, 3, 4]
    assert {one.request.headers.get("content-encoding") for one in got} == {""}
    with CaptureReader.open(tmp_path / "c.db") as reader:
        (session,) = reader.sessions()
        assert session.actor is not None
    assert (tmp_path / "c.db").stat().st_mode & 0o777 == 0o600
    assert_nothing_leaks(tmp_path)


def test_a_flow_file_of_mitmproxy_gives_what_was_recorded(tmp_path: Path, run: Import) -> None:
    """FlowWriter's own output: the same bytes that went over the wire, by client connection."""
    path = write_flows(tmp_path / "in.flows", [flow(n) for n in range(5)])
    first = found_in(path)[0]
    assert isinstance(first, Snapshot)
    assert first.response_body.startswith(b"\x1f\x8b")
    assert (first.connection, first.upstream_host, first.upstream_port) == ("client-0", "shop.test", 8080)
    assert (first.started, first.ended) == (1_772_359_200.0, 1_772_359_200.5)
    assert run(path).captured == 5
    assert [json.loads(one.response.body.data)["id"] for one in exchanges(tmp_path) if one.response] == [0, 1, 2, 3, 4]
    assert_nothing_leaks(tmp_path)


@pytest.mark.parametrize("write", [write_flows, write_mitmproxy_har])
def test_odd_flows_keep_their_oddity(tmp_path: Path, run: Import, write: Callable[..., Path]) -> None:
    """A refused connection is a fault, a WebSocket has its messages, bytes stay bytes."""
    path = write(tmp_path / "in", odd_flows())
    summary = run(path)
    assert summary.captured == 5
    fault, socket, grpc, streamed, binary = exchanges(tmp_path)
    assert fault.status == 0
    assert fault.outcome.kind is FaultKind.CONNECT
    assert [(m.from_client, m.body.media_type) for m in socket.messages][:1] == [(True, "application/json")]
    assert len(socket.messages) == 2
    assert MAIL.encode() not in socket.messages[0].body.data
    assert binary.request.body.length_bytes > 0
    if write is write_flows:  # HAR has no place for these
        assert grpc.response
        assert grpc.response.trailers.fields == (("grpc-status", "0"),)
        assert streamed.response
        assert streamed.response.body.truncated


def test_flows_that_are_no_http_are_counted(tmp_path: Path, run: Import) -> None:
    connect = flow(1)
    connect.request.method = "CONNECT"
    path = write_flows(tmp_path / "in.flows", [tflow.ttcpflow(), flow(0), tflow.tdnsflow(), connect])
    summary = run(path)
    assert (summary.read, summary.captured) == (4, 1)
    assert summary.skipped == (("not-http", 2), ("tunnel", 1))


def test_a_flow_file_that_ends_inside_a_flow_gives_what_came_before(tmp_path: Path, run: Import) -> None:
    """One sentence about the rest; and a flow that is broken inside costs itself only."""
    path = write_flows(tmp_path / "in.flows", [flow(n) for n in range(3)])
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    summary = run(path)
    assert (summary.read, summary.captured) == (2, 2)
    assert len(summary.damage) == 1
    assert "in.flows ends in the middle of a flow" in summary.damage[0]
    at = data.index(b"timestamp_start")
    path.write_bytes(data[:at] + b"timestamp_stars" + data[at + 15 :])
    assert [type(one) for one in found_in(path)] == [Skipped, Snapshot, Snapshot]


@pytest.mark.parametrize("packed", [False, True])
def test_gor_halves_are_matched_by_their_id(tmp_path: Path, run: Import, packed: bool) -> None:
    """Interleaved, the answer before its request, chunked answers, gzip in two turns as GoReplay appends it."""
    pairs = [gor_pair(n) for n in range(4)]
    blocks = [pairs[0][0], pairs[1][1], pairs[1][0], pairs[2][0], pairs[0][1], pairs[2][1], *pairs[3]]
    lonely = [gor(1, "f" * 24, 5, b"GET / HTTP/1.1\r\n\r\n"), gor(2, "e" * 24, 5, b"HTTP/1.1 200 OK\r\n\r\n")]
    replayed, broken = gor(3, "d" * 24, 5, b"HTTP/1.1 200 OK\r\n\r\n"), gor(1, "not an id", 5, b"")
    data = [b"".join(blocks), b"".join([*lonely, replayed, broken])]
    path = tmp_path / "in.gor"
    path.write_bytes(b"".join(map(gzip.compress, data)) if packed else b"".join(data))
    summary = run(path)
    assert summary.captured == 4
    assert summary.skipped == (("no-request", 1), ("no-response", 1), ("replayed-response", 1), ("unreadable", 1))
    assert summary.read == 8
    by_start = sorted(exchanges(tmp_path), key=lambda one: one.started)
    assert by_start[0].started == 1_772_359_200.0
    assert [json.loads(one.response.body.data) for one in by_start if one.response] == [{"ok": True}] * 4
    assert by_start[0].ended == pytest.approx(1_772_359_200.005)
    assert_nothing_leaks(tmp_path)


def test_a_gor_file_without_responses_says_how_to_record_them(tmp_path: Path, run: Import) -> None:
    path = tmp_path / "in.gor"
    path.write_bytes(b"".join(gor_pair(n)[0] for n in range(3)))
    summary = run(path)
    assert summary.skipped == (("no-response", 3),)
    assert "--input-raw-track-response" in summary.damage[0]


def test_waiting_gor_halves_are_bounded(tmp_path: Path) -> None:
    """Requests that nobody answers push out the oldest, and the latest are still matched."""
    path = tmp_path / "in.gor"
    with path.open("wb") as file:
        for n in range(10_050):
            file.write(gor(1, f"{n:024x}", 5, b"GET / HTTP/1.1\r\n\r\n"))
        file.write(gor(2, f"{10_049:024x}", 6, b"HTTP/1.1 200 OK\r\n\r\n"))
        file.write(gor(2, f"{3:024x}", 6, b"HTTP/1.1 200 OK\r\n\r\n"))
    found = found_in(path)
    assert sum(isinstance(one, Snapshot) for one in found) == 1
    assert found.count(Skipped("no-response")) == 10_049
    assert found.count(Skipped("no-request")) == 1


def test_tap_lines_are_imported_and_bad_ones_counted(tmp_path: Path, run: Import) -> None:
    """A torn line, one that is no JSON, one with a slip in a key, and bytes that are no UTF-8: each costs itself."""
    path = tmp_path / "in.jsonl"
    lines = [
        tap(0),
        b"{not json}\n",
        tap(1, reponse_body="x"),
        b"\n",
        tap(2).replace(b"/parcels", b"/p\xff"),
        tap(3)[:-9],
    ]
    path.write_bytes(b"\xef\xbb\xbf" + b"".join(lines))
    summary = run(path)
    assert (summary.read, summary.captured) == (5, 2)
    assert summary.skipped == (("misspelt-key", 1), ("unreadable", 2))
    assert_nothing_leaks(tmp_path)


def test_a_clients_address_is_not_stored_as_its_connection(tmp_path: Path, run: Import) -> None:
    """Equal names stay equal, and only the key tells which."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(tap(0) + tap(1) + tap(2, connection="10.9.9.9:1"))
    run(path)
    names = [one.connection for one in exchanges(tmp_path)]
    assert names[0] == names[1] != names[2]
    assert b"10.1.2.3" not in (tmp_path / "c.db").read_bytes()


def test_envoy_traces_are_read_pretty_printed_and_in_a_row(tmp_path: Path, run: Import) -> None:
    """One file per trace as Envoy writes it, and many of them joined."""
    headers = [{"key": k, "value": v} for k, v in ((":method", "GET"), (":path", "/x"), (":authority", "shop"))]
    fields = [{"key": ":status", "value": "200"}, {"key": "content-type", "value": "application/json"}]
    answer = {"headers": fields, "body": {"as_bytes": "WzEyXQ==", "truncated": False}}
    trace = {"http_buffered_trace": {"request": {"headers": headers}, "response": answer}}
    path = tmp_path / "trace_1.json"
    path.write_text("\n".join([json.dumps(trace, indent=1), json.dumps(trace), '{"http_streamed_trace_segment": {}}']))
    summary = run(path)
    assert (summary.captured, summary.skipped) == (2, (("streamed-trace", 1),))
    assert exchanges(tmp_path)[0].response.body.data == b"[12]"


def test_the_content_decides_the_format_and_the_suffix_only_without_it(tmp_path: Path) -> None:
    flows = write_flows(tmp_path / "a.har", [flow(0)])
    har = write_mitmproxy_har(tmp_path / "b.flows", [flow(0)])
    packed = tmp_path / "c"
    packed.write_bytes(gzip.compress(gor_pair(0)[0]))
    zhar = tmp_path / "d.zhar"
    zhar.write_bytes(zlib.compress(har.read_bytes()))
    lines = tmp_path / "e.txt"
    lines.write_bytes(tap(0))
    odd = tmp_path / "f.har"
    odd.write_text('{"other": 1, "log": {"entries": []}}')
    names = [source_of(path).name for path in (flows, har, packed, zhar, lines, odd)]
    assert names == ["mitmproxy", "har", "gor", "har", "jsonl", "har"]
    assert len({source.name for source in SOURCES}) == len(SOURCES) == 5


def test_routes_samples_and_body_limits_count_as_for_recorded_traffic(tmp_path: Path, run: Import) -> None:
    """`[record]` of replay.toml rules an import, too."""
    from replay.record.settings import with_options

    path = tmp_path / "in.jsonl"
    path.write_bytes(tap(0) + tap(1, target="/healthz") + tap(2, response_body="x" * 5000))
    settings = with_options(RecordSettings(), {"exclude": ["/healthz"], "body_kb": 1})
    summary = run(path, settings=settings)
    assert (summary.read, summary.captured, sum(n for _, n in summary.skipped)) == (3, 2, 1)
    cut = exchanges(tmp_path)[1].response
    assert cut
    assert cut.body.truncated
    assert cut.body.length_bytes == 5000
    assert len(cut.body.data) <= 1024


def test_a_long_import_rotates_and_its_account_stays_exact(tmp_path: Path, run: Import) -> None:
    """Segments as in a recording; sessions stay whole across them."""
    from replay.store.manifest import manifest_path

    path = tmp_path / "in.jsonl"
    noise = [os.urandom(600).hex() for _ in range(700)]
    path.write_bytes(
        b"".join(tap(n, response_body=json.dumps({"items": [1] * (n % 50), noise[n]: n})) for n in range(700))
    )
    summary = run(path, settings=RecordSettings(rotate_bytes=64 << 10))
    assert (summary.read, summary.captured) == (700, 700)
    assert len(list(tmp_path.glob("c-*.db"))) >= 1
    with CaptureReader.open(manifest_path(tmp_path / "c.db")) as reader:
        assert sum(1 for _ in reader.stored()) == 700
        assert len(reader.sessions()) == 1
