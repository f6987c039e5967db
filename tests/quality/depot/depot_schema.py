"""The depot's database: real SQL in one SQLite file, and the small things that every handler makes itself."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from datetime import UTC, datetime

SCHEMA = """
CREATE TABLE org (id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE member (
    id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES org, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    password_hash TEXT NOT NULL, position TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE web_session (sid_hash TEXT PRIMARY KEY, member_id TEXT NOT NULL REFERENCES member, csrf TEXT NOT NULL);
CREATE TABLE login_count (member_id TEXT PRIMARY KEY REFERENCES member, logins INTEGER NOT NULL, latest TEXT NOT NULL);
CREATE TABLE parcel (
    id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES org, owner_org TEXT NOT NULL, request_id TEXT NOT NULL,
    reference TEXT NOT NULL, contents TEXT NOT NULL, recipient TEXT NOT NULL, weight_kg REAL NOT NULL,
    declared_value TEXT NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL, attributes TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES member, created_at TEXT NOT NULL, deleted_at TEXT);
CREATE TABLE parcel_share (
    parcel_id TEXT NOT NULL REFERENCES parcel, org_id TEXT NOT NULL REFERENCES org, created_at TEXT NOT NULL,
    PRIMARY KEY (parcel_id, org_id));
CREATE TABLE label (
    number INTEGER PRIMARY KEY, label_id TEXT NOT NULL, org_id TEXT NOT NULL REFERENCES org, parcel_id TEXT NOT NULL,
    text TEXT NOT NULL, copies INTEGER NOT NULL);
CREATE TABLE remark (
    id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES org, parcel_id TEXT NOT NULL, text TEXT NOT NULL,
    written_by TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE tracking (
    id INTEGER PRIMARY KEY, parcel_id TEXT NOT NULL, note TEXT NOT NULL, hub INTEGER NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, org_id TEXT NOT NULL, topic TEXT NOT NULL, subject TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE access_trail (
    id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL, member_id TEXT,
    took_ms REAL NOT NULL, created_at TEXT NOT NULL);
"""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MOODS = (
    "was weighed twice, and the scales agreed in the end",
    "waits behind the red door until the lift works again",
    "went out on the morning van with a slightly bent corner",
    "was sniffed at by the depot's dog, who had no objections",
)


def open_database(path: str, faults: frozenset[str]) -> sqlite3.Connection:
    """A fresh database. What a fault needs to be missing (a unique index) is missing."""
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.executescript(SCHEMA)
    if "race" not in faults:
        db.execute("CREATE UNIQUE INDEX one_parcel_per_request ON parcel (org_id, request_id)")
    if "put-twice" not in faults:
        db.execute("CREATE UNIQUE INDEX one_label_per_id ON label (org_id, label_id)")
    return db


def new_id(prefix: str) -> str:
    """`par_01H…`: a prefixed ULID, sortable by time."""
    stamp = int(datetime.now(UTC).timestamp() * 1000)
    head = "".join(_CROCKFORD[(stamp >> shift) & 31] for shift in range(45, -1, -5))
    return f"{prefix}_{head}{''.join(secrets.choice(_CROCKFORD) for _ in range(16))}"


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_mood() -> str:
    """Free text that the server makes up."""
    return f"Hub {secrets.randbelow(9) + 1}: the parcel {secrets.choice(_MOODS)}."
