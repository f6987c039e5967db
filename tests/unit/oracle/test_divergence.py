"""Divergence: differences that noise does not explain become one finding per place."""

from __future__ import annotations

import pytest

from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Role
from replay.model.finding import Level, Severity
from replay.oracle.divergence import Divergence
from unit.oracle.evidence_make import evidence, sent, trace

ENDPOINT = "GET /invoices/{id}"


def differs(kind, place="body.total_cents", expected=None, observed=None, exchange_id="e1", endpoint=ENDPOINT):
    return Difference(exchange_id, endpoint, place, kind, expected, observed)


def judge(*differences, replays=2, oracle=None):
    clean = [trace(Role.CLEAN, n, sent("e1", "GET", "/invoices/1")) for n in range(replays)]
    return list((oracle or Divergence()).judge(evidence(None, *clean, differences=differences)))


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        (DifferenceKind.FAULT, Severity.HIGH),
        (DifferenceKind.STATUS, Severity.HIGH),
        (DifferenceKind.MISSING, Severity.HIGH),
        (DifferenceKind.TYPE, Severity.HIGH),
        (DifferenceKind.MEDIA_TYPE, Severity.MEDIUM),
        (DifferenceKind.VALUE, Severity.MEDIUM),
        (DifferenceKind.RENAMING, Severity.MEDIUM),
        (DifferenceKind.LENGTH, Severity.MEDIUM),
        (DifferenceKind.ADDED, Severity.LOW),
    ],
)
def test_every_kind_has_a_severity(kind, severity):
    (finding,) = judge(differs(kind, expected=1, observed=2))
    assert (finding.severity, finding.level) == (severity, Level.CONFIRMED)
    assert (finding.method, finding.endpoint, finding.tenant) == ("GET", "/invoices/{id}", "acme")


def test_one_place_is_one_finding_however_many_answers_differ():
    (finding,) = judge(*(differs(DifferenceKind.VALUE, expected=n, observed=n + 1) for n in range(9)))
    assert "in 9 answers" in finding.observed
    assert len(finding.proofs[0].data) == 3


def test_a_renamed_field_is_two_findings_that_name_each_other():
    gone = differs(DifferenceKind.MISSING, "body.total_cents", 4900)
    came = differs(DifferenceKind.ADDED, "body.total", None, "49.00")
    elsewhere = differs(DifferenceKind.ADDED, "body.total", None, "1", endpoint="GET /orders")
    one, two, other = judge(gone, came, elsewhere)
    assert one.proofs[1].data == ["added body.total"]
    assert two.proofs[1].data == ["missing body.total_cents"]
    assert len(other.proofs) == 1


def test_samples_are_short_and_hide_credentials():
    long, secret = judge(
        differs(DifferenceKind.VALUE, "body.text", "x" * 500, "y" * 500),
        differs(DifferenceKind.VALUE, "body.access_token", "stand-in-token", "live-token"),
    )
    assert "x" * 60 not in long.expected
    assert "x" * 59 in long.expected
    assert "live-token" not in f"{secret.observed}{secret.proofs[0].data}"


def test_one_clean_replay_is_half_a_proof():
    (finding,) = judge(differs(DifferenceKind.VALUE, expected=1, observed=2), replays=1)
    assert finding.level is Level.PROBABLE


@pytest.mark.parametrize(
    ("body", "expected", "observed", "findings", "remark"),
    [
        ({"password": "*"}, 422, 201, 0, "redaction made the invalid password valid"),
        ({"password": "*"}, 401, 200, 1, "a wrong password stays wrong when it is redacted: this lets anybody in"),
        ({"otp": "*"}, 401, 200, 0, "wrong and right codes are one constant"),
        ({"password": "*"}, 200, 401, 1, "the right password no longer is"),
        ({"title": "*"}, 404, 200, 1, "no secret in the request"),
    ],
)
def test_a_refusal_of_a_redacted_password_cannot_be_replayed(body, expected, observed, findings, remark):
    """Some refused secrets become accepted ones by redaction: that is no news about the target."""
    clean = [trace(Role.CLEAN, n, sent("e1", "POST", "/login", json=body)) for n in (1, 2)]
    difference = differs(DifferenceKind.STATUS, "status", expected, observed)
    assert len(list(Divergence().judge(evidence(None, *clean, differences=(difference,))))) == findings, remark


def test_no_difference_no_finding():
    assert judge() == []


def test_a_place_can_be_ignored_by_configuration():
    build = differs(DifferenceKind.VALUE, "body.build", "1", "2")
    assert judge(build, oracle=Divergence(ignored_places=("body.build",))) == []


def test_the_fingerprint_knows_the_place_not_the_values():
    (one,) = judge(differs(DifferenceKind.VALUE, expected=1, observed=2))
    (two,) = judge(differs(DifferenceKind.VALUE, expected=3, observed=4, exchange_id="e9"))
    (other,) = judge(differs(DifferenceKind.TYPE, expected=1, observed="1"))
    assert one.fingerprint == two.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("kind", "place", "expected", "observed", "words", "remark"),
    [
        (DifferenceKind.MISSING, "body.a", 5, None, ("body.a: 5 as", "missing at body.a: not there"), "gone"),
        (DifferenceKind.ADDED, "body.a", None, "x", ("body.a: not there as", "added at body.a: 'x'"), "new"),
        (DifferenceKind.VALUE, "body.a", None, True, ("body.a: null as", "value at body.a: true"), "null is a value"),
        (DifferenceKind.STATUS, "status", 200, 500, ("status 200 as", "status 500, in 1 answer"), "said once"),
        (DifferenceKind.FAULT, "fault", None, "reset", ("fault not there as", "fault 'reset'"), "no answer"),
    ],
)
def test_values_are_shown_as_people_write_them(kind, place, expected, observed, words, remark):
    """No word of Python, no place said twice."""
    (finding,) = judge(differs(kind, place, expected, observed))
    assert words[0] in finding.expected, remark
    assert finding.observed.startswith(words[1]), remark
    assert "None" not in f"{finding.expected}{finding.observed}"
