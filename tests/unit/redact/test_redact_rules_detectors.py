"""Detectors: what they find does not stay, whatever let it stay, and they are tried before any traffic."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from replay.model.errors import ConfigError
from replay.model.message import body_tree
from replay.redact import re2_patterns
from replay.redact.detector_net import Detector, DetectorNet, TooManyError, make_detector
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rules import make_rule
from unit.redact.canary_cases import exchange, said, socket

KEY = bytes(range(32))
NUMBER = r"\bAC-\d{6}[A-Z]\b"


def detector(regex: str = NUMBER, value_class: str = "id", example: str = "AC-123456X") -> Detector:
    return make_detector("the detector", "acme", regex, value_class, [example], [])


def policy(*detectors: Detector, rules: tuple[dict[str, Any], ...] = ()) -> Policy:
    keeps = [make_rule("rule", reason="reviewed", action="keep", **rule) for rule in rules]
    return Policy(Pseudonym(KEY), rules=keeps, detectors=detectors)


KEPT = "see AC-123456X there"


@pytest.mark.parametrize(
    ("remark", "where", "planted", "read"),
    [
        ("body", "body $.note", exchange(body={"note": KEPT}), lambda e: e.request.body.data.decode()),
        ("list", "body $.a[*]", exchange(body={"a": ["x", KEPT]}), lambda e: e.request.body.data.decode()),
        ("answer", "body $..x", exchange(answer={"a": {"x": KEPT}}), lambda e: e.response.body.data.decode()),
        ("header", "header x-note", exchange(headers={"X-Note": KEPT}), lambda e: e.request.headers.get("x-note")),
        ("query", "query q", exchange("/a?q=AC-123456X"), lambda e: e.request.target),
        ("cookie", "cookie q", exchange(headers={"Cookie": "q=AC-123456X"}), lambda e: e.request.headers.get("cookie")),
        ("socket", "ws $.note", socket(said({"note": KEPT})), lambda e: e.messages[0].body.data.decode()),
        ("path", '"POST /r/{ref}" path ref', exchange("/r/AC-123456X"), lambda e: e.request.target),
    ],
)
def test_what_a_detector_finds_does_not_stay_though_a_rule_keeps_it(remark, where, planted, read):
    """With the rule alone it stays: the detector makes the difference."""
    assert "AC-123456X" in read(policy(rules=({"where": where},)).redact(planted).exchange)
    assert "123456" not in read(policy(detector(), rules=({"where": where},)).redact(planted).exchange)


def test_what_stays_without_a_rule_is_searched_as_well():
    """A word of a closed list, a number, a name, a word inside a document in a text."""
    found = [
        (detector(r"^ACTIVE$", "text", "ACTIVE"), {"status": "ACTIVE"}),
        (detector(r"^73$", "id", "73"), {"count": 73}),
        (detector(r"^count$", "text", "count"), {"count": 1}),
        (detector(r"^ACTIVE$", "text", "ACTIVE"), {"doc": '{"status":"ACTIVE"}'}),
    ]
    for one, document in found:
        before = body_tree(policy().redact(exchange(body=document)).exchange.request.body)
        after = body_tree(policy(one).redact(exchange(body=document)).exchange.request.body)
        assert before == document
        assert after != document


def test_nothing_else_changes_where_a_detector_finds_something():
    rules = ({"where": "body $..note"},)
    document = {"note": KEPT, "more": {"note": "fine words"}, "n": 5, "name": "Ann Berg"}
    without = body_tree(policy(rules=rules).redact(exchange(body=document)).exchange.request.body)
    shown = body_tree(policy(detector(), rules=rules).redact(exchange(body=document)).exchange.request.body)
    assert {key for key in document if shown[key] != without[key]} == {"note"}


def test_one_row_of_many_is_found():
    """Rows that are rewritten together, numbers, names and documents in texts among them."""
    rows = [{"note": f"note {i}", "count": 1 + i % 9, "doc": '{"status":"ACTIVE"}'} for i in range(60)]
    rows[41] = {"note": KEPT, "count": 77, "doc": '{"status":"CLOSED"}'}
    net = (detector(), detector(r"^77$", "id", "77"), detector(r"^CLOSED$", "text", "CLOSED"))
    rules = ({"where": "body $[*].note"},)
    without = body_tree(policy(rules=rules).redact(exchange(body=rows)).exchange.request.body)
    shown = body_tree(policy(*net, rules=rules).redact(exchange(body=rows)).exchange.request.body)
    assert without[41] == rows[41]
    assert {i for i in range(60) if shown[i] != without[i]} == {41}
    assert all(shown[41][key] != rows[41][key] for key in rows[41])


def test_what_cannot_be_replaced_refuses_the_exchange():
    """The type of a body decides how it is read; a detector for types leaves no other way."""
    planted = exchange(headers={"Content-Type": "application/pdf"})
    with pytest.raises(Refused) as refused:
        policy(detector(r"/pdf", "text", "a/pdf")).redact(planted)
    assert refused.value.reason == "detector"


def test_words_of_two_texts_make_no_hit_together():
    """The joint search may suspect; only a text by itself is found."""
    net = DetectorNet([detector(r"Ann\s+Berg", "name", "Ann Berg")])
    assert net.found(["Ann", "Berg"]) == {}
    assert list(net.found(["Ann", "Berg", "Ann Berg"])) == ["Ann Berg"]


def test_line_marks_hold_at_a_text_that_stands_among_others():
    net = DetectorNet([detector(r"^\d{3}$", "id", "123")])
    assert list(net.found(["a", "123", "4567", "x 890"])) == ["123"]


def test_the_order_of_detectors_says_nothing():
    one, two = detector(r"a+b", "token", "ab"), detector(r"b+c", "name", "bc")
    assert DetectorNet([one, two]).found(["abc"]) == DetectorNet([two, one]).found(["abc"])
    assert policy(one, two).digest == policy(two, one).digest != policy(one).digest


def test_too_many_texts_with_a_hit_refuse_instead_of_searching_on():
    """Bounded work: 400 000 searches are about half a second."""
    net = DetectorNet([detector(r"x", "text", "x")])
    with pytest.raises(TooManyError):
        net.found([f"x{i}" for i in range(400_001)])


def test_a_lone_surrogate_does_not_blind_the_net():
    assert len(DetectorNet([detector()]).found(["\ud800 AC-123456X"])) == 1


def test_a_hostile_text_is_searched_in_linear_time():
    """(a+)+$ on a long run without an end: a backtracking engine would not come back."""
    net = DetectorNet([detector(r"(a+)+b", "text", "ab")])
    assert net.found(["a" * 100_000]) == {}


@pytest.mark.parametrize(
    ("remark", "change", "said"),
    [
        ("an example that does not match", {"examples": ["AC-123456X", "nothing"]}, "its own example 2"),
        ("a counter-example that matches", {"counter": ["AC-1", "AC-654321Z"]}, "its counter-example 2"),
        ("no example", {"examples": []}, "no examples"),
        ("look-behind", {"regex": "(?<=a)b"}, "RE2 rejects"),
        ("the empty text", {"regex": "x?"}, "matches the empty text"),
        ("all of the text", {"regex": r"AC-\z"}, "write"),
        ("unknown class", {"value_class": "ssn"}, "unknown class"),
        ("password", {"value_class": "password"}, "unknown class"),
        ("very long", {"regex": "a" * 1001}, "longer than"),
    ],
)
def test_a_detector_that_is_wrong_is_an_error_at_start_and_quotes_no_example(remark, change, said):
    usual = {"regex": NUMBER, "value_class": "id", "examples": ["AC-123456X"], "counter": ["AC-12"]}
    with pytest.raises(ConfigError, match=said) as caught:
        make_detector("the detector", "acme", **{**usual, **change})
    assert str(caught.value).startswith("the detector ")
    assert "nothing" not in str(caught.value)
    assert "654321" not in str(caught.value)


def test_without_google_re2_a_policy_with_patterns_is_an_error_that_names_the_extra(monkeypatch):
    """Never a fall-back to an engine that hostile text can stop."""
    monkeypatch.setitem(sys.modules, "re2", None)
    re2_patterns._re2.cache_clear()
    try:
        for make in (detector, lambda: make_rule("rule", "cookie /^s/")):
            with pytest.raises(ConfigError, match=r"replay-proxy\[redact\]"):
                make()
        assert make_rule("rule", "cookie sid")
    finally:
        re2_patterns._re2.cache_clear()
