"""`replay inspect --bindings` on a capture file: every route with its evidence, and no value anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from make import bearer, exchange, session
from replay.cli.inspect import inspect_command
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store.capture_writer import CaptureWriter

TOKEN = "tok-91ab3c77deadbeef0042"
KEY = "7d1f9f0e-6a56-4a39-8b39-1e4de7f6f0a1"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    writer = CaptureWriter.create(
        tmp_path / "c.db", CaptureInfo("cap1", 1, 1_700_000_000.0, "key-1", "rules-1", (), "0.1.0")
    )
    items = session(
        "s1",
        exchange("e1", "POST", "/login", answer={"access": TOKEN}),
        exchange("e2", "POST", "/courses", 201, headers={**bearer(TOKEN), "Idempotency-Key": KEY}, answer={"id": 4711}),
        exchange("e3", "GET", "/courses/4711?page=1", headers=bearer(TOKEN)),
    )
    for number, one in enumerate(items.exchanges, 1):
        writer.add(number, "s1", Actor("acme", "ann"), RedactedExchange(one), ())
    writer.close()
    return tmp_path / "c.db"


def shown(capture: Path, *options: str) -> str:
    done = CliRunner().invoke(inspect_command, [str(capture), "--bindings", *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_json_names_both_places_and_one_pair_of_exchanges(capture: Path) -> None:
    facts = json.loads(shown(capture, "--json"))
    assert facts["counts"] == {"bindings": 3, "routes": 3, "own_values": 1}
    assert {
        "endpoint": "GET /courses/{id}", "place": "path[*]", "from_endpoint": "POST /courses", "from_place": "body.id",
        "noun": "course", "confidence": 0.85, "bindings": 1, "values": 1, "kind": "digits", "shortest": 4,
        "longest": 4, "given_by": "e2", "returned_by": "e3",
    } in facts["bindings"]  # fmt: skip
    place = "header.idempotency-key[*]"
    assert facts["own"] == [{"endpoint": "POST /courses", "place": place, "kind": "uuid", "values": 1}]


def test_no_value_is_shown(capture: Path) -> None:
    """Tokens, ids and keys are told by kind and length."""
    for output in (shown(capture), shown(capture, "--json")):
        assert "body.access" in output
        assert not [value for value in (TOKEN, KEY, "4711", "91ab3c77") if value in output]
