"""`replay inspect`: facts as text and as JSON; hostile text does nothing to a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from make import exchange
from replay.cli.inspect import inspect_command
from replay.model.body import Body
from replay.model.capture import CaptureInfo, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import FaultKind, RedactedExchange, SocketMessage
from replay.model.session import Actor
from replay.store.capture_writer import CaptureWriter
from replay.store.segments import Rotation, open_segments

HOSTILE = "\x1b]0;owned\x07\u202egro.live\u2066[link=http://evil]x[/link]\x9b31m"

HI = SocketMessage(True, 4.0, Body(b"hi", "text/plain"))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    writer = CaptureWriter.create(
        tmp_path / "c.db", CaptureInfo("cap1", 1, 1_700_000_000.0, "key-1", "rules-1", (), "0.1.0")
    )
    field = RedactedField("GET /courses/{id}", "response", "body.email", "email", "pseudonymise", 2)
    rows = [
        ("s1", Actor("acme", "ann"), exchange("e1", "GET", "/courses/17", at=1.0)),
        ("s1", Actor("acme", "ann"), exchange("e2", "GET", "/courses/18", 404, at=2.0)),
        ("s2", Actor("globex", HOSTILE), exchange("e3", "GET", f"/{HOSTILE}", at=3.0)),
        ("s3", None, replace(exchange("e4", "GET", "/x", fault=FaultKind.CONNECT, at=4.0), messages=(HI, HI))),
    ]
    for number, (session, actor, one) in enumerate(rows, 1):
        writer.add(number, session, actor, RedactedExchange(one), (field,) if number <= 2 else ())
    writer.set_loss("dropped", "queue-full", 7)
    writer.count_loss("refused", "survivor", 2)
    writer.count_loss("skipped", "sampled-out", 5)
    writer.count_loss("body", "response: broken content coding", 1)
    writer.close()
    return tmp_path / "c.db"


def test_json_says_everything(capture: Path) -> None:
    done = CliRunner().invoke(inspect_command, [str(capture), "--json"], catch_exceptions=False)
    facts = json.loads(done.output)
    assert facts["capture"]["key_id"] == "key-1"
    assert facts["counts"] == {
        "sessions": 3, "exchanges": 4, "messages": 2, "endpoints": 3, "actors": 2, "tenants": 2,
        "first": 1.0, "last": 4.05, "torn_sessions": 0,
    }  # fmt: skip
    assert facts["endpoints"][0] == {
        "endpoint": "GET /courses/{id}", "exchanges": 2, "statuses": {"200": 1, "404": 1},
        "mean_ms": 50.0, "longest_ms": 50.0,
    }  # fmt: skip
    assert facts["actors"][0] == {"tenant": "acme", "principal": "ann", "sessions": 1, "exchanges": 2}
    assert facts["actors"][-1] == {"tenant": None, "principal": None, "sessions": 1, "exchanges": 1}
    assert facts["statuses"] == {"200": 2, "404": 1, "connect": 1}
    assert (facts["dropped"], facts["refused"]) == ({"queue-full": 7}, {"survivor": 2})
    assert facts["skipped"] == {"sampled-out": 5}
    storage = facts["storage"]
    assert storage["file_bytes"] == capture.stat().st_size
    assert (storage["bodies"], storage["body_bytes"]) == (1, 2)
    assert storage["header_bytes"] > 0 < storage["packed_header_bytes"]
    assert storage["ratio"] >= 1
    assert facts["segments"] == {"read": [1], "deleted": {"segments": 0, "exchanges": 0, "bytes": 0}}
    assert facts["bodies_left_out"] == {"response: broken content coding": 1}
    assert facts["redaction"] == [{"class": "email", "action": "pseudonymise", "values": 4}]


def test_text_shows_the_same_and_no_control_character(capture: Path) -> None:
    done = CliRunner().invoke(inspect_command, [str(capture)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "4 exchanges in 3 sessions of 2 actors in 2 tenants" in done.output
    for words in (
        "GET /courses/{id}",
        "1 x 404",
        "queue-full",
        "survivor",
        "skipped exchanges",
        "on disk",
        "2 WebSocket",
        "pseudonymise",
        "(anonymous)",
        "key-1",
    ):
        assert words in done.output
    assert not set(done.output) & set("\x1b\x07\u202e\u2066\x9b")
    assert "[link=http://evil]" in done.output  # as text: nothing interpreted it


def test_an_empty_capture(tmp_path: Path) -> None:
    CaptureWriter.create(tmp_path / "c.db", CaptureInfo("c", 1, 1.0, "k", "p", (), "0")).close()
    done = CliRunner().invoke(inspect_command, [str(tmp_path / "c.db")], catch_exceptions=False)
    assert "0 exchanges in 0 sessions of 0 actors in 0 tenants" in done.output
    assert "Nothing was dropped or refused." in done.output


def test_what_is_no_capture_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="does not exist"):
        CliRunner().invoke(inspect_command, [str(tmp_path / "absent.db")], catch_exceptions=False)


def test_a_rotated_capture_is_one(tmp_path: Path) -> None:
    """Through its manifest; the active file alone says that there is more."""
    info = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")
    writer = open_segments(tmp_path / "c.db", info, append=False, rotation=Rotation(rotate_bytes=1))
    for number in (1, 2, 3):
        writer.add(number, "s1", None, RedactedExchange(exchange(f"e{number}", "GET", "/x", at=float(number))), ())
        writer.commit()
    writer.add(4, "s1", None, RedactedExchange(exchange("e4", "GET", "/x", at=4.0)), ())
    writer.close()
    done = CliRunner().invoke(inspect_command, [str(tmp_path / "c.manifest.json"), "--json"], catch_exceptions=False)
    facts = json.loads(done.output)
    assert (facts["counts"]["sessions"], facts["counts"]["exchanges"]) == (1, 4)
    assert facts["segments"]["read"] == [1, 2, 3, 4]
    assert facts["storage"]["file_bytes"] == sum(path.stat().st_size for path in tmp_path.glob("*.db"))
    alone = CliRunner().invoke(inspect_command, [str(tmp_path / "c.db")], catch_exceptions=False)
    assert "segments read: 4; earlier ones are in files beside it" in alone.output
