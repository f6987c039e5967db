"""The file that was prepared to be the next segment, and is not wanted any more.

Rule: it holds no exchange, or it is not ours: whatever else has its name is moved aside, never removed.
"""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from itertools import count
from pathlib import Path

from replay.store.capture_schema import APPLICATION_ID

_COMPANIONS = ("-wal", "-shm", "-journal")
_HEADER_BYTES, _APPLICATION_ID = 100, slice(68, 72)  # https://www.sqlite.org/fileformat2.html section 1.3


def clear_away(prepared: Path) -> None:
    """Nothing is at this place afterwards. Raises OSError."""
    try:
        mode = prepared.lstat().st_mode
    except FileNotFoundError:
        _remove_companions(prepared)
        return
    if stat.S_ISREG(mode) and _is_empty(prepared):
        prepared.unlink()
        _remove_companions(prepared)
        return
    free = next(n for n in count(1) if not _aside(prepared, n).exists())
    for tail in ("", *_COMPANIONS):
        found = prepared.with_name(prepared.name + tail)
        if found.exists() or found.is_symlink():
            found.rename(_aside(prepared, free).with_name(_aside(prepared, free).name + tail))


def _aside(prepared: Path, number: int) -> Path:
    return prepared.with_name(f"{prepared.stem}.aside-{number}{prepared.suffix}")


def _is_empty(path: Path) -> bool:
    """No byte, no table (killed while it was made), or a capture without exchanges."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header:
        return True
    is_ours = int.from_bytes(header[_APPLICATION_ID], "big") == APPLICATION_ID
    place = path.as_uri() + ("?mode=rw" if is_ours else "?mode=ro&immutable=1")  # a stranger's file is not touched
    try:
        with closing(sqlite3.connect(place, uri=True)) as connection:
            if not is_ours:
                return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,))
            return connection.execute("SELECT 1 FROM exchange LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return False


def _remove_companions(prepared: Path) -> None:
    for tail in _COMPANIONS:
        prepared.with_name(prepared.name + tail).unlink(missing_ok=True)
