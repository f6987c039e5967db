"""Writing a report to disk: private, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Mode 0600: a report shows QA's rows. Raises OSError; an older file then stays as it was."""
    draft = path.with_name(f".{path.name}.part")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def is_database(path: Path) -> bool:
    """True for a file that must not be replaced by a report: evidence is not made twice."""
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False
