"""Looks at every page, cell, digest and count of a capture: for `replay capture verify`, in a time that grows with it.

Rule: a problem names a file, a table and a row, never a value. It goes on after a problem where that makes sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError
from replay.store.audit_log import audit_path, broken_lines
from replay.store.capture_file import CaptureFile
from replay.store.files import Checks
from replay.store.manifest import SUFFIX, SegmentEntry, read_manifest
from replay.store.sealing import Unlock
from replay.store.segment_digest import digest_of
from replay.store.segment_files import open_parts

_MOST_PROBLEMS = 100  # of one file: a damaged table would fill the screen
_WHOLE = Checks(cell_bytes=8 << 20)
# What no single row shows. Each selects the row of a table where something is wrong.
_SESSION_SQL = """
SELECT s.id FROM session s LEFT JOIN (
    SELECT session_id, count(*) AS n, min(started) AS first, max(ended) AS last FROM exchange GROUP BY 1
) e ON e.session_id = s.id
WHERE s.exchanges IS NOT coalesce(e.n, 0) OR s.first IS NOT e.first OR s.last IS NOT e.last
"""
_TALLY_SQL = """
SELECT t.endpoint_id FROM tally t LEFT JOIN (
    SELECT endpoint_id, coalesce(CAST(status AS TEXT), fault) AS outcome, count(*) AS n FROM exchange GROUP BY 1, 2
) e USING (endpoint_id, outcome)
WHERE e.n IS NOT t.exchanges
"""
_UNTALLIED_SQL = """
SELECT number FROM exchange e WHERE NOT EXISTS (
    SELECT 1 FROM tally t WHERE t.endpoint_id = e.endpoint_id AND t.outcome = coalesce(CAST(e.status AS TEXT), e.fault)
)
"""
_VOLUME_SQL = """
SELECT v.rowless FROM (
    SELECT 1 AS rowless, count(*) AS n, coalesce(sum(bytes), 0) AS b, coalesce(sum(length(data)), 0) AS p FROM body
) v
WHERE (v.n, v.b, v.p) IS NOT (SELECT coalesce(sum(count), 0), coalesce(sum(bytes), 0), coalesce(sum(packed), 0)
                              FROM volume WHERE what = 'body')
"""
_LONE_EXCHANGE_SQL = "SELECT number FROM exchange WHERE session_id NOT IN (SELECT id FROM session)"
_LONE_MESSAGE_SQL = "SELECT exchange FROM message WHERE exchange NOT IN (SELECT number FROM exchange)"
_TOGETHER = (
    ("exchange", "belongs to no session", _LONE_EXCHANGE_SQL),
    ("message", "belongs to no exchange", _LONE_MESSAGE_SQL),
    ("session", "counts other exchanges than it has", _SESSION_SQL),
    ("tally", "counts other exchanges than there are", _TALLY_SQL),
    ("exchange", "is in no tally", _UNTALLIED_SQL),
    ("volume", "counts other bodies than there are", _VOLUME_SQL),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    file: Path
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def verify(path: Path, unlock: Unlock | None = None) -> Iterator[Problem]:
    """Of a capture, or of all that a manifest names, with its audit log. Nothing is raised for what is in the files.

    The content of an encrypted capture is looked at with its key only: see `CaptureFile.is_locked`.
    """
    if path.name.endswith(SUFFIX):
        yield from _verify_manifest(path, unlock)
    else:
        yield from _verify_file(path, unlock)
    for sentence in broken_lines(path):
        yield Problem(audit_path(path), sentence)


def _verify_manifest(path: Path, unlock: Unlock | None) -> Iterator[Problem]:
    try:
        manifest = read_manifest(path)
        with ExitStack() as stack:
            files = [part.path for part in open_parts(path, stack).files]
    except FileFormatError as error:
        yield Problem(path, str(error))
        return
    entries = {one.file: one for one in manifest.segments}
    for file in files:
        yield from _verify_file(file, unlock)
        if file.name in entries:
            yield from _verify_entry(file, entries[file.name])


def _verify_entry(file: Path, entry: SegmentEntry) -> Iterator[Problem]:
    """A finished segment is what it was when it was finished."""
    with suppress(OSError, FileFormatError):  # said before
        if entry.digest and digest_of(file) != entry.digest:
            yield Problem(file, "its digest is not that of the manifest: it was changed after it was finished")
        part = CaptureFile(file)
        try:
            held = part.summary()
        finally:
            part.close()
        if (held.exchanges, held.highest, held.losses) != (entry.exchanges, entry.highest, entry.losses):
            yield Problem(file, "it holds other exchanges or losses than the manifest says")


def _verify_file(path: Path, unlock: Unlock | None) -> Iterator[Problem]:
    try:
        part = CaptureFile(path, _WHOLE, unlock)
    except FileFormatError as error:
        yield Problem(path, str(error))
        return
    try:
        for count, problem in enumerate(_problems(part)):
            if count >= _MOST_PROBLEMS:
                yield Problem(path, f"more than {_MOST_PROBLEMS} problems: the rest is not shown")
                return
            yield problem
    except FileFormatError as error:
        yield Problem(path, str(error))
    finally:
        part.close()


def _problems(part: CaptureFile) -> Iterator[Problem]:
    part.info(), part.losses(), part.redacted_fields()
    for table, what, sql in _TOGETHER:
        with part.reading():
            for (row,) in part.connection.execute(sql):
                yield Problem(part.path, f"table {table}, row {_number(row)}: {what}")
    if part.is_locked():
        return
    for row in part.damaged_bodies():
        yield Problem(part.path, f"table body, row {_number(row)}: it is damaged, or not what its digest says")
    for row in part.damaged_exchanges():
        yield Problem(part.path, f"table exchange, row {_number(row)}: it cannot be read")


def _number(row: object) -> str:
    return str(row) if isinstance(row, int) else "without a number"
