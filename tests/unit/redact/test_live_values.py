"""What QA answers in a run's stand-ins: equal stays equal, ours stays as it is, and what fails is withheld."""

from __future__ import annotations

from dataclasses import replace

import pytest

import make
from replay.model.body import Body
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind, Response
from replay.model.message import body_tree
from replay.model.reading import Operation, RowChange
from replay.record.redacting import live_policy_of
from replay.record.settings import RecordSettings
from replay.redact.detectors import find_strong
from replay.redact.known_secrets import KnownSecrets
from replay.redact.live import LiveRedaction
from replay.redact.live_known import Known
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Refused

MARKER = "qabcdefg23"
EMAIL = "qxyzabc2345@d1b2c3d4.example"
UUID = "5a1c2b1e-95c1-4f56-8a51-0e8f4a0f6c11"


def live_of(*texts: str, key: bytes = b"l" * 32) -> LiveRedaction:
    known = Known()
    for text in texts:
        known.allow_text(text)
    pseudonym = LivePseudonym(key, known)
    return LiveRedaction(live_policy_of(pseudonym, known, RecordSettings()), pseudonym, known)


def attempt(request=None, response=None) -> Attempt:
    request = request or make.request("GET", "/api/notes")
    return Attempt("e1", "s1", "GET /api/notes", None, None, Part.JUDGED, request, response or make.response())


def shown(live: LiveRedaction, tree) -> dict:
    done = live.attempt(attempt(response=make.response(answer=tree)))
    return body_tree(done.response.body)


def row(**cells) -> RowChange:
    return RowChange("note", Operation.INSERT, (("id", cells["id"]),), (), tuple(cells.items()))


def test_a_value_is_one_stand_in_in_answers_requests_rows_and_bindings():
    """A name, a token, an e-mail and a large id, wherever they stand."""
    live = live_of()
    person = {"name": "Ingrid Olsen", "ref": "tk-93hfZk2Lq0", "email": "ingrid@bank.example.org", "number": 480213001}
    answered = shown(live, person)
    stored = live.change(row(id=480213001, name="Ingrid Olsen", ref="tk-93hfZk2Lq0", email="ingrid@bank.example.org"))
    asked = live.attempt(attempt(make.request("GET", "/api/people/480213001?ref=tk-93hfZk2Lq0"))).request
    pairs = dict(live.renamed([(name, str(value)) for name, value in person.items()]))
    assert [stored.row[name] for name in ("name", "ref", "email")] == [answered[n] for n in ("name", "ref", "email")]
    assert stored.key == (("id", answered["number"]),)
    assert asked.target == f"/api/people/{answered['number']}?ref={answered['ref']}"
    assert pairs == {name: str(value) for name, value in answered.items()}
    assert not set(map(str, person.values())) & set(map(str, answered.values()))


def test_two_runs_have_no_stand_in_in_common():
    tree = {"name": "Ingrid Olsen", "email": "ingrid@bank.example.org"}
    one, other = (shown(live_of(key=key * 32), tree) for key in (b"1", b"2"))
    assert not set(one.values()) & set(other.values())


def test_what_the_capture_and_replay_say_stays():
    """Words of the recording, fresh values and injected ones, in answers and rows."""
    live = live_of(EMAIL, UUID, "Fresh title qabcdefg23", "rplabcdefghij12")
    tree = {"email": EMAIL, "ref": UUID, "title": "Fresh title qabcdefg23", "extra": "rplabcdefghij12"}
    assert shown(live, tree) == tree
    assert dict(live.change(row(id=1, **tree)).after) == {"id": 1, **tree}
    assert not live.withheld


@pytest.mark.parametrize("key", ["81005747-6587-4348-b14d-8f93d67ceb96", "4f2f42ca-f5d6-44b0-8750-266023227848"])
def test_a_key_of_ours_that_holds_a_card_by_chance_is_no_survivor(key):
    """Of thousands of UUIDs that a run makes some have sixteen digits that pass Luhn."""
    assert [kind for kind, _ in find_strong(key)] == ["card"]
    live = live_of(key)
    asked = attempt(make.request("POST", "/api/notes", headers={"Idempotency-Key": key}))
    assert live.attempt(asked).request.headers.get("idempotency-key") == key
    assert dict(live.change(row(id=1, idempotency_key=key)).after)["idempotency_key"] == key
    assert not live.withheld
    theirs = live_of()
    assert theirs.attempt(asked).request.headers.get("idempotency-key") != key


def test_a_marker_stays_where_other_text_is_hidden():
    """An echo, an upper-case name beside it, a long column that was cut: oracles find whose data it is."""
    live = live_of(f"text {MARKER}")
    answered = shown(live, {"echo": f"Copy for Ingrid Olsen: {MARKER}, thanks"})
    assert MARKER in answered["echo"]
    assert "Ingrid" not in answered["echo"]
    cut = live.change(row(id=1, text=f"{MARKER} of Ingrid Olsen... <70000 bytes, digest 0123456789abcdef>")).row["text"]
    assert cut.startswith(MARKER)
    assert "Ingrid" not in cut
    assert cut.endswith(">")
    assert "<70000 bytes, digest " in cut
    assert "0123456789abcdef" not in cut


def test_a_marker_of_nobody_is_text_like_other_text():
    """Its shape alone lets nothing stay: people have names with a q and nine letters behind it, too."""
    assert MARKER not in shown(live_of(), {"echo": f"for {MARKER} only"})["echo"]


def test_numbers_that_replay_sends_stay_and_no_other_becomes_one():
    """Still one-to-one: 2,000 numbers of QA beside 200 of ours."""
    ours = [str(500_000 + 7 * n) for n in range(200)]
    live = live_of(*ours)
    values = [100_000 + 433 * n for n in range(2_000)]
    hidden = [live.pseudonym.digits(str(value)) for value in values if str(value) not in set(ours)]
    assert [live.pseudonym.digits(one) for one in ours] == ours
    assert len(set(hidden)) == len(hidden)
    assert not set(hidden) & set(ours)


def test_numbers_that_only_answers_of_the_recording_hold_are_hidden():
    live = live_of()
    live.known.allow_response(make.response(answer={"id": 480213001, "status": "open door"}))
    assert shown(live, {"id": 480213001, "status": "open door"})["id"] != 480213001


def test_a_bound_place_of_a_recorded_request_is_no_word_of_ours():
    live = live_of()
    live.known.allow_request(make.request("GET", "/api/notes/480213001?ref=480213002"), {("path", 3)})
    assert not live.known.has_digits("480213001")
    assert live.known.has_digits("480213002")


def test_what_the_policy_refuses_is_withheld_and_counted(monkeypatch):
    """First without bodies; when that is refused as well, method, endpoint and status are left."""
    live = live_of(f"text {MARKER}")
    refusing = attempt(
        make.request("POST", "/api/people/ingrid", json={"text": f"text {MARKER}"}),
        make.response(201, answer={"name": "Ingrid Olsen"}, headers={"X-Who": "Ingrid"}),
    )

    def refuse(exchange, upstream=""):
        raise Refused("survivor")

    monkeypatch.setattr(type(live.policy), "redact", lambda self, exchange, upstream="": refuse(exchange))
    monkeypatch.setattr(type(live.policy), "swiftly", lambda self, request, outcome: None)
    done = live.attempt(refusing)
    assert (done.request.method, done.request.target, done.status) == ("GET", "/api/notes", 201)
    assert done.request.headers.fields == done.response.headers.fields == ()
    assert done.request.body.data == MARKER.encode()
    assert done.request.body.truncated
    assert done.response.body.data == b""
    assert live.withheld == {("GET /api/notes", "survivor"): 1}


def test_a_row_that_is_refused_keeps_no_value(monkeypatch):
    live = live_of()
    changed = row(id=480213001, name="Ingrid Olsen", flag=True, nothing=None)

    def refuse(self, exchange, upstream=""):
        raise Refused("too-costly")

    monkeypatch.setattr(type(live.policy), "redact", refuse)
    done = live.change(changed)
    assert done.row["flag"] is True
    assert done.row["nothing"] is None
    assert not {480213001, "Ingrid Olsen"} & set(done.row.values())
    assert done.key == (("id", done.row["id"]),)


def test_a_fault_and_a_cut_body_say_no_more_than_before():
    live = live_of()
    gone = live.attempt(replace(attempt(), outcome=Fault(FaultKind.RESET, "ConnectionResetError")))
    assert gone.fault == Fault(FaultKind.RESET, "ConnectionResetError")
    cut = Body(b'{"name": "Ingrid Ol', "application/json", truncated=True, size_bytes=2_000_000)
    done = live.attempt(attempt(response=Response(200, body=cut))).response
    assert (done.body.data, done.body.length_bytes, done.body.truncated) == (b"", 2_000_000, True)


@pytest.mark.parametrize(
    "spelling",
    ["s3cret/Key+1", "S3CRET/KEY+1", "s3cret%2FKey%2B1", "czNjcmV0L0tleSsx", "7333637265742f4b65792b31"],
)
def test_a_known_secret_is_found_in_any_writing(spelling):
    known = KnownSecrets(["s3cret/Key+1"])
    assert known.are_in_text(f"before {spelling} after")
    assert not known.are_in_text("something else")
    assert "s3cret" not in repr(known)


def test_an_answer_that_shows_a_known_secret_is_withheld():
    """Though its words are the recording's: an identity's secret goes nowhere."""
    live = live_of("open sesame")
    live.secrets.add("open sesame")
    done = live.attempt(attempt(response=make.response(answer={"said": "open sesame"})))
    assert done.response.body.data == b""
    assert live.withheld == {("GET /api/notes", "secret"): 1}
    assert dict(live.renamed([("a", "open sesame")])) == {"a": "<hidden>"}
