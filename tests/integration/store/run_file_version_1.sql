PRAGMA application_id = 0x52504C52;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
    unresolved       TEXT NOT NULL   -- JSON array of places whose live value was unknown
);
INSERT INTO "attempt" VALUES(1,1,'e1','s1','POST /a','t','p',NULL,NULL,'judged',0,201,'POST','http','h:1','/a?b=%20','[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','a512f0c3824e082c26d9ba5b09598a8b','x/y',99,201,NULL,NULL,'[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','6dbc2ea685505a5de3248e0c8a59ab5c','application/json',8,0.5,0.6,0.7,0.8,'["body.id"]');
INSERT INTO "attempt" VALUES(2,2,'e1','s1','POST /a','t','p',NULL,NULL,'judged',0,201,'POST','http','h:1','/a?b=%20','[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','a512f0c3824e082c26d9ba5b09598a8b','x/y',99,201,NULL,NULL,'[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','6dbc2ea685505a5de3248e0c8a59ab5c','application/json',8,0.5,0.6,0.7,0.8,'["body.id"]');
INSERT INTO "attempt" VALUES(3,3,'e1','s1','POST /a','t','p',NULL,NULL,'judged',0,201,'POST','http','h:1','/a?b=%20','[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','a512f0c3824e082c26d9ba5b09598a8b','x/y',99,201,NULL,NULL,'[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','6dbc2ea685505a5de3248e0c8a59ab5c','application/json',8,0.5,0.6,0.7,0.8,'["body.id"]');
INSERT INTO "attempt" VALUES(4,4,'e1','s1','POST /a','t','p',NULL,NULL,'judged',0,201,'POST','http','h:1','/a?b=%20','[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','a512f0c3824e082c26d9ba5b09598a8b','x/y',99,201,NULL,NULL,'[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','6dbc2ea685505a5de3248e0c8a59ab5c','application/json',8,0.5,0.6,0.7,0.8,'["body.id"]');
INSERT INTO "attempt" VALUES(5,4,'e1','s1','POST /a','t','p','u','q','judged',1,201,'POST','http','h:1','/a?b=%20','[["Content-Type","application/json"],["X-Näme","ÿ"],["X-Näme",""]]','a512f0c3824e082c26d9ba5b09598a8b','x/y',99,NULL,'reset','ClientOSError',NULL,NULL,NULL,NULL,0.5,0.6,0.7,0.8,'["body.id"]');
CREATE TABLE body (
    id   TEXT PRIMARY KEY,
    data BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO "body" VALUES('6dbc2ea685505a5de3248e0c8a59ab5c',X'7B226964223A317D');
INSERT INTO "body" VALUES('a512f0c3824e082c26d9ba5b09598a8b',X'00FF');
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
INSERT INTO "case" VALUES('race-1','race','v','at-most-once','s1','e1','POST /a',99,'[["body.k","k","v"]]','[["other-tenant","e9"]]');
CREATE TABLE difference (
    exchange_id TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    place       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    expected    TEXT NOT NULL,       -- JSON
    observed    TEXT NOT NULL,       -- JSON
    remark      TEXT NOT NULL
);
INSERT INTO "difference" VALUES('e1','POST /a','body.total','value','36893488147419103232','null','remark');
CREATE TABLE evidence (
    case_id  TEXT NOT NULL,
    trace_id INTEGER NOT NULL REFERENCES trace(id),
    PRIMARY KEY (case_id, trace_id)
) WITHOUT ROWID;
INSERT INTO "evidence" VALUES('',1);
INSERT INTO "evidence" VALUES('',2);
INSERT INTO "evidence" VALUES('race-1',3);
INSERT INTO "evidence" VALUES('race-1',4);
CREATE TABLE fidelity (
    exchanges           INTEGER NOT NULL,
    statuses_reproduced INTEGER NOT NULL,
    bindings            INTEGER NOT NULL,
    unresolved          INTEGER NOT NULL
);
INSERT INTO "fidelity" VALUES(30,29,10,1);
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
INSERT INTO "finding" VALUES('f1','duplicate-rows','race','high','confirmed','/a','POST','three rows','one row','two rows','t','race-1','[["rows",[{"id":1,"n":null},[1.5,"x"]]]]');
CREATE TABLE generated (
    entity  TEXT PRIMARY KEY,
    columns TEXT NOT NULL            -- JSON array
);
INSERT INTO "generated" VALUES('order','["id"]');
CREATE TABLE noise (
    endpoint  TEXT NOT NULL,
    place     TEXT NOT NULL,
    relation  TEXT NOT NULL,
    pairs     INTEGER NOT NULL,
    differing INTEGER NOT NULL,
    PRIMARY KEY (endpoint, place)
);
INSERT INTO "noise" VALUES('POST /a','body.at','time',4,4);
CREATE TABLE not_judged (
    reason   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    mutator  TEXT NOT NULL,
    case_id  TEXT NOT NULL,
    planned  INTEGER NOT NULL        -- 1: no evidence could be made; judging again keeps it
);
INSERT INTO "not_judged" VALUES('no-other-tenant','d','POST /b','swap-tenant','',1);
INSERT INTO "not_judged" VALUES('control-drifted','d','POST /c','race','race-2',0);
CREATE TABLE planted (
    trace_id    INTEGER NOT NULL REFERENCES trace(id),
    marker      TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    exchange_id TEXT NOT NULL,
    place       TEXT NOT NULL
);
INSERT INTO "planted" VALUES(2,'qzzzzzzzzz','t','e1','p');
INSERT INTO "planted" VALUES(3,'qabcdefghi','t','e1','body.title');
CREATE TABLE renamed (
    trace_id INTEGER NOT NULL REFERENCES trace(id),
    recorded TEXT NOT NULL,
    live     TEXT NOT NULL
);
INSERT INTO "renamed" VALUES(3,'17','42');
CREATE TABLE row_change (
    trace_id   INTEGER NOT NULL REFERENCES trace(id),
    entity     TEXT NOT NULL,
    operation  TEXT NOT NULL,        -- insert | update | delete
    row_key    TEXT NOT NULL,        -- JSON array of [column, value]
    before     TEXT NOT NULL,
    after      TEXT NOT NULL
);
INSERT INTO "row_change" VALUES(3,'order','insert','[["id",1180591620717411303424]]','[]','[["id",1180591620717411303424],["note","\u00fc\u2028"],["x",null]]');
INSERT INTO "row_change" VALUES(4,'order','insert','[["id",1180591620717411303424]]','[]','[["id",1180591620717411303424],["note","\u00fc\u2028"],["x",null]]');
INSERT INTO "row_change" VALUES(4,'order','update','[["id",1]]','[["total",1.5]]','[["total",2.5]]');
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
    clean        INTEGER NOT NULL DEFAULT 0   -- cases judged without a finding
);
INSERT INTO "run" VALUES('r1','fuzz','cap','http://127.0.0.1:1',7,1000.0,1012.5,1,'["race"]','["duplicate-rows"]','sqlite','0.1.0',3,30,99,0);
CREATE TABLE trace (
    id       INTEGER PRIMARY KEY,
    role     TEXT NOT NULL,          -- recorded | clean | control | serial | mutated | confirm
    world    INTEGER NOT NULL,
    has_rows INTEGER NOT NULL        -- 1 when a probe was read around the judged attempts
);
INSERT INTO "trace" VALUES(1,'recorded',0,0);
INSERT INTO "trace" VALUES(2,'clean',1,0);
INSERT INTO "trace" VALUES(3,'control',3,1);
INSERT INTO "trace" VALUES(4,'mutated',4,1);
CREATE INDEX attempt_trace ON attempt(trace_id);
CREATE INDEX planted_trace ON planted(trace_id);
CREATE INDEX renamed_trace ON renamed(trace_id);
CREATE INDEX row_change_trace ON row_change(trace_id);
COMMIT;
