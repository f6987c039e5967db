"""`replay redact map`: a table gets the stand-ins of a capture with the same key, and nothing raw passes through."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from make import exchange
from replay.cli.capture_move import import_command
from replay.cli.redact_map import map_command
from replay.model.message import body_tree
from replay.record.exports.jsonl import line_of
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.store.capture_reader import CaptureReader

KEY = bytes(range(32))
PEOPLE = [
    {
        "id": 48213,
        "email": "ingrid.soerensen@fjord-bank.no",
        "name": "Ingrid Sørensen",
        "status": "active",
        "note": 'a, "b"',
    },
    {
        "id": 48214,
        "email": "bo.chen@acme-corp.com",
        "name": "O'Neill Bo",
        "status": "closed",
        "note": "line\nbreak\\tab",
    },
]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(0o400)
    return path


def run(key: Path, source: Path, out: Path, *words: str) -> Result:
    return CliRunner().invoke(map_command, [str(source), "--out", str(out), "--key", f"file:{key}", "--quiet", *words])


def in_capture() -> list[dict[str, Any]]:
    """The same people as a recording with this key shows them."""
    redacted = policy_of(KEY, RecordSettings()).redact(exchange("e1", "GET", "/people", answer=PEOPLE)).exchange
    assert redacted.response is not None
    tree: Any = body_tree(redacted.response.body)
    return list(tree)


def write_csv(path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(PEOPLE[0]))
        writer.writeheader()
        writer.writerows(PEOPLE)
    return path


def texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items()}


def test_a_csv_has_the_stand_ins_of_the_capture(tmp_path: Path, key: Path) -> None:
    """Ids, e-mails, names, texts: column by column as the JSON of a recording."""
    done = run(key, write_csv(tmp_path / "people.csv"), tmp_path / "qa.csv")
    assert done.exit_code == 0, done.output
    with (tmp_path / "qa.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert found == [texts(row) for row in in_capture()]
    text = (tmp_path / "qa.csv").read_text()
    assert not any(str(person[name]) in text for person in PEOPLE for name in ("email", "name"))
    assert (tmp_path / "qa.csv").stat().st_mode & 0o777 == 0o600


def test_columns_can_be_chosen(tmp_path: Path, key: Path) -> None:
    done = run(key, write_csv(tmp_path / "people.csv"), tmp_path / "qa.csv", "--columns", "email")
    assert done.exit_code == 0, done.output
    with (tmp_path / "qa.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["email"] for row in found] == [row["email"] for row in in_capture()]
    assert [row["name"] for row in found] == [person["name"] for person in PEOPLE]


def test_a_long_csv_keeps_its_order(tmp_path: Path, key: Path) -> None:
    """More rows than are mapped at once; equal originals have equal stand-ins, others have others."""
    source = tmp_path / "long.csv"
    source.write_text("email;qty\n" + "".join(f"p{i % 150}@bank.example.org;{i}\n" for i in range(450)))
    done = run(key, source, tmp_path / "qa.csv", "--json")
    assert json.loads(done.output)["tables"][0]["rows"] == 450
    rows = (tmp_path / "qa.csv").read_text().splitlines()
    assert rows[0] == "email;qty"
    emails = [row.partition(";")[0] for row in rows[1:]]
    assert emails[:150] == emails[150:300] == emails[300:]
    assert len(set(emails)) == 150
    assert [row.partition(";")[2] for row in rows[1:]] == [str(i) for i in range(450)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line must name the columns"),
        ("a,a\n1,2\n", "line 1: each column needs a name of its own"),
        ("a,b\nSecretson,2\nSecretson\n", "line 3: it has 1 cells for 2 columns"),
        ('a,b\n"Secretson" x,2\n', "line 2: it is no CSV"),
        ('a,b\n1,2\n"Secretson', "it is no CSV"),
    ],
)
def test_what_is_no_csv_is_an_error_with_its_line(tmp_path: Path, key: Path, text: str, sentence: str) -> None:
    """No file is left, and the message holds nothing of the file's."""
    source = tmp_path / "in.csv"
    source.write_text(text)
    done = run(key, source, tmp_path / "qa.csv")
    assert sentence in str(done.exception)
    assert "Secretson" not in str(done.exception) + done.output
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.csv", "key"]


def test_without_a_key_there_is_nothing_to_map(tmp_path: Path) -> None:
    """A random key would make stand-ins that are in no capture."""
    source = write_csv(tmp_path / "people.csv")
    done = CliRunner().invoke(map_command, [str(source), "--out", str(tmp_path / "x.csv")])
    assert done.exit_code != 0
    assert not (tmp_path / "x.csv").exists()


PG_DUMP = r"""--
-- PostgreSQL database dump
--
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.people (
    id integer NOT NULL,
    email character varying(255) DEFAULT ''::character varying,
    name text, status text, note text,
    active boolean,
    CONSTRAINT people_pkey PRIMARY KEY (id)
);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN NEW.x = 'a;b'; RETURN NEW; END; $_$;
COPY public.people (id, email, name, status, note, active) FROM stdin;
48213	ingrid.soerensen@fjord-bank.no	Ingrid Sørensen	active	a, "b"	t
48214	bo.chen@acme-corp.com	O'Neill Bo	closed	line\nbreak\\tab	\N
\.


SELECT pg_catalog.setval('public.people_id_seq', 48214, true);
"""


def test_a_pg_dump_has_them_too(tmp_path: Path, key: Path) -> None:
    """COPY's data change; definitions, booleans, NULL and the rest stay to the byte."""
    source, out = tmp_path / "dump.sql", tmp_path / "qa.sql"
    source.write_text(PG_DUMP)
    done = run(key, source, out)
    assert done.exit_code == 0, (done.output, done.exception)
    before, after = PG_DUMP.split("\n"), out.read_text().split("\n")
    assert len(before) == len(after)
    changed = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert [before[i][:5] for i in changed] == ["48213", "48214"]
    ours = in_capture()
    first, second = (after[i].split("\t") for i in changed)
    assert first == [*(str(ours[0][name]) for name in PEOPLE[0]), "t"]
    assert second[:4] == [str(ours[1][name]) for name in ("id", "email", "name", "status")]
    assert second[4].replace("\\n", "\n").replace("\\\\", "\\") == ours[1]["note"]
    assert second[5] == "\\N"


def test_a_dump_of_sqlite_still_loads(tmp_path: Path, key: Path) -> None:
    """INSERT without columns takes them from CREATE TABLE; the database has the rows with stand-ins."""
    lines = [
        "PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;",
        "CREATE TABLE people(id INTEGER, email TEXT, name TEXT, status TEXT, note TEXT, score REAL, PRIMARY KEY(id));",
    ]  # fmt: skip
    for person in PEOPLE:
        cells = ", ".join("'" + str(cell).replace("'", "''") + "'" for cell in list(person.values())[1:])
        lines.append(f"INSERT INTO people VALUES({person['id']}, {cells}, 1.50);")
    lines += [
        "INSERT INTO people VALUES(NULL, NULL, 'x;y', 'active', '', -2),(99, NULL, NULL, NULL, NULL, NULL);",
        "COMMIT;",
    ]
    source, out = tmp_path / "seed.sql", tmp_path / "qa.sql"
    source.write_text("\n".join(lines) + "\n")
    done = run(key, source, out)
    assert done.exit_code == 0, (done.output, done.exception)
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(out.read_text())
        rows = database.execute("SELECT id, email, name, status, note FROM people ORDER BY rowid").fetchall()
        scores = database.execute("SELECT score FROM people WHERE score IS NOT NULL ORDER BY score").fetchall()
    finally:
        database.close()
    assert {tuple(row.values()) for row in in_capture()} <= set(rows)
    assert scores == [(-2.0,), (1.5,), (1.5,)]
    assert "1.50" in out.read_text()


def test_a_mysqldump_keeps_its_escapes(tmp_path: Path, key: Path) -> None:
    source, out = tmp_path / "dump.sql", tmp_path / "qa.sql"
    source.write_text(
        "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nCREATE TABLE `people` (\n  `id` int NOT NULL,\n"
        "  `name` varchar(9) COMMENT 'it''s; x',\n  KEY `k` (`id`)\n) ENGINE=InnoDB;\nLOCK TABLES `people` WRITE;\n"
        "INSERT INTO `people` VALUES (48213,'O\\'Neill; \\\"Bo\\\"'),(48214,NULL);\nUNLOCK TABLES;\n"
    )
    done = run(key, source, out)
    assert done.exit_code == 0, (done.output, done.exception)
    text = out.read_text()
    assert "Neill" not in text
    assert text.count("\n") == source.read_text().count("\n")
    assert f"({in_capture()[0]['id']}," in text
    assert ",NULL);" in text


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("SET x = 1;\nUPDATE people SET name = 'Secretson';\n", 2, "this statement is not understood"),
        ("\nINSERT INTO people VALUES (1, 'Secretson');\n", 2, "names no columns"),
        ("INSERT INTO p (a, b)\nVALUES (1, 'x'),\n(2, lower('Secretson'));\n", 3, "expression is not understood"),
        ("INSERT INTO p (a) VALUES ('x'), (1, 'Secretson');\n", 1, "2 values for 1 columns"),
        ("INSERT INTO p (a) SELECT 'Secretson';\n", 1, "without VALUES"),
        ("INSERT INTO p (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 'Secretson';\n", 1, "behind the rows"),
        ("COPY p (a, b) FROM stdin;\nx\ty\nSecretson\n\\.\n", 3, "1 cells for 2 columns"),
        ("COPY p (a) FROM stdin;\nSecretson\n", 2, "middle of COPY"),
        ("COPY p (a) FROM '/tmp/Secretson';\n", 1, "only COPY ... FROM stdin"),
        ("INSERT INTO p (a) VALUES ('Secretson\n", 1, "a quote is not closed"),
        ("\\copy p from Secretson\n", 1, "command of psql"),
        ("DELETE FROM p WHERE name = 'Secretson';\n", 1, "not understood"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line(
    tmp_path: Path, key: Path, text: str, line: int, sentence: str
) -> None:
    """Nothing is written, and the message holds nothing of the file's."""
    source = tmp_path / "in.sql"
    source.write_text(text)
    done = run(key, source, tmp_path / "qa.sql")
    assert sentence in str(done.exception)
    assert f"line {line}" in str(done.exception)
    assert "Secretson" not in str(done.exception) + done.output
    assert not (tmp_path / "qa.sql").exists()


def test_a_capture_with_a_key_of_its_own_can_be_named(tmp_path: Path, key: Path) -> None:
    """key_scope = "capture": the stand-ins are those of this capture, and not those of the key alone."""
    traffic = tmp_path / "traffic.jsonl"
    traffic.write_bytes(line_of("", None, exchange("e1", "GET", "/people", answer=PEOPLE, at=1000.0)))
    config = tmp_path / "replay.toml"
    config.write_text('[record]\nkey_scope = "capture"\n')
    capture = tmp_path / "c.db"
    words = [str(traffic), "--capture", str(capture), "--key", f"file:{key}", "--config", str(config), "--quiet"]
    assert CliRunner().invoke(import_command, words).exit_code == 0
    with CaptureReader.open(capture) as reader:
        (stored,) = reader.stored()
        assert stored.exchange.response is not None
        recorded: Any = body_tree(stored.exchange.response.body)
    source = write_csv(tmp_path / "people.csv")
    done = run(key, source, tmp_path / "own.csv", "--capture", str(capture), "--config", str(config))
    assert done.exit_code == 0, (done.output, done.exception)
    with (tmp_path / "own.csv").open(newline="") as file:
        own = list(csv.DictReader(file))
    assert own == [texts(row) for row in recorded]
    assert [row["email"] for row in own] != [row["email"] for row in in_capture()]


def test_a_table_is_mapped_without_a_trace_in_the_process(tmp_path: Path, key: Path) -> None:
    """The longest cell is a setting of the whole process: who else reads CSV here keeps theirs."""
    before = csv.field_size_limit()
    (tmp_path / "in.csv").write_text("id,note\n7,x\n")
    assert run(key, tmp_path / "in.csv", tmp_path / "out.csv").exit_code == 0
    assert csv.field_size_limit() == before
