"""Run files of one capture's shards in one: `replay merge`, and the end of a run with several workers.

Rule: parts must be of the same capture, target, seed and settings, and no exchange may be in two of them. Counts add
up, noise is merged, and a finding of one part that the noise of all parts explains is withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from replay.engine.judge import Judgement
from replay.engine.ledger import Ledger, named_differences
from replay.model.errors import UsageError
from replay.model.event import NoiseLearned, Unjudged
from replay.model.finding import NotJudged
from replay.model.run import RunInfo
from replay.play.groups import shard_for
from replay.store.run_merge import merge_rows
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter

MISSING_PART = "missing-shard"


@dataclass(frozen=True, slots=True)
class Merged:
    """Of `shards` parts of the capture, these are in the file."""

    present: tuple[int, ...]
    shards: int


def merge_runs(paths: Sequence[Path], out: Path, lost: Sequence[NotJudged] = ()) -> Merged:
    """Write `out`. `lost` are verdicts for what no part holds. Raises UsageError or FileFormatError."""
    if len(paths) < 2 and not lost:
        raise UsageError("merge takes two run files or more.")
    infos = [_info(path) for path in paths]
    present, of = _require_parts(paths, infos)
    is_whole = len(present) == of
    merged = replace(
        infos[0],
        started=min(one.started for one in infos),
        ended=max(one.ended for one in infos),
        finished=is_whole and not lost and all(one.finished for one in infos),
        shard="" if is_whole else f"{','.join(map(str, present))}/{of}",
        parts=len(paths),
    )
    merge_rows([(one.shard, path) for one, path in zip(infos, paths, strict=True)], out, merged)
    missing = [number for number in range(1, of + 1) if number not in present]
    verdicts = list(lost)
    if missing and not lost:
        detail = f"shards {', '.join(map(str, missing))} of {of} are not among the merged files"
        verdicts.append(NotJudged(MISSING_PART, detail, "", "all"))
    try:
        _write_verdicts(paths, out, verdicts)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return Merged(present, of)


def _write_verdicts(paths: Sequence[Path], out: Path, lost: Sequence[NotJudged]) -> None:
    ledger = Ledger()
    writer = RunWriter.reopen(out)
    try:
        for path in paths:
            reader = RunReader(path)
            try:
                ledger.learn(reader.noise())
                findings = reader.findings()
                for _ in ledger.note(Judgement(findings, ()), reader.differences(named_differences(findings))):
                    pass  # all of them are written below
                planned = Counter(reader.not_judged(planned_only=True))
                for verdict in reader.not_judged():
                    is_planned = planned[verdict] > 0
                    planned[verdict] -= is_planned
                    writer.on_event(Unjudged(verdict, planned=is_planned))
            finally:
                reader.close()
        reader = RunReader(out)
        try:
            ledger.spread(reader.difference_groups())
        finally:
            reader.close()
        for _ in ledger.settle():
            pass
        for verdict in lost:
            writer.on_event(Unjudged(verdict, planned=True))
        writer.on_event(NoiseLearned(ledger.noise))
        writer.add_findings(tuple(ledger.found.values()))
    finally:
        writer.close()


def _info(path: Path) -> RunInfo:
    reader = RunReader(path)
    try:
        return reader.info()
    finally:
        reader.close()


def _require_parts(paths: Sequence[Path], infos: Sequence[RunInfo]) -> tuple[tuple[int, ...], int]:
    """The numbers of the shards, and of how many. Raises UsageError."""
    first = infos[0]
    for path, info in zip(paths, infos, strict=True):
        for word in ("capture_id", "target", "seed", "command", "mutators", "oracles", "settings", "tool_version"):
            if getattr(info, word) != getattr(first, word):
                raise UsageError(
                    f"{path} is of another {word.replace('_', ' ')} than {paths[0]}: they are not parts of one run."
                )
        if not info.shard or info.parts > 1:
            what = "was merged already" if info.parts > 1 else "holds a run of the whole capture"
            raise UsageError(f"{path} {what}: merge takes runs that were made with --shard.")
    shards = [shard_for(info.shard) for info in infos]
    if len({shard.of for shard in shards}) > 1:
        raise UsageError(f"{paths[0]} and the others cut the capture into different numbers of shards.")
    numbers = [shard.number for shard in shards]
    twice = next((number for number in numbers if numbers.count(number) > 1), 0)
    if twice:
        raise UsageError(f"shard {twice}/{shards[0].of} is in two of the files: its exchanges would count twice.")
    return tuple(sorted(numbers)), shards[0].of
