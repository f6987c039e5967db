"""The redaction policy on its way: from a document to settings, over a pipe, into a compiled policy."""

from __future__ import annotations

import json
import marshal
from typing import Any

import pytest

from replay.model.errors import ConfigError, UsageError
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings, parse_settings, with_options
from replay.record.settings_redact import KEYS, RedactSettings, RuleText

RULES = [
    {"where": "request body $.pin", "action": "mask", "with": "0000"},
    {"where": "body $.n", "action": "mask", "with": 7},
    {"where": "query page", "action": "keep", "reason": "paging", "values": ["1", "2"]},
    {"where": "body $..ref", "class": "id", "domain": "order"},
]
DETECTOR = {"name": "number", "regex": r"AC-\d+", "class": "id", "examples": ["AC-1"], "counter": ["AC"]}
CARRIERS = {
    "as it is": lambda one: one,
    "to the writer": lambda one: marshal.loads(marshal.dumps(one)),
    "to a worker": lambda one: json.loads(json.dumps(one)),
}.values()
DOCUMENT = {"redact": {"level": "balanced", "rule": RULES, "detector": [DETECTOR]}}


@pytest.mark.parametrize("carry", CARRIERS)
def test_a_policy_survives_its_way_to_the_writer(carry):
    """Equal settings, and a policy of the same digest; marshal is the writer's way, JSON the worker's."""
    settings = parse_settings(DOCUMENT, "replay.toml")
    arrived = RecordSettings.from_wire(carry(settings.to_wire()))
    assert arrived == settings
    assert policy_of(bytes(32), arrived).digest == policy_of(bytes(32), settings).digest
    assert settings.redact.rules[0] == RuleText(
        "replay.toml: [[redact.rule]] 1", "request body $.pin", "mask", "", "0000"
    )
    assert (settings.redact.level, len(settings.redact.detectors)) == ("balanced", 1)


def test_settings_of_a_version_without_policies_are_read():
    wire = RecordSettings().to_wire()
    del wire["redact"]
    assert RecordSettings.from_wire(wire).redact == RedactSettings()


def test_the_digest_covers_level_rules_detectors_and_words():
    def digest(**changes: Any) -> str:
        return policy_of(bytes(32), RecordSettings(redact=RedactSettings(**changes))).digest

    detectors = parse_settings(DOCUMENT, "x").redact.detectors
    variants = [
        digest(),
        digest(level="balanced"),
        digest(rules=(RuleText("a", "body $.a", "mask"),)),
        digest(detectors=detectors),
        digest(names=("xqz",)),
        digest(values=(("body.a", "b"),)),
        digest(classes=(("body.a", "mask", "password"),)),
    ]
    assert len(set(variants)) == len(variants)
    assert digest(rules=(RuleText("another file", "any body $.a", "mask"),)) == variants[2]


def test_the_level_by_default_is_strict():
    assert parse_settings({}, "x").redact.level == "strict"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"level": "off"}, "level must be strict or balanced: there is no way"),
        ({"level": True}, "level must be"),
        ({"rule": {}}, "must be a list of tables"),
        ({"rule": ["x"]}, "must be a list of tables"),
        ({"rule": [{"wher": "x"}]}, r"rule\]\] 1 has an unknown key 'wher'; valid: where, action"),
        ({"rule": [{}]}, "1 needs where"),
        ({"rule": [{"where": "body $.a", "with": [1]}]}, "with must be a text, a number"),
        ({"rule": [{"where": "body $.a", "values": "x"}]}, "values must be a list"),
        ({"rule": [{"where": "body $.a", "class": 3}]}, "class must be a text"),
        ({"rule": [{"where": "body $.a"}, {"where": "body $.a", "class": "id"}]}, r"rule\]\] 2 and .*rule\]\] 1 say"),
        ({"detector": [{"regex": "a"}]}, "1 needs name"),
        ({"detector": [{**DETECTOR, "examples": "AC-1"}]}, "examples must be a list"),
        ({"detector": [{**DETECTOR, "counter": ["AC-2"]}]}, "matches its counter-example 1"),
        ({"learned": 3}, "learned must be the name of a file"),
        ({"schema": "a.yaml"}, "schema must be a list of texts"),
        ({"policy": ""}, "policy must be the name of a file"),
        ({"policy": "a.toml", "rule": []}, "says rule itself"),
    ],
)
def test_a_wrong_policy_is_one_sentence_with_the_place(table, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parse_settings({"redact": table}, "replay.toml")
    assert str(caught.value).startswith("replay.toml")
    assert "\n" not in str(caught.value)


def test_raw_hosts_are_said_each_time_and_whole():
    """No key of a file, no pattern, nothing empty."""
    name = "i_accept_raw_personal_data"
    assert with_options(RecordSettings(), {name: "A.test, b.test"}).raw_hosts == ("a.test", "b.test")
    for wrong in ("*", "*.test", "a.test:80", "a test", ","):
        with pytest.raises(UsageError, match="names or addresses of upstream hosts"):
            with_options(RecordSettings(), {name: wrong})
    with pytest.raises(ConfigError, match="unknown key"):
        parse_settings({"record": {name: "a.test"}}, "replay.toml")
    assert not any("raw" in key for key in KEYS)
