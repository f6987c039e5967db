"""Laws of redaction rules, over selectors and documents that nobody would write by hand."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.model.body import Body
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers
from replay.redact.json_path import Step, fits, overlap, parse_json_path, written
from replay.redact.kinds import Action
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rules import make_rule
from replay.redact.selectors import parse_selector

KEY = bytes(range(32))
NAMES = st.sampled_from(["a", "b", "items", "orderId", "x y", "it's", "@id", "ü", "a.b", "[*]"])
STEPS = st.lists(st.builds(Step, st.none() | NAMES, st.booleans()), max_size=4).map(tuple)
TRAILS = st.lists(st.none() | NAMES, max_size=5).map(tuple)
SIDES = st.sampled_from(["", "request ", "response ", "any "])
ROUTES = st.sampled_from(["", '"GET /a/{id}" ', '"/a/**" ', '"POST /b" '])
FIELDS = st.sampled_from(["header x-a", "cookie a|b", "query", "cookie /^a\\/b/", "ws $..a"])
PLACES = st.builds(lambda steps: f"body {written(steps)}", STEPS) | FIELDS
WHERE = st.builds("{}{}{}".format, SIDES, ROUTES, PLACES)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20)
KEYS = NAMES | st.text(max_size=8)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(STEPS)
def test_a_path_reads_as_it_is_written(steps):
    assert parse_json_path(written(steps)) == steps


@given(STEPS, STEPS, TRAILS)
def test_paths_that_name_one_place_overlap(one, other, trail):
    """So a conflict is never overlooked."""
    if fits(one, trail) and fits(other, trail):
        assert overlap(one, other)


@given(WHERE)
def test_a_selector_reads_as_it_is_written(where):
    """The spelling that the digest is made of loses nothing."""
    parsed = parse_selector(where)
    assert parse_selector(" or ".join(map(str, parsed))) == parsed


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(WHERE, st.sampled_from(list(Action))), max_size=4), DOCUMENTS)
def test_redaction_by_any_rules_is_total_repeatable_and_keeps_the_shape(rules, document):
    """Same answer in any order of rules and with an empty memory; containers stay, save those that are dropped."""
    made = [
        make_rule(f"rule {i}", where, action, reason="r" if action is Action.KEEP else "")
        for i, (where, action) in enumerate(rules)
    ]
    try:
        policies = [Policy(Pseudonym(KEY), rules=made), Policy(Pseudonym(KEY), rules=made[::-1])]
    except ConfigError:
        return
    body = Body(json.dumps(document).encode(), "application/json")
    headers = Headers((("X-A", "some words"), ("Cookie", "a=1; b=2")))
    exchange = Exchange("e1", Request("GET", "/a/17?q=vik", headers, body), Response(200, headers, body), 1.0, 2.0)
    outcomes = []
    for policy in policies:
        try:
            done = policy.redact(exchange)
        except Refused as refused:
            outcomes.append(refused.reason)
        else:
            outcomes.append((done.exchange, done.fields))
    assert outcomes[0] == outcomes[1]
    assert policies[0].digest == policies[1].digest
    if isinstance(outcomes[0], tuple) and outcomes[0][0].response.body.data:
        assert _fits(document, json.loads(outcomes[0][0].response.body.data))


def _fits(before: Any, after: Any) -> bool:
    """As many members and elements, or nothing at all."""
    if isinstance(before, list):
        return after is None or (
            isinstance(after, list) and all(map(_fits, before, after)) and len(before) == len(after)
        )
    if isinstance(before, dict):
        return after is None or (isinstance(after, dict) and len(after) <= len(before))
    return not isinstance(after, (list, dict))
