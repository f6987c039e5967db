"""One finding as a page shows it: what it says, its proof, both sides, rows, steps, and how to send it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replay.model.codec import dump_json
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.finding import Finding, Proof
from replay.model.message import text_of
from replay.model.tree import Tree
from replay.report.detail import planted_in
from replay.report.html.lines import Words, answer_lines, request_lines
from replay.report.html.row_tables import Rows, rows_of
from replay.report.html.sequence import Picture, outcome_of, picture_of, sender_of
from replay.report.html.sides import Side, side_by_side
from replay.report.html.visible import cut, without_tokens
from replay.report.repro import as_curl

_MOST_ITEMS = 12  # of a proof
_MOST_CHARS = 160
_REPRO_BYTES = 24_000  # a longer script is made by the command
_MOST_PAIRS = 2  # mutated copies that are put beside the clean request


@dataclass(frozen=True, slots=True, repr=False)
class ProofTable:
    """Rows as a table, or (no columns) as lines of text."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """One mutated request beside the clean one, and their answers."""

    title: str
    request: tuple[Side, ...]
    answer: tuple[Side, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    number: int
    sender: str
    endpoint: str
    outcome: str
    is_judged: bool


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """`left` and `right` name the two sides."""

    left: str
    right: str
    pairs: tuple[Pair, ...]
    before: Rows
    after: Rows
    picture: Picture | None
    steps: tuple[Step, ...]
    script: str  # empty: too long, or nothing is stored


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    finding: Finding
    proofs: tuple[ProofTable, ...]
    evidence: Evidence | None


def card_of(finding: Finding, scene: Sequence[Trace], noisy: Mapping[str, frozenset[str]], target: str) -> Card:
    """`noisy`: places that vary by themselves, by endpoint. `target` empty: no script to copy."""
    evidence = _evidence(finding, scene[0], scene[-1], noisy, target) if scene else None
    return Card(finding, tuple(_table(proof) for proof in finding.proofs), evidence)


def _evidence(
    finding: Finding, first: Trace, last: Trace, noisy: Mapping[str, frozenset[str]], target: str
) -> Evidence:
    is_case = bool(finding.case_id)
    names = ("clean", "mutated") if is_case else ("as recorded", "as replayed")
    words = [_words(trace, finding, noisy) for trace in (first, last)]
    tenants = _tenants(finding)
    steps = tuple(
        Step(n, sender_of(one), one.endpoint, outcome_of(one), _is_site(one, is_case, n == len(last.attempts)))
        for n, one in enumerate(last.attempts, 1)
    )
    return Evidence(
        left=names[0],
        right=names[1],
        pairs=tuple(_pairs(_sites(first, is_case), _sites(last, is_case), words, planted_in(finding))),
        before=rows_of(first.changes if is_case else None, tenants),
        after=rows_of(last.changes if is_case else None, tenants),
        picture=picture_of(last) if last.attempts else None,
        steps=steps,
        script=_script(last, target),
    )


def _pairs(
    left: Sequence[Attempt], right: Sequence[Attempt], words: Sequence[Words], owners: Mapping[str, str]
) -> list[Pair]:
    if not left or not right:
        return []
    clean, other = left[0], _odd_ones(right)
    out = []
    for attempt in other:
        copy = f"copy {attempt.copy + 1} of {len(right)}" if len(right) > 1 else ""
        request = side_by_side(request_lines(clean, words[0]), request_lines(attempt, words[1]))
        answer = side_by_side(answer_lines(clean, words[0]), answer_lines(attempt, words[1]), owners)
        out.append(Pair(copy, tuple(request), tuple(answer)))
    return out


def _odd_ones(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The first copies that were answered in different ways."""
    by_outcome: dict[tuple[str, bytes], Attempt] = {}
    for one in attempts:
        by_outcome.setdefault((outcome_of(one), one.request.body.data[:64]), one)
    return list(by_outcome.values())[:_MOST_PAIRS]


def _sites(trace: Trace, is_case: bool) -> tuple[Attempt, ...]:
    return trace.judged() if is_case else trace.attempts[-1:]


def _is_site(attempt: Attempt, is_case: bool, is_last: bool) -> bool:
    return attempt.part is Part.JUDGED if is_case else is_last


def _words(trace: Trace, finding: Finding, noisy: Mapping[str, frozenset[str]]) -> Words:
    recorded = {} if trace.role is Role.RECORDED else {live: old for old, live in trace.renamed}
    return Words(recorded, noisy.get(f"{finding.method} {finding.endpoint}".strip(), frozenset()))


def _tenants(finding: Finding) -> dict[str, str]:
    """QA's word for a tenant -> the recording's."""
    for proof in finding.proofs:
        if proof.label == "tenants" and isinstance(proof.data, list):
            pairs = [one for one in proof.data if isinstance(one, dict)]
            return {str(one["in QA"]): str(one["tenant"]) for one in pairs if one.get("in QA") and one.get("tenant")}
    return {}


def _script(trace: Trace, target: str) -> str:
    if not target or any(one.as_recorded for one in trace.attempts):
        return ""
    if sum(len(one.request.body.data) for one in trace.attempts) > _REPRO_BYTES:
        return ""
    script = as_curl(trace, target)
    return script if len(script) <= _REPRO_BYTES else ""


def _table(proof: Proof) -> ProofTable:
    data = proof.data
    if isinstance(data, dict):
        return ProofTable(proof.label, tuple(data), (tuple(_cell(one) for one in data.values()),), 0)
    if not isinstance(data, list):
        return ProofTable(proof.label, (), ((_cell(data),),), 0)
    shown = data[:_MOST_ITEMS]
    rows = [one for one in shown if isinstance(one, dict)]
    more = len(data) - len(shown)
    if not rows or len(rows) < len(shown):
        return ProofTable(proof.label, (), tuple((_cell(one),) for one in shown), more)
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return ProofTable(proof.label, columns, tuple(tuple(_of(row, name) for name in columns) for row in rows), more)


def _of(row: Mapping[str, Tree], name: str) -> str:
    return _cell(row[name]) if name in row else ""


def _cell(value: Tree) -> str:
    text = dump_json(value).decode("utf-8", "replace") if isinstance(value, dict | list) else text_of(value)
    return without_tokens(cut(text, _MOST_CHARS))
