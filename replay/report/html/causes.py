"""Findings that have one cause, as one group: many symptoms are one thing to mend.

divergence   one name at one or many endpoints, and what stands in its stead
others       one oracle saying one thing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from replay.model.finding import Finding
from replay.report.view import worst_first

_DIVERGENCE = "divergence"
_STEAD = "perhaps renamed; see also"


@dataclass(frozen=True, slots=True, repr=False)
class Cause:
    """`findings` worst first; the first one gives the group its severity and level."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Finding:
        return self.findings[0]

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(sorted({f"{one.method} {one.endpoint}".strip() for one in self.findings}))

    @property
    def tenants(self) -> tuple[str, ...]:
        return tuple(sorted({one.tenant for one in self.findings if one.tenant}))


def causes_of(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """Worst first."""
    groups: dict[str, list[Finding]] = {}
    names = _Names()
    ordered = worst_first(findings)
    for one in ordered:
        if one.oracle == _DIVERGENCE:
            names.join([_leaf(one.title), *(_leaf(stead) for stead in _steads(one))])
    for one in ordered:
        key = (
            f"{one.oracle}|{names.first(_leaf(one.title))}"
            if one.oracle == _DIVERGENCE
            else f"{one.oracle}|{one.title}"
        )
        groups.setdefault(key, []).append(one)
    return tuple(Cause(_title(group), tuple(group)) for group in groups.values())


class _Names:
    """Names that belong together: each points to another one of its group, the first one to itself."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def first(self, name: str) -> str:
        while self._parents.setdefault(name, name) != name:
            name = self._parents[name]
        return name

    def join(self, names: list[str]) -> None:
        firsts = sorted({self.first(name) for name in names if name})
        for other in firsts[1:]:
            self._parents[other] = firsts[0]


def _steads(finding: Finding) -> list[str]:
    """`added body.total` of `missing body.total_cents`."""
    found = [proof.data for proof in finding.proofs if proof.label == _STEAD]
    return [str(one).partition(" ")[2] for data in found if isinstance(data, list) for one in data]


def _leaf(text: str) -> str:
    """The last name of the place that a title begins with; of `status 200`, the whole title."""
    word = text.split(" ", 1)[0]
    return word.removesuffix("[*]").rpartition(".")[2] if "." in word else text


def _title(group: list[Finding]) -> str:
    titles = list(dict.fromkeys(one.title for one in group))
    if len(titles) == 1 or group[0].oracle != _DIVERGENCE:
        return titles[0]
    leaves = list(dict.fromkeys(_leaf(title) for title in titles))
    return f"Answers differ from the recording at {', '.join(leaves[:4])}" + (" and more" if len(leaves) > 4 else "")
