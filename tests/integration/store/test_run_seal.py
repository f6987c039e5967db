"""Answers that wait beside the run file are sealed: nothing of QA's is in the file, and only this run opens it."""

from dataclasses import replace

from make import exchange
from replay.model.evidence import Attempt, Part
from replay.store.run_pending import PendingFile
from replay.store.run_seal import Seal

SECRET = "tk-93hfZk2Lq0-live"


def attempt():
    recorded = exchange("e1", "POST", "/login", json={"user": SECRET}, answer={"token": SECRET})
    return Attempt("e1", "s1", "POST /login", None, None, Part.JUDGED, recorded.request, recorded.outcome)


def filled(path, seal):
    pending = PendingFile.create(path, "run1", seal)
    pending.began("clean/0", 3)
    pending.answered("clean/0", 3, attempt())
    pending.close()


def resumed(path, seal):
    found = PendingFile.resume(path, "run1", seal)
    found.close()
    return found


def test_an_interrupted_run_opens_its_answers_and_nobody_else_reads_them(tmp_path):
    """The key lies in another folder, for this user alone; the file holds no byte of an answer."""
    filled(tmp_path / "p", Seal.make("run1", tmp_path))
    assert SECRET.encode() not in (tmp_path / "p").read_bytes()
    (key,) = tmp_path.glob("*.key")
    assert key.stat().st_mode & 0o777 == 0o600
    found = resumed(tmp_path / "p", Seal.find("run1", tmp_path))
    assert found.attempts == {("clean/0", 3): [replace(attempt())]}


def test_without_its_key_the_answers_are_lost_and_no_world_is_used_twice(tmp_path):
    """After a reboot, or where no key could be kept."""
    filled(tmp_path / "p", Seal.make("run1", tmp_path))
    (key,) = tmp_path.glob("*.key")
    key.unlink()
    for seal in (Seal.find("run1", tmp_path), Seal.make("run1", None), None):
        found = resumed(tmp_path / "p", seal)
        assert (found.attempts, found.worlds) == ({}, {"clean/0": 3})


def test_a_key_that_others_may_have_read_or_put_is_none(tmp_path):
    Seal.make("run1", tmp_path)
    (key,) = tmp_path.glob("*.key")
    sealed = Seal.find("run1", tmp_path).seal(b"data")
    assert Seal.find("run1", tmp_path).opened(sealed) == b"data"
    key.chmod(0o640)
    assert Seal.find("run1", tmp_path).opened(sealed) is None


def test_the_key_is_gone_when_the_run_has_ended(tmp_path):
    seal = Seal.make("run1", tmp_path)
    PendingFile.create(tmp_path / "p", "run1", seal).remove()
    assert list(tmp_path.iterdir()) == []


def test_a_changed_record_is_not_opened(tmp_path):
    seal = Seal.make("run1", tmp_path)
    sealed = bytearray(seal.seal(b"data"))
    sealed[-1] ^= 1
    assert seal.opened(bytes(sealed)) is None
    assert seal.opened(b"short") is None
    assert "hidden" in repr(seal)
