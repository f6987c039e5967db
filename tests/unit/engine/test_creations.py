"""What counts as created by this run, and what its DELETE would be."""

import pytest

from make import exchange
from replay.engine.creations import Creations
from replay.model.exchange import FaultKind


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
    ("before", "remark"),
    [
        (exchange("l", "GET", "/api/notes", answer={"items": [{"id": 17}]}), "shown in a list"),
        (exchange("l", "GET", "/api/notes/17", answer={"text": "t"}), "read by its path"),
        (exchange("l", "GET", "/api/home", answer={"note": {"id": 17}}), "shown inside of another thing"),
        (exchange("l", "GET", "/api/home", answer={"note_id": 17}), "named by another thing"),
        (exchange("l", "GET", "/api/home", answer={"noteId": "17"}), "named by another thing"),
        (exchange("l", "GET", "/api/home", answer={"links": {"self": "/api/notes/17"}}), "linked"),
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
