"""One root cause at several endpoints: each of its findings names the others."""

from __future__ import annotations

from replay.engine.cause_links import with_shared_causes
from replay.model.difference import Difference, DifferenceKind
from replay.model.finding import Finding, Level, Proof, Severity


def finding(endpoint: str, place: str) -> Finding:
    proof = Proof("differences", [{"exchange": "e1", "place": place}])
    words = ("", "", "", "")
    return Finding(endpoint, "divergence", "none", Severity.HIGH, Level.CONFIRMED, endpoint, "GET", *words, (proof,))


def differ(endpoint: str, place: str) -> Difference:
    return Difference("e1", f"GET {endpoint}", place, DifferenceKind.TYPE, 1, "1")


def test_findings_of_one_cause_name_each_other() -> None:
    """The field was retyped at two endpoints; what happened to another field is another cause."""
    places = [("/a", "body.total_cents"), ("/b", "body.rows[*].totalCents"), ("/c", "body.count")]
    found = with_shared_causes([finding(*one) for one in places], [differ(*one) for one in places])
    told = [[proof.data for proof in one.proofs if proof.label == "same cause"] for one in found]
    assert told[0][0]["also at"] == ["GET /b body.rows[*].totalCents"]
    assert told[1][0]["what"] == "number became text"
    assert told[0][0]["cause"] == told[1][0]["cause"]
    assert told[2] == []
