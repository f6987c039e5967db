"""The recording against clean replays: what counts as a difference, and what is forgiven for which reason."""

from __future__ import annotations

from typing import Any

import pytest

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.noise import learn
from replay.model.body import Body
from replay.model.difference import Difference, DifferenceKind, Noise
from replay.model.evidence import Trace
from replay.model.exchange import FaultKind, Response
from unit.diff.traced import answers, broken, classes, played, trace

K = DifferenceKind
U = "0b9c1e1e-9d1f-4c7e-8f5d-1a2b3c4d5e6%s"


def judged(recorded: Trace, first: Trace, second: Trace, redacted: Any = nothing_redacted) -> tuple[Difference, ...]:
    return compare(recorded, [first, second], learn(first, second, redacted), redacted)


def said(*args: Any) -> list[tuple[str, str, DifferenceKind]]:
    return [(d.exchange_id, d.place, d.kind) for d in judged(*args)]


def test_a_difference_must_show_in_every_replay() -> None:
    """One replay alone proves nothing, even with no noise known."""
    recorded, off, same = answers({"f": 1}), answers({"f": 2}, world=1), answers({"f": 1}, world=2)
    assert compare(recorded, [off, same], Noise(), nothing_redacted) == ()
    assert compare(recorded, [], Noise(), nothing_redacted) == ()
    (found,) = compare(recorded, [off, off], Noise(), nothing_redacted)
    assert (found.place, found.kind, found.expected, found.observed) == ("body.f", K.VALUE, 1, 2)


def test_an_exchange_that_one_replay_did_not_play_is_not_judged() -> None:
    """Nothing is said about what was not seen twice."""
    assert said(answers({"f": 1}, {"f": 1}), answers({"f": 2}, {"f": 2}), answers({"f": 2})) == [
        ("e0", "body.f", K.VALUE)
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected", "remark"),
    [
        (played("a", {}, status=500), played("a", {}, status=500), [K.STATUS], "both agree"),
        (played("a", {}, status=500), played("a", {}, status=404), [], "they disagree: unstable"),
        (played("a", {}, status=500), played("a", {"f": 2}), [], "one is right"),
        (broken("a"), broken("a"), [K.FAULT], "no answer any more"),
        (broken("a"), played("a", {"f": 1}), [], "once"),
    ],
)
def test_status_and_fault_come_alone(first: Any, second: Any, expected: list[DifferenceKind], remark: str) -> None:
    """One difference per drifted exchange, and its body is not compared."""
    assert [d.kind for d in judged(trace(played("a", {"f": 1})), trace(first), trace(second))] == expected, remark


def test_a_mishap_of_the_recording_is_not_held_against_the_target() -> None:
    """A recorded 503 or reset that is now an answer is no regression; a recorded 404 that is now a 200 is a drift."""
    good = trace(played("a", {}), played("b", {}), played("c", {}))
    recorded = trace(played("a", {}, status=503), broken("b", FaultKind.RESET), played("c", {}, status=404))
    assert said(recorded, good, good) == [("c", "status", K.STATUS)]


def test_bodies_cut_by_redaction_are_not_compared() -> None:
    """Dropped bodies are truncated in the capture."""
    cut = trace(played("a", outcome=Response(200, body=Body(b"", "application/json", True, 99))))
    live = trace(played("a", {"f": 1}))
    assert said(cut, live, live) == []


def test_a_text_body_counts_only_when_the_replays_agree_on_it() -> None:
    """No rule can be learned for a whole body: where replays differ, nothing is said."""

    def page(text: bytes) -> Trace:
        return trace(played("a", outcome=Response(200, body=Body(text, "text/plain"))))

    assert said(page(b"<1>"), page(b"<2>"), page(b"<2>")) == [("a", "body", K.VALUE)]
    assert said(page(b"<1>"), page(b"<2>"), page(b"<3>")) == []
    assert said(page(b"<1>"), page(b"<2>"), page(b"<2>"), lambda *_: "text") == [], "scrambled"


REFERENCES = {
    "recorded": [{"id": n, "parent_id": o} for n, o in ((7, 5), (8, 5), (9, 5), (3, 6), (4, 6))],
    "live": [{"id": n, "parent_id": o} for n, o in ((17, 15), (18, 15), (19, 15), (13, 16), (14, 16))],
    "again": [{"id": n, "parent_id": o} for n, o in ((27, 25), (28, 25), (29, 25), (23, 26), (24, 26))],
}


def test_a_broken_renaming_is_a_difference() -> None:
    """5 is 15 everywhere but once: that once points to somebody else's."""
    live, again = [dict(x) for x in REFERENCES["live"]], [dict(x) for x in REFERENCES["again"]]
    recorded = answers(*REFERENCES["recorded"])
    assert said(recorded, answers(*live, world=1), answers(*again, world=2)) == []
    live[2]["parent_id"], again[2]["parent_id"] = 16, 26
    found = judged(recorded, answers(*live, world=1), answers(*again, world=2))
    assert [(d.exchange_id, d.place, d.kind) for d in found] == [("e2", "body.parent_id", K.RENAMING)]
    assert found[0].remark == "recorded 5 maps to 15 in 2 answers, here 16, which belongs to recorded 6"


def test_remarks_show_no_secrets() -> None:
    """An e-mail is "a value" in a remark, even a redacted one's live twin."""
    recorded = answers(*({"mail": f"u{n}@d.example"} for n in (1, 1, 1, 2)))
    first = answers(*({"mail": f"{n}@live.example"} for n in ("ann", "ann", "bob", "bob")), world=1)
    second = answers(*({"mail": f"{n}@live.example"} for n in ("cat", "cat", "dan", "dan")), world=2)
    found = judged(recorded, first, second, classes(mail="email"))
    assert [(d.exchange_id, d.kind) for d in found] == [("e2", K.RENAMING)]
    assert found[0].remark == "recorded a value maps to a value in 2 answers, here a value"


@pytest.mark.parametrize(
    ("value_class", "expected", "remark"),
    [("text", [K.RENAMING], "a stand-in follows its original"), ("password", [], "a constant stands for anybody")],
)
def test_stand_ins_of_constant_values(value_class: str, expected: list[DifferenceKind], remark: str) -> None:
    """The live value never varies, the recording has a stand-in: equal where the original was equal."""
    recorded = answers(*fields("qwxz", "qwxz", "qwxz", "mnbv"))
    live = answers(*fields("open", "open", "paid", "paid"))
    assert [d.kind for d in judged(recorded, live, live, classes(f=value_class))] == expected, remark


def fields(*values: Any) -> list[Any]:
    return [{"f": value} for value in values]


def test_bindings_know_better() -> None:
    """What request binding maps is right wherever it shows, and contradicting it is not."""
    recorded = answers({"f": U % "1"})
    live = answers({"f": U % "a"}, world=1, renamed=[(U % "1", U % "a")])
    again = answers({"f": U % "b"}, world=2, renamed=[(U % "1", U % "b")])
    assert said(recorded, live, again, classes(f="uuid")) == []
    wrong = [answers({"f": U % x}, world=1, renamed=[(U % "1", U % y)]) for x, y in (("c", "a"), ("d", "b"))]
    assert said(recorded, *wrong, classes(f="uuid")) == [("e0", "body.f", K.RENAMING)]


@pytest.mark.parametrize(
    ("recorded", "live", "expected", "remark"),
    [
        ([1, 2, 3], [3, 1, 2], [], "six orders: two replays may agree by chance"),
        ([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], ["the same values in another order"], "720 orders: they do not"),
        ([1, 2, 3], [1, 2, 4], [""], "another value"),
        ([0, 1], [False, True], [""], "other types"),
    ],
)
def test_order(recorded: Any, live: Any, expected: list[str], remark: str) -> None:
    """An order that chance explains is not reported."""
    assert [
        d.remark for d in judged(answers({"l": recorded}), answers({"l": live}), answers({"l": live}))
    ] == expected, remark


def test_nothing_new_where_redaction_took_something_away() -> None:
    """A dropped field is not "added" by the target."""
    live = answers({"a": 1, "secret": "x"})
    assert said(answers({"a": 1}), live, live, classes(secret="token")) == []
    assert said(answers({"a": 1}), live, live) == [("e0", "body.secret", K.ADDED)]


def test_an_optional_field_that_the_recording_once_lacked() -> None:
    """Two of three recorded answers have it: the third one's luck is no news."""
    recorded, live = answers({"a": 1}, {"a": 1}, {}), answers({"a": 1}, {"a": 1}, {"a": 1})
    assert said(recorded, live, live) == []


def test_one_difference_per_place_and_kind() -> None:
    """Ten elements with one fault are one difference of that exchange."""
    recorded, live = answers([{"a": n} for n in range(10)]), answers([{"a": n + 1} for n in range(10)])
    assert said(recorded, live, live) == [("e0", "body[*].a", K.VALUE)]


def test_copies_are_not_compared() -> None:
    """Copies are a mutation's doing."""
    live = trace(played("a", {"f": 2}, copy=1), played("a", {"f": 1}))
    assert said(trace(played("a", {"f": 1})), live, live) == []


@pytest.mark.parametrize(
    ("place", "expected", "remark"),
    [
        ("body.people", [], "their names are data: stand-ins in the recording"),
        ("body.other", [K.MISSING, K.ADDED], "other keys are fields"),
    ],
)
def test_keys_that_redaction_replaced(place: str, expected: list[DifferenceKind], remark: str) -> None:
    """Redaction notes replaced keys at the object that held them."""
    recorded, live = answers({"people": {"qwexmith": 1}}), answers({"people": {"janesmith": 1}})
    found = judged(recorded, live, live, lambda _endpoint, _side, where: "name" if where == place else "")
    assert [d.kind for d in found] == expected, remark


@pytest.mark.parametrize(("value_class", "expected"), [("geo", []), ("text", [K.RENAMING])])
def test_stand_ins_that_stand_for_many(value_class: str, expected: list[DifferenceKind]) -> None:
    """A coarse place on the map is no name: 52.51 and 52.52 are both 52.5."""
    recorded = answers(*fields("5252.5xk", "5252.5xk", "5252.5xk"))
    live = answers(*fields("5252.51", "5252.51", "5252.52"))
    assert [d.kind for d in judged(recorded, live, live, classes(f=value_class))] == expected
