"""What is absurd is refused or written as the reader takes it: one exchange never spoils the file for all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.model.capture import CaptureInfo
from replay.record.scribe import Scribe
from replay.record.snapshot import Snapshot
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter

LONG = b"ab/" * 450_000
DULL = b"x" * 1_350_000
JSON = ((b"content-type", b"application/json"),)


def snapshot(**changes: object) -> Snapshot:
    plain = Snapshot(
        "c1", "shop", 80, "http", b"shop", b"GET", b"/a", (), b"", 0, 200, JSON, b"{}", 2, "", 1000.0, 1000.5
    )
    return plain._replace(**changes)


ABSURD: dict[str, tuple[Snapshot, str]] = {
    "a status of five digits": (snapshot(status=99999), "unstorable: status out of range"),
    "a negative status": (snapshot(status=-5), "unstorable: status out of range"),
    "a time beyond all calendars": (snapshot(ended=1e308), "unstorable: time out of range"),
    "no time at all": (snapshot(started=float("nan")), "unstorable: time out of range"),
    "a request longer than any": (snapshot(request_body=b"{", request_bytes=10**18), ""),
    "an answer longer than any": (snapshot(response_bytes=10**18), ""),
    "a path of a megabyte": (snapshot(target=b"/" + DULL), "unstorable: a part is too long"),
    "a query of a megabyte": (snapshot(target=b"/a?q=" + DULL), "unstorable: a part is too long"),
    "a path of many words": (snapshot(target=b"/" + LONG), "too-costly"),
    "a bearer of a megabyte": (snapshot(request_headers=((b"authorization", b"Bearer " + LONG),)), "too-costly"),
    "a bearer of 60 KB": (snapshot(request_headers=((b"authorization", b"Bearer " + LONG[:60_000]),)), ""),
    "a tenant of 60 KB": (
        snapshot(request_headers=((b"authorization", b"Bearer abcdefgh1234"), (b"x-tenant-id", LONG[:60_000]))), "",
    ),
    "headers of megabytes": (
        snapshot(request_headers=tuple((b"x-%d" % i, b"v" * 1000) for i in range(4000))), "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ABSURD)
def test_one_exchange_never_spoils_the_file(tmp_path: Path, name: str) -> None:
    """Between two ordinary ones: those are there, the file is whole, and the odd one is stored or refused."""
    absurd, reason = ABSURD[name]
    policy = Policy(Pseudonym(bytes(32)))
    info = CaptureInfo("a" * 16, 0, 1000.0, policy.key_id, policy.digest, (), "0.1.0")
    writer = CaptureWriter.create(tmp_path / "c.db", info)
    scribe = Scribe(writer, policy)
    for one in (snapshot(), absurd, snapshot(target=b"/b")):
        scribe.take(tuple(one))
    scribe.flush()
    writer.close()
    assert list(verify(tmp_path / "c.db")) == []
    with CaptureReader.open(tmp_path / "c.db") as reader:
        stored = list(reader.stored())
        refused = {loss.reason for loss in reader.losses()}
        assert reader.contents().exchanges == len(stored)
    assert {one.exchange.request.path for one in stored} >= {"/a", "/b"}
    assert (len(stored), refused) == ((2, {reason}) if reason else (3, set()))


def test_a_table_that_costs_too_much_is_left_out_counted_and_its_exchange_is_there(tmp_path: Path) -> None:
    """100 KB of cells of which no two are equal: status, type and true length are recorded, the cells are not."""
    table = "\n".join(f"k{i:x}q,{i * 7919:x}z,{i * 104_729:x}w" for i in range(5_000)).encode()
    policy = Policy(Pseudonym(bytes(32)))
    info = CaptureInfo("a" * 16, 0, 1000.0, policy.key_id, policy.digest, (), "0.1.0")
    writer = CaptureWriter.create(tmp_path / "c.db", info)
    scribe = Scribe(writer, policy)
    headers = ((b"content-type", b"text/csv"),)
    scribe.take(tuple(snapshot(response_headers=headers, response_body=table, response_bytes=len(table))))
    scribe.flush()
    writer.close()
    assert list(verify(tmp_path / "c.db")) == []
    with CaptureReader.open(tmp_path / "c.db") as reader:
        (stored,) = reader.stored()
        assert reader.losses() == ()
        assert [(loss.reason, loss.count) for loss in reader.body_losses()] == [("response: too-costly", 1)]
        told = [(one.place, one.value_class) for one in reader.redacted_fields()]
    body = stored.exchange.response.body
    assert (body.data, body.truncated, body.length_bytes, body.media_type) == (b"", True, len(table), "text/csv")
    assert ("body", "too-costly-body") in told
