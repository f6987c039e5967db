"""The files of a run with several workers: RUN.db.1, RUN.db.2, ..., and RUN.db when they are merged.

Rule: nothing is sent before all names are free, or hold the run that is gone on with; and what is not a merge of these
parts is never replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from replay.compose.merging import merge_runs
from replay.compose.run_files import has_begun
from replay.compose.runs import RunRequest
from replay.model.errors import FileFormatError, ReplayError, UsageError
from replay.model.finding import NotJudged
from replay.model.run import RunInfo
from replay.store.run_pending import pending_path
from replay.store.run_reader import RunReader


def part_path(out: Path, number: int) -> Path:
    return out.with_name(f"{out.name}.{number}")


def require_free(out: Path, parts: Sequence[Path]) -> None:
    """Raises FileFormatError before anything is sent. A part whose run never began is free: it is begun anew."""
    taken = [out] if out.exists() else []
    taken += [path for path in parts if path.exists() and has_begun(path)]
    taken += [pending_path(path) for path in parts if pending_path(path).exists() and not path.exists()]
    if taken:
        raise FileFormatError(
            f"{taken[0]} exists already: choose another --out or remove it, a run file is never overwritten."
        )


def finished_parts(out: Path, asked: Sequence[RunRequest]) -> set[Path]:
    """What need not be gone on with. Raises UsageError when the files are not parts of the run that is asked for."""
    infos = {one.out: info_of(one.out) for one in asked if one.out.exists() and has_begun(one.out)}
    if not infos:
        raise UsageError(f"{out} has no parts beside it: resume it without --workers, or begin a new run file.")
    for one in asked:
        info = infos.get(one.out)
        if info is None:
            continue
        other = "number of workers" if info.shard != str(one.shard) else "seed"
        if other != "seed" or info.seed != one.settings.seed:
            raise UsageError(
                f"{one.out} was begun with another {other}: resume it with the same, or begin a new run file."
            )
    if out.exists() and info_of(out).id not in {info.id for info in infos.values()}:
        raise UsageError(f"{out} was not merged from the parts beside it: move it away, or name another --out.")
    return {path for path, info in infos.items() if info.finished}


def info_of(path: Path) -> RunInfo:
    reader = RunReader(path)
    try:
        return reader.info()
    finally:
        reader.close()


def merge_parts(out: Path, parts: Sequence[Path], lost: Sequence[NotJudged], *, resume: bool) -> None:
    """One file of all parts; they are removed when nothing is left to go on with. `out` is replaced at the end only."""
    begun = [path for path in parts if path.exists() and has_begun(path)]
    if not begun:
        raise ReplayError("No worker came to the point of writing a run file: run without --workers to see why.")
    made = out.with_name(f".{out.name}.merging")
    made.unlink(missing_ok=True)
    merge_runs(begun, made, lost)
    if not resume and out.exists():  # it came while the run went on
        made.unlink()
        raise FileFormatError(f"{out} exists already: the parts beside it are kept, `replay merge` makes one of them.")
    made.replace(out)
    if not lost and all(info_of(part).finished for part in begun):
        for part in begun:
            part.unlink()
