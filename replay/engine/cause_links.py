"""Findings that are one root cause at several endpoints say so: the same thing was done to fields of one name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from replay.diff.causes import Cause, Group, causes
from replay.model.difference import Difference
from replay.model.finding import Finding, Proof
from replay.model.tree import Tree

_ORACLE, _LINES = "divergence", "differences"


def with_shared_causes(findings: Iterable[Finding], differences: Sequence[Difference]) -> tuple[Finding, ...]:
    """The same findings; a divergence whose cause shows at other endpoints names them."""
    shared = {group: cause for cause in causes(differences) if len(cause.endpoints) > 1 for group in cause.groups}
    return tuple(_with_cause(finding, shared) if finding.oracle == _ORACLE else finding for finding in findings)


def _with_cause(finding: Finding, shared: dict[Group, Cause]) -> Finding:
    endpoint, places = f"{finding.method} {finding.endpoint}", _places(finding)
    group = next((one for one in shared if one[0] == endpoint and one[1] in places), None)
    if group is None:
        return finding
    cause = shared[group]
    others: list[Tree] = [f"{where} {place}" for where, place, _ in cause.groups if (where, place) != group[:2]]
    proof = Proof("same cause", {"cause": cause.id, "what": cause.what, "also at": others})
    return replace(finding, proofs=(*finding.proofs, proof))


def _places(finding: Finding) -> set[str]:
    lines = next((proof.data for proof in finding.proofs if proof.label == _LINES), None)
    return {str(line["place"]) for line in lines if isinstance(line, dict)} if isinstance(lines, list) else set()
