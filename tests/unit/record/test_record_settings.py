"""The recorder's tables of replay.toml and its options: taken, or refused with a sentence that says what is valid."""

from __future__ import annotations

import marshal
from typing import Any

import pytest

from replay.model.errors import ConfigError, UsageError
from replay.record.routes import RouteRule
from replay.record.settings import RecordSettings, parse_settings, with_options

KEEP = {"place": "body.title", "reason": "public", "endpoint": "GET /courses"}
MIB = 1 << 20


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
        pytest.param({"record": {"queue_mb": 8}}, RecordSettings(queue_bytes=8 * MIB), id="queue"),
        pytest.param(
            {"record": {"request_body_kb": 1, "body_kb": 64}},
            RecordSettings(request_body_bytes=1024, response_body_bytes=65536),
            id="one direction is more exact than both, wherever it stands",
        ),
        pytest.param({"record": {"sample": 0.25}}, RecordSettings(sample=0.25), id="share"),
        pytest.param({"record": {"sample": 0}}, RecordSettings(sample=0.0), id="nothing but the routes with a share"),
        pytest.param(
            {"record": {"include": ["GET /api/**"], "exclude": ["health"]}},
            RecordSettings(routes=(RouteRule("health", False), RouteRule("GET /api/**", True))),
            id="routes",
        ),
        pytest.param(
            {"record": {"routes": [{"match": "GET /catalogue/**", "sample": 0.01}]}},
            RecordSettings(routes=(RouteRule("GET /catalogue/**", True, 0.01),)),
            id="a share per route",
        ),
        pytest.param(
            {"record": {"rotate_mb": 512, "rotate_minutes": 60, "keep_days": 7, "keep_mb": 0}},
            RecordSettings(rotate_bytes=512 * MIB, rotate_seconds=3600.0, keep_seconds=604800.0),
            id="rotation and retention",
        ),
        pytest.param({"record": {"session_gap_minutes": 0.5}}, RecordSettings(gap_seconds=30.0), id="gap"),
        pytest.param(
            {"record": {"tenant": ["claim:org_id", "subdomain"], "principal": "basic", "session": ["cookie:sid"]}},
            RecordSettings(tenant=("claim:org_id", "subdomain"), principal=("basic",), session=("cookie:sid",)),
            id="sources; one text is a list of one",
        ),
        pytest.param(
            {"record": {"capture": "c.db", "key": "env:KEY", "append": True, "metrics": "127.0.0.1:9000"}},
            RecordSettings(capture="c.db", key="env:KEY", append=True, metrics="127.0.0.1:9000"),
            id="where and how",
        ),
    ],
)
def test_valid_tables(document: dict[str, Any], expected: RecordSettings) -> None:
    """What replay.toml says is what the recorder works with; silence means the defaults."""
    assert parse_settings(document, "replay.toml") == expected


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"redact": {"kepe": []}}, "'kepe'; valid: level, policy, .*keep", id="misspelt key"),
        pytest.param({"record": {"queue": 1}}, "'queue'; valid: .*queue_mb, body_kb", id="unknown limit"),
        pytest.param({"redact": {"keep": [{**KEEP, "why": "x"}]}}, "entry 1 has an unknown key 'why'", id="extra key"),
        pytest.param({"redact": {"keep": [{"place": "body.x"}]}}, "entry 1 needs reason", id="no reason"),
        pytest.param({"redact": {"keep": [{**KEEP, "place": " "}]}}, "entry 1 needs place", id="empty place"),
        pytest.param({"redact": {"keep": "body.x"}}, "must be a list", id="not a list"),
        pytest.param({"redact": 1}, r"\[redact\] must be a table", id="not a table"),
        pytest.param({"record": {"queue_mb": 0}}, "queue_mb must be a whole number above 0", id="zero"),
        pytest.param({"record": {"body_kb": True}}, "body_kb must be a whole number above 0", id="a truth is no size"),
        pytest.param({"record": {"queue_mb": 1 << 30}}, "queue_mb must be a whole number", id="bytes, not megabytes"),
        pytest.param({"record": {"rotate_mb": -1}}, "rotate_mb must be a whole number, 0 for none", id="negative"),
        pytest.param({"record": {"keep_days": "7"}}, "keep_days must be a number, 0 for none", id="text for a number"),
        pytest.param({"record": {"session_gap_minutes": 0}}, "session_gap_minutes must be a number above 0", id="gap"),
        pytest.param(
            {"record": {"rotate_minutes": float("nan")}}, "rotate_minutes must be a number", id="not a number"
        ),
        pytest.param({"record": {"sample": 1.5}}, "sample must be a share from 0 to 1", id="more than all"),
        pytest.param({"record": {"sample": float("nan")}}, "sample must be a share", id="no share"),
        pytest.param({"record": {"sample": True}}, "sample must be a share", id="a truth is no share"),
        pytest.param({"record": {"exclude": ["api/**"]}}, 'exclude must be routes such as "GET /api/', id="no slash"),
        pytest.param({"record": {"exclude": ["get /x"]}}, "exclude must be routes", id="a method is in capitals"),
        pytest.param({"record": {"include": ["/x/**.js"]}}, "include must have .. alone between", id="stars in a word"),
        pytest.param({"record": {"include": [7]}}, "include must be a list of texts", id="no text"),
        pytest.param({"record": {"append": 1}}, "append must be true or false", id="no truth"),
        pytest.param({"record": {"capture": 1}}, "capture must be a text", id="no name"),
        pytest.param({"record": {"routes": {}}}, "must be a list of tables", id="one table for routes"),
        pytest.param({"record": {"routes": [{"match": "/x"}]}}, "entry 1 needs match.*and sample", id="no share said"),
        pytest.param({"record": {"routes": [{"match": "x", "sample": 1}]}}, "entry 1: match must be", id="no route"),
        pytest.param({"record": {"routes": [{"match": "/x", "sample": 2}]}}, "entry 1: sample must be", id="two"),
        pytest.param({"record": {"routes": [{"match": "/x", "sample": 1, "to": 1}]}}, "unknown key 'to'", id="extra"),
        pytest.param(
            {"record": {"tenant": ["cookie"]}}, "tenant must be a list of sources.*entry 1", id="no name said"
        ),
        pytest.param({"record": {"session": ["subdomain"]}}, "session must not have subdomain", id="subdomain"),
        pytest.param({"record": {"tenant": ["path:/o/**"]}}, "tenant must have paths with one name", id="no place"),
        pytest.param({"record": {"tenant": ["path:/**/{t}"]}}, "tenant must have paths", id="stars in front"),
        pytest.param({"record": {"principal": ["body:a[x]"]}}, "principal must have places such as", id="odd place"),
    ],
)
def test_errors_are_one_sentence_with_the_file_named(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        parse_settings(document, "replay.toml")
    assert str(caught.value).startswith("replay.toml")
    assert "\n" not in str(caught.value)


FILE = RecordSettings(
    queue_bytes=8 * MIB, request_body_bytes=1024, sample=0.5, key="env:A", tenant=("subdomain",),
    routes=(RouteRule("/old/**", False), RouteRule("/api/**", True), RouteRule("/slow", True, 0.1)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        pytest.param({}, {}, id="nothing said"),
        pytest.param({"queue_mb": 0, "sample": "", "exclude": [], "append": False}, {}, id="unsaid values"),
        pytest.param({"queue_mb": 4}, {"queue_bytes": 4 * MIB}, id="size"),
        pytest.param({"sample": "0"}, {"sample": 0.0}, id="a zero that was said"),
        pytest.param({"sample": "10%"}, {"sample": 0.1}, id="percent"),
        pytest.param(
            {"body_kb": 2}, {"request_body_bytes": 2048, "response_body_bytes": 2048}, id="both, also what the file set"
        ),
        pytest.param({"body_kb": 2, "request_body_kb": 1}, {"response_body_bytes": 2048}, id="one of them"),
        pytest.param(
            {"exclude": ("/new",)},
            {"routes": (RouteRule("/new", False), RouteRule("/api/**", True), RouteRule("/slow", True, 0.1))},
            id="a list replaces its own kind",
        ),
        pytest.param({"key": "file:k", "append": True}, {"key": "file:k", "append": True}, id="texts and truths"),
        pytest.param({"config": "replay.toml"}, {}, id="the configuration itself is no setting"),
    ],
)
def test_options_that_were_said_win_over_the_file(said: dict[str, Any], changed: dict[str, Any]) -> None:
    fresh = with_options(FILE, said)
    assert {name: getattr(fresh, name) for name in changed} == changed
    assert all(getattr(fresh, name) == getattr(FILE, name) for name in FILE.__slots__ if name not in changed)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param({"queue_mb": -1}, "option queue_mb must be a whole number above 0", id="negative"),
        pytest.param({"sample": "half"}, "option sample must be a share from 0 to 1, such as 0.1", id="word"),
        pytest.param({"sample": "nan"}, "option sample must be a share", id="not a number"),
        pytest.param({"include": ["nowhere"]}, "option include must be routes", id="no route"),
        pytest.param({"speed": "2x"}, "no option speed; valid: capture,", id="unknown"),
    ],
)
def test_a_wrong_option_is_named_with_its_valid_form(said: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        with_options(RecordSettings(), said)


def test_settings_travel_to_the_writer_as_plain_data() -> None:
    """What comes out of marshal is what went in, also where an older sender knew fewer fields."""
    wire = marshal.loads(marshal.dumps(FILE.to_wire()))
    assert RecordSettings.from_wire(wire) == FILE
    assert RecordSettings.from_wire({"sample": 0.5, "of the future": 1}) == RecordSettings(sample=0.5)
