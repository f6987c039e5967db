"""The audit log: every line follows from the one before it, no writer waits for it, and nothing stops a recording."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from replay.store import audit_log
from replay.store.audit_log import audit_path, broken_lines, chain_state, chain_state_at, read_audit


def write(capture: Path, count: int) -> None:
    for number in range(count):
        assert audit_log.append(capture, "start", at=float(number), key_id="k1", exchanges=number)


def test_lines_say_who_when_and_what_in_a_private_file(tmp_path: Path) -> None:
    write(tmp_path / "c.db", 3)
    path = audit_path(tmp_path / "c.db")
    assert path.name == "c.audit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, _, last = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["event"], first["at"], first["facts"]) == ("start", 0.0, {"key_id": "k1", "exchanges": 0})
    assert first["who"]["uid"] == os.getuid()
    assert (last["number"], last["previous"]) == (3, chain_state_at(tmp_path / "c.db", 2).digest)
    assert list(broken_lines(tmp_path / "c.db")) == []
    assert [one.facts["exchanges"] for one in read_audit(tmp_path / "c.db")] == [0, 1, 2]


def test_a_rotated_capture_has_one_log(tmp_path: Path) -> None:
    assert audit_path(tmp_path / "c.manifest.json") == audit_path(tmp_path / "c.db")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [*lines[:1], lines[1].replace(b'"exchanges": 1', b'"exchanges": 7'), *lines[2:]], 3),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [*lines[:2], b"nonsense", *lines[2:]], 3),
    ],
    ids=["changed", "taken out", "swapped", "doubled", "inserted"],
)
def test_every_change_breaks_the_chain(tmp_path: Path, change, line: int) -> None:
    write(tmp_path / "c.db", 5)
    path = audit_path(tmp_path / "c.db")
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    assert next(broken_lines(tmp_path / "c.db")).startswith(f"line {line} ")


def test_a_line_cut_off_at_the_end_shows_against_an_earlier_state_only(tmp_path: Path) -> None:
    """Which is why a signature states where the chain stood."""
    write(tmp_path / "c.db", 5)
    before = chain_state(tmp_path / "c.db")
    path = audit_path(tmp_path / "c.db")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert list(broken_lines(tmp_path / "c.db")) == []
    assert chain_state_at(tmp_path / "c.db", before.lines) != before


def test_a_torn_line_is_reported_and_the_log_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "c.db", 2)
    with audit_path(tmp_path / "c.db").open("ab") as file:
        file.write(b'{"number": 3, "at"')
    write(tmp_path / "c.db", 1)
    assert list(broken_lines(tmp_path / "c.db")) == ["line 3 is no line of an audit log"]


def _append_many(capture: str) -> None:
    for number in range(40):
        audit_log.append(Path(capture), "export", at=float(number))


def test_several_processes_make_one_chain(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append_many, args=(str(tmp_path / "c.db"),)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
        process.close()
    assert list(broken_lines(tmp_path / "c.db")) == []
    assert chain_state(tmp_path / "c.db").lines > 40


def test_what_cannot_be_written_costs_a_false_and_no_more(tmp_path: Path) -> None:
    assert not audit_log.append(tmp_path / "nowhere" / "c.db", "start", at=1.0)
    audit_path(tmp_path / "d.db").symlink_to(tmp_path / "elsewhere")
    assert not audit_log.append(tmp_path / "d.db", "start", at=1.0)
    assert not (tmp_path / "elsewhere").exists()
    os.mkfifo(audit_path(tmp_path / "p.db"))
    assert not audit_log.append(tmp_path / "p.db", "start", at=1.0)
    assert not audit_log.append(tmp_path / "n.db", "start", at=float("nan"))
    assert list(broken_lines(tmp_path / "p.db")) != []


def test_somebody_who_holds_the_log_does_not_hold_the_recording(tmp_path: Path) -> None:
    write(tmp_path / "c.db", 1)
    with audit_path(tmp_path / "c.db").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not audit_log.append(tmp_path / "c.db", "stop", at=2.0)
    assert audit_log.append(tmp_path / "c.db", "stop", at=2.0)
