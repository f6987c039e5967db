"""The rebinder: live values in every kind of place, types kept, credentials swapped or taken off."""

from __future__ import annotations

from dataclasses import replace

from make import bearer, exchange, request, response, session
from replay.correlate.learn import learn
from replay.correlate.rebinder import NO_CREDENTIALS, Rebinder
from replay.correlate.renewal import Renewal
from replay.model.case import SentAs, Step
from replay.model.codec import parse_json
from replay.model.exchange import Fault, FaultKind
from replay.model.session import Session


def rebinder_of(*sessions: Session, renewal: Renewal | None = None) -> Rebinder:
    recorded = {item.id: item for one in sessions for item in one.exchanges}
    return Rebinder(learn(sessions), renewal or Renewal(), recorded)


def step(capture: Session, exchange_id: str, **changes: object) -> Step:
    item = capture.exchanges[capture.index_of(exchange_id)]
    return replace(Step(item.id, item.request), **changes)


def shop() -> Session:
    return session(
        "s",
        exchange("login", "POST", "/login", answer={"token": "tok-1111aaaa"}),
        exchange("create", "POST", "/courses", 201, headers=bearer("tok-1111aaaa"), json={"t": 1}, answer={"id": 17}),
        exchange(
            "use",
            "POST",
            "/courses/17/notes?course_id=17&page=17",
            201,
            headers=bearer("tok-1111aaaa"),
            json={"course_id": 17, "courseId": "17", "seats": 17},
        ),
        tenant="a",
    )


def test_live_values_reach_every_place_with_its_type() -> None:
    """Path and query get text, a JSON number stays a number, JSON text stays text, chance equals are untouched."""
    capture = shop()
    rebinder = rebinder_of(capture)
    rebinder.absorb("login", response(answer={"token": "live-9999zzzz"}))
    rebinder.absorb("create", response(201, answer={"id": "501"}))
    done = rebinder.rewrite(step(capture, "use"))
    assert done.request.target == "/courses/501/notes?course_id=501&page=17"
    assert done.request.headers.get("authorization") == "Bearer live-9999zzzz"
    assert parse_json(done.request.body.data) == {"course_id": 501, "courseId": "501", "seats": 17}
    assert (done.bound, done.unresolved) == (5, ())
    assert rebinder.renamed() == (("tok-1111aaaa", "live-9999zzzz"), ("17", "501"))


def test_a_number_place_takes_text_when_the_target_now_answers_uuids() -> None:
    """There is no number to send: the live value goes as it is."""
    capture = shop()
    rebinder = rebinder_of(capture)
    rebinder.absorb("create", response(201, answer={"id": "c-77af"}))
    done = rebinder.rewrite(step(capture, "use"))
    assert parse_json(done.request.body.data)["course_id"] == "c-77af"


def test_unknown_live_values_are_named_and_the_recorded_ones_sent() -> None:
    """Nothing was absorbed: the request is the recorded one, and every bound place is listed as a pattern."""
    capture = shop()
    done = rebinder_of(capture).rewrite(step(capture, "use"))
    assert done.request == capture.exchanges[2].request
    assert done.bound == 0
    assert sorted(done.unresolved) == [
        "auth.bearer",
        "body.courseId",
        "body.course_id",
        "path[*]",
        "query.course_id[*]",
    ]


def test_errors_faults_and_missing_places_teach_nothing() -> None:
    """The id inside an error, where the recording had success, is not the id of what should have been made."""
    capture = shop()
    rebinder = rebinder_of(capture)
    rebinder.absorb("create", response(409, answer={"id": 3}))
    rebinder.absorb("create", Fault(FaultKind.RESET))
    rebinder.absorb("create", response(201, answer={"ID": 4}))
    rebinder.absorb("create", response(201, answer={"id": {"no": "scalar"}}))
    rebinder.absorb("create", response(201, answer={"id": None}))
    rebinder.absorb("elsewhere", response(201, answer={"id": 5}))
    assert rebinder.renamed() == ()


def test_the_first_answer_counts() -> None:
    """A duplicate's second answer does not rename what the first one made."""
    capture = shop()
    rebinder = rebinder_of(capture)
    rebinder.absorb("create", response(201, answer={"id": 501}))
    rebinder.absorb("create", response(201, answer={"id": 502}))
    assert rebinder.rewrite(step(capture, "use")).request.path == "/courses/501/notes"


def test_a_fall_back_source_is_used_when_the_best_gave_nothing() -> None:
    """The creation's answer lost its body here; the list still tells the id."""
    capture = session(
        "s",
        exchange("create", "POST", "/courses", 201, answer={"id": 17}),
        exchange("list", "GET", "/courses", answer={"items": [{"id": 17}]}),
        exchange("use", "GET", "/courses/17"),
    )
    rebinder = rebinder_of(capture)
    rebinder.absorb("create", response(204))
    rebinder.absorb("list", response(answer={"items": [{"id": 88}]}))
    assert rebinder.rewrite(step(capture, "use")).request.path == "/courses/88"


def test_links_and_locations_are_read_live() -> None:
    """Places inside URLs are read from the live URL, whatever its host."""
    capture = session(
        "s",
        exchange(
            "create",
            "POST",
            "/orders",
            201,
            answer={"next": "/orders?cursor=aaaa1111"},
            answer_headers={"Location": "/orders/17"},
        ),
        exchange("use", "GET", "/orders/17?cursor=aaaa1111"),
    )
    rebinder = rebinder_of(capture)
    live = response(
        201, answer={"next": "http://qa/orders?cursor=b%2Fb2"}, headers={"Location": "http://qa:8080/orders/99"}
    )
    rebinder.absorb("create", live)
    assert rebinder.rewrite(step(capture, "use")).request.target == "/orders/99?cursor=b%2Fb2"


def test_a_mutated_place_stays_as_the_mutation_wants_it() -> None:
    """Only places that still hold the recorded value are bound; a changed type is kept; additions stay."""
    capture = shop()
    rebinder = rebinder_of(capture)
    rebinder.absorb("create", response(201, answer={"id": 501}))
    rebinder.absorb("login", response(answer={"token": "live-9999zzzz"}))
    mutated = request(
        "POST",
        "/courses/99/notes?course_id=17",
        json={"course_id": "17", "courseId": "other", "is_admin": True},
        headers=bearer("forged"),
    )
    done = rebinder.rewrite(step(capture, "use", request=mutated, mutated=True))
    assert done.request.target == "/courses/99/notes?course_id=501"
    assert parse_json(done.request.body.data) == {"course_id": "501", "courseId": "other", "is_admin": True}
    assert done.request.headers.get("authorization") == "Bearer forged"
    assert (done.bound, done.unresolved) == (2, ())


def two_tenants() -> tuple[Session, Session]:
    ours = session(
        "a",
        exchange("la", "POST", "/login", answer={"token": "tok-aaaa1111"}),
        exchange("ca", "POST", "/courses", 201, headers=bearer("tok-aaaa1111"), answer={"id": 17}),
        exchange(
            "ra",
            "GET",
            "/courses/17?api_key=key-a-12345&x=1",
            headers={"Accept": "*/*", **bearer("tok-aaaa1111"), "X-Tenant-Id": "ten-a", "X-Trace": "t"},
        ),
        tenant="a",
        start=1,
    )
    theirs = session(
        "b",
        exchange("lb", "POST", "/login", answer={"token": "tok-bbbb2222"}, answer_headers={"Set-Cookie": "sid=bbb"}),
        exchange("rb", "GET", "/courses", headers={"Cookie": "sid=bbb", **bearer("tok-bbbb2222"), "X-Org-Id": "org-b"}),
        tenant="b",
        start=100,
    )
    return ours, theirs


def test_another_tenant_s_credentials_come_with_their_live_values() -> None:
    """Authorization, cookies and tenant headers are the lender's, alive; ours are gone; ids stay ours."""
    ours, theirs = two_tenants()
    rebinder = rebinder_of(ours, theirs)
    rebinder.absorb("la", response(answer={"token": "live-a"}))
    rebinder.absorb("ca", response(201, answer={"id": 501}))
    rebinder.absorb("lb", response(answer={"token": "live-b"}, headers={"Set-Cookie": "sid=live-sid; Path=/"}))
    done = rebinder.rewrite(step(ours, "ra", sent_as=SentAs.OTHER_TENANT), "rb")
    assert done.request.target == "/courses/501?x=1"
    assert done.request.headers.fields == (
        ("Accept", "*/*"),
        ("Cookie", "sid=live-sid"),
        ("Authorization", "Bearer live-b"),
        ("X-Org-Id", "org-b"),
        ("X-Trace", "t"),
    )
    assert (done.bound, done.unresolved) == (3, ())


def test_a_query_key_is_borrowed_too() -> None:
    """API keys in the query count as credentials."""
    ours, theirs = two_tenants()
    done = rebinder_of(ours, theirs).rewrite(step(theirs, "rb", sent_as=SentAs.OTHER_TENANT), "ra")
    assert done.request.target == "/courses?api_key=key-a-12345"
    assert done.request.headers.get("x-tenant-id") == "ten-a"
    assert "cookie" not in done.request.headers
    assert done.unresolved == ("auth.bearer",)


def test_anonymous_carries_nobody_s_credentials() -> None:
    """Everything that says who is calling is gone; the rest is bound as ever."""
    ours, theirs = two_tenants()
    rebinder = rebinder_of(ours, theirs)
    rebinder.absorb("ca", response(201, answer={"id": 501}))
    done = rebinder.rewrite(step(ours, "ra", sent_as=SentAs.ANONYMOUS))
    assert done.request.target == "/courses/501?x=1"
    assert done.request.headers.fields == (("Accept", "*/*"), ("X-Trace", "t"))
    assert (done.bound, done.unresolved) == (1, ())


def test_a_part_that_nobody_plays_is_unresolved() -> None:
    """Without a lender the request goes out bare, and says so: it must not be judged as a swap."""
    ours, theirs = two_tenants()
    rebinder = rebinder_of(ours, theirs)
    for cast in ("", "unknown"):
        done = rebinder.rewrite(step(ours, "ra", sent_as=SentAs.OTHER_TENANT), cast)
        assert NO_CREDENTIALS in done.unresolved
        assert "authorization" not in done.request.headers
