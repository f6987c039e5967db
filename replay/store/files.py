"""Safe opening of our SQLite files: captures and run files, made by us or handed over by strangers.

    create_file      a new file, mode 0600, WAL while it is written
    open_for_update  an existing one of ours, to go on writing
    finish_file      checkpointed and closed: one file without companions, ready to be handed over
    open_readonly    untrusted input: nothing in it may run, and its schema must be ours to the byte

A file that is being written has a `-wal` beside it. It is opened too: SQLite's shared-memory locks give a consistent
snapshot of what was committed, and all checks look through that snapshot. Only a file whose header says WAL and whose
`-wal` is gone (copied alone, or on read-only media) is opened as immutable, since nobody can be writing it.

Rule: messages name the path and the kind of file, never anything that stands in it.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import FileFormatError

_MAGIC = b"SQLite format 3\x00"
_WRITE_VERSION = 18  # offset in the header, 2 = WAL (sqlite.org/fileformat2.html section 1.3)
_APPLICATION_ID = slice(68, 72)  # in the same header
_LOCKED_SECONDS = 1.0  # how long a statement waits for somebody's lock; a recorder keeps its rows and tries again
PAGE_BYTES = 8192  # of a capture: rows of one to two KB leave less of such a page unused (measured: 4 % of a file)
_OTHER_KINDS = {  # application ids of the schema modules
    0x52504C43: "it is a capture, look at it with `replay inspect`",
    0x52504C52: "it is a run file, look at it with `replay report`",
}
_SAFE_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,32}")
# By declared type, what a cell must not be. Times lie within ten thousand years; infinity would wait for ever.
_WRONG = {
    "TEXT": "typeof({column}) NOT IN ('text', 'null')",
    "INTEGER": "typeof({column}) NOT IN ('integer', 'null')",
    "BLOB": "typeof({column}) NOT IN ('blob', 'null')",
    "REAL": "typeof({column}) NOT IN ('real', 'integer', 'null') OR abs({column}) > 3e11",
}


@dataclass(frozen=True, slots=True)
class Checks:
    """How an untrusted file is opened. Its header, kind and schema are always compared."""

    cell_bytes: int = 64 << 20  # a longer cell is a trap for the reader's memory
    whole_below_bytes: int | None = None  # only a smaller file is read through at once; None: every file


# A capture may hold millions of rows: the reader of each row looks at it (see `store.cells`), `verify` at all.
CAPTURE_CHECKS = Checks(cell_bytes=8 << 20, whole_below_bytes=32 << 20)
_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)


def create_file(
    path: Path, schema: str, application_id: int, version: int, what: str, *, page_bytes: int = 0
) -> sqlite3.Connection:
    """A new, empty file with this schema. An existing file is never overwritten."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    except FileExistsError:
        sentence = f"{path} exists already: choose another name or remove it, a {what} is never overwritten"
        raise FileFormatError(sentence) from None
    except FileNotFoundError:
        raise FileFormatError(f"{path} cannot be written: its folder does not exist") from None
    except OSError as error:
        raise FileFormatError(f"{path} cannot be written: {_reason(error)}") from None
    connection: sqlite3.Connection | None = None
    try:
        connection = _open_writable(path, page_bytes)
        connection.executescript(
            f"BEGIN;{schema};PRAGMA application_id = {application_id:d};PRAGMA user_version = {version:d};COMMIT;"
        )
    except sqlite3.Error as error:
        if connection:
            connection.close()
        _remove(path)
        raise FileFormatError(f"{path} cannot be written: {type(error).__name__} while making the {what}") from None
    return connection


def open_for_update(path: Path, application_id: int, version: int, what: str, schema: str = "") -> sqlite3.Connection:
    """An existing file of exactly this version. With `schema` given, the file's own must equal it.

    A file that is refused is not changed: all checks come before it is opened for writing, and again after that.
    """
    header = _check_header(path, what)
    with _kept_if_good(path, what) as opened:
        try:
            with closing(_connect_readonly(path, header)) as reader:
                _harden(reader, Checks().cell_bytes)
                _check_ours(reader, path, application_id, {version: schema}, what)
        except sqlite3.OperationalError as error:
            if not _was_killed_while_switching(error, header, application_id):
                raise
        connection = opened.enter_context(closing(_open_writable(path)))
        connection.execute("PRAGMA trusted_schema = OFF")
        _check_ours(connection, path, application_id, {version: schema}, what)
    return connection


def companions(path: Path) -> tuple[int | None, ...]:
    """The inodes of the WAL and its shared memory beside a file that is being written; None for a missing one."""
    found: list[int | None] = []
    for suffix in ("-wal", "-shm"):
        try:
            found.append(path.with_name(path.name + suffix).stat().st_ino)
        except OSError:
            found.append(None)
    return tuple(found)


def finish_file(connection: sqlite3.Connection) -> None:
    """Commit, fold the WAL into the file, and close. With a reader looking on, the WAL stays: nothing is lost."""
    try:
        connection.commit()
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    finally:
        connection.close()


def open_readonly(
    path: Path,
    schemas: Mapping[int, str],
    application_id: int,
    what: str,
    checks: Checks = Checks(),
) -> sqlite3.Connection:
    """A file that may come from anywhere. Raises FileFormatError with a sentence that says what is wrong with it.

    `schemas`: of every format version that is read; the file's own must be that of its version.
    """
    header = _check_header(path, what)
    with _kept_if_good(path, what) as opened:
        connection = opened.enter_context(closing(_connect_readonly(path, header)))
        _harden(connection, checks.cell_bytes)
        _check_ours(connection, path, application_id, schemas, what)
        if checks.whole_below_bytes is None or path.stat().st_size < checks.whole_below_bytes:
            check_whole(connection, path, what)
        connection.text_factory = _Decoder(path, what)
        connection.set_authorizer(_only_reading)
    return connection


@contextmanager
def _kept_if_good(path: Path, what: str) -> Iterator[ExitStack]:
    """What is entered here stays open, unless something is wrong; then it is closed, and told in a sentence."""
    with ExitStack() as opened:
        try:
            yield opened
        except sqlite3.Error as error:
            raise FileFormatError(_damaged(path, what, error)) from None
        opened.pop_all()


def _connect_readonly(path: Path, header: bytes) -> sqlite3.Connection:
    alone = header[_WRITE_VERSION] == 2 and not path.with_name(path.name + "-wal").exists()
    uri = f"{path.resolve().as_uri()}?mode=ro" + ("&immutable=1" if alone else "")
    return sqlite3.connect(uri, uri=True, timeout=5.0)


def _was_killed_while_switching(error: sqlite3.Error, header: bytes, application_id: int) -> bool:
    """Into or out of WAL mode: the journal of that one page can only be undone by somebody who may write."""
    is_ours = int.from_bytes(header[_APPLICATION_ID], "big") == application_id
    return is_ours and error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK


def _open_writable(path: Path, page_bytes: int = 0) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LOCKED_SECONDS)
    try:
        if page_bytes:
            connection.execute(f"PRAGMA page_size = {page_bytes:d}")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")
        # Not FAST, which leaves deleted rows on pages that became free. Recorders delete nothing: no cost to them.
        connection.execute("PRAGMA secure_delete = ON").fetchone()
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def check_whole(connection: sqlite3.Connection, path: Path, what: str) -> None:
    """Every page, and every cell's type. Raises sqlite3.Error or FileFormatError; time grows with the file."""
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError
    _check_cells(connection, path, what)


def _harden(connection: sqlite3.Connection, cell_bytes: int) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0").fetchone()
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, cell_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _check_header(path: Path, what: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileFormatError(f"{path} is not a regular file, so it is no {what}")
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist") from None
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {_reason(error)}") from None
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise FileFormatError(f"{path} is not a {what}: it is no SQLite file")
    return header


def _check_kind(
    connection: sqlite3.Connection, path: Path, application_id: int, readable: Mapping[int, str], what: str
) -> int:
    """The file's format version, one of the readable ones."""
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found != application_id:
        maker = _OTHER_KINDS.get(found, "another program made this SQLite file")
        raise FileFormatError(f"{path} is not a {what}: {maker}")
    newest = max(readable)
    if version > newest:
        raise FileFormatError(
            f"{path} has format version {version} and this replay reads up to {newest}:"
            f" it was written by {_tool_version(connection)}, use that version or a newer one"
        )
    if version not in readable:
        raise FileFormatError(
            f"{path} has format version {version} and this replay reads {_listed(readable)} only: record or run again"
        )
    return version


def _listed(versions: Mapping[int, str]) -> str:
    return " and ".join(str(version) for version in sorted(versions))


def _check_ours(
    connection: sqlite3.Connection, path: Path, application_id: int, schemas: Mapping[int, str], what: str
) -> None:
    schema = schemas[_check_kind(connection, path, application_id, schemas, what)]
    if schema:
        _check_schema(connection, schema, path, what)


def _check_schema(connection: sqlite3.Connection, schema: str, path: Path, what: str) -> None:
    """Byte for byte: a foreign trigger, view or virtual table would run code of its maker's choice."""
    listing = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    reference = sqlite3.connect(":memory:")
    try:
        reference.executescript(schema)
        ours = reference.execute(listing).fetchall()
    finally:
        reference.close()
    if connection.execute(listing).fetchall() != ours:
        raise FileFormatError(f"{path} is not used: its tables and views are not exactly those of a {what}")


def _check_cells(connection: sqlite3.Connection, path: Path, what: str) -> None:
    """SQLite lets a column hold any type; every reader behind us may rely on what the schema says."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:  # names are those of our own schema: it was compared before
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        wrong = " OR ".join(_WRONG[kind].format(column=f'"{name}"') for _, name, kind, *_ in columns)
        if connection.execute(f'SELECT 1 FROM "{table}" WHERE {wrong} LIMIT 1').fetchone():  # noqa: S608 - as above
            raise FileFormatError(f"{path} is damaged: it holds rows that no {what} has")


class _Decoder:
    """Text that is no UTF-8 raises a sentence, wherever in the program it is read."""

    def __init__(self, path: Path, what: str) -> None:
        self._sentence = f"{path} is damaged: it holds rows that no {what} has"

    def __call__(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise FileFormatError(self._sentence) from None


def _tool_version(connection: sqlite3.Connection) -> str:
    """Best effort, from a format that we do not know; anything that does not look like a version is not repeated."""
    for table in ("meta", "run"):
        with suppress(sqlite3.Error, TypeError):
            found = str(connection.execute(f"SELECT tool_version FROM {table}").fetchone()[0])  # noqa: S608 - constants
            if _SAFE_VERSION.fullmatch(found):
                return f"replay {found}"
    return "a newer replay"


def _only_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _damaged(path: Path, what: str, error: sqlite3.Error) -> str:
    if isinstance(error, sqlite3.OperationalError):
        return f"{path} cannot be opened: it is locked, incomplete, or its folder is not accessible"
    return f"{path} is damaged: SQLite cannot read it as a {what}"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _remove(path: Path) -> None:
    """What a failed creation left behind, so that the next try is not told that the file exists."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()
