"""What PostgreSQL's catalogue says about the tables of a schema, and the queries that ask one of them.

Read by our own query, not by SQLAlchemy's inspector: one round trip, rights included, and no warning about column types
that an extension brought.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, column, func, literal, literal_column, select, table, text
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import case, union_all

from replay.model.errors import ProbeError
from replay.probe.cell import HEAD_CHARS, LONG_BYTES
from replay.probe.snapshot import Shape

CatalogueRow = tuple[int, str, bool, str, str, bool, str, int, bool]

_CATALOGUE = text("""
SELECT c.oid::bigint, c.relname, has_table_privilege(c.oid, 'SELECT'), a.attname, t.typname,
       a.attidentity <> '' OR a.attgenerated <> '', coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
       coalesce(array_position(i.indkey::int2[], a.attnum), -1), c.relpersistence <> 'p'
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
 WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition  -- a partition's rows are its parent's
 ORDER BY c.relname, a.attnum
""")
_PARTITIONS = text("""
SELECT c.relname, r.relname
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class r ON r.oid = pg_partition_root(c.oid)
 WHERE n.nspname = :schema AND c.relispartition
""")
_FILLED_IN = re.compile(
    r"nextval\(|\bnow\(|current_|localtime|(clock|statement|transaction)_timestamp|timeofday"
    r"|gen_random|uuid|random\(|txid|pg_current_xact",
    re.IGNORECASE,
)
_PLAIN_TYPES = frozenset({"int2", "int4", "int8", "bool", "float4", "float8"})


@dataclass(frozen=True, slots=True)
class Watched:
    """One table. Two with the same `signature` are the same table with the same columns."""

    shape: Shape
    signature: tuple[CatalogueRow, ...]
    rows: Select[Any]
    keys: Select[Any]  # the primary key's columns only
    is_unlogged: bool = False  # its changes are in no log, so no slot tells them

    def rows_since(self, xmin: int) -> Select[Any]:
        return self.rows.where(_is_newer(xmin))


def read_catalogue(connection: Connection, schema: str) -> tuple[CatalogueRow, ...]:
    """One row per column of every table. Raises ProbeError for a table that this role may not read."""
    rows: tuple[CatalogueRow, ...] = tuple(tuple(row) for row in connection.execute(_CATALOGUE, {"schema": schema}))
    for _, name, is_readable, *_ in rows:
        if not is_readable:
            raise ProbeError(f"The database role may not read table {schema}.{name}: grant it SELECT.")
    return rows


def partition_roots(connection: Connection, schema: str) -> dict[str, str]:
    """Each partition's root: a log names the partition that was written."""
    return {str(child): str(root) for child, root in connection.execute(_PARTITIONS, {"schema": schema})}


def watched_tables(catalogue: Sequence[CatalogueRow], schema: str) -> tuple[Watched, ...]:
    by_table: dict[int, list[CatalogueRow]] = {}
    for row in catalogue:
        by_table.setdefault(row[0], []).append(row)
    return tuple(_watched(rows, schema) for rows in by_table.values())


def count_query(tables: Sequence[Watched], schema: str, xmin: int) -> Select[Any]:
    """(number in `tables`, rows, rows that a transaction since `xmin` may have written), for all tables at once."""
    counts = [
        select(literal(n), func.count(), func.count().filter(_is_newer(xmin))).select_from(
            table(one.shape.entity, schema=schema)
        )
        for n, one in enumerate(tables)
    ]
    return select(text("*")).select_from(union_all(*counts).subquery())


def _is_newer(xmin: int) -> ColumnElement[bool]:
    """True for rows whose transaction is not surely older than a snapshot's xmin: more rows than needed, never fewer.

    A row's xmin is the low half of the transaction's number, and only `age` compares halves rightly.
    """
    since: ColumnElement[Any] = literal_column(f"'{xmin & 0xFFFFFFFF}'::xid")
    return func.age(literal_column("xmin")) <= func.age(since)


def _watched(rows: list[CatalogueRow], schema: str) -> Watched:
    entity = rows[0][1]
    columns = tuple(row[3] for row in rows)
    key = tuple(name for _, name in sorted((row[7], row[3]) for row in rows if row[7] >= 0))
    generated = tuple(row[3] for row in rows if row[5] or _FILLED_IN.search(row[6]))
    source = table(entity, *(column(name) for name in columns), schema=schema)
    shown = {row[3]: _shown(source.c[row[3]], row[4]) for row in rows}
    return Watched(
        Shape(entity, columns, key, generated),
        tuple(rows),
        rows=select(*shown.values()).select_from(source),
        keys=select(*(shown[name] for name in key)).select_from(source),
        is_unlogged=rows[0][8],
    )


def _shown(value: ColumnElement[Any], type_name: str) -> ColumnElement[Any]:
    """Numbers as they are, everything else as text; long values are cut and digested by the server."""
    if type_name in _PLAIN_TYPES:
        return value
    if type_name == "bytea":
        head = func.encode(func.substring(value, 1, HEAD_CHARS), "escape")
        return case((value.is_(None), None), else_=_mark(head, value))
    words = cast(value, Text)
    return case((func.octet_length(words) > LONG_BYTES, _mark(func.left(words, HEAD_CHARS), words)), else_=words)


def _mark(head: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[Any]:
    size, digest = func.octet_length(value), func.left(func.md5(value), 16)
    return func.concat(head, "... <", size, " bytes, digest ", digest, ">")
