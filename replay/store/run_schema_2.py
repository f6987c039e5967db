"""The run file of format version 2, which is still read: byte for byte as it was written."""

from __future__ import annotations

VERSION = 2

SCHEMA = """
-- Evidence is stored first and judged after: `replay judge` deletes verdicts and makes them again from the rest.
-- Times of attempts are REAL seconds since their trace began; `started` and `ended` of the run are seconds UTC.
-- A run is made of units: `clean/0` are the clean replays of one group of sessions, `target/17` is one case. What a
-- unit gave is committed together; what an unfinished unit has had answered waits beside the file in RUN.db.pending.

-- one row: the run itself
CREATE TABLE run (
    id           TEXT PRIMARY KEY,
    command      TEXT NOT NULL,      -- run | fuzz | demo
    capture_id   TEXT NOT NULL,
    target       TEXT NOT NULL,      -- scheme://host:port
    seed         INTEGER NOT NULL,
    started      REAL NOT NULL,
    ended        REAL NOT NULL DEFAULT 0,
    finished     INTEGER NOT NULL DEFAULT 0,  -- 0: stopped early, or still running
    mutators     TEXT NOT NULL,      -- JSON array of names
    oracles      TEXT NOT NULL,      -- JSON array of names
    database     TEXT NOT NULL,      -- the probe's name; never a URL
    tool_version TEXT NOT NULL,
    sessions     INTEGER NOT NULL DEFAULT 0,
    exchanges    INTEGER NOT NULL DEFAULT 0,
    requests_sent INTEGER NOT NULL DEFAULT 0,
    clean        INTEGER NOT NULL DEFAULT 0,  -- cases judged without a finding
    settings     TEXT NOT NULL,      -- JSON array of [name, value]: what decides which requests are sent
    shard        TEXT NOT NULL,      -- 2/4: the second of four; empty: the whole capture
    parts        INTEGER NOT NULL DEFAULT 1   -- run files that were merged into this one
);

-- units that are complete: a resumed run does not play them again
CREATE TABLE done (
    unit          TEXT PRIMARY KEY,
    worlds        INTEGER NOT NULL,  -- the highest number of a world so far
    requests_sent INTEGER NOT NULL,
    clean         INTEGER NOT NULL   -- cases judged without a finding
);

-- how well clean replays reproduced the recording; one row for each group of sessions
CREATE TABLE fidelity (
    unit                TEXT NOT NULL,
    exchanges           INTEGER NOT NULL,
    statuses_reproduced INTEGER NOT NULL,
    bindings            INTEGER NOT NULL,
    unresolved          INTEGER NOT NULL
);

-- the same for each session
CREATE TABLE session_fidelity (
    unit                TEXT NOT NULL,
    session_id          TEXT NOT NULL,
    exchanges           INTEGER NOT NULL,
    statuses_reproduced INTEGER NOT NULL,
    bindings            INTEGER NOT NULL,
    unresolved          INTEGER NOT NULL,
    identified          INTEGER NOT NULL,  -- exchanges sent as somebody whom the target knows
    in_order            INTEGER NOT NULL,  -- sent after all that stood before them in the session
    on_time             INTEGER NOT NULL,  -- sent within a second of when they were due
    first_wrong         TEXT NOT NULL,     -- empty when everything came back
    judged              INTEGER NOT NULL   -- 0: below the floor through replay's own doing, no verdict
);

-- a planned experiment; the clean replays of the whole capture have none
CREATE TABLE "case" (
    id          TEXT PRIMARY KEY,
    mutator     TEXT NOT NULL,
    variant     TEXT NOT NULL,
    expectation TEXT NOT NULL,       -- same | at-most-once | rejected | bounded | limited
    session_id  TEXT NOT NULL,
    exchange_id TEXT NOT NULL,       -- the site, in the capture
    endpoint    TEXT NOT NULL,
    seed        INTEGER NOT NULL,
    injected    TEXT NOT NULL,       -- JSON array of [place, key, value]
    casting     TEXT NOT NULL        -- JSON array of [role, exchange id]
);

-- one scenario played once in one world
CREATE TABLE trace (
    id       INTEGER PRIMARY KEY,
    role     TEXT NOT NULL,          -- recorded | clean | control | serial | mutated | confirm | load
    world    INTEGER NOT NULL,
    has_rows INTEGER NOT NULL        -- 1 when a probe was read around the judged attempts
);

-- which traces are evidence of which case (empty case id: the clean replays); controls serve several cases
CREATE TABLE evidence (
    case_id  TEXT NOT NULL,
    unit     TEXT NOT NULL,
    trace_id INTEGER NOT NULL REFERENCES trace(id),
    PRIMARY KEY (case_id, unit, trace_id)
) WITHOUT ROWID;

-- one request as it was sent, and what came of it
CREATE TABLE attempt (
    id               INTEGER PRIMARY KEY,
    trace_id         INTEGER NOT NULL REFERENCES trace(id),
    exchange_id      TEXT NOT NULL,  -- the recorded exchange that it plays
    session_id       TEXT NOT NULL,
    endpoint         TEXT NOT NULL,
    tenant           TEXT,           -- of the session's actor (stand-in); NULL when unknown
    principal        TEXT,
    sent_as_tenant   TEXT,           -- whose credentials it carried; NULL: nobody's
    sent_as_principal TEXT,
    part             TEXT NOT NULL,  -- setup | judged | after
    copy             INTEGER NOT NULL,
    recorded_status  INTEGER NOT NULL,
    method           TEXT NOT NULL,
    scheme           TEXT NOT NULL,
    host             TEXT NOT NULL,
    request_target   TEXT NOT NULL,
    request_headers  TEXT NOT NULL,  -- JSON array of [name, value]
    request_body_id  TEXT REFERENCES body(id),
    request_type     TEXT NOT NULL,
    request_bytes    INTEGER NOT NULL,  -- true length; the stored body may be cut
    status           INTEGER,        -- NULL: a fault
    fault            TEXT,
    fault_detail     TEXT,
    response_headers TEXT,
    response_body_id TEXT REFERENCES body(id),
    response_type    TEXT,
    response_bytes   INTEGER,
    intended         REAL NOT NULL,
    sent             REAL NOT NULL,
    first_byte       REAL NOT NULL,
    ended            REAL NOT NULL,
    unresolved       TEXT NOT NULL,  -- JSON array of places whose live value was unknown
    bound            INTEGER NOT NULL,  -- places that were given their live value
    as_recorded      INTEGER NOT NULL,  -- 1: a lean row, headers and bodies are those of the recorded exchange
    identity         TEXT NOT NULL      -- name of what dressed it; bound: the recording's own login; empty: nothing
);
CREATE INDEX attempt_trace ON attempt(trace_id);

-- content-addressed bodies (BLAKE2b-128 of the stored bytes)
CREATE TABLE body (
    id   TEXT PRIMARY KEY,
    data BLOB NOT NULL
) WITHOUT ROWID;

-- unique texts that replay put into a tenant's own requests
CREATE TABLE planted (
    trace_id    INTEGER NOT NULL REFERENCES trace(id),
    marker      TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    exchange_id TEXT NOT NULL,
    place       TEXT NOT NULL
);
CREATE INDEX planted_trace ON planted(trace_id);

-- the recording's values and this world's
CREATE TABLE renamed (
    trace_id INTEGER NOT NULL REFERENCES trace(id),
    recorded TEXT NOT NULL,
    live     TEXT NOT NULL
);
CREATE INDEX renamed_trace ON renamed(trace_id);

-- rows committed in the target's database while the judged attempts ran
CREATE TABLE row_change (
    trace_id   INTEGER NOT NULL REFERENCES trace(id),
    entity     TEXT NOT NULL,
    operation  TEXT NOT NULL,        -- insert | update | delete
    row_key    TEXT NOT NULL,        -- JSON array of [column, value]
    before     TEXT NOT NULL,
    after      TEXT NOT NULL
);
CREATE INDEX row_change_trace ON row_change(trace_id);

-- columns that the database fills in itself
CREATE TABLE generated (
    entity  TEXT PRIMARY KEY,
    columns TEXT NOT NULL            -- JSON array
);

-- recording against clean replays, noise taken away
CREATE TABLE difference (
    unit        TEXT NOT NULL,
    exchange_id TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    place       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    expected    TEXT NOT NULL,       -- JSON
    observed    TEXT NOT NULL,       -- JSON
    remark      TEXT NOT NULL
);

CREATE INDEX difference_unit ON difference(unit);

-- what clean replays do to themselves: where, and which relation still holds (of a status also where it was equal)
CREATE TABLE noise (
    endpoint  TEXT NOT NULL,
    place     TEXT NOT NULL,
    relation  TEXT NOT NULL,
    pairs     INTEGER NOT NULL,
    differing INTEGER NOT NULL,
    PRIMARY KEY (endpoint, place)
);

-- verdicts: findings ...
CREATE TABLE finding (
    fingerprint TEXT PRIMARY KEY,
    oracle      TEXT NOT NULL,
    mutator     TEXT NOT NULL,
    severity    TEXT NOT NULL,
    level       TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    method      TEXT NOT NULL,
    title       TEXT NOT NULL,
    expected    TEXT NOT NULL,
    observed    TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    proofs      TEXT NOT NULL        -- JSON array of [label, data]
);

-- ... and cases without a verdict
CREATE TABLE not_judged (
    reason   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    mutator  TEXT NOT NULL,
    case_id  TEXT NOT NULL,
    planned  INTEGER NOT NULL        -- 1: no evidence could be made; judging again keeps it
);

-- what the run made in the target, and how much of it was deleted again; only where cleanup was asked for
CREATE TABLE remains (
    kind     TEXT NOT NULL,          -- answers | rows
    place    TEXT NOT NULL,          -- endpoint, or table
    made     INTEGER NOT NULL,
    deleted  INTEGER NOT NULL,
    unproven INTEGER NOT NULL        -- made, but nothing proves that this run made it: never deleted
);
"""
