"""SQL functions that unpack a capture, for sqlite-utils and Datasette: both find this module by an entry point.

    replay_text(body.id)       a body as text; bytes that are no UTF-8 become U+FFFD; NULL for none
    replay_bytes(body.id)      a body as it is
    replay_headers(number, 'request' | 'response' | 'trailers')   JSON array of [name, value] of an exchange

    sqlite-utils query capture.db "SELECT endpoint, replay_text(response_body) FROM v_exchange LIMIT 3"

Of an encrypted capture they show nothing: SQLite reports that the function failed.

Rule: they read tables of a capture only, write nothing, and unpack under the same bounds as replay itself.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from pluggy import HookimplMarker

from replay.store import cells
from replay.store.found_content import FoundContent

_SIDES = ("request", "response", "trailers")


class _Unpacking:
    """The functions of one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._content = FoundContent(connection)

    def text(self, body: Any) -> str | None:
        data = self.bytes(body)
        return None if data is None else data.decode("utf-8", "replace")

    def bytes(self, body: Any) -> bytes | None:
        """Raises for a row that no recorder writes: SQLite reports that the function failed."""
        return None if body is None else self._content.body(body)[1]

    def headers(self, number: Any, side: Any) -> str | None:
        sql = "SELECT number, packing, headers FROM exchange WHERE number = ?"
        row = self._connection.execute(sql, (number,)).fetchone()
        if row is None:
            return None
        blocks, _ = self._content.headers(cells.whole(row[0]), cells.whole(row[1], -1), cells.data(row[2]))
        return json.dumps(blocks[_SIDES.index(side)].fields)


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection. Harmless for a database that is no capture."""
    functions = _Unpacking(connection)
    connection.create_function("replay_text", 1, functions.text)
    connection.create_function("replay_bytes", 1, functions.bytes)
    connection.create_function("replay_headers", 2, functions.headers)


@HookimplMarker("datasette")
@HookimplMarker("sqlite_utils")
def prepare_connection(conn: sqlite3.Connection) -> None:
    """The hook has this name in both programs; an implementation may take fewer arguments than it is offered."""
    register(conn)
