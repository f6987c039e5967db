"""Bytes per exchange and CPU of the capture's writer, beside mitmproxy's flow file and HAR: printed, not judged.

4 000 exchanges of synthetic sessions. The capture holds them redacted by the real policy; the flow file and the HAR
hold the originals, as mitmproxy's own writers make them.
"""

from __future__ import annotations

import io
import json
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from benchmarks.shop_traffic import sessions
from replay.model.body import Body
from replay.model.capture import CaptureInfo
from replay.model.exchange import Exchange, RedactedExchange
from replay.redact.policy import Policy, Redacted
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter

COUNT = 4000
BATCH = 256  # exchanges a commit, as the recorder's writer


@cache
def originals(unique: bool = False) -> tuple[tuple[str, Exchange], ...]:
    return tuple(sessions(COUNT // 10, 10, unique=unique))


@cache
def redacted(unique: bool) -> tuple[tuple[str, Redacted], ...]:
    policy = Policy(Pseudonym(b"k" * 32))
    return tuple((session, policy.redact(one)) for session, one in originals(unique))


def flows(unique: bool) -> list[http.HTTPFlow]:
    found = []
    for _, one in originals(unique):
        flow = tflow.tflow(resp=True)
        assert one.response is not None
        flow.request = http.Request(
            host="api.shop.example.com", port=80, method=one.request.method.encode(), scheme=b"http", authority=b"",
            path=one.request.target.encode(), http_version=b"HTTP/1.1", headers=fields(one.request.headers.fields),
            content=one.request.body.data, trailers=None, timestamp_start=one.started, timestamp_end=one.started,
        )  # fmt: skip
        flow.response = http.Response(
            http_version=b"HTTP/1.1", status_code=one.status, reason=b"OK", trailers=None, timestamp_start=one.ended,
            headers=fields(one.response.headers.fields), content=one.response.body.data, timestamp_end=one.ended,
        )  # fmt: skip
        found.append(flow)
    return found


def har_of(recorded: list[http.HTTPFlow]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # mitmproxy's addons import ldap3, which warns
        from mitmproxy.addons.savehar import SaveHar
    return json.dumps(SaveHar().make_har(recorded), indent=4).encode()  # as SaveHar writes it


def fields(pairs: Sequence[tuple[str, str]]) -> http.Headers:
    return http.Headers([(name.encode(), value.encode()) for name, value in pairs])


def raw_bytes(one: Exchange) -> int:
    assert one.response is not None
    lines = sum(len(name) + len(value) + 4 for name, value in one.request.headers.fields + one.response.headers.fields)
    starts = len(one.request.method) + len(one.request.target) + 28  # request line, status line, two empty lines
    return lines + starts + len(one.request.body.data) + len(one.response.body.data)


def record(path: Path, rows: Sequence[tuple[str, RedactedExchange, tuple]]) -> float:
    """CPU microseconds for each exchange: add, commit, close."""
    writer = CaptureWriter.create(path, CaptureInfo("c", 2, 1.0, "k", "p", (), "0"))
    started = time.process_time()
    for number, (session, one, coverage) in enumerate(rows, 1):
        writer.add(number, session, None, one, coverage)
        if number % BATCH == 0:
            writer.commit()
    writer.close()
    return (time.process_time() - started) / len(rows) * 1e6


@pytest.mark.parametrize("unique", [False, True], ids=["things are read again", "no two answers are equal"])
def test_bytes_per_exchange(tmp_path: Path, unique: bool) -> None:
    """The capture is the smallest of the three, and everything is in it."""
    rows = [(session, one.exchange, one.fields) for session, one in redacted(unique)]
    micros = record(tmp_path / "c.db", rows)
    stream = io.BytesIO()
    writer = FlowWriter(stream)
    recorded = flows(unique)
    for flow in recorded:
        writer.add(flow)
    ours = (tmp_path / "c.db").stat().st_size / COUNT
    flow_file = len(stream.getvalue()) / COUNT
    har = len(har_of(recorded)) / COUNT
    raw = sum(raw_bytes(one) for _, one in originals(unique)) / COUNT
    print(f"\nraw {raw:.0f} B, capture {ours:.0f} B, flow file {flow_file:.0f} B, HAR {har:.0f} B an exchange")
    print(f"capture / flow file {ours / flow_file:.3f} (aim 0.25), capture / HAR {ours / har:.3f} (aim 0.15)")
    print(f"writer with redaction counts: {micros:.0f} us CPU an exchange")
    assert 0 < ours < flow_file < har
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert sorted(one.exchange.id for one in reader.stored()) == sorted(one.id for _, one, _ in rows)
        assert reader.size().packed_body_bytes < reader.size().body_bytes


def test_cpu_of_one_kilobyte(tmp_path: Path) -> None:
    """Add and commit without redaction, 1 KB bodies of their own; training is part of it."""
    rows = []
    for number, (session, one) in enumerate(originals()):
        assert one.response is not None
        body = Body((b'{"n":%d,' % number + one.response.body.data[1:])[:1024], "application/json")
        small = replace(one, outcome=replace(one.response, body=body))
        rows.append((session, RedactedExchange(small), ()))
    micros = record(tmp_path / "c.db", rows)
    size = (tmp_path / "c.db").stat().st_size / COUNT
    print(f"\nwriter at 1 KB: {micros:.0f} us CPU an exchange (aim 60), {size:.0f} B")
    assert micros > 0
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.contents().exchanges == COUNT
