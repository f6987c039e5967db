"""`replay redact audit`: it finds what was planted behind redaction's back, and nothing in a capture that is clean."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import zstandard
from click.testing import CliRunner, Result

from make import exchange
from make_capture import write_capture
from replay.cli.redact_audit import audit_command
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.store.capture_rows import body_digest

CARD, IBAN, PHONE = "4111111111111111", "DE89370400440532013000", "+47 21 55 01 23"
PLANTED = {
    "email": "ingrid@fjord-bank.no",
    "card": "5500 0000 0000 0004",
    "iban": "GB82WEST12345698765432",
    "phone": "+1 415 555 0132",
    "us-ssn": "536-22-8145",
    "private-key": "-----BEGIN RSA PRIVATE KEY-----",
    "aws-key": "AKIAQ3EGRTZ7XK2MPWLA",
    "github-token": "ghp_" + "a1B2c3D4e5F6" * 3,
    "slack-token": "xoxb-" + "123456789012-abcdef",
    "stripe-key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "google-key": "AIza" + "SyD4x" * 7,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0ODIxMyIsIm5hbWUiOiJJIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
}


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(audit_command, [*(str(word) for word in words), "--quiet"])


def facts(path: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(path, "--json", *words).output)
    return found


def traffic() -> list[Exchange]:
    """Twelve people; everything that has a class of its own stands in it."""
    out = []
    for i in range(36):
        who = i % 12
        person = {
            "id": 48213 + who, "email": f"p{who}@bank-{who}.example.org", "status": "active" if who else "locked",
            "card": CARD, "iban": IBAN, "phone": PHONE, "note": f"mail p{who}@bank.example.org or call {PHONE}",
            "created": f"2026-11-0{1 + i % 9}T10:00:00Z",
        }  # fmt: skip
        claims = base64.urlsafe_b64encode(json.dumps({"sub": f"p{who}@bank.example.org"}).encode()).decode().rstrip("=")
        bearer = f"Bearer eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJlLXNpZ25hdHVy{chr(97 + who)}"
        headers = {"Authorization": bearer, "X-Note": f"p{who}@bank.example.org"}
        out.append(exchange(f"e{i}", "GET", f"/orders/{48213 + i}", answer=person, at=1000.0 + i, headers=headers))
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_capture(tmp_path_factory.mktemp("made") / "c.db", traffic())


@pytest.fixture
def capture(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "c.db"))


def test_a_clean_capture_has_no_hits(capture: Path) -> None:
    """Stand-ins of e-mails are told by their shape, those of cards and JWTs by the capture's own notes."""
    done = run(capture)
    assert done.exit_code == 0, done.output
    found = facts(capture)
    assert found["scanner"]["hits"] == []
    assert found["scanner"]["stand_ins"]["email"] > 0
    assert {"card", "iban", "jwt"} <= set(found["scanner"]["noted"])
    assert found["scanner"]["bytes"] >= capture.stat().st_size


def test_with_the_key_stand_ins_are_verified(capture: Path, tmp_path: Path) -> None:
    """A JWT's signature is ours or it is not; the capture's notes are not asked."""
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o400)
    found = facts(capture, "--key", f"file:{key}")
    assert found["scanner"]["hits"] == []
    assert found["scanner"]["stand_ins"]["jwt"] > 0
    assert "jwt" not in found["scanner"]["noted"]


def replanted(capture: Path, text: str, where: str) -> None:
    """Write `text` behind redaction's back, as a defect would."""
    database = sqlite3.connect(capture)
    try:
        if where == "target":
            database.execute("UPDATE exchange SET target = target || ? WHERE number = 7", (f"?page={text}",))
        elif where == "header":
            packed = b'[[["x-kept","%s"]],[],[]]' % text.replace("\n", " ").encode()
            database.execute("UPDATE exchange SET packing = -1, headers = ? WHERE number = 7", (packed,))
        elif where == "body":
            body = Body(json.dumps({"size": [text] * 9}).encode(), "application/json")
            data = zstandard.ZstdCompressor().compress(body.data)
            (row,) = database.execute("SELECT response_body FROM exchange WHERE number = 7").fetchone()
            database.execute(
                "UPDATE body SET packing = 0, data = ?, bytes = ?, digest = ? WHERE id = ?",
                (data, len(body.data), body_digest(body), row),
            )
        elif where == "session":
            database.execute("UPDATE session SET name = ? WHERE id = 1", (f"s {text} s",))
        else:
            database.execute("INSERT INTO loss VALUES ('dropped', ?, 1)", (f"why {text} why",))
            database.commit()
            database.execute("PRAGMA secure_delete = OFF").fetchone()
            database.execute("DELETE FROM loss WHERE reason LIKE 'why%'")
        database.commit()
    finally:
        database.close()


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        *((kind, "body") for kind in PLANTED),
        *(("iban", where) for where in ("header", "session", "free page", "target")),
    ],
)
def test_what_was_planted_is_found(capture: Path, kind: str, where: str) -> None:
    """In packed bodies and headers, in names, and in the free space of the file; the value is never printed."""
    replanted(capture, PLANTED[kind], where)
    done = run(capture)
    assert done.exit_code == 1, done.output
    assert f"hit: {kind} of " in done.output
    assert PLANTED[kind] not in done.output + run(capture, "--json").output


def test_a_secret_at_a_kept_place_is_a_keep_hit(capture: Path) -> None:
    replanted(capture, PLANTED["aws-key"], "body")
    (hit,) = {(one["kind"], one["is_kept"]) for one in facts(capture)["scanner"]["hits"] if one["is_kept"]}
    assert hit == ("aws-key", True)
    assert run(capture, "--fail-on", "keep-hit").exit_code == 1


@pytest.mark.parametrize(("word", "status"), [("never", 0), ("default", 1), ("below-k", 1), ("scanner", 0)])
def test_fail_on_decides_the_exit_status(capture: Path, word: str, status: int) -> None:
    """The notes are unclassified text, and the word `locked` is that of one person."""
    assert run(capture, "--fail-on", word).exit_code == status


def test_an_unknown_word_of_fail_on_is_refused(capture: Path) -> None:
    assert "--fail-on takes default" in str(run(capture, "--fail-on", "typo").exception)


def test_small_groups_are_told_by_reference(capture: Path) -> None:
    """`locked` is one session's: where it stands is said, not what it is."""
    (line,) = [one for one in facts(capture)["fields"] if one["place"] == "body.status"]
    assert (line["action"], line["smallest_group"], line["below_k"], line["references"]) == (
        "keep",
        1,
        1,
        ["exchange 1"],
    )
    assert "locked" not in run(capture).output


def test_numbers_and_times_are_no_groups(capture: Path) -> None:
    (line,) = [one for one in facts(capture)["fields"] if one["place"] == "body.created"]
    assert (line["action"], line["below_k"]) == ("keep", 0)


def test_unknown_names_are_counted(tmp_path: Path) -> None:
    """A name that is data stands in the place's shape only."""
    odd = [exchange("e1", "GET", "/orders", answer={"qvintrell9f8e7d6c5b": {"id": 1}}, at=1000.0)]
    path = write_capture(tmp_path / "c.db", odd)
    assert facts(path)["unknown_names"] == 1
    assert run(path, "--fail-on", "unknown-name").exit_code == 1


def test_all_stand_ins_of_a_place_are_counted(capture: Path) -> None:
    """Twelve people are twelve e-mails, whatever they are called now."""
    (line,) = [one for one in facts(capture)["fields"] if one["place"] == "body.email"]
    assert (line["count"], line["distinct"], line["longest"]) == (36, 12, 35)


def test_the_table_fits_a_terminal_of_eighty_columns(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six columns; what few sessions share stands below them in full."""
    monkeypatch.setattr("replay.cli.tables._PIPED_COLUMNS", 80)
    lines = run(capture).output.splitlines()
    heads = next(line for line in lines if line.startswith("Place"))
    assert heads.split() == ["Place", "Done", "Why", "Count", "Distinct", "Longest"]
    table = lines[lines.index(heads) : next(i for i, line in enumerate(lines) if line.startswith("response body.st"))]
    assert max(map(len, table)) <= 80
    assert sum("pseudonymise" in line for line in table) > 5, "no word of ours is folded to pieces"
    assert any("words of fewer than 5 sessions: exchange" in line for line in lines)
