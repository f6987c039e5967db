"""Findings of groups that were judged apart: noise that is learned later takes back what it explains."""

from replay.engine.judge import Judgement
from replay.engine.ledger import Ledger
from replay.model.difference import Difference, DifferenceKind, Noise, NoiseRule, Relation
from replay.model.event import Found, Withdrawn
from replay.model.finding import Finding, Level, Proof, Severity

DIFFERENCE = Difference("e1", "GET /a", "body.total", DifferenceKind.VALUE, 1, 2)


def finding(fingerprint="f", exchange="e1"):
    proofs = (Proof("differences", [{"exchange": exchange, "place": "body.total"}]),)
    return Finding(fingerprint, "divergence", "none", Severity.MEDIUM, Level.CONFIRMED, "/a", "GET", "t", "1", "2", "",
                   proofs)  # fmt: skip


def noise(relation, place="body.total"):
    return Noise((NoiseRule("GET /a", place, relation, 2, 1),))


def settled(rules):
    ledger = Ledger()
    list(ledger.note(Judgement((finding(),), ()), [DIFFERENCE]))
    ledger.learn(rules)
    return ledger, list(ledger.settle())


def test_a_value_that_varies_elsewhere_is_withdrawn():
    for relation in (Relation.VARIABLE, Relation.TIME, Relation.RENAMED, Relation.SHAPE, Relation.TYPE):
        ledger, events = settled(noise(relation))
        assert events == [Withdrawn("f")]
        assert ledger.found == {}


def test_noise_of_another_place_withdraws_nothing():
    ledger, events = settled(noise(Relation.VARIABLE, "body.other"))
    assert events == []
    assert set(ledger.found) == {"f"}


def test_a_place_below_one_that_varies_is_withdrawn_too():
    ledger = Ledger()
    below = Difference("e1", "GET /a", "body.items[*].total", DifferenceKind.MISSING, 1, None)
    proofs = (Proof("differences", [{"exchange": "e1", "place": below.place}]),)
    found = Finding("f", "divergence", "none", Severity.HIGH, Level.CONFIRMED, "/a", "GET", "t", "1", "2", "", proofs)
    list(ledger.note(Judgement((found,), ()), [below]))
    ledger.learn(noise(Relation.VARIABLE, "body.items[*]"))
    assert list(ledger.settle()) == [Withdrawn("f")]


def test_a_finding_of_several_groups_says_so_once():
    """The fingerprint is one finding; how many more groups showed it is told at the end."""
    ledger = Ledger()
    first = list(ledger.note(Judgement((finding(),), ()), [DIFFERENCE]))
    assert [type(one) for one in first] == [Found]
    for number in (2, 3):
        other = Difference(f"e{number}", "GET /a", "body.total", DifferenceKind.VALUE, 1, 2)
        assert list(ledger.note(Judgement((finding(exchange=f"e{number}"),), ()), [other])) == []
    (told,) = ledger.settle()
    assert told.finding.observed == "2, and in 2 more groups of sessions"


def test_findings_of_other_oracles_are_nobodys_noise():
    ledger = Ledger()
    other = Finding("g", "list-leak", "none", Severity.HIGH, Level.CONFIRMED, "/a", "GET", "t", "1", "2", "")
    list(ledger.note(Judgement((other,), ()), [DIFFERENCE]))
    ledger.learn(noise(Relation.VARIABLE))
    assert list(ledger.settle()) == []
