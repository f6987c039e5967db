"""Bindings measured: 24 ways to build an API, each recorded twice, and every place of every request judged.

    pytest tests/quality/bindings -s        prints the table

Rule: the held-out styles were written before the code was tuned, and nothing was tuned with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from quality.bindings import styles_held_documents, styles_held_protocols, styles_tuned_flows, styles_tuned_ids
from quality.bindings.methods import exact_match, ours, ours_refined, record_replay_compare, redacted
from quality.bindings.scoring import Miss, Score, score
from quality.bindings.tape import Style, record

HALVES = {
    "held out": (*styles_held_documents.STYLES, *styles_held_protocols.STYLES),
    "tuned with": (*styles_tuned_ids.STYLES, *styles_tuned_flows.STYLES),
}
METHODS = ("ours", "refined", "redacted", "exact", "compare")
MOST_WRONG = 0.01
LEAST_BOUND = 0.95


@dataclass(frozen=True)
class Row:
    """One style, or the sum of several, by method."""

    name: str
    scores: dict[str, Score]

    def line(self) -> str:
        first = self.scores["ours"]
        cells = [f"{self.scores[one].bound:4} {self.scores[one].wrong:3}" for one in METHODS]
        return f"{self.name:34} {first.dynamic:4} {first.static:5} {first.fresh:3} |" + " |".join(cells)


def measured(style: Style, misses: list[Miss]) -> Row:
    """All methods on the same recording. `compare` and `refined` may look at one more run than the others."""
    recorded, live, other = (record(style, salt) for salt in ("recorded", "live", "third"))
    plain = recorded.sessions()
    hidden = redacted(plain)
    sent = {
        "ours": (plain, ours(plain, live)),
        "refined": (plain, ours_refined(plain, other, live)),
        "redacted": (hidden, ours(hidden, live)),
        "exact": (plain, exact_match(plain, live)),
        "compare": (plain, record_replay_compare(plain, other, live)),
    }
    return Row(
        style.name,
        {
            name: score(recorded, live, sessions, requests, misses if name in {"ours", "refined"} else [])
            for name, (sessions, requests) in sent.items()
        },
    )


def summed(name: str, rows: list[Row]) -> Row:
    total = {method: Score() for method in METHODS}
    for row in rows:
        for method in METHODS:
            total[method].add(row.scores[method])
    return Row(name, total)


@pytest.fixture(scope="module")
def table() -> dict[str, list[Row]]:
    """The rows of both halves, printed."""
    misses: list[Miss] = []
    found = {half: [measured(style, misses) for style in styles] for half, styles in HALVES.items()}
    head = f"{'':34} {'dyn':>4} {'stat':>5} {'own':>3} |" + " |".join(f"{one:>8}" for one in METHODS)
    lines = [head, f"{'':52}" + "  ".join(["bound w"] * len(METHODS))]
    for half, rows in found.items():
        lines += [f"-- {half}", *(row.line() for row in rows), summed("sum", rows).line()]
    everything = summed("all", [row for rows in found.values() for row in rows])
    lines += [everything.line()]
    for method, one in everything.scores.items():
        lines.append(f"   {method:9} bound {one.bound_share:6.1%}   wrong {one.wrong_share:6.2%}")
    print("\n" + "\n".join(lines))
    print("\n".join(f"   {miss.exchange}: {miss.kind}" for miss in misses))
    return found


@pytest.mark.parametrize("half", HALVES)
def test_almost_every_dynamic_value_is_bound_and_hardly_any_wrong(table: dict[str, list[Row]], half: str) -> None:
    """At least 95 % of what a server gave is replaced by the right live value, at most 1 % of all values is wrong."""
    total = summed(half, table[half]).scores
    for method in ("ours", "refined"):
        assert total[method].bound_share >= LEAST_BOUND, method
        assert total[method].wrong_share <= MOST_WRONG, method


@pytest.mark.parametrize("half", HALVES)
def test_stand_ins_bind_like_values(table: dict[str, list[Row]], half: str) -> None:
    """A redacted capture binds as well, but for the little that redaction takes away (a list, a link, a header)."""
    total = summed(half, table[half]).scores["redacted"]
    assert total.bound_share >= 0.9
    assert total.wrong_share <= MOST_WRONG


def test_both_baselines_are_left_behind(table: dict[str, list[Row]]) -> None:
    """Equality of whole values binds less and breaks more; comparing two recordings needs two, and binds less."""
    total = summed("all", [row for rows in table.values() for row in rows]).scores
    assert total["ours"].bound_share > max(total["exact"].bound_share, total["compare"].bound_share)
    assert total["ours"].wrong_share <= total["exact"].wrong_share


def test_what_clients_make_is_made_anew(table: dict[str, list[Row]]) -> None:
    """Idempotency keys, client UUIDs and references: in headers, JSON, forms and multipart."""
    total = summed("all", [row for rows in table.values() for row in rows]).scores["ours"]
    assert total.fresh > 0
    assert total.renewed == total.fresh


def test_there_are_styles_enough() -> None:
    """At least 15 styles, each with dynamic values, no two of one name."""
    names = [style.name for styles in HALVES.values() for style in styles]
    assert len(set(names)) == len(names) >= 15
    for styles in HALVES.values():
        for style in styles:
            recorded, live = record(style, "recorded"), record(style, "live")
            assert score(recorded, live, recorded.sessions(), _as_it_is(recorded.sessions()), []).dynamic > 0, (
                style.name
            )


def _as_it_is(sessions: list) -> dict:
    return {item.id: item.request for one in sessions for item in one.exchanges}
