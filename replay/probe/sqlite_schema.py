"""What SQLite's catalogue says about the tables, and the SQL text that compares one of them with our mirror of it."""

# ruff: noqa: S608 - names come from the catalogue and are quoted; values are bound
from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from replay.model.errors import ProbeError
from replay.probe.cell import LONG_BYTES
from replay.probe.snapshot import Shape

_FILLED_IN = re.compile(
    r"current_(timestamp|date|time)\b|\b(date|time|datetime|julianday|unixepoch|strftime)\s*\(|random"
)
_TEXTLESS = re.compile(
    r"int|real|floa|doub|bool|dec|num", re.IGNORECASE
)  # affinities that hold no long text in practice


@dataclass(frozen=True, slots=True)
class Watched:
    """One table: its shape, and the statements that keep and question the mirror.

    `changed` answers (identity, then the mirrored row, then the row now); `gone` the identities and mirrored rows.
    """

    shape: Shape
    identity_columns: int  # how many columns lead every answer
    create: str
    drop: str
    count: str
    fill: str
    changed: str
    gone: str
    take: str  # one row anew, by its identity
    forget: str


def watched_tables(connection: sqlite3.Connection) -> tuple[Watched, ...]:
    """Every ordinary table of the main database; views, virtual tables and their shadows hold nothing of their own."""
    rows = connection.execute(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    ).fetchall()
    names = sorted((name, bool(wr)) for name, wr in rows if not name.lower().startswith("sqlite_"))
    return tuple(_watched(connection, name, without_rowid) for name, without_rowid in names)


def _watched(connection: sqlite3.Connection, name: str, without_rowid: bool) -> Watched:
    info = connection.execute(
        "SELECT name, type, dflt_value, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", (name,)
    ).fetchall()
    key = tuple(column for _, column in sorted((pk, column) for column, _, _, pk, _ in info if pk))
    has_key_index = bool(
        connection.execute("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", (name,)).fetchone()
    )
    alias = key[0] if len(key) == 1 and not has_key_index and not without_rowid else ""
    generated = tuple(
        column
        for column, _, default, _, hidden in info
        if column == alias or hidden or _FILLED_IN.search((default or "").lower())
    )
    columns = tuple(column for column, *_ in info)
    identity = [_quoted(column) for column in key] if without_rowid else [_rowid(name, columns, alias)]
    texts = [_shown(column, declared) for column, declared, *_ in info]
    return _statements(Shape(name, columns, key, generated), identity, texts, is_by_rowid=not without_rowid)


def _statements(shape: Shape, identity: list[str], shown: list[str], *, is_by_rowid: bool) -> Watched:
    mirror = "temp." + _quoted(f"mirror of {shape.entity}")
    table, copy = f"main.{_quoted(shape.entity)} AS m", f"{mirror} AS s"
    keys = [f"k{i}" for i in range(len(identity))]
    cells = [f"c{i}" for i in range(len(shown))]
    pairs = list(zip(keys, identity, strict=True))
    # `+` takes the column's affinity away and BINARY its collation: what is compared is what is stored.
    same = " AND ".join(f"s.{key} = +m.{name} COLLATE BINARY" for key, name in pairs)
    found = " AND ".join(f"m.{name} = s.{key}" for key, name in pairs)  # the same the other way, with the table's index
    differs = " OR ".join(f"{new} IS NOT s.{old} COLLATE BINARY" for new, old in zip(shown, cells, strict=True))
    ids, mirrored = ", ".join(f"m.{name}" for name in identity), ", ".join(f"s.{cell}" for cell in cells)
    kept, now = ", ".join(f"s.{key}" for key in keys), ", ".join(shown)
    declared = "k0 INTEGER PRIMARY KEY" if is_by_rowid else ", ".join(f"{key} NOT NULL" for key in keys)
    closing = "" if is_by_rowid else f", PRIMARY KEY ({', '.join(keys)})"
    options = "" if is_by_rowid else " WITHOUT ROWID"
    values = f"SELECT {ids}, {now} FROM {table}"
    chosen = " AND ".join(f"m.{name} = ?" for name in identity)
    return Watched(
        shape,
        len(identity),
        create=f"CREATE TABLE {mirror} ({declared}, {', '.join(cells)}{closing}){options}",
        drop=f"DROP TABLE {mirror}",
        count=f"SELECT count(*) FROM {table}",
        fill=f"INSERT INTO {mirror} {values}",
        changed=f"SELECT {ids}, s.{keys[0]} IS NULL, {mirrored}, {now} FROM {table} LEFT JOIN {copy} ON {same} "
        f"WHERE s.{keys[0]} IS NULL OR {differs}",
        gone=f"SELECT {kept}, {mirrored} FROM {copy} LEFT JOIN {table} ON {found} AND {same} "
        f"WHERE m.{identity[0]} IS NULL",
        take=f"INSERT OR REPLACE INTO {mirror} {values} WHERE {chosen}",
        forget=f"DELETE FROM {mirror} AS s WHERE {' AND '.join(f's.{key} = ?' for key in keys)}",
    )


def _shown(column: str, declared: str) -> str:
    """The column as it is mirrored: long text and bytes are cut inside SQLite, so that no giant is answered or kept."""
    name = f"m.{_quoted(column)}"
    if declared and _TEXTLESS.search(declared):
        return name
    data = f"CAST({name} AS BLOB)"  # the length of a blob is known, that of a text must be counted
    return f"CASE WHEN length({data}) > {LONG_BYTES} THEN replay_mark({data}) ELSE {name} END"


def _rowid(table: str, columns: tuple[str, ...], alias: str) -> str:
    taken = {column.lower() for column in columns}
    free = next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), "")
    if free:
        return free
    if alias:
        return _quoted(alias)
    raise ProbeError(f"The table {table} hides its row numbers behind columns named rowid, _rowid_ and oid.")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
