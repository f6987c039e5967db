"""An import file is a stranger's: bombs, endless lines and forged parts cost themselves, and nothing is quoted."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import tracemalloc
from pathlib import Path

import pytest

from integration.record.import_samples import (
    MAIL,
    TOKEN,
    flow,
    gor_pair,
    odd_flows,
    tap,
    write_flows,
    write_mitmproxy_har,
)
from replay.model.errors import ConfigError, FileFormatError, ReplayError, UsageError
from replay.model.exchange import Exchange
from replay.record import scribe
from replay.record.import_plan import plan_import
from replay.record.importing import ImportProgress, import_capture
from replay.record.snapshot import Snapshot
from replay.record.sources import builtin
from replay.record.sources.builtin import SOURCES, source_of
from replay.record.sources.contract import Skipped
from replay.store.capture_reader import CaptureReader

MEBIBYTE = 1 << 20


def test_a_gzip_bomb_is_not_read_on(tmp_path: Path) -> None:
    """300 MB of one line in 300 KB: the sentence names the file and the remedy."""
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(300):
            file.write(b" " * MEBIBYTE)
    tracemalloc.start()
    with pytest.raises(FileFormatError, match=r"bomb\.jsonl\.gz unpacks to more than 250 times its size"):
        import_capture(plan_import([path], tmp_path / "c.db", 1.0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80 * MEBIBYTE
    assert not (tmp_path / "c.db").exists()


def test_a_har_of_many_entries_is_read_with_flat_memory(tmp_path: Path) -> None:
    """6 000 entries of 3 KB: what is held is one of them and the batch on its way to the file."""
    entry = json.loads(write_mitmproxy_har(tmp_path / "one.har", [flow(0)]).read_text())["log"]["entries"][0]
    entry["response"]["content"]["text"] = "x" * 2000
    text = json.dumps(entry).encode()
    path = tmp_path / "many.har"
    with path.open("wb") as file:
        file.write(b'{"log": {"version": "1.2", "entries": [')
        for n in range(6_000):
            file.write((b"," if n else b"") + text)
        file.write(b"]}}")
    assert path.stat().st_size > 16 * MEBIBYTE
    tracemalloc.start()
    count = sum(1 for _ in source_of(path).snapshots(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 6_000
    assert peak < 4 * MEBIBYTE


def test_records_over_the_limit_are_passed_over(tmp_path: Path) -> None:
    """A line, an entry, a payload and a flow of 65 MB each, and what follows them is read."""
    big = "x" * (65 * MEBIBYTE)
    huge = flow(0)
    huge.request.content = big.encode()
    lines, har, flows, gor = (tmp_path / name for name in ("a.jsonl", "b.har", "c.flows", "d.gor"))
    lines.write_bytes(tap(0, response_body=big) + tap(1))
    write_flows(flows, [huge, flow(1)])
    write_mitmproxy_har(har, [huge, flow(1)])
    request, response = gor_pair(0)
    gor.write_bytes(gor_pair(1, big.encode())[1] + request + response)
    for path in (lines, har, flows, gor):
        found = list(source_of(path).snapshots(path))
        assert found[0] == Skipped("too-long"), path.name
        assert len(found) == 2
        assert not isinstance(found[1], Skipped)


HOSTILE = {
    "empty": b"",
    "nul": b"\x00" * 5000,
    "text": b"Hello, this is no capture of anything.\n" * 50,
    "utf16": '{"log": {"entries": []}}'.encode("utf-16"),
    "deep": b"[" * 100_000,
    "torn gzip": gzip.compress(tap(0) * 50)[:-30],
    "broken gzip": gzip.compress(tap(0) * 50)[:40] + b"\x00" * 60,
    "sqlite": b"SQLite format 3\x00" + b"\x00" * 100,
    "tnetstring": b"999999999999:x",
    "digits": b"1" * 5000,
    "long prefix": b"12:3:" + b"9" * 5000,
    "har of nothing": b'{"log": 5}',
    "entries of numbers": b'{"log": {"entries": [1, "a", null]}}',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("source", [source.name for source in SOURCES])
def test_a_foreign_file_is_one_sentence_or_skipped_records(tmp_path: Path, name: str, source: str) -> None:
    """Whatever the file, whatever reader is told to take it: a ReplayError or counted records, nothing else."""
    path = tmp_path / "in"
    path.write_bytes(HOSTILE[name])
    said = ""
    try:
        summary = import_capture(plan_import([path], tmp_path / "c.db", 1.0, format_name=source))
    except ReplayError as error:
        said = str(error)
    if said:
        assert str(path) in said
        assert "\n" not in said
    else:
        assert summary.read == summary.captured + sum(n for _, n in summary.skipped) + summary.refused


def test_no_message_quotes_the_file(tmp_path: Path) -> None:
    """Broken in every place in turn, no sentence and no reason holds a value of it."""
    files = [write_flows(tmp_path / "a.flows", [flow(0)]), write_mitmproxy_har(tmp_path / "b.har", odd_flows())]
    gor = tmp_path / "c.gor"
    gor.write_bytes(b"".join(gor_pair(0)))
    lines = tmp_path / "d.jsonl"
    lines.write_bytes(tap(0) + tap(1))
    for path in (*files, gor, lines):
        data, source = path.read_bytes(), source_of(path)
        for at in range(0, len(data), max(1, len(data) // 40)):
            path.write_bytes(data[:at] + b"\x07\xff" + data[at + 2 :])
            said = []
            try:
                said += [one.reason for one in source.snapshots(path) if isinstance(one, Skipped)]
            except ReplayError as error:
                said.append(str(error))
            assert not [text for text in said if MAIL in text or TOKEN in text or "shop" in text]


def test_a_missing_file_a_folder_and_a_pipe_are_told(tmp_path: Path) -> None:
    """A pipe would make the import wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("none", "does not exist"), (".", "is not a regular file"), ("pipe", "is not a regular file")):
        with pytest.raises(FileFormatError, match=words):
            plan_import([tmp_path / name], tmp_path / "c.db", 1.0)
    with pytest.raises(UsageError, match="no file"):
        plan_import([], tmp_path / "c.db", 1.0)
    (tmp_path / "x").write_text("what is this")
    with pytest.raises(UsageError, match="say which it is: mitmproxy, gor, envoy, har, jsonl"):
        plan_import([tmp_path / "x"], tmp_path / "c.db", 1.0)
    with pytest.raises(UsageError, match="no format 'pcap'"):
        plan_import([tmp_path / "x"], tmp_path / "c.db", 1.0, format_name="pcap")


def test_a_key_given_in_the_open_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(tap(0))
    with pytest.raises(ConfigError, match="never the key itself"):
        plan_import([tmp_path / "a.jsonl"], tmp_path / "c.db", 1.0, key="00" * 32)
    assert not (tmp_path / "c.db").exists()


def test_an_existing_capture_is_not_overwritten_and_not_mixed_with_another_key(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "c.db"
    path.write_bytes(tap(0))
    import_capture(plan_import([path], out, 1.0))
    with pytest.raises(ReplayError, match=r"c\.db"):
        import_capture(plan_import([path], out, 1.0))
    with pytest.raises(FileFormatError, match="another key"):
        import_capture(plan_import([path], out, 1.0, append=True))
    with CaptureReader.open(out) as reader:
        assert reader.contents().exchanges == 1


def test_appending_with_the_same_key_goes_on_and_counts_its_own_part(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "c.db"
    (tmp_path / "key").write_bytes(b"k" * 32)
    (tmp_path / "key").chmod(0o600)
    path.write_bytes(tap(0) + b"nonsense\n")
    for _ in range(2):
        plan = plan_import([path], out, 1.0, key=f"file:{tmp_path / 'key'}", append=True, format_name="jsonl")
        summary = import_capture(plan)
        assert (summary.read, summary.captured, summary.skipped) == (2, 1, (("unreadable", 1),))
    with CaptureReader.open(out) as reader:
        first, second = (one.exchange for one in reader.stored())
        assert first.request.body == second.request.body
        assert first.connection == second.connection
        assert [(one.kind, one.reason, one.count) for one in reader.losses()] == [("skipped", "unreadable", 2)]


def test_ctrl_c_keeps_what_was_done_and_the_account_exact(tmp_path: Path) -> None:
    """The signal comes while reading; the import ends between two records, and the old handler is back."""
    path, out = tmp_path / "a.jsonl", tmp_path / "c.db"
    path.write_bytes(b"".join(tap(n) for n in range(2000)))
    before = signal.getsignal(signal.SIGINT)
    pressed: list[bool] = []

    def press(progress: ImportProgress) -> None:
        if progress.read == 1000 and progress.read_bytes < progress.total_bytes and not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    summary = import_capture(plan_import([path], out, 1.0), press)
    assert summary.was_stopped
    assert 1000 <= summary.read < 1100
    assert summary.captured == summary.read
    assert "stopped before the end" in summary.sentence()
    assert signal.getsignal(signal.SIGINT) is before
    with CaptureReader.open(out) as reader:
        assert reader.contents().exchanges == summary.captured


def test_an_interrupt_in_mid_record_is_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second Ctrl-C raises wherever it likes: read still equals the sum."""
    path, out = tmp_path / "a.jsonl", tmp_path / "c.db"
    path.write_bytes(b"".join(tap(n) for n in range(600)))
    rebuilt = scribe.exchange_of
    numbers = itertools.count(1)

    def interrupted(snapshot: Snapshot, name: str) -> tuple[Exchange, tuple[str, ...]]:
        if next(numbers) == 500:
            raise KeyboardInterrupt
        return rebuilt(snapshot, name)

    monkeypatch.setattr(scribe, "exchange_of", interrupted)
    summary = import_capture(plan_import([path], out, 1.0))
    assert summary.was_stopped
    assert (summary.read, summary.captured, summary.dropped) == (500, 499, (("unfinished", 1),))


def test_progress_counts_records_and_bytes_on_disk(tmp_path: Path) -> None:
    told: list[ImportProgress] = []
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in files:
        path.write_bytes(b"".join(tap(n) for n in range(600)))
    import_capture(plan_import(files, tmp_path / "c.db", 1.0), told.append)
    assert [one.read for one in told] == [500, 1000, 1200]
    assert told[-1].read_bytes == told[-1].total_bytes == sum(path.stat().st_size for path in files)


def test_without_mitmproxy_only_flow_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that replays needs no mitmproxy to import a HAR."""
    import sys

    path = write_flows(tmp_path / "a.flows", [flow(0)])
    monkeypatch.delitem(sys.modules, "replay.record.proxy.flow_files", raising=False)
    monkeypatch.setitem(sys.modules, "mitmproxy.http", None)
    with pytest.raises(UsageError, match="pip install mitmproxy"):
        list(builtin.source_of(path).snapshots(path))
