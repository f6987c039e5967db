"""The run file and the file of answers that wait beside it, opened for a new run or for one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from replay.compose.resuming import earlier_of, unfinished
from replay.engine.earlier import Earlier
from replay.model.errors import ReplayError
from replay.model.run import RunInfo
from replay.store.run_pending import PendingFile, pending_path
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
    files = _resumed(path, asked, is_sealed) if resume else _created(path, asked, is_sealed)
    try:
        yield files
    except ReplayError:
        files.writer.close()
        if resume or files.writer.units_done:
            files.pending.close()
        else:
            files.pending.remove()
            path.unlink(missing_ok=True)
        raise
    except BaseException:
        files.writer.close()
        files.pending.close()
        raise
    files.writer.close()
    files.pending.finish()


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
