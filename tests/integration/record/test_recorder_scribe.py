"""The writer's work on one snapshot, with a real policy and a real file: what fails costs itself and is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from replay.model.capture import CaptureInfo, Loss
from replay.model.origin import origin_mark
from replay.record.scribe import Scribe
from replay.record.snapshot import Snapshot
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter


def snapshot(**changes: Any) -> tuple[Any, ...]:
    body = b'{"id": 17, "note": "hello"}'
    usual = Snapshot(
        "c1", "10.0.0.5", 8080, "http", b"", b"GET", b"/courses/17", ((b"Host", b"shop.example"),), b"", 0,
        200, ((b"Content-Type", b"application/json"),), body, len(body), "", 1.0, 2.0,
    )  # fmt: skip
    return tuple(usual._replace(**changes))


@pytest.fixture
def capture(tmp_path: Path) -> CaptureWriter:
    return CaptureWriter.create(tmp_path / "c.db", CaptureInfo("cap", 1, 1.0, "k", "p", (), "0"))


@pytest.fixture
def scribe(capture: CaptureWriter) -> Scribe:
    return Scribe(capture, Policy(Pseudonym(b"k" * 32)))


def read(tmp_path: Path) -> CaptureReader:
    return CaptureReader.open(tmp_path / "c.db")


def test_one_bad_snapshot_is_refused_by_type_name(tmp_path: Path, capture: CaptureWriter, scribe: Scribe) -> None:
    scribe.take(snapshot())
    scribe.take(snapshot(method=None))
    scribe.take(("not", "a", "snapshot"))
    scribe.take(snapshot())
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        assert reader.contents().exchanges == 2
        assert reader.losses() == (Loss("refused", "AttributeError", 1), Loss("refused", "TypeError", 1))
        assert [one.id for session in reader.sessions() for one in session.exchanges] == ["e1", "e2"]


def test_a_body_that_lies_is_left_out_and_its_exchange_kept(
    tmp_path: Path, capture: CaptureWriter, scribe: Scribe
) -> None:
    headers = ((b"Content-Type", b"application/json"), (b"Content-Encoding", b"gzip"))
    scribe.take(snapshot(response_headers=headers))
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        (session,) = reader.sessions()
        assert session.exchanges[0].response.body.data == b""
        assert session.exchanges[0].response.body.truncated
        assert reader.losses() == ()
        assert reader.body_losses() == (Loss("body", "response: broken content coding", 1),)


def test_a_full_disk_drops_and_counts_and_recording_goes_on(
    tmp_path: Path, capture: CaptureWriter, scribe: Scribe
) -> None:
    """SQLite's own page limit stands in for the disk: the same error at the same place."""
    scribe.take(snapshot())
    scribe.flush()
    pages = capture._connection.execute("PRAGMA page_count").fetchone()[0]
    capture._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    for i in range(50):
        body = b'{"n": "%d %s"}' % (i, b"x" * 4000)
        scribe.take(snapshot(response_body=body, response_bytes=len(body)))
    scribe.flush()
    capture._connection.execute("PRAGMA max_page_count = 1000000").fetchone()
    scribe.take(snapshot())
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        (loss,) = reader.losses()
        assert (loss.kind, loss.reason) == ("dropped", "not-stored")
        assert reader.contents().exchanges + loss.count == 52
        assert loss.count > 10


def test_one_exchange_that_the_file_refuses_does_not_cost_its_batch(
    tmp_path: Path, capture: CaptureWriter, scribe: Scribe
) -> None:
    for _ in range(3):
        scribe.take(snapshot())
    _, *rest = scribe._batch[1]
    scribe._batch[1] = (scribe._batch[0][0], *rest)  # a number that is taken already
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        assert reader.contents().exchanges == 2
        assert reader.losses() == (Loss("dropped", "not-stored", 1),)


def test_origins_are_the_upstream_and_the_name_that_clients_call(
    tmp_path: Path, capture: CaptureWriter, scribe: Scribe
) -> None:
    scribe.take(snapshot())
    scribe.take(snapshot(request_headers=((b"host", b"api.example:8443"),)))
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        info = reader.info()
    expected = {("10.0.0.5", 8080), ("shop.example", 80), ("shop.example", 443), ("api.example", 8443)}
    assert set(info.origins) == {origin_mark(host, port, info.id) for host, port in expected}


def test_invented_host_names_do_not_grow_the_list(tmp_path: Path, capture: CaptureWriter, scribe: Scribe) -> None:
    for i in range(200):
        scribe.take(snapshot(request_headers=((b"host", b"h%d.example:1" % i),)))
    scribe.flush()
    capture.close()
    with read(tmp_path) as reader:
        assert 60 <= len(reader.info().origins) <= 66
