"""WebSocket messages and trailers: default deny, framing untouched, notes that tell the place, and the second look."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from replay.model.body import Body
from replay.model.capture import RedactedField
from replay.model.exchange import Exchange, SocketMessage
from replay.model.tree import pattern
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes, Original, ValueClass
from replay.redact.policy import Keep, Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.redact.survivors import has_survivor
from unit.redact.canary_cases import exchange, jwt_of, said, socket

PSEUDONYM = Pseudonym(bytes(range(32)))
POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
OCTETS = "application/octet-stream"


def redacted(*messages: SocketMessage) -> tuple[SocketMessage, ...]:
    return POLICY.redact(socket(*messages)).exchange.messages


def text_of(message: SocketMessage) -> str:
    return message.body.data.decode()


def without(*names: str) -> Policy:
    return Policy(PSEUDONYM, [redactor for redactor in BUILTIN if redactor.name not in names])


def test_order_direction_and_time_stay():
    """Ten messages in, ten out: a replay needs who spoke when, and no message is merged or lost."""
    sent = [SocketMessage(i % 3 == 0, 5.0 + i, Body(f"Begiso {i}".encode(), "text/plain")) for i in range(10)]
    assert [(one.from_client, one.at) for one in redacted(*sent)] == [(one.from_client, one.at) for one in sent]


def test_a_value_has_one_stand_in_in_messages_bodies_and_fields():
    """Or else what a socket says cannot be bound to what a response said."""
    told = replace(
        exchange(body={"ref": "Zq41xWk9"}, headers={"X-Ref": "Zq41xWk9"}, trailers={"X-Ref": "Zq41xWk9"}),
        messages=(said({"ref": "Zq41xWk9"}), said("Zq41xWk9", by_client=False)),
    )
    fresh = POLICY.redact(told).exchange
    stand_in = fresh.request.headers.get("x-ref")
    assert stand_in != "Zq41xWk9"
    assert json.loads(fresh.request.body.data) == {"ref": stand_in}
    assert json.loads(fresh.messages[0].body.data) == {"ref": stand_in}
    assert text_of(fresh.messages[1]) == stand_in
    assert fresh.response is not None
    assert fresh.response.trailers.fields == (("X-Ref", stand_in),)


@pytest.mark.parametrize(
    ("text", "keeps", "remark"),
    [
        (
            '{"type":"tick","id":17,"status":"open"}',
            '{"type":"tick","id":17,"status":"open"}',
            "words and small numbers",
        ),
        ('42["chat",{"id":17}]', '42[".*",{"id":17}]', "the packet type of Engine.IO and its acknowledgement"),
        ('{"type":1}\x1e{"type":6}\x1e', '{"type":1}\x1e{"type":6}\x1e', "the separators of SignalR"),
        ("2", "2", "a ping of Engine.IO"),
        ("", "", "an empty message"),
    ],
)
def test_what_a_replay_needs_of_a_message_stays(text: str, keeps: str, remark: str):
    """Structure, names, small ids; values are stand-ins of the same length."""
    (fresh,) = redacted(said(text))
    if ".*" in keeps:
        head, tail = keeps.split(".*")
        assert text_of(fresh).startswith(head), remark
        assert text_of(fresh).endswith(tail), remark
        assert len(text_of(fresh)) == len(text)
    else:
        assert text_of(fresh) == keeps, remark


@pytest.mark.parametrize(
    ("message", "remark"),
    [
        (said(b"\x08\x96\x01 Ingrid", content_type=OCTETS), "binary: nobody here can read it"),
        (said(b"Ingrid \xff", content_type="text/plain"), "a text frame that is no UTF-8"),
        (said('{"n": "Ingrid', content_type="application/json"), "JSON that is none"),
        (SocketMessage(True, 1.0, Body(b'{"n": "Ingr', "text/plain", True, 9000)), "cut: a secret may stand across"),
        (said("Ingrid", content_type="image/svg+xml"), "a type on no list"),
    ],
)
def test_a_message_that_nobody_can_read_is_dropped(message: SocketMessage, remark: str):
    """Empty and marked, its true size told, its type kept."""
    done = POLICY.redact(socket(message))
    (fresh,) = done.exchange.messages
    assert (fresh.body.data, fresh.body.truncated) == (b"", True), remark
    assert fresh.body.length_bytes == message.body.length_bytes
    assert fresh.body.content_type == message.body.content_type
    drops = [field for field in done.fields if field.place == "message[*].body"]
    assert [(field.action, field.count) for field in drops] == [("drop", 1)]


def test_the_notes_tell_side_and_place():
    """The client's messages are the request's side; the place is the pattern of a message's leaf."""
    fields = POLICY.redact(
        socket(
            said({"items": [{"id": 1, "email": EMAIL}, {"id": 2, "email": f"x{EMAIL}"}]}),
            said({"password": "Hunter-2!pass"}, by_client=False),
        )
    ).fields
    place = pattern(("message", 0, "body", "items", 0, "email"))
    assert place == "message[*].body.items[*].email"
    assert RedactedField("GET /live", "request", place, "email", "pseudonymise", 2) in fields
    assert RedactedField("GET /live", "response", "message[*].body.password", "password", "mask", 1) in fields


def test_a_kept_place_works_in_messages_and_trailers():
    """And an e-mail there is hidden all the same."""
    keeps = (Keep("message[*].body.title", "public"), Keep("trailer.x-build[*]", "public"))
    policy = Policy(PSEUDONYM, keeps=keeps)
    sent = replace(socket(said({"title": "Intro Python"}), said({"title": EMAIL})), outcome=socket().outcome)
    kept, hidden = policy.redact(sent).exchange.messages
    assert (text_of(kept), EMAIL in text_of(hidden)) == ('{"title":"Intro Python"}', False)
    answer = policy.redact(exchange(trailers={"X-Build": "blue Monday"})).exchange.response
    assert answer is not None
    assert answer.trailers.get("x-build") == "blue Monday"


@pytest.mark.parametrize(
    ("field", "value", "stays"),
    [
        ("grpc-status", "5", "5"),
        ("Server-Timing", "Ingrid", None),
        ("Expires", "Fri, 20 Nov 2026 22:23:57 GMT", "Fri, 20 Nov 2026 22:23:57 GMT"),
    ],
)
def test_trailers_keep_what_header_fields_keep(field: str, value: str, stays: str | None):
    """A gRPC status is an enumeration, a date is a date, a name is a name."""
    answer = POLICY.redact(exchange(trailers={field: value})).exchange.response
    assert answer is not None
    (pair,) = answer.trailers.fields
    assert pair[0] == field
    assert (pair[1] == value) is (stays is not None)


@pytest.mark.parametrize("field", ["Content-MD5", "Repr-Digest", "Digest", "Content-Length", "Signature"])
def test_trailers_tell_nothing_about_the_original_bytes(field: str):
    """An unkeyed digest of the raw body is an oracle."""
    done = POLICY.redact(exchange(answer={"n": 1}, trailers={field: "sha-256=:abcd1234:"}))
    assert done.exchange.response is not None
    assert done.exchange.response.trailers.fields == ()
    assert [one.action for one in done.fields if one.place == f"trailer.{field.lower()}[*]"] == ["drop"]


LEFT_BEHIND = [
    ("e-mail in a text message", "socket-messages", socket(said(f"write to {EMAIL}"))),
    ("e-mail in a JSON message, escaped", "socket-messages", socket(said('{"e": "ingrid\\u0040corp.test"}'))),
    ("e-mail in a binary message", "socket-messages", socket(said(b"\x01" + EMAIL.encode(), content_type=OCTETS))),
    ("card in a message", "socket-messages", socket(said({"n": 4111111111111111}, by_client=False))),
    ("foreign JWT in a message", "socket-messages", socket(said({"t": jwt_of({"e": "x"})}))),
    ("token of the request in a message", "socket-messages",
     replace(exchange(headers={"Authorization": "Bearer tOk3n45678-90ab"}), messages=(said("tOk3n45678-90ab"),))),
    ("e-mail in a trailer", "trailers", exchange(trailers={"grpc-message": EMAIL})),
    ("token of the request in a trailer", "trailers",
     exchange(headers={"Authorization": "Bearer tOk3n45678-90ab"}, trailers={"X-Echo": "tOk3n45678-90ab"})),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "unit", "planted"), LEFT_BEHIND, ids=[row[0] for row in LEFT_BEHIND])
def test_what_a_missing_unit_leaves_is_refused(remark: str, unit: str, planted: Exchange):
    """The second look reads messages and trailers, too: fail closed."""
    with pytest.raises(Refused) as refused:
        without(unit).redact(planted)
    assert refused.value.reason == "survivor"
    assert POLICY.redact(planted).exchange


@pytest.mark.parametrize("place", ["message", "trailer"])
def test_the_second_look_finds_an_original_there(place: str):
    """Straight at the function, for what no redactor would leave."""
    secret = "tOk3n45678-90ab"
    after = socket(said({"a": secret})) if place == "message" else exchange(trailers={"X-A": secret})
    hidden: Original = (ValueClass.TOKEN, secret)
    notes = Notes(originals={hidden})
    assert has_survivor(exchange(), after, notes, PSEUDONYM)
    assert not has_survivor(exchange(), exchange(), notes, PSEUDONYM)
