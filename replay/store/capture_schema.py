"""The capture file: redacted exchanges, sorted into sessions, with a count of everything that is not in it. SQLite."""

from __future__ import annotations

APPLICATION_ID = 0x52504C43  # "RPLC"
FORMAT_VERSION = 1  # in user_version

SCHEMA = """
-- Times are REAL seconds, UTC. Every value that a client or server sent went through redaction before it came here:
-- names, ids and tokens are stand-ins, made with a key that is not in this file. Look at v_exchange first.

-- one row: the capture itself
CREATE TABLE meta (
    id            TEXT PRIMARY KEY,
    created       REAL NOT NULL,
    key_id        TEXT NOT NULL,      -- names the redaction key; equal key, equal stand-ins
    policy_digest TEXT NOT NULL,      -- names the redaction rules
    origins       TEXT NOT NULL,      -- JSON array of marks of host:port where traffic went (model/origin.py)
    tool_version  TEXT NOT NULL
);

-- who acted: a tenant and a principal, both stand-ins; an empty tenant could not be told
CREATE TABLE actor (
    id        INTEGER PRIMARY KEY,
    tenant    TEXT NOT NULL,
    principal TEXT NOT NULL,
    UNIQUE (tenant, principal)
);

-- what one actor did in a row; actor_id stays NULL for one who never authenticated
CREATE TABLE session (
    id       TEXT PRIMARY KEY,
    actor_id INTEGER REFERENCES actor(id)
);

-- content-addressed bodies after content decoding: BLAKE2b-128 of type, NUL and data
CREATE TABLE body (
    digest       TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    data         BLOB NOT NULL
) WITHOUT ROWID;

-- one request and what came of it: a response (status) or a fault
CREATE TABLE exchange (
    number             INTEGER PRIMARY KEY, -- in the order in which exchanges ended
    id                 TEXT NOT NULL UNIQUE,
    session_id         TEXT NOT NULL REFERENCES session(id),
    started            REAL NOT NULL,
    ended              REAL NOT NULL,
    connection         TEXT NOT NULL,       -- stable per client connection
    method             TEXT NOT NULL,
    scheme             TEXT NOT NULL,
    host               TEXT NOT NULL,
    target             TEXT NOT NULL,       -- raw path and query
    endpoint           TEXT NOT NULL,       -- GET /courses/{id}
    request_headers    TEXT NOT NULL,       -- JSON array of [name, value] in the order of the wire
    request_body       TEXT REFERENCES body(digest),  -- NULL: no body
    request_bytes      INTEGER NOT NULL,    -- before any cut; -1: as long as the stored body
    request_truncated  INTEGER NOT NULL,    -- 1: the stored body is cut or left out
    status             INTEGER,             -- NULL: a fault
    response_headers   TEXT,
    response_body      TEXT REFERENCES body(digest),
    response_bytes     INTEGER,
    response_truncated INTEGER,
    fault              TEXT,                -- connect | timeout | reset | tls | protocol | client-gone | upstream-gone
    fault_detail       TEXT
);
CREATE INDEX exchange_session ON exchange(session_id, started);

-- what redaction did at each kind of place, without any value
CREATE TABLE redaction (
    endpoint    TEXT NOT NULL,
    side        TEXT NOT NULL,        -- request | response
    place       TEXT NOT NULL,        -- a pattern such as body.items[*].id
    value_class TEXT NOT NULL,
    action      TEXT NOT NULL,        -- pseudonymise | mask | drop
    count       INTEGER NOT NULL,
    PRIMARY KEY (endpoint, side, place, value_class, action)
) WITHOUT ROWID;

-- what is not in here. dropped and refused count exchanges: seen = captured + dropped + refused.
-- body counts bodies that were left out of captured exchanges.
CREATE TABLE loss (
    kind   TEXT NOT NULL,             -- dropped | refused | body
    reason TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (kind, reason)
) WITHOUT ROWID;

-- for people with sqlite-utils, Datasette or the sqlite3 shell
CREATE VIEW v_exchange AS
SELECT e.number, e.id, e.session_id, a.tenant, a.principal,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.started, 'unixepoch') AS started,
       round(e.ended - e.started, 6) AS seconds,
       e.method, e.host, e.target, e.endpoint, e.status, e.fault,
       e.request_headers, q.content_type AS request_type, CAST(q.data AS TEXT) AS request_body,
       e.response_headers, p.content_type AS response_type, CAST(p.data AS TEXT) AS response_body
FROM exchange e
JOIN session s ON s.id = e.session_id
LEFT JOIN actor a ON a.id = s.actor_id
LEFT JOIN body q ON q.digest = e.request_body
LEFT JOIN body p ON p.digest = e.response_body;
"""
