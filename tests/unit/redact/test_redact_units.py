"""Each redactor by itself: what only it removes, and what becomes of its place when it is left out."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

import pytest

from replay.model.exchange import Exchange, Fault, FaultKind
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes, Redactor
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import CONSTANT, REFUSED_CONSTANT, Pseudonym
from unit.redact.canary_cases import FORM, exchange, grep, said, socket

PSEUDONYM = Pseudonym(bytes(range(32)))
UNITS = {redactor.name: redactor for redactor in BUILTIN}
LEFT, REFUSED = "left", "refused"  # without the unit: the secret is written, or the second look sees it

EMAIL = "ingrid.halvorsen@northwind.test"
TOKEN = "qT7vXw2Lk9RbN4sYcZ81"
ADDRESS = "203.0.113.77:51034"
SLUG = "halvorsen-ingrid"
BOUNDARY = "multipart/form-data; boundary=x1"
PART = f'--x1\r\nContent-Disposition: form-data; name="cv"\r\n\r\n{EMAIL}\r\n--x1--\r\n'


def typed(body: str, kind: str) -> Exchange:
    return exchange(body=body, content_type=f"application/{kind}")


@dataclass(frozen=True)
class Place:
    """A secret that stands where one unit works and nowhere else; `without` says what the others make of it."""

    unit: str
    remark: str
    secret: str
    planted: Exchange
    without: str


PLACES = (
    Place("request-line", "whose profile it is", SLUG, exchange(f"/api/users/{SLUG}"), LEFT),
    Place("credentials", "bearer token", TOKEN, exchange(headers={"Authorization": f"Bearer {TOKEN}"}), LEFT),
    Place("cookies", "the session", TOKEN, exchange(answer_headers={"Set-Cookie": f"sid={TOKEN}; HttpOnly"}), LEFT),
    Place("locations", "host of a link", SLUG, exchange(answer_headers={"Link": f"<https://{SLUG}.test/>"}), LEFT),
    Place("header-fields", "a field on no list", EMAIL, exchange(headers={"X-Acting-For": EMAIL}), REFUSED),
    Place("json-body", "deep in the answer", TOKEN, exchange(answer={"a": [{"b": TOKEN}]}), LEFT),
    Place("form-body", "a field of a form", TOKEN, exchange(body=f"note={TOKEN}&n=1", content_type=FORM), LEFT),
    Place("text-body", "a line of a log", TOKEN, exchange(answer=f"seen {TOKEN}", answer_type="text/plain"), LEFT),
    Place("multipart-body", "a part of an upload", EMAIL, exchange(body=PART, content_type=BOUNDARY), REFUSED),
    Place("json-lines-body", "the second line", TOKEN, typed(f'{{"n": 1}}\n{{"b": "{TOKEN}"}}\n', "x-ndjson"), LEFT),
    Place("graphql-body", "a literal", TOKEN, typed(f'{{ a(note: "{TOKEN}") {{ id }} }}', "graphql"), LEFT),
    Place("xml-body", "an attribute", TOKEN, typed(f"<a><b n='{TOKEN}'/></a>", "soap+xml"), LEFT),
    Place("script-body", "what a callback is given", TOKEN, typed(f'cb({{"b": "{TOKEN}"}})', "javascript"), LEFT),
    Place("html-body", "a hidden input", TOKEN,
          exchange(answer=f"<input type=hidden name=csrf value={TOKEN}>", answer_type="text/html"), LEFT),
    Place("event-body", "what an event says", TOKEN,
          exchange(answer=f'event: note\ndata: {{"b": "{TOKEN}"}}\n\n', answer_type="text/event-stream"), LEFT),
    Place("table-body", "a cell", TOKEN, exchange(answer=f"id,note\n1,{TOKEN}\n", answer_type="text/csv"), LEFT),
    Place("other-body", "a scan", EMAIL, typed(f"%PDF-1.7 {EMAIL}", "pdf"), REFUSED),
    Place("origin-facts", "the client's address", ADDRESS, exchange(connection=ADDRESS), LEFT),
    Place("trailers", "a gRPC message", EMAIL, exchange(trailers={"grpc-message": EMAIL}), REFUSED),
    Place("socket-messages", "deep in a message", TOKEN, socket(said({"a": [{"b": TOKEN}]})), LEFT),
    Place("refused-passwords", "a wrong guess as if it were right", CONSTANT,
          exchange("/api/login", body={"password": CONSTANT}, status=401), LEFT),
)  # fmt: skip
PLACED = [pytest.param(place, id=place.unit) for place in PLACES]
MEASURED = "framing"  # hides no text of its own but what the header fields tell about the body's bytes


def alone(unit: str, planted: Exchange) -> Exchange:
    return UNITS[unit].redact(planted, PSEUDONYM, Notes())


def without(unit: str) -> Policy:
    rest: list[Redactor] = [redactor for redactor in BUILTIN if redactor.name != unit]
    assert len(rest) == len(BUILTIN) - 1
    return Policy(PSEUDONYM, rest)


def test_every_unit_has_its_row():
    """A new redactor comes with a place of its own in this file; a removed one takes its row along."""
    assert sorted([place.unit for place in PLACES] + [MEASURED]) == sorted(UNITS)


@pytest.mark.parametrize("place", PLACED)
def test_a_unit_alone_clears_its_place(place: Place):
    """No other redactor has to help, and all of them together clear it as well."""
    assert grep((place.secret,), place.planted) == [place.secret], "the row plants what it says"
    assert grep((place.secret,), alone(place.unit, place.planted)) == [], place.remark
    assert grep((place.secret,), Policy(PSEUDONYM).redact(place.planted)) == []


@pytest.mark.parametrize("place", PLACED)
def test_no_other_unit_clears_that_place(place: Place):
    """Left out, the secret stays or the exchange is refused: no unit is there for nothing."""
    policy = without(place.unit)
    if place.without == REFUSED:
        with pytest.raises(Refused) as refused:
            policy.redact(place.planted)
        assert refused.value.reason == "survivor"
    else:
        assert grep((place.secret,), policy.redact(place.planted).exchange) == [place.secret]


@pytest.mark.parametrize("place", PLACED)
def test_units_leave_the_places_of_others_alone(place: Place):
    """One unit for one place: whose work a change is can be told from where it is."""
    busy = [name for name in UNITS if grep((place.secret,), alone(name, place.planted)) == []]
    assert busy == [place.unit]


@pytest.mark.parametrize(
    ("status", "password", "expected", "remark"),
    [
        (401, CONSTANT, REFUSED_CONSTANT, "what the service refused must be refused again"),
        (200, CONSTANT, CONSTANT, "what it took must be taken again"),
        (401, "Hunter-2!pass", "Hunter-2!pass", "an original is none of its business: json-body comes first"),
    ],
)
def test_refused_passwords_only_changes_the_constant(status: int, password: str, expected: str, remark: str):
    """It tells wrong from right by the status, and never what was typed."""
    planted = exchange("/api/login", body={"password": password}, status=status)
    assert expected.encode() in alone("refused-passwords", planted).request.body.data, remark
    assert list(UNITS).index("refused-passwords") > list(UNITS).index("json-body")


@pytest.mark.parametrize(
    ("detail", "kept", "remark"),
    [
        ("ConnectionResetError", "ConnectionResetError", "a type's name says nothing about anybody"),
        (f"refused by {EMAIL}", "", "the text of an error quotes what it likes"),
    ],
)
def test_origin_facts_keeps_of_a_fault_its_type_name_only(detail: str, kept: str, remark: str):
    """A library's error text never reaches the capture."""
    planted = replace(exchange(), outcome=Fault(FaultKind.CONNECT, detail))
    assert alone("origin-facts", planted).outcome == Fault(FaultKind.CONNECT, kept), remark


def test_framing_tells_nothing_about_the_original_bytes():
    """Digest and coding go and the length is that of the body as written; without the unit the true length is told."""
    body = f'{{"note": "{TOKEN}", "spaced":   1}}'
    digest = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
    told = {"Content-Length": str(len(body)), "Content-MD5": digest, "Content-Encoding": "identity", "X-Kept": "1"}
    planted = exchange(body=body, headers=told)

    by_itself = alone(MEASURED, planted).request
    assert by_itself.headers.fields == (("Content-Length", str(len(body))), ("X-Kept", "1"))
    written = Policy(PSEUDONYM).redact(planted).exchange.request
    assert written.headers.get("content-length") == str(len(written.body.data)) != str(len(body))
    assert without(MEASURED).redact(planted).exchange.request.headers.get("content-length") == str(len(body))
    assert list(UNITS)[-1] == MEASURED, "it measures what the others wrote"
