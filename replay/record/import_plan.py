"""What an import needs to know, checked before anything is written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from replay.model.errors import UsageError
from replay.record.settings import RecordSettings
from replay.record.sources.builtin import source_of
from replay.record.sources.contract import Source
from replay.redact.keys import load_key


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

    `key` is env:NAME or file:PATH as for `replay record`; empty: a random one. `format_name` empty: told by content.
    """
    if not paths:
        raise UsageError("no file to import is named")
    files = tuple((path, source_of(path, format_name)) for path in paths)
    loaded = load_key(key or None, os.environ, lambda path: Path(path).read_bytes(), secrets.token_bytes)
    return ImportPlan(files, out, loaded, settings or RecordSettings(), created, append)
