"""What `export` writes is read by mitmproxy and by our own import, and is nobody else's to read or to overwrite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integration.record.import_samples import MAIL, TOKEN, flow, odd_flows, read_flows, write_flows
from replay.model.errors import UsageError
from replay.model.exchange import Exchange
from replay.record.exports.har import export_har
from replay.record.exports.jsonl import Record, export_jsonl
from replay.record.import_plan import plan_import
from replay.record.importing import ImportSummary, import_capture
from replay.store.capture_reader import CaptureReader

EXPORTS = [export_jsonl, export_har]
Export = Callable[[Iterator[Record], Path], int]


def records(path: Path) -> Iterator[Record]:
    with CaptureReader.open(path) as reader:
        for one in reader.stored():
            yield one.session_id, one.actor, one.exchange


def imported(path: Path, out: Path) -> ImportSummary:
    (out.parent / "key").write_bytes(b"k" * 32)
    (out.parent / "key").chmod(0o600)
    return import_capture(plan_import([path], out, 1.0, key=f"file:{out.parent / 'key'}"))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A real capture: five common exchanges of one actor, and five odd ones."""
    flows = [flow(n) for n in range(4)] + [flow(4, "/customers/4711?email=" + MAIL, method="GET", body="")]
    imported(write_flows(tmp_path / "in.flows", flows + odd_flows()), tmp_path / "c.db")
    return tmp_path / "c.db"


def bare(exchange: Exchange) -> Exchange:
    """Without what a format cannot keep: the last microseconds, and a connection's name, which is hashed anew."""
    return replace(exchange, connection="", started=round(exchange.started, 4), ended=round(exchange.ended, 4))


@pytest.mark.parametrize("export", EXPORTS)
def test_an_exported_capture_is_imported_again_as_it_was(tmp_path: Path, capture: Path, export: Export) -> None:
    """With the same key redaction leaves its own stand-ins alone: same exchanges, sessions and actors."""
    out = tmp_path / "out"
    assert export(records(capture), out) == 10
    summary = imported(out, tmp_path / "again.db")
    assert (summary.read, summary.captured, summary.damage) == (10, 10, ())
    before, after = list(records(capture)), list(records(tmp_path / "again.db"))
    assert [bare(one) for _, _, one in after] == [bare(one) for _, _, one in before]
    assert [(session, actor) for session, actor, _ in after] == [(session, actor) for session, actor, _ in before]
    assert {actor for _, actor, _ in after if actor}


def test_values_without_a_mark_of_their_own_are_replaced_again_equal_for_equal(tmp_path: Path) -> None:
    """A short opaque cookie's stand-in looks like any cookie: a second import renames it, everywhere alike."""
    flows = [flow(n) for n in range(3)]
    for one in flows:
        one.request.headers["cookie"] = "sid=abcdef0123456789"
    imported(write_flows(tmp_path / "in.flows", flows), tmp_path / "c.db")
    export_jsonl(records(tmp_path / "c.db"), tmp_path / "out.jsonl")
    imported(tmp_path / "out.jsonl", tmp_path / "again.db")
    cookies = {one.request.headers.get("cookie") for _, _, one in records(tmp_path / "again.db")}
    assert len(cookies) == 1
    assert len({session for session, _, _ in records(tmp_path / "again.db")}) == 1


@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_holds_stand_ins_only_and_is_its_owners_alone(tmp_path: Path, capture: Path, export: Export) -> None:
    out = tmp_path / "out"
    export(records(capture), out)
    assert MAIL not in out.read_text()
    assert TOKEN not in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("*out*")) == ["out"]


def test_mitmproxy_reads_the_exported_har(tmp_path: Path, capture: Path) -> None:
    """Its own reader: every exchange, with the bodies and headers of the capture."""
    export_har(records(capture), tmp_path / "out.har")
    flows = read_flows(tmp_path / "out.har")
    ours = [exchange for _, _, exchange in records(capture)]
    assert [one.request.path for one in flows] == [one.request.target for one in ours]
    assert [one.response and one.response.status_code for one in flows] == [one.status for one in ours]
    for theirs, one in zip(flows[:5], ours[:5], strict=True):
        assert theirs.request.raw_content == one.request.body.data
        assert one.response
        assert theirs.response
        assert theirs.response.raw_content == one.response.body.data
        assert theirs.request.headers["authorization"] == one.request.headers.get("authorization")


def test_a_har_is_one_valid_document_also_when_it_is_empty(tmp_path: Path, capture: Path) -> None:
    export_har(iter(()), tmp_path / "none.har")
    assert json.loads((tmp_path / "none.har").read_text())["log"]["entries"] == []
    export_har(records(capture), tmp_path / "out.har")
    log = json.loads((tmp_path / "out.har").read_text())["log"]
    assert (log["version"], log["creator"]["name"], len(log["entries"])) == ("1.2", "replay", 10)


@pytest.mark.parametrize("export", EXPORTS)
def test_nothing_is_overwritten_and_a_failure_leaves_nothing(tmp_path: Path, capture: Path, export: Export) -> None:
    """Neither a file nor a link; a folder that is not there is a sentence; a torn export is removed."""
    taken, link = tmp_path / "taken", tmp_path / "link"
    taken.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (taken, link):
        with pytest.raises(UsageError, match="exists: nothing is overwritten"):
            export(records(capture), path)
    with pytest.raises(UsageError, match="No such file or directory"):
        export(records(capture), tmp_path / "no" / "out")

    def torn() -> Iterator[Record]:
        yield next(records(capture))
        raise ValueError("the capture is damaged")

    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="damaged"):
        export(torn(), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == before
    assert taken.read_text() == "mine"
