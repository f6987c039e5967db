"""Answers that wait beside the run file: nothing that was answered is lost, nothing torn is believed."""

import pytest

from make import exchange
from replay.model.errors import FileFormatError
from replay.model.event import UnitDone
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind
from replay.model.session import Actor
from replay.store.run_pending import PendingFile, pending_path
from replay.store.run_seal import Seal


def attempt(name, outcome=None):
    recorded = exchange(name, "POST", "/things?q=ü", 201, json={"name": "ü"}, answer={"id": name})
    return Attempt(
        name, "s1", "POST /things", Actor("t", "p"), None, Part.JUDGED, recorded.request, outcome or recorded.outcome,
        0.1, 0.2, 0.3, 0.4, 0, 201, ("body.id",), 2,
    )  # fmt: skip


def filled(path, *attempts):
    pending = PendingFile.create(path, "run1")
    pending.began("clean/0", 1)
    for one in attempts:
        pending.answered("clean/0", 1, one)
    pending.began("target/3", 9)
    pending.close()


def test_what_was_answered_comes_back_to_the_last_field(tmp_path):
    """Answers, faults and the numbers of worlds that were begun; the file is private."""
    attempts = [attempt("e1"), attempt("e2", Fault(FaultKind.RESET, "ClientOSError"))]
    filled(tmp_path / "p", *attempts)
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o600
    found = PendingFile.resume(tmp_path / "p", "run1")
    assert found.attempts == {("clean/0", 1): attempts}
    assert found.worlds == {"clean/0": 1, "target/3": 9}
    found.close()


def test_a_torn_record_ends_the_file_and_writing_goes_on_before_it(tmp_path):
    """Cut anywhere: whole records stay, and what is appended then is read the next time."""
    filled(tmp_path / "whole", attempt("e1"), attempt("e2"))
    data = (tmp_path / "whole").read_bytes()
    for size in range(0, len(data), 37):
        path = tmp_path / f"torn{size}"
        path.write_bytes(data[:size])
        first = PendingFile.resume(path, "run1")
        before = [one.exchange_id for found in first.attempts.values() for one in found]
        assert before == ["e1", "e2"][: len(before)]
        first.answered("clean/0", 1, attempt("e9"))
        first.close()
        again = PendingFile.resume(path, "run1")
        assert [one.exchange_id for found in again.attempts.values() for one in found] == [*before, "e9"]
        again.close()


@pytest.mark.parametrize("zeros", [1, 8, 4096])
def test_a_tail_of_zeros_ends_the_file(tmp_path, zeros):
    """As a power cut leaves it: a record of no bytes, whose checksum is right."""
    filled(tmp_path / "p", attempt("e1"))
    whole = (tmp_path / "p").read_bytes()
    (tmp_path / "p").write_bytes(whole + bytes(zeros))
    found = PendingFile.resume(tmp_path / "p", "run1")
    assert [one.exchange_id for kept in found.attempts.values() for one in kept] == ["e1"]
    assert (tmp_path / "p").read_bytes() == whole
    found.close()
    (tmp_path / "q").write_bytes(bytes(zeros))
    found = PendingFile.resume(tmp_path / "q", "run1")
    assert found.attempts == {}
    found.close()


def test_a_flipped_bit_is_not_believed(tmp_path):
    filled(tmp_path / "p", attempt("e1"))
    data = bytearray((tmp_path / "p").read_bytes())
    data[-60] ^= 1
    (tmp_path / "p").write_bytes(data)
    found = PendingFile.resume(tmp_path / "p", "run1")
    assert sum(map(len, found.attempts.values())) < 2
    assert "target/3" not in found.worlds
    found.close()


def test_a_complete_unit_empties_the_file(tmp_path):
    """The run file has it by then; the file still says whose it is."""
    filled(tmp_path / "p", attempt("e1"))
    found = PendingFile.resume(tmp_path / "p", "run1")
    found.on_event(UnitDone("clean/0", 1, 1))
    found.close()
    again = PendingFile.resume(tmp_path / "p", "run1")
    assert (again.attempts, again.worlds) == ({}, {})
    again.close()


def test_another_runs_file_is_refused(tmp_path):
    """Its answers would be taken for this run's."""
    filled(tmp_path / "p", attempt("e1"))
    with pytest.raises(FileFormatError, match="belongs to another run"):
        PendingFile.resume(tmp_path / "p", "run2")
    with pytest.raises(FileFormatError, match="exists already"):
        PendingFile.create(tmp_path / "p", "run1")
    assert pending_path(tmp_path / "run.db").name == "run.db.pending"


def test_two_processes_never_play_one_run(tmp_path):
    """Both would send the same requests into one world; the kernel lets go when the first one dies."""
    first = PendingFile.create(tmp_path / "p", "run1")
    for second in (lambda: PendingFile.resume(tmp_path / "p", "run1"), lambda: PendingFile.discard(tmp_path / "p")):
        with pytest.raises(FileFormatError, match="is in use"):
            second()
    first.close()
    PendingFile.resume(tmp_path / "p", "run1").close()
    PendingFile.discard(tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_worlds_of_copies_are_lost_with_their_unit(tmp_path):
    """Nobody can read the answers any more: the unit goes on above every world that it has begun, copies' too."""
    pending = PendingFile.create(tmp_path / "p", "run1", Seal(b"1" * 32, None))
    for world in (1, 2, 3):
        pending.began("clean/0", world)
    pending.answered("clean/0", 1, attempt("e1"))
    pending.close()
    found = PendingFile.resume(tmp_path / "p", "run1", Seal(b"2" * 32, None))
    assert (found.lost, found.attempts) == ({"clean/0": 3}, {})
    found.close()
