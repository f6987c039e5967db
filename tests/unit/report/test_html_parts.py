"""The parts of the HTML report, each by itself: lines, sides, causes, coverage, pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from replay.model.body import Body
from replay.model.case import Expectation
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.finding import NotJudged, Proof
from replay.model.headers import Headers
from replay.model.histogram import Histogram
from replay.model.reading import Operation, RowChange
from replay.model.session import Actor
from replay.report.detail import Detail, OracleFacts, planted_in
from replay.report.html.causes import causes_of
from replay.report.html.charts import course_of, lag_of, latencies_of
from replay.report.html.coverage import matrix_of, risks_of, tried_of
from replay.report.html.lines import Line, Words, answer_lines, request_lines
from replay.report.html.row_tables import rows_of
from replay.report.html.sequence import picture_of
from replay.report.html.sides import side_by_side
from replay.report.html.visible import cut, visible, without_tokens
from replay.store.run_figures import Crossing, Figures, Latency, Slice
from replay.store.run_scenes import CaseCount
from unit.report.run_view_make import HOSTILE, RUN, finding, view

ACTOR, OTHER = Actor("ten_a", "1"), Actor("ten_b", "2")


def attempt(answer: object = None, *, target: str = "/a", part: Part = Part.JUDGED, **more: object) -> Attempt:
    body = Body(json.dumps(answer).encode(), "application/json") if answer is not None else Body()
    values: dict[str, object] = {
        "exchange_id": "e1", "session_id": "s1", "endpoint": "GET /a", "actor": ACTOR, "sent_as": ACTOR, "part": part,
        "request": Request("GET", target, Headers.of([("Authorization", "Bearer abc")])),
        "outcome": Response(200, Headers.of([]), body),
    }  # fmt: skip
    return Attempt(**(values | more))


# --- what a page shows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ä\tö", "ä ö"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x1b[31m", "⟨U+001B⟩[31m"),
        ("\ud800", "⟨U+D800⟩"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301⟨U+0301⟩"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_a_screen_would_hide_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(HOSTILE).encode()


def test_tokens_and_long_texts_are_cut() -> None:
    assert without_tokens("a eyJhbGciOiJI.eyJzdWIiOiIx.c2ln b") == "a (hidden) b"
    assert cut("x" * 5, 3) == "xxx… (5 characters)"


# --- both sides


def test_an_id_with_another_name_in_this_world_is_no_change() -> None:
    left = answer_lines(attempt({"id": 101, "n": 1}), Words())
    right = answer_lines(attempt({"id": 7, "n": 2}), Words({"7": "101"}))
    marks = {one.right.strip(): one.mark for one in side_by_side(left, right)}
    assert marks['"id": 7'] == "same"
    assert marks['"n": 2'] == "changed"


def test_a_place_that_varies_is_not_marked() -> None:
    words = Words({}, frozenset({"body.at", "body.items[*].at"}))
    left = answer_lines(attempt({"at": 1, "items": [{"at": 1}], "x": 1}), words)
    right = answer_lines(attempt({"at": 2, "items": [{"at": 3}], "x": 2}), words)
    sides = side_by_side(left, right)
    assert [one.right.strip() for one in sides if one.mark == "changed"] == ['"x": 2']


def test_added_and_lost_lines_stand_on_one_side() -> None:
    left = answer_lines(attempt({"a": 1, "b": 2}), Words())
    right = answer_lines(attempt({"b": 2, "c": 3}), Words())
    found = {(one.mark, one.left.strip(), one.right.strip()) for one in side_by_side(left, right)}
    assert ("gone", '"a": 1', "") in found
    assert ("added", "", '"c": 3') in found


def test_equal_lines_far_from_a_change_are_folded_and_counted() -> None:
    lines = [Line(str(n), str(n)) for n in range(40)]
    sides = side_by_side(lines, [*lines[:-1], Line("x", "x")])
    (fold,) = [one for one in sides if one.mark == "folded"]
    assert fold.left == "36 lines without a change"
    assert sides[0].left == "0", "the first line says what it is"
    assert sides[-1].mark == "changed"


def test_somebody_elses_marker_is_never_folded() -> None:
    lines = [Line(f"text {n}", str(n)) for n in range(30)]
    sides = side_by_side(lines, [replace(one, text=f"{one.text} qmarker") if one.key == "20" else one for one in lines],
                         {"qmarker": "ten_b"})  # fmt: skip
    (foreign,) = [one for one in sides if one.mark == "foreign"]
    assert foreign.right == "text 20 qmarker   ◆ ten_b"


def test_credentials_are_named_after_who_sent_them() -> None:
    text = "\n".join(one.text for one in request_lines(attempt(target="/a?token=abc&x=1", sent_as=OTHER), Words()))
    assert "Authorization: (credentials of ten_b 2)" in text
    assert "/a?token=(hidden)&x=1" in text
    assert "abc" not in text


def test_a_fault_a_binary_body_and_a_lean_row_are_said() -> None:
    fault = attempt(outcome=Fault(FaultKind.RESET, "x"))
    assert [one.text for one in answer_lines(fault, Words())] == [f"no answer: {FaultKind.RESET}"]
    binary = attempt(outcome=Response(200, Headers.of([]), Body(b"\xff\x00", "image/png")))
    assert answer_lines(binary, Words())[-1].text == "(2 bytes of image/png)"
    lean = attempt(as_recorded=True)
    assert "the capture holds" in answer_lines(lean, Words())[-1].text


def test_a_deep_or_endless_body_ends() -> None:
    tree: object = 1
    for _ in range(200):
        tree = [tree]
    assert len(answer_lines(attempt(tree), Words())) < 200
    assert len(answer_lines(attempt(list(range(10_000))), Words())) < 200


# --- rows, steps


def test_rows_show_what_changed_and_whose_they_are() -> None:
    before = (("id", 1), ("owner", "qa7"), ("text", "a"), ("token", "t"))
    after = (("id", 1), ("owner", "qa7"), ("text", "b"), ("token", "u"))
    change = RowChange("note", Operation.UPDATE, before[:1], before, after)
    (row,) = rows_of((change,), {"qa7": "ten_a"}).rows
    cells = {one.name: one for one in row.columns}
    assert (cells["text"].before, cells["text"].after, cells["text"].is_changed) == ("a", "b", True)
    assert cells["owner"].whose == "ten_a"
    assert (cells["token"].before, cells["token"].after, cells["token"].is_changed) == ("(hidden)", "(hidden)", True)
    assert rows_of(None, {}).total is None
    assert rows_of((change,) * 9, {}).more == 3


def test_the_picture_shows_the_site_and_what_is_near() -> None:
    setup = tuple(attempt(part=Part.SETUP, sent_as=OTHER, sent=n, ended=n + 0.5) for n in range(30))
    copies = tuple(attempt(copy=n, sent=40.0, ended=41.0) for n in range(3))
    picture = picture_of(Trace(Role.MUTATED, 1, (*setup, *copies), ()))
    assert [one.number for one in picture.arrows if one.is_judged] == [31, 32, 33]
    assert [one.is_at_once for one in picture.arrows if one.is_judged] == [False, True, True]
    assert [one.text for one in picture.gaps] == ["26 more steps"]
    assert picture.arrows[-1].rows == "no row changed"
    assert [one.name for one in picture.lanes] == ["ten_b · 2", "ten_a · 1", "target", "rows"]
    assert picture.says == "33 steps, 3 of them judged; rows: no row changed"


# --- causes, coverage


def divergence(n: int, title: str, stead: str = ""):
    proofs = (Proof("perhaps renamed; see also", [stead]),) if stead else ()
    return finding(n, oracle="divergence", title=title, endpoint=f"/{n}", proofs=proofs)


def test_one_name_at_many_endpoints_and_what_replaced_it_are_one_cause() -> None:
    causes = causes_of([
        divergence(1, "body.total_cents is no longer answered", "added body.total"),
        divergence(2, "body.items[*].total_cents is no longer answered"),
        divergence(3, "body.total is new", "missing body.total_cents"),
        divergence(4, "body.name is new"),
        finding(5), finding(6, endpoint="/x"), finding(7, title="another thing"),
    ])  # fmt: skip
    assert sorted(len(one.findings) for one in causes) == [1, 1, 2, 3]
    assert len(causes[0].endpoints) in {1, 2, 3}


def oracle(name: str, *judges: Expectation, rows: bool = False) -> OracleFacts:
    return OracleFacts(name, frozenset(map(str, judges)), rows)


def test_a_risk_is_covered_by_verdicts_only() -> None:
    cases = (
        CaseCount("race", "at-most-once", "POST /a", ("c1", "c2")),
        CaseCount("inflate", "bounded", "POST /a", ("c9",)),
    )
    facts = (
        oracle("duplicate-rows", Expectation.AT_MOST_ONCE), oracle("stores-unknown", Expectation.BOUNDED),
        oracle("isolation-read", Expectation.REJECTED), oracle("rejected-but-wrote", Expectation.BOUNDED, rows=True),
    )  # fmt: skip
    run = view(not_judged=(NotJudged("x", "", "POST /a", "race", "c1"),), run=replace(RUN, database=""))
    found = {one.oracle: one for one in risks_of(run, Detail(cases=cases, oracles=facts))}
    assert {name: one.covered for name, one in found.items()} == {
        "duplicate-rows": "partly", "stores-unknown": "yes", "isolation-read": "no", "rejected-but-wrote": "no",
    }  # fmt: skip
    assert found["rejected-but-wrote"].why.startswith("it needs the target's database")


def test_cases_are_counted_by_endpoint_and_mutator() -> None:
    detail = Detail(cases=(CaseCount("race", "at-most-once", "POST /a", ("c1", "c2")),))
    run = view(finding(1, case_id="c2"), not_judged=(NotJudged("x", "", "POST /a", "race", "c1"),))
    mutators, lines = tried_of(run, detail)
    assert (mutators, [(one.endpoint, one.cells) for one in lines]) == (("race",), [("POST /a", ((2, 1, 1),))])


def test_the_matrix_marks_crossings_by_what_came_of_them() -> None:
    crossings = (
        Crossing("a", "a", 5, 0, 0),
        Crossing("a", "b", 1, 0, 0),
        Crossing("b", "a", 0, 3, 0),
        Crossing("b", "", 2, 0, 0),
    )
    proof = Proof("sent as", {"request of": "a", "credentials of": "b"})
    matrix = matrix_of(view(finding(proofs=(proof,))), Detail(figures=Figures(crossings=crossings)))
    marks = {(owner, matrix.senders[i]): cell.mark for owner, cells in matrix.owners for i, cell in enumerate(cells)}
    assert (marks["a", "b"], marks["b", "a"], marks["b", ""], marks["a", ""]) == (
        "finding",
        "refused",
        "answered",
        "none",
    )


def test_planted_markers_are_read_from_proofs() -> None:
    proof = Proof("whose data", [{"marker": "q1", "leaked from": "a"}, {"marker": "q2", "owner": "b"}, {"other": 1}, 5])
    assert planted_in(finding(proofs=(proof, Proof("x", "text")))) == {"q1": "a", "q2": "b"}


# --- pictures of figures


def test_latency_bars_grow_with_the_share_and_share_a_scale() -> None:
    fast, slow = Histogram.of_durations([0.001] * 99 + [0.1]), Histogram.of_durations([2.0] * 2000)
    found = latencies_of(Figures(latencies=(Latency("GET /a", "clean", fast), Latency("GET /a", "mutated", slow))))
    quick, late = found.endpoints[0].bars
    assert list(quick.marks) == sorted(quick.marks)
    assert quick.marks[0] < late.marks[0]
    assert quick.is_few
    assert not late.is_few
    assert [text for _, text in found.ticks] == ["1 ms", "10 ms", "100 ms", "1 s"]


def test_the_course_has_rate_errors_and_latency() -> None:
    slices = tuple(Slice(float(n), n, n // 2, Histogram.of_durations([0.01] * n)) for n in range(4))
    rate, errors, latency = course_of(Figures(4.0, 1.0, slices=slices)).panels
    assert len(rate.columns) == 3
    assert "2 of 6 requests failed" in errors.says
    assert latency.line.count(",") == 3
    assert course_of(Figures()).panels == ()


def test_lag_is_counted_by_powers_of_ten() -> None:
    lag = lag_of(Histogram.of_durations([0.0, 0.0005, 0.005, 0.05, 0.5, 5.0]))
    assert [count for _, count, _ in lag.steps] == [2, 1, 1, 1, 1]
