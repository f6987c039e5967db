"""Which rows were written, told by PostgreSQL itself: a temporary logical slot, read by SQL.

    pg_create_logical_replication_slot(name, 'test_decoding', temporary)
    pg_logical_slot_get_changes(name)  ->  table public.note: UPDATE: id[bigint]:7 ...  ->  note: {("7",)}

It vanishes with its connection, so it can pin no log on the server. Only names, operations and keys are taken from the
text; rows are fetched by key afterwards, so that a cell looks the same whoever found it. Its cost does not grow with
the tables.

Rule: what is not understood makes its table one that is compared whole; nothing is ever left out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from replay.model.reading import Operation

_NAME = r'(?:"[^"]*(?:""[^"]*)*"|[^\s".,:\[]+)'
_HEAD = re.compile(rf"table ({_NAME}\.{_NAME}(?:, {_NAME}\.{_NAME})*): (INSERT|UPDATE|DELETE|TRUNCATE):")
_TABLE = re.compile(rf"({_NAME})\.({_NAME})")
_COLUMN = re.compile(
    rf" ({_NAME})\[((?:[^\[\]]|\[\])*)\]:(null|unchanged-toast-datum|B?'[^']*(?:''[^']*)*'|[^\s']+)(?= |$)"
)
_OLD, _NEW = " old-key:", " new-tuple:"
_WHY = {  # https://www.postgresql.org/docs/current/errcodes-appendix.html
    "55000": "wal_level is not logical",
    "42501": "the role may not replicate",
    "53400": "all replication slots are in use",
    "58P01": "the server has no test_decoding",
    "0A000": "the server is a standby",
}
_CREATE = text("SELECT pg_create_logical_replication_slot(:name, 'test_decoding', true)")
_CHANGES = text(
    "SELECT xid::text::bigint, data FROM"
    " pg_logical_slot_get_changes(:name, NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1')"
)
_DROP = text("SELECT pg_drop_replication_slot(:name)")
_BEHIND = text("SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()")

Key = tuple[tuple[str, str, str], ...]
"""Column, SQL type and text of each column of a primary key."""


Line = tuple[int, str]
"""A transaction's number (its low half) and what it did."""


class NoSlotError(Exception):
    """The server gives no slot; the message is the reason in a few words."""


@dataclass(slots=True)
class Touched:
    """Of one table: keys with the first operation on each, in order. `is_whole`: compare all of it."""

    keys: dict[Key, Operation] = field(default_factory=dict)
    is_whole: bool = False


class Slot:
    """One temporary slot on a connection of its own, which must be in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = f"replay_{secrets.token_hex(6)}"
        try:
            connection.execute(_CREATE, {"name": self._name})
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", None) or "")
            raise NoSlotError(_WHY.get(state, f"SQLSTATE {state}" if state else "no answer")) from None

    def read(self) -> list[Line]:
        """What was committed since the last call."""
        return [(int(xid), line) for xid, line in self._connection.execute(_CHANGES, {"name": self._name})]

    def is_behind(self) -> bool:
        """Something is not on disk yet (synchronous_commit = off): the slot does not show it before it is."""
        return bool(self._connection.execute(_BEHIND).scalar_one())

    def close(self) -> None:
        """Dropped by hand: a server notices the end of a connection later, and no database goes before its slot."""
        with suppress(SQLAlchemyError):
            self._connection.execute(_DROP, {"name": self._name})
        self._connection.close()


def is_visible(xid: int, snapshot: str) -> bool:
    """Whether a committed transaction is in `xmin:xmax:in progress`, whose numbers are whole (64 bits)."""
    low, high, running = snapshot.split(":")
    whole = int(high) - ((int(high) - xid + 2**31) % 2**32 - 2**31)  # of all with that low half, the nearest to xmax
    return whole < int(low) or (whole < int(high) and str(whole) not in running.split(","))


def tables_of(lines: Iterable[Line], schema: str) -> frozenset[str]:
    """The tables of the schema that are named; of a partitioned one its partitions."""
    heads = (head for _, line in lines if (head := _HEAD.match(line)))
    named = (pair for head in heads for pair in _TABLE.findall(head[1]))
    return frozenset(plain(table) for owner, table in named if plain(owner) == schema)


def touched_by(
    lines: Iterable[Line], schema: str, keys: Mapping[str, tuple[str, ...]], parents: Mapping[str, str]
) -> dict[str, Touched]:
    """By entity. `keys`: the primary key's columns of every one that is watched; `parents`: a partition's root."""
    found: dict[str, Touched] = {}
    for _, line in lines:
        head = _HEAD.match(line)
        if head is None:
            continue  # BEGIN, COMMIT, messages
        for named in _TABLE.finditer(head[1]):
            entity = plain(named[2])
            entity = parents.get(entity, entity)
            if plain(named[1]) != schema or entity not in keys:
                continue
            touched = found.setdefault(entity, Touched())
            written = None if head[2] == "TRUNCATE" else _written(line, head.end(), keys[entity])
            if written is None:
                touched.is_whole = True
                continue
            for key in written:
                touched.keys.setdefault(key, Operation(head[2].lower()))
    return found


def _written(line: str, at: int, key: tuple[str, ...]) -> list[Key] | None:
    """The row's key, and the one it had before; None when they are not told."""
    if not key:
        return None
    tuples: list[dict[str, tuple[str, str]]] = [{}]
    while at < len(line):
        mark = next((one for one in (_OLD, _NEW) if line.startswith(one, at)), "")
        if mark:
            at += len(mark)
            tuples.append({})
            continue
        column = _COLUMN.match(line, at)
        if column is None:
            return None
        tuples[-1][plain(column[1])] = (column[2], column[3])
        at = column.end()
    made = [_key_of(one, key) for one in tuples if one]
    return None if not made or None in made else [one for one in made if one is not None]


def _key_of(values: dict[str, tuple[str, str]], key: tuple[str, ...]) -> Key | None:
    out = []
    for name in key:
        declared, value = values.get(name, ("", "null"))
        if value in {"null", "unchanged-toast-datum"} or value.startswith("B'"):
            return None
        out.append((name, declared, value[1:-1].replace("''", "'") if value.startswith("'") else value))
    return tuple(out)


def plain(name: str) -> str:
    """An identifier without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
