"""The capture file: redacted exchanges, sorted into sessions, with a count of everything that is not in it. SQLite."""

from __future__ import annotations

import re

APPLICATION_ID = 0x52504C43  # "RPLC"
FORMAT_VERSION = 3  # in user_version
OLDER_VERSION = 2  # is still read, never written: see SCHEMA_2

SCHEMA = """
-- Times are REAL seconds, UTC. Every value that a client or server sent went through redaction before it came here:
-- names, ids and tokens are stand-ins, made with a key that is not in this file. Look at v_exchange first.
-- Bodies and headers are packed. With replay installed, sqlite-utils and Datasette know these functions:
--   replay_text(body.id)  replay_bytes(body.id)  replay_headers(exchange.number, 'request' | 'response' | 'trailers')

-- one row: the capture itself
CREATE TABLE meta (
    id            TEXT PRIMARY KEY,
    created       REAL NOT NULL,
    key_id        TEXT NOT NULL,      -- names the redaction key; equal key, equal stand-ins
    policy_digest TEXT NOT NULL,      -- names the redaction rules
    key_salt      TEXT NOT NULL,      -- '': the key itself; else the capture whose id was mixed into the key
    lifetime      REAL NOT NULL,      -- seconds from the last exchange until it expires; 0: never
    recipient     TEXT NOT NULL,      -- X25519 public key, hex, that content is encrypted to; '': it is not
    origins       TEXT NOT NULL,      -- JSON array of marks of host:port where traffic went (model/origin.py)
    tool_version  TEXT NOT NULL,
    segment       INTEGER NOT NULL    -- 1, 2 ...: which file of a rotated capture this is; all share the id
);

-- data keys of an encrypted capture, one for each time it was opened for writing, each wrapped for the recipient.
-- A sealed cell: nonce (12 bytes: number of the seal, count), AES-256-GCM of the packed bytes, tag (store/sealing.py).
-- Sealed are body.data, exchange.headers (with the target as a fourth part; exchange.target is empty), dictionary.data;
-- body.digest is then keyed with the data key.
CREATE TABLE seal (
    number  INTEGER PRIMARY KEY,
    sender  BLOB NOT NULL,            -- X25519 public key, made for this wrapping only
    wrapped BLOB NOT NULL             -- the data key, AES-256-GCM under HKDF-SHA-256 of the shared secret
);

-- trained on the first exchanges; a packing of n > 0 is a zstd frame (RFC 8878) made with dictionary n
CREATE TABLE dictionary (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- texts that repeat: connections, schemes, hosts, media types, long header values. One text may stand here twice.
CREATE TABLE term (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL
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
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    actor_id  INTEGER REFERENCES actor(id),
    first     REAL,                   -- when its first exchange in this file started; NULL: none is in this file
    last      REAL,                   -- when its last one ended
    exchanges INTEGER NOT NULL
);

-- sessions that are known to lack exchanges: refused | sampled-out | request-cut | not-stored | torn | pruned
CREATE TABLE gap (
    session_id INTEGER NOT NULL REFERENCES session(id),
    reason     TEXT NOT NULL,
    PRIMARY KEY (session_id, reason)
) WITHOUT ROWID;

-- GET /courses/{id}
CREATE TABLE endpoint (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    method TEXT NOT NULL,
    UNIQUE (name, method)
);

-- bodies after content decoding, each once
CREATE TABLE body (
    id      INTEGER PRIMARY KEY,
    digest  BLOB NOT NULL UNIQUE,     -- BLAKE2b-128 of the media type, NUL and the unpacked data
    type    INTEGER NOT NULL REFERENCES term(id),
    bytes   INTEGER NOT NULL,         -- of the unpacked data
    packing INTEGER NOT NULL,         -- -1: as it is, 0: zstd, n: zstd with dictionary n
    data    BLOB NOT NULL
);

-- one request and what came of it: a response (status) or a fault
CREATE TABLE exchange (
    number             INTEGER PRIMARY KEY, -- in the order in which exchanges ended; goes on across segments
    id                 TEXT NOT NULL UNIQUE,
    session_id         INTEGER NOT NULL REFERENCES session(id),
    started            REAL NOT NULL,
    ended              REAL NOT NULL,
    endpoint_id        INTEGER NOT NULL REFERENCES endpoint(id),
    connection         INTEGER NOT NULL REFERENCES term(id), -- stable per client connection
    scheme             INTEGER NOT NULL REFERENCES term(id),
    host               INTEGER NOT NULL REFERENCES term(id),
    target             TEXT NOT NULL,       -- raw path and query
    request_body       INTEGER REFERENCES body(id),  -- NULL: no body
    request_bytes      INTEGER NOT NULL,    -- before any cut; -1: as long as the stored body
    request_truncated  INTEGER NOT NULL,    -- 1: the stored body is cut or left out
    status             INTEGER,             -- NULL: a fault
    response_body      INTEGER REFERENCES body(id),
    response_bytes     INTEGER,
    response_truncated INTEGER,
    fault              TEXT,                -- connect | timeout | reset | tls | protocol | client-gone | upstream-gone
    fault_detail       TEXT,
    messages           INTEGER NOT NULL,    -- WebSocket messages after a 101, in table message
    packing            INTEGER NOT NULL,    -- of headers, as in body
    headers            BLOB NOT NULL        -- JSON [request, response, trailers]: arrays of [name, value or term.id]
);
CREATE INDEX exchange_session ON exchange(session_id);

-- WebSocket messages (RFC 6455) in the order in which the proxy saw them
CREATE TABLE message (
    exchange    INTEGER NOT NULL REFERENCES exchange(number),
    position    INTEGER NOT NULL,     -- 0, 1, 2 ...
    from_client INTEGER NOT NULL,     -- 1: the client sent it
    at          REAL NOT NULL,
    body        INTEGER REFERENCES body(id),
    bytes       INTEGER NOT NULL,     -- before any cut; -1: as long as the stored body
    truncated   INTEGER NOT NULL,
    PRIMARY KEY (exchange, position)
) WITHOUT ROWID;

-- counts by endpoint and outcome, kept in the transactions that add exchanges: lists need no look at exchanges
CREATE TABLE tally (
    endpoint_id INTEGER NOT NULL REFERENCES endpoint(id),
    outcome     TEXT NOT NULL,        -- a status or a fault
    exchanges   INTEGER NOT NULL,
    first       REAL NOT NULL,        -- earliest start
    last        REAL NOT NULL,        -- latest end
    seconds     REAL NOT NULL,        -- sum of durations
    longest     REAL NOT NULL,        -- duration in seconds
    PRIMARY KEY (endpoint_id, outcome)
) WITHOUT ROWID;

-- what was packed, counted in the same transactions: body (each once), headers (of exchanges), message (of WebSockets)
CREATE TABLE volume (
    what   TEXT PRIMARY KEY,
    count  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,          -- unpacked; of messages, their bodies count under body
    packed INTEGER NOT NULL           -- bytes in this file
) WITHOUT ROWID;

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

-- what is not in here. seen = captured + skipped + refused + dropped, each an exchange;
-- body counts bodies that were left out of captured exchanges.
CREATE TABLE loss (
    kind   TEXT NOT NULL,             -- dropped | refused | skipped | body
    reason TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (kind, reason)
) WITHOUT ROWID;

-- for people with sqlite-utils, Datasette or the sqlite3 shell
CREATE VIEW v_exchange AS
SELECT e.number, e.id, s.name AS session, a.tenant, a.principal,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.started, 'unixepoch') AS started,
       round(e.ended - e.started, 6) AS seconds,
       p.method, h.text AS host, e.target, p.name AS endpoint, e.status, e.fault,
       e.request_body, q.bytes AS request_body_bytes, qt.text AS request_type,
       e.response_body, r.bytes AS response_body_bytes, rt.text AS response_type, e.messages
FROM exchange e
JOIN session s ON s.id = e.session_id
JOIN endpoint p ON p.id = e.endpoint_id
JOIN term h ON h.id = e.host
LEFT JOIN actor a ON a.id = s.actor_id
LEFT JOIN body q ON q.id = e.request_body
LEFT JOIN term qt ON qt.id = q.type
LEFT JOIN body r ON r.id = e.response_body
LEFT JOIN term rt ON rt.id = r.type;

CREATE VIEW v_session AS
SELECT s.name AS session, a.tenant, a.principal,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.first, 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.last, 'unixepoch') AS last,
       round(s.last - s.first, 3) AS seconds, s.exchanges,
       (SELECT group_concat(reason, ', ') FROM gap g WHERE g.session_id = s.id) AS gaps
FROM session s
LEFT JOIN actor a ON a.id = s.actor_id
WHERE s.exchanges > 0;

CREATE VIEW v_endpoint AS
SELECT p.name AS endpoint, sum(t.exchanges) AS exchanges,
       sum(iif(CAST(t.outcome AS INTEGER) BETWEEN 100 AND 399, 0, t.exchanges)) AS errors,
       round(1000 * sum(t.seconds) / sum(t.exchanges), 3) AS mean_ms,
       round(1000 * max(t.longest), 3) AS longest_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', min(t.first), 'unixepoch') AS first,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(t.last), 'unixepoch') AS last
FROM tally t
JOIN endpoint p ON p.id = t.endpoint_id
GROUP BY p.name;

CREATE VIEW v_loss AS
SELECT kind, reason, count FROM loss
UNION ALL
SELECT 'captured', '', coalesce(sum(exchanges), 0) FROM tally;
"""

_SINCE_3 = re.compile(r"^    (?:key_salt|lifetime|recipient) .*\n|^CREATE TABLE seal \((?:\n .*)*\n\);\n", re.MULTILINE)
SCHEMA_2 = _SINCE_3.sub("", SCHEMA)
"""Of captures of replay 0.1 before there were encryption and expiry."""
