"""The QA of the canary: answers a run with planted secrets, and stores rows that hold some."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from replay.canary.case import Plan, answered
from replay.canary.upstream import PlannedUpstream

_JSON = "application/json"
_COLUMNS = ("owner_name", "owner_email", "iban", "account", "api_token", "street", "remark")
_TABLE = f"CREATE TABLE note (id INTEGER PRIMARY KEY, tenant TEXT, text TEXT, sent TEXT, {', '.join(_COLUMNS)})"
_INSERT = f"INSERT INTO note VALUES (NULL, ?, ?, ?, {', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - fixed names


class LiveQa(PlannedUpstream):
    """`planned`: the answer by method and path; `logins`, `people` and `notes`: by tenant, `a` and `b`.

    Wants the token that it gave."""

    def __init__(
        self,
        database: Path,
        planned: Mapping[tuple[str, str], Plan],
        logins: Mapping[str, Plan],
        people: Mapping[str, Plan],
        notes: Mapping[str, Plan],
    ) -> None:
        self._rows = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._rows.execute(_TABLE)
        self._planned, self._logins, self._people, self._notes = planned, logins, people, notes
        self._tenants = {f"Bearer {_document(plan)['access_token']}": tenant for tenant, plan in logins.items()}
        super().__init__()

    def close(self) -> None:
        super().close()
        self._rows.close()

    def _take(self, data: bytes) -> Plan:
        with self._lock:
            self._received.append(data)
            return self._answer(data)

    def _answer(self, data: bytes) -> Plan:
        head, _, body = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        method, target, _ = (*line.split(" ", 2), "", "")[:3]
        path = target.partition("?")[0]
        if (method, path) == ("POST", "/api/login"):
            return self._logins["b" if target.endswith("=2") else "a"]
        given = next((field.partition(":")[2].strip() for field in fields if field.lower().startswith("authoriz")), "")
        tenant = self._tenants.get(given)
        if tenant is None:
            return answered(_JSON, '{"error": "unauthorized"}', status=401)
        if path == "/api/me":
            return self._people[tenant]
        if path == "/api/notes":
            return self._store(tenant, body) if method == "POST" else self._listed()
        return self._planned.get((method, path)) or answered(_JSON, '{"error": "not found"}', status=404)

    def _store(self, tenant: str, body: bytes) -> Plan:
        sent: Any = None
        with suppress(ValueError, RecursionError):
            sent = json.loads(body)
        if not isinstance(sent, dict):
            return answered(_JSON, '{"error": "invalid"}', status=422)
        owner = _document(self._notes[tenant])
        values = [owner[name] for name in _COLUMNS]
        text = str(sent.get("text", ""))
        added = self._rows.execute(_INSERT, (tenant, text, json.dumps(sent), *values))
        answer = {**owner, "id": added.lastrowid, "text": text}
        return answered(_JSON, json.dumps(answer), status=201)

    def _listed(self) -> Plan:
        """Of all tenants: a leak, so that findings show whose data it was."""
        rows = self._rows.execute("SELECT id, text, owner_name, owner_email, iban FROM note ORDER BY id").fetchall()
        names = ("id", "text", "owner_name", "owner_email", "iban")
        return answered(_JSON, json.dumps({"items": [dict(zip(names, row, strict=True)) for row in rows]}))


def _document(plan: Plan) -> dict[str, Any]:
    found = json.loads(plan.answer)
    assert isinstance(found, dict)  # the cases write objects
    return found
