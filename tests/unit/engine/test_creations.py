"""What counts as created by this run, and what its DELETE would be."""

import pytest

from make import exchange
from replay.engine.creations import Creations
from replay.model.body import Body
from replay.model.endpoint import endpoint_of
from replay.model.exchange import FaultKind


def answered(media_type, data, truncated=False):
    return exchange("l", "GET", "/api/notes", answer_body=Body(data, media_type, truncated))


def endpoint(one):
    return endpoint_of(one.request.method, one.request.target)


def see(creations, *exchanges):
    for one in exchanges:
        creations.witness(one.request, one.outcome)
    return [path for path, _ in creations.undoing()]


@pytest.mark.parametrize(
    ("one", "paths", "remark"),
    [
        (exchange("e", "POST", "/notes", 201, answer={"id": 17}), ["/notes/17"], "an id in the body"),
        (exchange("e", "POST", "/notes/", 201, answer={"data": {"id": "a b"}}), ["/notes/a%20b"], "JSON:API"),
        (exchange("e", "POST", "/notes", 201, answer={"note": {"id": 17}}), ["/notes/17"], "wrapped once"),
        (exchange("e", "POST", "/notes?x=1", 201, answer={"uuid": "u-1"}), ["/notes/u-1"], "the query goes"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "/n/17"}), ["/n/17"], "Location"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "http://shop.test/n/17"}), ["/n/17"], "absolute"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "http://other.test/n/17"}), [], "elsewhere"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "//other.test/n/17"}), [], "elsewhere"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "n/17"}), [], "relative: not understood"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "/users/me"}), [], "somebody who is there"),
        (exchange("e", "POST", "/n", 201, answer_headers={"Location": "/m/17"}), [], "another collection, no id"),
        (
            exchange("e", "POST", "/n", 201, answer={"id": 17}, answer_headers={"Location": "/m/17"}),
            ["/m/17"],
            "another collection, and the answer's own id",
        ),
        (
            exchange("e", "POST", "/o/17/n", 201, answer={"id": 17}, answer_headers={"Location": "/o/17"}),
            [],
            "what it was asked under",
        ),
        (exchange("e", "PUT", "/notes/a", 201), ["/notes/a"], "PUT that made it"),
        (exchange("e", "PUT", "/notes/a", 200, answer={"id": "a"}), [], "PUT that changed it"),
        (exchange("e", "POST", "/notes", 200, answer={"id": 17}), [], "not created"),
        (exchange("e", "POST", "/notes", 202, answer={"id": 17}), [], "not yet created"),
        (exchange("e", "POST", "/notes", 201), [], "nobody says what"),
        (exchange("e", "POST", "/notes", 201, answer={"id": True}), [], "no id"),
        (exchange("e", "POST", "/notes", fault=FaultKind.RESET), [], "a fault"),
        (exchange("e", "GET", "/notes", 201, answer={"id": 17}), [], "a safe method makes nothing"),
    ],
)
def test_only_what_the_answer_says_was_created_is_deleted(one, paths, remark):
    assert see(Creations("shop.test"), one) == paths, remark


def test_the_newest_goes_first_with_the_credentials_of_who_made_it():
    creations = Creations()
    headers = {"Authorization": "Bearer t-1", "Idempotency-Key": "k", "If-Match": '"1"', "X-Tenant": "acme"}
    see(
        creations,
        exchange("a", "POST", "/o", 201, json={}, answer={"id": 1}, headers=headers),
        exchange("b", "POST", "/o/1/n", 201, json={}, answer={"id": 2}),
    )
    (last, _), (first, created) = creations.undoing()
    assert (last, first) == ("/o/1/n/2", "/o/1")
    assert created.undo.method == "DELETE"
    assert dict(created.undo.headers.fields) == {"Authorization": "Bearer t-1", "X-Tenant": "acme"}
    assert not created.undo.body.data


@pytest.mark.parametrize(
    "name", ["..", ".", "%2e%2E", "%252e.", "..;v=1", "../users", "..\\users", "a/../..", "/", " ", "x" * 201]
)
def test_a_name_that_leads_elsewhere_deletes_nothing(name):
    """`DELETE /notes/..` is the parent to many a server, and a name too long to be remembered proves nothing."""
    creations = Creations()
    in_body = exchange("b", "POST", "/api/notes", 201, json={}, answer={"id": name})
    there = {"Location": f"/api/{name}"}
    in_place = exchange("l", "POST", "/api/notes", 201, answer={"id": name}, answer_headers=there)
    put = exchange("p", "PUT", f"/api/notes/{name}", 201)
    assert see(creations, in_body, in_place, put) == []
    assert creations.unproven == {"POST /api/notes": 2, endpoint(put): 1}


def test_a_place_with_dot_segments_deletes_nothing():
    """Also where the last segment is the answer's own id."""
    made = exchange("p", "POST", "/n", 201, answer={"id": 17}, answer_headers={"Location": "/n/%2e%2e/users/17"})
    assert see(Creations(), made) == []


@pytest.mark.parametrize(
    ("before", "remark"),
    [
        (exchange("l", "GET", "/api/notes", answer={"items": [{"id": 17}]}), "shown in a list"),
        (exchange("l", "GET", "/api/notes/17", answer={"text": "t"}), "read by its path"),
        (exchange("l", "GET", "/api/home", answer={"note": {"id": 17}}), "shown inside of another thing"),
        (exchange("l", "GET", "/api/home", answer={"note_id": 17}), "named by another thing"),
        (exchange("l", "GET", "/api/home", answer={"noteId": "17"}), "named by another thing"),
        (exchange("l", "GET", "/api/home", answer={"links": {"self": "/api/notes/17"}}), "linked"),
        (exchange("l", "GET", "/api/notes", answer={"ids": [17, 18]}), "in a list of ids"),
        (exchange("l", "GET", "/api/home", answer={"noteIds": ["17"]}), "in a list that says of what"),
        (exchange("l", "GET", "/api/notes", answer=[16, 17]), "in a bare list"),
        (exchange("l", "GET", "/api/notes", answer=[{"number": 17.0}]), "under another name"),
        (exchange("l", "GET", "/api/home", answer={"notes": {"17": {"text": "t"}}}), "the name of a member"),
        (answered("text/html", b"<a href='/api/notes/17'>t</a>"), "in a page"),
        (answered("application/xml", b"<note id='17'/>"), "in XML"),
        (answered("text/csv", b"no,text\nnote-17,t"), "as a part of a word"),
        (answered("application/json", b'[{"id":17},{"i', truncated=True), "in what was kept of a long answer"),
        (answered("application/json", b'[{"id":1},{"i', truncated=True), "perhaps in what was not kept of it"),
    ],
)
def test_what_was_there_before_is_nobodys_whatever_the_status_says(before, remark):
    """A service that answers 201 to an upsert: its old row must not go."""
    creations = Creations()
    made = exchange("p", "POST", "/api/notes", 201, json={}, answer={"id": 17})
    assert see(creations, before, made) == [], remark
    assert creations.unproven == {"POST /api/notes": 1}


def test_an_id_of_another_collection_is_no_objection():
    creations = Creations()
    before = exchange("l", "GET", "/api/users", answer={"items": [{"id": 17}]})
    made = exchange("p", "POST", "/api/notes", 201, json={}, answer={"id": 17})
    assert see(creations, before, made) == ["/api/notes/17"]


def test_what_the_replay_deleted_itself_is_gone_and_a_retry_made_nothing_new():
    creations = Creations()
    made = exchange("p", "POST", "/notes", 201, json={}, answer={"id": 17})
    assert see(creations, made, made, exchange("d", "DELETE", "/notes/17", 204)) == []
    assert creations.counted == {"POST /notes": 1}
    assert creations.gone == {"POST /notes": 1}


def test_a_refused_delete_changes_nothing():
    creations = Creations()
    made = exchange("p", "POST", "/notes", 201, json={}, answer={"id": 17})
    assert see(creations, made, exchange("d", "DELETE", "/notes/17", 403)) == ["/notes/17"]


def test_the_id_of_another_thing_in_an_answer_is_no_objection():
    """An enrolment names its course: course 2 is not enrolment 2."""
    creations = Creations()
    first = exchange("a", "POST", "/courses/2/enrolments", 201, json={}, answer={"id": 1, "course_id": 2})
    second = exchange("b", "POST", "/courses/2/enrolments", 201, json={}, answer={"id": 2, "course_id": 2})
    assert see(creations, first, second) == ["/courses/2/enrolments/2", "/courses/2/enrolments/1"]
