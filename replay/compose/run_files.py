"""The run file and the file of answers that wait beside it, opened for a new run or for one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from replay.compose.resuming import earlier_of, unfinished
from replay.engine.earlier import Earlier
from replay.model.errors import FileFormatError, ReplayError
from replay.model.run import RunInfo
from replay.store.run_pending import PendingFile, pending_path
from replay.store.run_reader import RunReader
from replay.store.run_seal import Seal, memory_folder
from replay.store.run_writer import RunWriter


@dataclass(frozen=True, slots=True)
class RunFiles:
    """`info` is the run that is written: the one asked for, or with the id of the one that goes on."""

    info: RunInfo
    writer: RunWriter
    pending: PendingFile
    earlier: Earlier


@contextmanager
def run_files(path: Path, asked: RunInfo, *, resume: bool, is_sealed: bool = True) -> Iterator[RunFiles]:
    """Closed in any case. A new run that turned out to be asked for in vain leaves nothing behind."""
    if _is_unbegun(path):
        _take_away(path)
        resume = False
    files = _resumed(path, asked, is_sealed) if resume else _created(path, asked, is_sealed)
    try:
        yield files
    except ReplayError:
        files.writer.abandon()
        if resume or files.writer.units_done:
            files.pending.close()
        else:
            files.pending.remove()
            path.unlink(missing_ok=True)
        raise
    except BaseException:
        files.writer.abandon()
        files.pending.close()
        raise
    files.writer.close()
    files.pending.finish()


def has_begun(path: Path) -> bool:
    """Whether a run stands in that run file. Between the two lie handshake, reset and logins, where a run may die."""
    reader = RunReader(path)
    try:
        return reader.has_run()
    finally:
        reader.close()


def _is_unbegun(path: Path) -> bool:
    try:
        return path.exists() and not has_begun(path)
    except FileFormatError:
        return False  # no run file of ours: whoever opens it says so


def _take_away(path: Path) -> None:
    """There is nothing in it to go on with. Raises FileFormatError when another process is about to begin it."""
    PendingFile.discard(pending_path(path))
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _created(path: Path, asked: RunInfo, is_sealed: bool) -> RunFiles:
    writer = RunWriter.create(path)
    try:
        seal = Seal.make(asked.id, memory_folder()) if is_sealed else None
        pending = PendingFile.create(pending_path(path), asked.id, seal)
    except ReplayError:
        writer.close()
        path.unlink(missing_ok=True)
        raise
    return RunFiles(asked, writer, pending, Earlier())


def _resumed(path: Path, asked: RunInfo, is_sealed: bool) -> RunFiles:
    info = unfinished(path, asked)
    seal = Seal.find(info.id, memory_folder()) if is_sealed else None
    pending = PendingFile.resume(pending_path(path), info.id, seal)
    try:
        writer = RunWriter.resume(path)
    except BaseException:
        pending.close()
        raise
    try:
        return RunFiles(info, writer, pending, earlier_of(path, pending))
    except BaseException:
        writer.close()
        pending.close()
        raise
