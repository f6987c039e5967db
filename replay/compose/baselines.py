"""The file of named releases: JSON that can be kept beside the code, read and reviewed.

Rule: it holds counts, names of endpoints and ids of runs, and nothing of what was sent or answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.baseline.measure import Amounts, EndpointMeasure, Release, RunMeasure
from replay.compose.units import printable
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.errors import FileFormatError, UsageError
from replay.model.histogram import Histogram
from replay.model.tree import Tree
from replay.report.files import write_private
from replay.store.run_measures import measure_of

DEFAULT_NAME = "replay-baselines.json"
_FORMAT = 1
_LARGEST = 64 << 20  # bytes; a hundred endpoints take some 100 KB a run


@dataclass(frozen=True, slots=True)
class Baselines:
    """Releases in the order in which they were saved."""

    path: Path
    releases: tuple[Release, ...] = ()

    def named(self, name: str) -> Release:
        """Raises UsageError, which names the others."""
        found = next((one for one in self.releases if one.name == name), None)
        if found is None:
            others = ", ".join(printable(one.name) for one in self.releases) or "none"
            raise UsageError(f"{self.path} holds no baseline `{printable(name)}`. There are: {others}.")
        return found


def release_of(name: str, paths: Sequence[Path], saved: float = 0.0) -> Release:
    """The release that these run files are of. One run counts once, whatever its file is called."""
    runs: dict[str, RunMeasure] = {}
    for path in paths:
        run = measure_of(path)
        if run.run_id in runs:
            raise UsageError(f"{path} is a run that another of the files holds as well: name each run once.")
        runs[run.run_id] = run
    if len({run.capture_id for run in runs.values()}) > 1:
        raise UsageError("The run files are of different captures: what they cost cannot be added up.")
    return Release(name, saved, tuple(runs.values()))


def load_baselines(path: Path) -> Baselines:
    """None saved when there is no file. Raises FileFormatError for one that is not ours."""
    try:
        if path.stat().st_size > _LARGEST:
            raise FileFormatError(f"{path} is too large for a file of baselines.")
        data = path.read_bytes()
    except FileNotFoundError:
        return Baselines(path)
    except OSError:
        raise UsageError(f"{path} cannot be read: name a file of baselines.") from None
    try:
        tree: Any = parse_json(data)
        if tree["format"] != _FORMAT:
            raise FileFormatError(f"{path} was written by another version of replay (format {int(tree['format'])}).")
        return Baselines(path, tuple(_release(one) for one in tree["releases"]))
    except (UndecodableError, KeyError, TypeError, ValueError, AttributeError):
        raise FileFormatError(f"{path} is no file of baselines, or it is damaged.") from None


def save_baselines(baselines: Baselines) -> None:
    """Raises UsageError when it cannot be written; the older file then stays."""
    tree: Tree = {"format": _FORMAT, "releases": [_tree(one) for one in baselines.releases]}
    try:
        write_private(baselines.path, dump_json(tree) + b"\n")
    except OSError:
        raise UsageError(f"{baselines.path} cannot be written: name a file in a folder that is writable.") from None


def _tree(release: Release) -> Tree:
    return {"name": release.name, "saved": release.saved, "runs": [_run_tree(one) for one in release.runs]}


def _run_tree(run: RunMeasure) -> Tree:
    return {
        "run": run.run_id,
        "capture": run.capture_id,
        "version": run.tool_version,
        "started": run.started,
        "endpoints": [
            {
                "endpoint": one.endpoint,
                "latency_us": _pairs(one.latency.counts),  # buckets of model/histogram.py
                "longest": one.latency.longest,
                "errors": one.errors,
                "sent_bytes": one.sent_bytes,
                "answered_bytes": _pairs(one.answered.counts),
                "rows": _pairs(one.rows.counts),
            }
            for one in run.endpoints
        ],
    }


def _pairs(counts: Sequence[tuple[int, int]]) -> Tree:
    return [[value, count] for value, count in counts]


def _release(tree: Any) -> Release:
    return Release(str(tree["name"]), float(tree["saved"]), tuple(_run(one) for one in tree["runs"]))


def _run(tree: Any) -> RunMeasure:
    return RunMeasure(
        str(tree["run"]),
        str(tree["capture"]),
        str(tree["version"]),
        float(tree["started"]),
        tuple(_endpoint(one) for one in tree["endpoints"]),
    )


def _endpoint(tree: Any) -> EndpointMeasure:
    return EndpointMeasure(
        str(tree["endpoint"]),
        Histogram.of(dict(_counts(tree["latency_us"])), float(tree["longest"])),
        int(tree["errors"]),
        int(tree["sent_bytes"]),
        Amounts(_counts(tree["answered_bytes"])),
        Amounts(_counts(tree["rows"])),
    )


def _counts(tree: Any) -> tuple[tuple[int, int], ...]:
    """Sorted and positive, whoever wrote the file."""
    found = {int(value): int(count) for value, count in tree}
    if any(value < 0 or count < 1 for value, count in found.items()):
        raise ValueError("not counts")
    return tuple(sorted(found.items()))
