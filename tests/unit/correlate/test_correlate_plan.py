"""Live values in every kind of place: what is written, what keeps its type, and that nothing else moves."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from make import exchange, response, session
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder, Rewritten
from replay.correlate.renewal import Fresh, FreshKind, Renewal, renew_all
from replay.model.body import Body
from replay.model.case import Step
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Response

TOKEN, LIVE = "tok-1111aaaa", "live-9999zzzz"
EDGE = "multipart/form-data; boundary=edge"


def encoded(document: Any) -> str:
    return urlsafe_b64encode(dump_json(document)).decode().rstrip("=")


def played(answer: Response, method: str, target: str, **parts: Any) -> Rewritten:
    """The second request of a session whose first one gave id 17 and a token; live they are 501 and another one."""
    first = exchange("a", "POST", "/courses", 201, json={"t": 1}, answer={"id": 17, "k": TOKEN})
    second = exchange("b", method, target, **parts)
    capture = session("s", first, second)
    rebinder = Rebinder(learn([capture]), Renewal(), {"a": first, "b": capture.exchanges[1]})
    rebinder.absorb("a", answer)
    return rebinder.rewrite(Step("b", capture.exchanges[1].request))


def live() -> Response:
    return response(201, answer={"id": 501, "k": LIVE})


def part(name: str, value: str) -> str:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


BODIES: list[tuple[str, str, str, str]] = [
    ("JSON keeps its blanks", "application/json", f'{{ "course_id" : 17,\n "n": 17, "k": "{TOKEN}" }}',
     f'{{ "course_id" : 501,\n "n": 17, "k": "{LIVE}" }}'),
    ("JSON in JSON", "application/json", '{"s":"{\\"course_id\\": 17}"}', '{"s":"{\\"course_id\\": 501}"}'),
    ("a form", "application/x-www-form-urlencoded", f"course_id=17&n=17&k={TOKEN}&n=a+b",
     f"course_id=501&n=17&k={LIVE}&n=a+b"),
    ("multipart", EDGE, part("course_id", "17") + part("n", "17") + part("k", TOKEN) + "--edge--\r\n",
     part("course_id", "501") + part("n", "17") + part("k", LIVE) + "--edge--\r\n"),
    ("XML", "text/xml", f'<c:e xmlns:c="u"><courseId>17</courseId><n>17</n><t k="{TOKEN}"/></c:e>',
     f'<c:e xmlns:c="u"><courseId>501</courseId><n>17</n><t k="{LIVE}"/></c:e>'),
    ("lines of JSON", "application/x-ndjson", '{"course_id":17}\n{"n":17}\n', '{"course_id":501}\n{"n":17}\n'),
    ("GraphQL literals", "application/json", '{"query":"mutation { close(courseId: 17, n: 17) { id } }"}',
     '{"query":"mutation { close(courseId: 501, n: 17) { id } }"}'),
    ("JSON that calls itself text", "text/plain", '{\n "course_id": 17, "n": 17}\n',
     '{\n "course_id": 501, "n": 17}\n'),
    ("a GraphQL document", "application/graphql", "{\n  course(id: 17) { notes(first: 17) { id } }\n}",
     "{\n  course(id: 501) { notes(first: 17) { id } }\n}"),
    ("a batch of requests", "multipart/mixed; boundary=edge",
     "--edge\r\nContent-Type: application/http\r\n\r\nGET /courses/17/notes HTTP/1.1\r\n--edge--\r\n",
     "--edge\r\nContent-Type: application/http\r\n\r\nGET /courses/501/notes HTTP/1.1\r\n--edge--\r\n"),
    ("plain text", "text/plain", f"see {TOKEN} today", f"see {LIVE} today"),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "media", "recorded", "sent"), BODIES, ids=[row[0] for row in BODIES])
def test_live_values_reach_every_kind_of_body(remark: str, media: str, recorded: str, sent: str) -> None:
    """And the 17 that is a count stays 17."""
    done = played(live(), "POST", "/x", body=Body(recorded.encode(), media))
    assert done.request.body.data.decode() == sent
    assert done.unresolved == ()


TARGETS = [
    ("segments and parameters", "/courses/17/notes?page=17&course_id=17", "/courses/501/notes?page=17&course_id=501"),
    ("lists keep their commas", "/x?course_ids=17,18&n=17", "/x?course_ids=501,18&n=17"),
    ("an encoded list stays encoded", "/x?course_ids=17%2C18", "/x?course_ids=501%2C18"),
    ("a composite", f"/x?key=course:17&t={TOKEN}:2", f"/x?key=course:501&t={LIVE}:2"),
    ("a URL inside", f"/x?next=%2Fcourses%2F17%3Fk%3D{TOKEN}", f"/x?next=%2Fcourses%2F501%3Fk%3D{LIVE}"),
    ("JSON inside", "/x?f=%7B%22course_id%22%3A17%7D", "/x?f=%7B%22course_id%22%3A501%7D"),
    ("base64 inside", f"/x?c={encoded({'course_id': 17, 'n': 17})}", f"/x?c={encoded({'course_id': 501, 'n': 17})}"),
]


@pytest.mark.parametrize(("remark", "recorded", "sent"), TARGETS, ids=[row[0] for row in TARGETS])
def test_live_values_reach_every_part_of_a_target(remark: str, recorded: str, sent: str) -> None:
    assert played(live(), "GET", recorded).request.target == sent


FIELDS = [
    ("Authorization", f"Bearer {TOKEN}", f"Bearer {LIVE}"),
    ("Authorization", f'Digest username="u", nonce="{TOKEN}", nc=001', f'Digest username="u", nonce="{LIVE}", nc=001'),
    ("X-Forward-Auth", f"Bearer {TOKEN}", f"Bearer {LIVE}"),
    ("Cookie", f"a=b; t={TOKEN};c", f"a=b; t={LIVE};c"),
    ("X-Link", f'</courses/17?k={TOKEN}>; rel="self"', f'</courses/501?k={LIVE}>; rel="self"'),
    ("User-Agent", TOKEN, TOKEN),
]  # fmt: skip


@pytest.mark.parametrize(("name", "recorded", "sent"), FIELDS)
def test_live_values_reach_header_fields(name: str, recorded: str, sent: str) -> None:
    """Whole, behind a scheme, as a parameter, as a crumb; never in what the client's software says."""
    assert played(live(), "GET", "/x", headers={name: recorded}).request.headers.get(name) == sent


def test_an_entity_tag_is_bound_weak_or_strong() -> None:
    """W/"v3" answered, "v3" asked for in a list, another one live."""
    first = exchange("a", "GET", "/doc", answer={}, answer_headers={"ETag": 'W/"v3"'})
    second = exchange("b", "GET", "/doc", 304, headers={"If-None-Match": '"zz", "v3"'})
    capture = session("s", first, second)
    rebinder = Rebinder(learn([capture]), Renewal(), {"a": first, "b": capture.exchanges[1]})
    rebinder.absorb("a", response(answer={}, headers={"ETag": 'W/"v8"'}))
    done = rebinder.rewrite(Step("b", capture.exchanges[1].request))
    assert done.request.headers.get("if-none-match") == '"zz", "v8"'


def test_a_claim_is_bound_and_the_signature_is_left_to_who_has_the_key() -> None:
    """The token itself came from elsewhere: its subject is what the sign-up answered."""
    sub, new = "3fa85f64-5717-4562-b3fc-2c963f66afa6", "11111111-2222-4333-8444-555555555555"
    token = f"eyJhbGciOiJIUzI1NiJ9.{encoded({'sub': sub, 'n': 1})}.c2lnbmF0dXJl"
    first = exchange("a", "POST", "/users", 201, json={"n": "x"}, answer={"id": sub})
    second = exchange("b", "GET", "/me", headers={"Authorization": f"Bearer {token}"})
    capture = session("s", first, second)
    rebinder = Rebinder(learn([capture]), Renewal(), {"a": first, "b": capture.exchanges[1]})
    rebinder.absorb("a", response(201, answer={"id": new}))
    sent = rebinder.rewrite(Step("b", capture.exchanges[1].request)).request.headers.get("authorization")
    head, claims, signature = sent.removeprefix("Bearer ").split(".")
    assert parse_json(urlsafe_b64decode(claims + "==")) == {"sub": new, "n": 1}
    assert (head, signature) == ("eyJhbGciOiJIUzI1NiJ9", "c2lnbmF0dXJl")


def test_text_in_a_number_s_place_is_quoted() -> None:
    """The target has UUIDs where the recording had numbers: JSON stays JSON."""
    done = played(response(201, answer={"id": 'a"b', "k": LIVE}), "POST", "/x", json={"course_id": 17})
    assert done.request.body.data == b'{"course_id":"a\\"b"}'


def test_no_live_value_breaks_out_of_its_header() -> None:
    """A line break in an answer does not make a second field."""
    done = played(response(201, answer={"id": 1, "k": "a\r\nX-Evil: 1"}), "GET", "/x", headers={"X-Key": TOKEN})
    assert done.request.headers.get("x-key") == "a  X-Evil: 1"


def test_bytes_that_are_no_text_pass_through() -> None:
    """A file beside a field: the field is bound, the file is the same."""
    head = part("course_id", "17").encode()
    file = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n\x89\xff\x00\r\n--edge--\r\n'
    done = played(live(), "POST", "/x", body=Body(head + file, EDGE))
    assert done.request.body.data == part("course_id", "501").encode() + file


def test_what_nobody_knows_stays_as_it_was_recorded() -> None:
    """And is named by its place, never by its value."""
    done = played(response(500), "GET", "/x?key=course:17&course_ids=17,18")
    assert done.request.target == "/x?key=course:17&course_ids=17,18"
    assert done.unresolved == ("query.key[*].(part)[*]", "query.course_ids[*].(part)[*]")


def test_a_client_s_own_values_are_renewed_inside_others_too() -> None:
    """An e-mail in Basic credentials, a UUID in a URN and in JSON text: the same new one everywhere."""
    uuid, email = "7d1f9f0e-6a56-4a39-8b39-1e4de7f6f0a1", "ann@x.test"
    basic = urlsafe_b64encode(f"{email}:pw".encode()).decode()
    made = exchange("b", "POST", "/x", json={"ref": f"urn:order:{uuid}", "s": '{"to": "ann@x.test"}'},
                    headers={"Authorization": f"Basic {basic}"})  # fmt: skip
    fresh = [Fresh(uuid, FreshKind.UUID, "", "b", "p"), Fresh(email, FreshKind.EMAIL, "", "b", "p")]
    renewal = renew_all(fresh, {}, 1, 1)
    sent = Rebinder(learn([]), Renewal(renewal.values), {}).rewrite(Step("b", made.request)).request
    new = renewal.values
    text = f'{{"to": "{new[email]}"}}'
    assert parse_json(sent.body.data) == {"ref": f"urn:order:{new[uuid]}", "s": text}
    assert urlsafe_b64decode(sent.headers.get("authorization").removeprefix("Basic ")).decode() == f"{new[email]}:pw"


def test_a_token_of_a_cookie_is_bound_where_the_page_s_script_puts_it_plain() -> None:
    """Set-Cookie has it percent-encoded; the cookie comes back so, the header without."""
    old, new = "eyJpdiI6IjEi%2Fa1%3D", "eyJpdiI6Ijky%2Bzz%3D"
    first = exchange("a", "GET", "/", answer_headers={"Set-Cookie": f"XSRF-TOKEN={old}; Path=/"})
    headers = {"Cookie": f"XSRF-TOKEN={old}", "X-XSRF-TOKEN": "eyJpdiI6IjEi/a1="}
    capture = session("s", first, exchange("b", "POST", "/x", headers=headers))
    rebinder = Rebinder(learn([capture]), Renewal(), {one.id: one for one in capture.exchanges})
    rebinder.absorb("a", response(headers={"Set-Cookie": f"XSRF-TOKEN={new}; Path=/"}))
    sent = rebinder.rewrite(Step("b", capture.exchanges[1].request)).request.headers
    assert (sent.get("cookie"), sent.get("x-xsrf-token")) == (f"XSRF-TOKEN={new}", "eyJpdiI6Ijky+zz=")


def test_what_holds_a_live_value_is_renamed_as_a_whole_too() -> None:
    """An answer that echoes course:501 is no difference to one that echoed course:17."""
    first = exchange("a", "POST", "/courses", 201, answer={"id": 17})
    capture = session("s", first, exchange("b", "GET", "/x?key=course:17"))
    rebinder = Rebinder(learn([capture]), Renewal(), {one.id: one for one in capture.exchanges})
    rebinder.absorb("a", response(201, answer={"id": 501}))
    rebinder.rewrite(Step("b", capture.exchanges[1].request))
    assert rebinder.renamed() == (("17", "501"), ("course:17", "course:501"))


def test_a_whole_url_of_location_is_given_back_whole() -> None:
    """With the live host: nothing of the recorded one is left."""
    first = exchange("a", "POST", "/jobs", 202, answer_headers={"Location": "http://rec.test/jobs/17"})
    second = exchange("b", "POST", "/watch", json={"job": "http://rec.test/jobs/17", "n": 17})
    capture = session("s", first, second)
    rebinder = Rebinder(learn([capture]), Renewal(), {one.id: one for one in capture.exchanges})
    rebinder.absorb("a", response(202, headers={"Location": "http://qa.test/jobs/501"}))
    sent = rebinder.rewrite(Step("b", capture.exchanges[1].request)).request
    assert sent.body.data == b'{"job":"http://qa.test/jobs/501","n":17}'
