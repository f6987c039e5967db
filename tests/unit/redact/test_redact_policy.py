"""The policy: fails closed, tells what it did without any value, and looks twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from time import process_time

import pytest

from replay.model.capture import RedactedField
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes
from replay.redact.policy import Keep, Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import exchange, jwt_of

PSEUDONYM = Pseudonym(bytes(range(32)))


def without(*names: str) -> Policy:
    return Policy(PSEUDONYM, [redactor for redactor in BUILTIN if redactor.name not in names])


@dataclass(frozen=True)
class Fails:
    """Breaks on every exchange, with a value in its message."""

    name: str = "fails"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        raise KeyError(exchange.request.target)


def test_a_failing_redactor_refuses_the_exchange_and_quotes_nothing():
    """Fail closed: names of unit and type, no context that holds the value."""
    with pytest.raises(Refused) as refused:
        Policy(PSEUDONYM, (*BUILTIN, Fails())).redact(exchange("/users/jane-doe"))
    assert (refused.value.reason, refused.value.detail) == ("redactor-failed", "fails: KeyError")
    assert refused.value.__context__ is None
    assert "jane" not in str(refused.value)


@pytest.mark.parametrize(
    ("remark", "missing", "planted"),
    [
        ("e-mail in a header", ["header-fields"], exchange(headers={"X-User": "jane@corp.test"})),
        ("e-mail in the path", ["request-line"], exchange("/users/jane@corp.test")),
        ("percent-encoded e-mail", ["request-line"], exchange("/users?e=jane%40corp.test")),
        ("base64 e-mail", ["header-fields"], exchange(headers={"X-User": "eyJlIjoiamFuZUBjb3JwLnRlc3QifQ=="})),
        ("escaped e-mail", ["json-body"], exchange(body='{"e": "jane\\u0040corp.test"}')),
        ("card", ["json-body"], exchange(body={"n": 4111111111111111})),
        (
            "card with spaces",
            ["text-body", "other-body"],
            exchange(body="4111 1111 1111 1111", content_type="text/plain"),
        ),
        ("foreign JWT", ["credentials"], exchange(headers={"Authorization": f"Bearer {jwt_of({'e': 'x'})}"})),
        ("AWS key", ["header-fields"], exchange(headers={"X-Key": "AKIAIOSFODNN7EXAMPLE"})),
        ("private key", ["json-body"], exchange(body={"k": "-----BEGIN PRIVATE KEY-----MIIEvg"})),
        ("iban", ["json-body"], exchange(body={"k": "DE89370400440532013000"})),
        (
            "token hidden in the answer, left in the request",
            ["credentials"],
            exchange(headers={"Authorization": "Bearer tOk3n45678-90ab"}, answer={"token": "tOk3n45678-90ab"}),
        ),
        (
            "password left in an error message, another case",
            ["text-body", "other-body"],
            replace(
                exchange(body={"password": "Hunter-2!pass"}),
                outcome=exchange(answer="bad HUNTER-2!PASS", answer_type="text/plain").outcome,
            ),
        ),
        (
            "full name left in a header",
            ["header-fields"],
            exchange(headers={"X-Who": "Ingrid Sorensen"}, body={"name": "Ingrid Sorensen"}),
        ),
    ],
)
def test_what_a_weakened_policy_leaves_is_refused(remark, missing, planted):
    """The second look does not trust the redactors."""
    with pytest.raises(Refused) as refused:
        without(*missing).redact(planted)
    assert refused.value.reason == "survivor"


@pytest.mark.parametrize(
    ("remark", "planted"),
    [
        ("a word that is a route elsewhere", exchange("/courses/17", body={"title": "courses", "name": "course"})),
        ("a short name inside words", exchange("/savannas", body={"name": "Anna", "status": "savanna"})),
        ("a name that is an enum word", exchange(body={"name": "Standard", "type": "standard"})),
        ("a field name told as a value", exchange(body={"address_line1": 1, "field": "address_line1"})),
        ("a generated-looking word kept as enum", exchange(body={"lang": "python3", "runtime": "python3"})),
        ("a password that is a word", exchange("/secret/manager", body={"password": "manager", "role": "manager"})),
        ("a pin that is an id", exchange("/orders/123456", body={"pin": "123456"})),
        ("a media type as a value", exchange(headers={"Accept": "application/json"}, body={"t": "application/json"})),
        ("a header name as a value", exchange(headers={"X-Tenant-Id": "acme"}, body={"h": "X-Tenant-Id"})),
        ("a date as a name", exchange(body={"name": "2026-11-20", "day": "2026-11-20"})),
        ("the constant itself", exchange(body={"password": "Redacted-1!", "pin": 1111})),
        ("numbers as text", exchange(body={"name": "1234567890", "phone": "5551234", "n": 1234567890})),
        ("a version everywhere", exchange(headers={"User-Agent": "app/1.2.3"}, body={"version": "1.2.3"})),
        ("a month", exchange(headers={"Date": "Fri, 20 Nov 2026 22:23:57 GMT"}, body={"name": "Nov 2026"})),
        ("snowflake ids, one in ten passes Luhn", exchange(body={"ids": [10**18 + i * 37 for i in range(100)]})),
        ("@ in a sentence", exchange(body={"t": "meet @ 5.30.ab or user@host or a@1.2"})),
        ("foreign letters around @", exchange(body={"t": "ü@ä.de, å@ö.se; ñ.ü@ß.com"})),
    ],
)
def test_ordinary_traffic_is_not_refused(remark, planted):
    """Each false refusal loses an exchange."""
    assert Policy(PSEUDONYM).redact(planted).exchange


def test_the_fields_tell_place_class_and_count():
    """Enough to compare a recording with live answers, no value."""
    planted = exchange(
        "/courses/17?q=x%20y",
        headers={"Authorization": "Bearer aB3dE5gH7jK9"},
        body={"items": [{"email": "a@b.test"}, {"email": "c@d.test"}], "password": "x"},
    )
    endpoint = "POST /courses/{id}"
    assert Policy(PSEUDONYM).redact(planted).fields == (
        RedactedField(endpoint, "request", "auth.bearer", "token", "pseudonymise", 1),
        RedactedField(endpoint, "request", "body.items[*].email", "email", "pseudonymise", 2),
        RedactedField(endpoint, "request", "body.password", "password", "mask", 1),
        RedactedField(endpoint, "request", "host", "host", "pseudonymise", 1),
        RedactedField(endpoint, "request", "query.q[*]", "text", "pseudonymise", 1),
    )


def test_a_kept_place_stays_there_and_nowhere_else():
    """Keep is per place and, when it says so, per endpoint."""
    keep = Keep("body.items[*].title", "catalogue texts are public, reviewed 2026-11", "POST /courses/{id}")
    policy = Policy(PSEUDONYM, keeps=(keep,))
    document = {"items": [{"title": "Intro to Python", "note": "Intro to Python"}]}
    kept = body_tree(policy.redact(exchange("/courses/17", body=document)).exchange.request.body)
    assert kept["items"][0]["title"] == "Intro to Python"
    assert kept["items"][0]["note"] != "Intro to Python"
    elsewhere = body_tree(policy.redact(exchange("/books/17", body=document)).exchange.request.body)
    assert elsewhere["items"][0]["title"] != "Intro to Python"


def test_a_kept_place_never_shows_what_anybody_knows_for_a_secret():
    """Keep rule plus detector: the detector wins."""
    policy = Policy(PSEUDONYM, keeps=(Keep("body.note", "free text, reviewed"),))
    kept = policy.redact(exchange(body={"note": "write to jane@corp.test"})).exchange.request.body
    assert b"jane" not in kept.data


@pytest.mark.parametrize(("place", "reason"), [("body.x", ""), ("", "because"), (" ", " ")])
def test_a_keep_rule_needs_a_reason(place, reason):
    """An auditor reads it."""
    with pytest.raises(ConfigError, match="reason"):
        Keep(place, reason)


def test_what_is_redacted_comes_back_as_it_is():
    """redact(redact(x)) = redact(x), also for values too short to be known again."""
    policy = Policy(PSEUDONYM)
    once = policy.redact(exchange("/users/jane", body={"name": "Anna"}))
    assert policy.redact(once) is once


def test_names_of_rules_and_key():
    """The digest names the rules, the key id the key."""
    policy, other = Policy(PSEUDONYM), Policy(Pseudonym(bytes(32)))
    assert policy.digest == other.digest
    assert policy.digest != Policy(PSEUDONYM, BUILTIN[1:]).digest
    assert policy.digest != Policy(PSEUDONYM, keeps=(Keep("body.x", "y"),)).digest
    assert policy.key_id != other.key_id


def test_the_input_is_left_alone():
    """The live exchange is never changed."""
    planted = exchange(body={"name": "Jane"}, headers={"Authorization": "Bearer x1y2z3a4b5c6"})
    copy = json.loads(planted.request.body.data), planted.request.headers.fields
    Policy(PSEUDONYM).redact(planted)
    assert (json.loads(planted.request.body.data), planted.request.headers.fields) == copy


def test_redactors_have_names_of_their_own():
    """Configuration and refusals speak of them by name."""
    names = [redactor.name for redactor in BUILTIN]
    assert len(set(names)) == len(names)
    assert names[-1] == "framing"


@pytest.mark.parametrize(
    "piece", ["eyJ", "eyJaaaaaa.", "a@", "a.b@c-", "1 ", "DE89 ", "1.2.3.", "%41", "ab/", "https://a ", "a,"]
)
def test_hostile_text_does_not_make_a_pattern_slow(piece, monkeypatch):
    """Two texts of 200 KB: a quadratic pattern took 4 s for the first row, bounded ones take 0.3 s (measured).

    Most are refused before any pattern sees them (see `budget`); here they are not.
    """
    monkeypatch.setattr("replay.redact.affording.is_too_costly", lambda _: False)

    def seconds(count: int) -> float:
        policy = Policy(Pseudonym(bytes(32)))
        text = piece * (count // len(piece))
        started = process_time()
        policy.redact(exchange(body={"t": text}, headers={"Accept": text}))
        return process_time() - started

    assert seconds(200_000) < 2.5
