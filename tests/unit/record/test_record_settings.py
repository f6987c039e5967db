"""The recorder's tables of replay.toml: taken, or refused with a sentence that says what is valid."""

from __future__ import annotations

from typing import Any

import pytest

from replay.model.errors import ConfigError
from replay.record.settings import RecordSettings, parse_settings

KEEP = {"place": "body.title", "reason": "public", "endpoint": "GET /courses"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({}, RecordSettings(), id="nothing said"),
        pytest.param({"mutators": {"duplicate": {"copies": 3}}}, RecordSettings(), id="other rooms' tables pass by"),
        pytest.param(
            {"redact": {"keep": [KEEP]}}, RecordSettings((("body.title", "public", "GET /courses"),)), id="keep"
        ),
        pytest.param(
            {"redact": {"keep": [{"place": "body.title", "reason": "public"}]}},
            RecordSettings((("body.title", "public", ""),)),
            id="keep at every endpoint",
        ),
        pytest.param({"record": {"queue_mb": 8, "body_kb": 64}}, RecordSettings((), 8, 64), id="limits"),
    ],
)
def test_valid_tables(document: dict[str, Any], expected: RecordSettings) -> None:
    """What replay.toml says is what the recorder works with; silence means the defaults."""
    assert parse_settings(document, "replay.toml") == expected


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"redact": {"kepe": []}}, "'kepe'; valid: keep", id="misspelt key"),
        pytest.param({"record": {"queue": 1}}, "'queue'; valid: queue_mb, body_kb", id="unknown limit"),
        pytest.param({"redact": {"keep": [{**KEEP, "why": "x"}]}}, "entry 1 has an unknown key 'why'", id="extra key"),
        pytest.param({"redact": {"keep": [{"place": "body.x"}]}}, "entry 1 needs reason", id="no reason"),
        pytest.param({"redact": {"keep": [{**KEEP, "place": " "}]}}, "entry 1 needs place", id="empty place"),
        pytest.param({"redact": {"keep": "body.x"}}, "must be a list", id="not a list"),
        pytest.param({"redact": 1}, r"\[redact\] must be a table", id="not a table"),
        pytest.param({"record": {"queue_mb": 0}}, "queue_mb must be a whole number above 0", id="zero"),
        pytest.param({"record": {"body_kb": True}}, "body_kb must be a whole number above 0", id="a truth is no size"),
    ],
)
def test_errors_are_one_sentence_with_the_file_named(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        parse_settings(document, "replay.toml")
    assert str(caught.value).startswith("replay.toml")
    assert "\n" not in str(caught.value)
