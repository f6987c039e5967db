"""Format versions of run files that are read, and which one a file has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from replay.store import run_schema, run_schema_1, run_schema_2

SCHEMAS: Mapping[int, str] = {
    run_schema_1.VERSION: run_schema_1.SCHEMA,
    run_schema_2.VERSION: run_schema_2.SCHEMA,
    run_schema.FORMAT_VERSION: run_schema.SCHEMA,
}

_USER_VERSION = slice(60, 64)  # in the header (sqlite.org/fileformat2.html section 1.3.14), big-endian


def version_of(path: Path) -> int:
    """The file's own version when it is one that is read, else the newest: opening it then says what is wrong."""
    try:
        with path.open("rb") as file:
            found = int.from_bytes(file.read(100)[_USER_VERSION], "big")
    except OSError:
        found = 0
    return found if found in SCHEMAS else run_schema.FORMAT_VERSION
