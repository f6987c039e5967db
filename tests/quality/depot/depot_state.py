"""What all handlers share: the depot, who is asking, bodies in and answers out."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import web
from depot_schema import digest

BUILD_FAULTS = frozenset({"retyped", "enum"})  # what only the new build does
FAULTS = BUILD_FAULTS | {
    "race", "put-twice", "cross-read", "search-leak", "cross-delete", "unknown-json", "mass-assignment", "big-string",
    "deep-500",
}  # fmt: skip


class Refused(Exception):  # noqa: N818 - a refusal is an answer
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(slots=True)
class Depot:
    db: sqlite3.Connection
    faults: frozenset[str]
    body_limit_bytes: int

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        return self.db.execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """No await inside: all handlers share one connection."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


DEPOT: web.AppKey[Depot] = web.AppKey("depot", Depot)


@dataclass(frozen=True, slots=True)
class Who:
    member_id: str
    name: str
    position: str
    org_id: str
    slug: str


def depot_of(request: web.Request) -> Depot:
    return request.app[DEPOT]


def enter(request: web.Request, *, is_loose: bool = False) -> Who:
    """The member behind the cookie. `is_loose`: the org in the path is taken as it comes (a planted fault)."""
    depot = depot_of(request)
    row = depot.one(
        "SELECT member.*, org.slug, web_session.csrf FROM web_session JOIN member ON member.id = member_id"
        " JOIN org ON org.id = org_id WHERE sid_hash = ?",
        digest(request.cookies.get("sid", "")),
    )
    if row is None:
        raise Refused(401, "log_in_first")
    request["member_id"] = row["id"]
    if request.method not in {"GET", "HEAD"} and request.headers.get("X-CSRF-Token") != row["csrf"]:
        raise Refused(403, "forged")
    slug, org_id = request.match_info["org"], row["org_id"]
    if slug != row["slug"]:
        if not is_loose:
            raise Refused(403, "not_your_org")
        found = depot.one("SELECT id FROM org WHERE slug = ?", slug)
        if found is None:
            raise Refused(404, "no_such_org")
        org_id = found["id"]
    return Who(row["id"], row["name"], row["position"], org_id, slug)


async def body_of(request: web.Request, *, limit_bytes: int = 0, deep_fault: bool = False) -> dict[str, Any]:
    depot = depot_of(request)
    data = await request.read()
    if len(data) > (limit_bytes or depot.body_limit_bytes):
        raise Refused(413, "too_large")
    try:
        tree = json.loads(data)
    except RecursionError:
        if deep_fault and "deep-500" in depot.faults:
            raise
        raise Refused(400, "too_deep") from None
    except ValueError:
        raise Refused(400, "no_json") from None
    if not isinstance(tree, dict):
        raise Refused(422, "no_object")
    if deep_fault and "deep-500" in depot.faults:
        levels_of(tree)
    return tree


def levels_of(tree: Any) -> int:
    """Planted: recursion without a bound. Python 3.13's own JSON reader goes deeper than its interpreter."""
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return 1 + max((levels_of(child) for child in children), default=0)


def text_of(body: dict[str, Any], key: str, longest: int) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise Refused(422, f"bad_{key}")
    return value


def answer(request: web.Request, data: Any, status: int = 200, *, envelope: str = "data", **more: Any) -> web.Response:
    """{"data": …, "meta": {"request_id", "took_ms"}}."""
    began = request.setdefault("began", perf_counter())
    meta = {"request_id": str(uuid.uuid4()), "took_ms": (perf_counter() - began) * 1000}
    meta |= more.pop("meta", {})
    return web.json_response({envelope: data, "meta": meta, **more}, status=status)
