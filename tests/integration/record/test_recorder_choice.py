"""What the scribe leaves out, and what it says about it: routes, samples, refusals, sessions that lack something."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replay.model.capture import CaptureInfo
from replay.model.exchange import Exchange
from replay.record.routes import RouteRule
from replay.record.scribe import Scribe
from replay.record.settings import RecordSettings
from replay.record.snapshot import Snapshot
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter
from replay.store.retention import Rotation
from replay.store.segments import open_segments

KEY = b"k" * 32


@dataclass(frozen=True, slots=True)
class Mine:
    """A redactor that cannot do documents under /reports."""

    name: str = "mine"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        if exchange.request.body.data and exchange.request.path.startswith("/reports"):
            raise ValueError("no")
        return exchange


def raw(path: str, sid: int = 0, at: float = 1.0, method: bytes = b"GET", body: bytes = b"", **changes: Any) -> Any:
    headers = [(b"Host", b"shop.example"), (b"Content-Type", b"application/json")]
    if sid:
        headers.append((b"Cookie", b"sid=session-%08d" % sid))
    usual = Snapshot(
        f"c{sid}", "10.0.0.5", 8080, "http", b"", method, path.encode(), tuple(headers), body, len(body),
        200, ((b"Content-Type", b"application/json"),), b"{}", 2, "", at, at + 0.1,
    )  # fmt: skip
    return tuple(usual._replace(**changes))


Start = Callable[..., Scribe]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CaptureWriter]:
    capture = CaptureWriter.create(tmp_path / "c.db", CaptureInfo("cap", 1, 1.0, "k", "p", (), "0"))
    yield capture
    with contextlib.suppress(sqlite3.ProgrammingError):  # closed already, to be read
        capture.close()


@pytest.fixture
def start(writer: CaptureWriter) -> Start:
    policy = Policy(Pseudonym(KEY), (*BUILTIN, Mine()))

    def begin(capture: Any = writer, **settings: Any) -> Scribe:
        return Scribe(capture, policy, RecordSettings(**settings), KEY)

    return begin


def account(tmp_path: Path) -> Counter[str]:
    """Fates of all exchanges, as the file counts them."""
    connection = sqlite3.connect(tmp_path / "c.db")
    try:
        fates = Counter({"captured": connection.execute("SELECT count(*) FROM exchange").fetchone()[0]})
        for kind, reason, count in connection.execute("SELECT kind, reason, count FROM loss WHERE kind <> 'body'"):
            fates[f"{kind} {reason}"] += count
    finally:
        connection.close()
    return fates


class Marking:
    """The writer, and what it is told about sessions."""

    def __init__(self, capture: CaptureWriter) -> None:
        self._capture = capture
        self.marks: set[tuple[str, str]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._capture, name)

    def mark_partial(self, session_id: str, reason: str) -> None:
        self.marks.add((session_id, reason))


def test_every_exchange_has_one_fate_and_the_file_counts_it(
    tmp_path: Path, writer: CaptureWriter, start: Start
) -> None:
    """seen = captured + skipped + refused + dropped after every flush, with all reasons at once."""
    scribe = start(sample=0.5, routes=(RouteRule("health", False), RouteRule("GET /catalogue/**", True, 0.1)))
    seen = 0
    for number in range(1, 121):
        calls = [raw(f"/courses/{number}", number), raw(f"/catalogue/{number}", number), raw("/healthz")]
        calls += [raw("/reports", number, method=b"POST", body=b'{"a": 1}'), raw("/x", number, method=None)]
        for one in calls:
            scribe.take(one)
            seen += 1
        if number % 40 == 0:
            scribe.flush()
            assert sum(account(tmp_path).values()) == seen
            assert not scribe.has_news
    fates = account(tmp_path)
    kept_half, kept_tenth = 60, 12  # of 120 sessions; the key is fixed, and so are the draws
    assert fates["skipped excluded"] == 120
    assert fates["refused redactor-failed: mine: ValueError"] == pytest.approx(kept_half, abs=15)
    assert fates["captured"] == pytest.approx(kept_half + kept_tenth, abs=20)
    assert fates["refused AttributeError"] == 120
    assert fates["skipped sampled-out"] == 360 - fates["captured"] - fates["refused redactor-failed: mine: ValueError"]


def test_sessions_are_whole_or_marked(tmp_path: Path, writer: CaptureWriter, start: Start) -> None:
    """Under a share per route: kept at the smallest share means complete; else only the down-sampled route lacks."""
    marking = Marking(writer)
    scribe = start(marking, routes=(RouteRule("GET /catalogue/**", True, 0.2),))
    for step in range(4):
        for number in range(1, 201):
            path = f"/catalogue/{number}" if step % 2 else f"/courses/{number}"
            scribe.take(raw(path, number, at=1.0 + step))
    scribe.flush()
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        sizes = {session.id: len(session.exchanges) for session in reader.sessions()}
    assert len(sizes) == 200
    assert set(sizes.values()) == {2, 4}
    assert marking.marks == {(name, "sampled-out") for name, size in sizes.items() if size == 2}
    assert 20 < sum(size == 4 for size in sizes.values()) < 60


def test_a_session_that_is_left_out_altogether_is_not_marked(writer: CaptureWriter, start: Start) -> None:
    marking = Marking(writer)
    scribe = start(marking, sample=0.0)
    for number in range(1, 50):
        scribe.take(raw("/x", number))
    scribe.flush()
    assert marking.marks == set()


@pytest.mark.parametrize("share", [1.0, 0.999999])
def test_a_refused_exchange_marks_its_session(
    tmp_path: Path, writer: CaptureWriter, start: Start, share: float
) -> None:
    """Told from what is left of it without its body, or from the raw one where sampling groups it anyway."""
    marking = Marking(writer)
    scribe = start(marking, sample=share)
    scribe.take(raw("/reports", 7, method=b"POST", body=b'{"a": 1}'))  # before anything of the session is kept
    scribe.take(raw("/x", 7))
    scribe.take(raw("/x", 8))
    scribe.flush()
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        sessions = list(reader.sessions())
    assert len(sessions) == 2
    assert marking.marks == {(sessions[0].id, "refused")}


def test_a_request_that_was_cut_marks_its_session(writer: CaptureWriter, start: Start) -> None:
    """It cannot be sent again as it was; a cut answer hurts nothing."""
    marking = Marking(writer)
    scribe = start(marking)
    scribe.take(raw("/x", 1, method=b"POST", body=b"{", request_bytes=99))
    scribe.take(raw("/x", 2, response_bytes=99))
    scribe.flush()
    assert {reason for _, reason in marking.marks} == {"request-cut"}
    assert len(marking.marks) == 1


def test_a_locked_file_is_waited_for_with_everything_kept(tmp_path: Path, writer: CaptureWriter, start: Start) -> None:
    """Somebody's open transaction is no reason to drop."""
    scribe = start()
    writer._connection.execute("PRAGMA busy_timeout = 0").fetchone()
    other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        scribe.take(raw("/x", 1))
        scribe.take(raw("/y", method=None))
        scribe.flush()
        assert scribe.is_held
        assert scribe.pending == 1
        other.execute("ROLLBACK")
    finally:
        other.close()
    scribe.flush()
    assert not scribe.is_held
    assert account(tmp_path) == {"captured": 1, "refused AttributeError": 1}


def test_a_subdomains_tenants_reach_sessions_that_came_before(
    tmp_path: Path, writer: CaptureWriter, start: Start
) -> None:
    """The first tenant's session is corrected in the file when the second tenant shows up, also after its commit."""
    scribe = start()
    for number, host in enumerate((b"acme.app.example.com", b"globex.app.example.com"), 1):
        headers = ((b"Host", host), (b"Cookie", b"sid=session-%08d" % number))
        scribe.take(raw("/x", number, request_headers=headers))
        scribe.flush()
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        tenants = [session.tenant for session in reader.sessions()]
    assert len(set(tenants)) == 2
    assert all(tenant and tenant not in ("acme", "globex") for tenant in tenants)


def test_a_writer_that_starts_again_gives_no_session_another_ones_name(
    tmp_path: Path, writer: CaptureWriter, start: Start
) -> None:
    """Sessions that were left out or refused take no names: those after a restart are above all in the file."""
    scribe = start(sample=0.2)
    for number in range(1, 41):
        scribe.take(raw("/reports", 100 + number, method=b"POST", body=b'{"a": 1}'))
        scribe.take(raw("/x", number))
    scribe.flush()
    again = start(sample=0.2)  # asks the file where to go on
    for number in range(1, 41):
        again.take(raw("/x", number, at=9.0))
    again.flush()
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        sessions = list(reader.sessions())
    assert len(sessions) > 4
    assert all(len(session.exchanges) == 1 for session in sessions)


def test_segments_hold_the_same_account(tmp_path: Path) -> None:
    """Rotated while writing: fates of all segments together are those that were seen, and sessions stay whole."""
    info = CaptureInfo("cap", 1, 1.0, "k", "p", (), "0")
    capture = open_segments(tmp_path / "c.db", info, append=False, rotation=Rotation(rotate_seconds=10.0))
    routes = (RouteRule("health", False), RouteRule("GET /catalogue/**", True, 0.5))
    scribe = Scribe(capture, Policy(Pseudonym(KEY)), RecordSettings(routes=routes), KEY)
    for step in range(6):
        for number in range(1, 21):
            at = 1.0 + step * 8
            scribe.take(raw("/catalogue/1" if step == 3 else "/courses/1", number, at=at))
            scribe.take(raw("/healthz", at=at))
        scribe.take(raw("/x", 1, method=None))
        scribe.flush()
    totals = capture.totals()
    capture.close()
    assert totals.refused == 6
    assert dict(totals.skipped)["excluded"] == 120
    assert totals.captured + dict(totals.skipped)["sampled-out"] == 120
    manifest = next(tmp_path.glob("*.manifest.json"))
    with CaptureReader.open(manifest) as reader:
        sessions = list(reader.sessions())
    assert len(list(tmp_path.glob("c*.db"))) > 2
    assert len(sessions) == 20
    assert {len(session.exchanges) for session in sessions} == {5, 6}


def test_a_source_is_silent_until_it_names_somebody(start: Start) -> None:
    """Those that nobody stated are not spoken of."""
    one = start(tenant=("header:X-Tennant", "query:org"), principal=("header:X-User",))
    one.take(raw("/x"))
    assert one.silent_sources == ("tenant", "principal")
    one.take(raw("/x?org=acme"))
    assert one.silent_sources == ("principal",)
