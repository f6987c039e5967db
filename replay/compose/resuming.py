"""Going on with an interrupted run: is it the same run, and what has it done already?

Rule: the run file's own words are compared with what is asked for now, before anything is sent. Another capture,
target, seed or setting would send other requests into worlds that are half built.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from replay.compose.config import Config
from replay.engine.earlier import Earlier
from replay.engine.ledger import named_differences
from replay.engine.settings import RunSettings
from replay.model.errors import UsageError
from replay.model.evidence import Role
from replay.model.run import RunInfo
from replay.store.run_pending import PendingFile
from replay.store.run_reader import RunReader

_FREE = frozenset({"concurrency", "timeout_seconds", "budget_seconds"})  # how fast, not what


def deciding_settings(settings: RunSettings, config: Config, **words: object) -> tuple[tuple[str, str], ...]:
    """Everything that decides which requests are sent and how they are judged, as text."""
    named = {one.name: repr(getattr(settings, one.name)) for one in fields(settings) if one.name not in _FREE}
    units = {f"[{kind}]": repr(sorted(table.items())) for kind, table in
             (("mutators", config.mutators), ("oracles", config.oracles)) if table}  # fmt: skip
    return tuple(sorted({**named, **units, **{name: str(word) for name, word in words.items()}}.items()))


def unfinished(path: Path, asked: RunInfo) -> RunInfo:
    """The run in that file, which must be the one asked for. Raises UsageError or FileFormatError."""
    reader = RunReader(path)
    try:
        found = reader.info()
    finally:
        reader.close()
    if found.finished:
        raise UsageError(f"{path} holds a finished run: there is nothing to go on with.")
    if found.parts > 1:
        raise UsageError(
            f"{path} was merged from {found.parts} runs: resume the one that is unfinished, and merge again."
        )
    before, now = _deciding(found), _deciding(asked)
    differing = [name for name in {**now, **before} if before.get(name) != now.get(name)]  # what is gone, too
    if differing:
        raise UsageError(
            f"{path} was begun with another {differing[0]}: resume it with the same, or begin a new run file."
        )
    return replace(asked, id=found.id, started=found.started)


def earlier_of(path: Path, pending: PendingFile) -> Earlier:
    """What that run had done. Called when what it had half done was taken out of the file."""
    reader = RunReader(path)
    try:
        info, done, counts = reader.info(), reader.done(), reader.counts()
        # Cases are told by markers of the clean replays, too; a clean run of many groups never asks for them.
        clean = (one for one in reader.evidences() if one.case is None) if counts["cases"] or info.mutators else ()
        planted = tuple(one for evidence in clean for trace in evidence.of(Role.CLEAN) for one in trace.planted)
        sent = sum(one.requests_sent for one in done.values()) + sum(map(len, pending.attempts.values()))
        return Earlier(
            has_begun=True,
            done={unit: one.clean for unit, one in done.items()},
            worlds=max([0, *(one.worlds for one in done.values()), *pending.worlds.values()]),
            requests_sent=max(sent, counts["requests_sent"]),
            seconds=max(0.0, info.ended - info.started),
            findings=reader.findings(),
            differences=reader.differences(named_differences(reader.findings())),
            groups=reader.difference_groups(),
            not_judged=len(reader.not_judged()),
            cases=counts["cases"],
            fidelity=reader.fidelity(),
            noise=reader.noise(),
            planted=planted,
        )
    finally:
        reader.close()


def _deciding(info: RunInfo) -> dict[str, object]:
    own = {
        "command": info.command,
        "capture": info.capture_id,
        "target": info.target,
        "seed": info.seed,
        "list of mutators": info.mutators,
        "list of oracles": info.oracles,
        "kind of database": info.database,
        "shard": info.shard,
        "version of replay": info.tool_version,
    }
    return own | {f"setting ({name})": text for name, text in info.settings}
