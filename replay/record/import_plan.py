"""What an import needs to know, checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from replay.model.errors import UsageError
from replay.record.capture_start import require_known_scope, with_recipient
from replay.record.key_source import fetch_key
from replay.record.settings import RecordSettings
from replay.record.sources.builtin import source_of
from replay.record.sources.contract import Source


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """`files`: what to read, in this order, and who reads it. `created`: seconds, UTC."""

    files: tuple[tuple[Path, Source], ...]
    out: Path
    key: bytes = field(repr=False)
    settings: RecordSettings
    created: float
    append: bool = False


def plan_import(
    paths: Sequence[Path],
    out: Path,
    created: float,
    *,
    format_name: str = "",
    key: str = "",
    settings: RecordSettings | None = None,
    append: bool = False,
) -> ImportPlan:
    """Everything that can be wrong before anything is written is told here: UsageError, FileFormatError, ConfigError.

    `key`: where it is, as for `replay record`; empty: that of the settings, else a random one. `format_name` empty:
    told by content.
    """
    if not paths:
        raise UsageError("no file to import is named")
    files = tuple((path, source_of(path, format_name)) for path in paths)
    stated = settings or RecordSettings()
    chosen = with_recipient(replace(stated, key=key or stated.key))
    require_known_scope(chosen)
    return ImportPlan(files, out, fetch_key(chosen.key), chosen, created, append)
