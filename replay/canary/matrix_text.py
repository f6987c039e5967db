"""The matrix for people: what was found, where, in which writing; what is missing; what was not run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from replay.canary.case import Case, Group
from replay.canary.matrix import EndingReport, Matrix

_MOST_LINES = 200  # of one kind; the JSON has all


def lines(matrix: Matrix) -> Iterator[str]:
    """One line each, without line ends."""
    cases = {case.id: case for case in matrix.cases}
    by_group = Counter(case.group for case in matrix.cases)
    yield "Planted: " + ", ".join(f"{group} {by_group[group]}" for group in Group if by_group[group])
    yield f"{matrix.secrets} secrets in {len(matrix.cases)} cases, seed {matrix.seed}"
    if matrix.blind:
        yield f"The detector is blind for: {', '.join(matrix.blind)}. Its silence proves nothing there."
    for ending in matrix.endings:
        yield from _ending(ending, cases)
    if matrix.fuzz is not None:
        fuzz = matrix.fuzz
        through = f"{fuzz.through_proxy} of them through a recorder too"
        yield f"fuzz: {fuzz.flows} exchanges, {through}, {len(fuzz.leaks)} leaks"
        yield from (f"  {flow}  {position}" for flow, position in fuzz.leaks[:_MOST_LINES])
    yield "clean" if matrix.is_clean else "NOT clean"


def _ending(ending: EndingReport, cases: dict[str, Case]) -> Iterator[str]:
    if ending.not_run:
        yield f"{ending.name}: not run: {ending.not_run}"
        return
    total = sum(size for _, size in ending.files)
    searched = f"{ending.sent} sent; {len(ending.files)} files, {total} bytes searched, watched by {ending.watched_by}"
    yield f"{ending.name}: {'clean' if ending.is_clean else 'NOT clean'} ({searched})"
    variants: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for hit in ending.hits:
        variants[hit.secret.case, hit.secret.kind.value, hit.artefact].add(hit.variant)
    for (case, kind, artefact), names in sorted(variants.items())[:_MOST_LINES]:
        yield f"  leak     {_named(case, cases)}: {kind} in {artefact} ({'; '.join(sorted(names))})"
    for case, what in ending.missing[:_MOST_LINES]:
        yield f"  missing  {_named(case, cases)}: {what}"
    for case, what in ending.changed[:_MOST_LINES]:
        yield f"  changed  {_named(case, cases)}: {what}"
    for name in ending.vanished[:_MOST_LINES]:
        yield f"  gone     {name}: was opened for writing, and cannot be searched any more"
    if ending.missing:
        yield from (f"  the capture counts  {reason} {count}" for reason, count in ending.losses.items())


def _named(case: str, cases: dict[str, Case]) -> str:
    known = cases.get(case)
    return f"{case} {known.group} {known.position}" if known else f"{case} (the recorder's own)"
