"""What learn() binds: one row per API style, every binding of the row listed, nothing else allowed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from make import bearer, exchange, session
from replay.correlate.learn import learn
from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.tree import Place

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJlLTAx"
OPAQUE = "9f86d081884c7d659a2feaa0c55ad015"
UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
PAGE = b"<form><input type='hidden' name=\"csrf\" value='kd82hf72hs91'><input name=q></form>"


@dataclass(frozen=True)
class Style:
    remark: str
    exchanges: tuple[Exchange, ...]
    bound: dict[tuple[str, Place], tuple[str, Place]]  # consumer -> best source


def style(remark: str, *exchanges: Exchange, bound: dict[tuple[str, Place], tuple[str, Place]]) -> Style:
    return Style(remark, exchanges, bound)


STYLES = [
    style(
        "REST with integers: path segment from the creation",
        exchange("a", "POST", "/api/courses", 201, json={"title": "T"}, answer={"id": 17}),
        exchange("b", "GET", "/api/courses/17", answer={"id": 17, "title": "T"}),
        bound={("b", ("path", 3)): ("a", ("body", "id"))},
    ),
    style(
        "UUIDs need no noun",
        exchange("a", "POST", "/things", 201, answer={"ref": UUID}),
        exchange("b", "POST", "/other", json={"target": UUID}),
        bound={("b", ("body", "target")): ("a", ("body", "ref"))},
    ),
    style(
        "prefixed ids",
        exchange("a", "POST", "/v1/charges", 201, answer={"id": "ch_3N5xk2eZvKYlo2C1"}),
        exchange("b", "POST", "/v1/refunds", 201, form={"charge": "ch_3N5xk2eZvKYlo2C1"}, answer={"id": "re_9Aa8x"}),
        bound={("b", ("form", "charge", 0)): ("a", ("body", "id"))},
    ),
    style(
        "Location only, empty body",
        exchange("a", "POST", "/orders", 201, answer_headers={"Location": "http://shop.test/orders/17"}),
        exchange("b", "GET", "/orders/17", answer={"total": 5}),
        bound={("b", ("path", 2)): ("a", ("location", 2))},
    ),
    style(
        "session cookie, short and without digits",
        exchange("a", "POST", "/login", 204, answer_headers={"Set-Cookie": "sid=abcd; Path=/; HttpOnly"}),
        exchange("b", "GET", "/me", headers={"Cookie": "theme=dark; sid=abcd"}),
        bound={("b", ("cookie", "sid")): ("a", ("set-cookie", "sid"))},
    ),
    style(
        "CSRF token from the body into a header, letters only",
        exchange("a", "GET", "/form", answer={"csrfToken": "kdhfiweu"}),
        exchange("b", "POST", "/form", json={"x": 1}, headers={"X-CSRF-Token": "kdhfiweu"}),
        bound={("b", ("header", "x-csrf-token", 0)): ("a", ("body", "csrfToken"))},
    ),
    style(
        "CSRF token from a hidden input into a form",
        exchange("a", "GET", "/form", answer_body=Body(PAGE, "text/html; charset=utf-8")),
        exchange("b", "POST", "/form", form={"csrf": "kd82hf72hs91", "q": "x"}),
        bound={("b", ("form", "csrf", 0)): ("a", ("hidden", "csrf"))},
    ),
    style(
        "cursor paging with small cursors, renamed key",
        exchange("a", "GET", "/items?limit=20", answer={"items": [], "page": {"endCursor": 40}}),
        exchange("b", "GET", "/items?limit=20&cursor=40", answer={"items": []}),
        bound={("b", ("query", "cursor", 0)): ("a", ("body", "page", "endCursor"))},
    ),
    style(
        "cursor inside a next link",
        exchange("a", "GET", "/items", answer={"next": "/items?cursor=eyJpZCI6NDB9&limit=20"}),
        exchange("b", "GET", "/items?cursor=eyJpZCI6NDB9&limit=20", answer={"next": None}),
        bound={("b", ("query", "cursor", 0)): ("a", ("link", "cursor", "body", "next"))},
    ),
    style(
        "cursor inside a Link header: rel=next, not rel=prev",
        exchange(
            "a",
            "GET",
            "/items",
            answer_headers={"Link": '</items?cursor=aaaa1111>; rel="prev", </items?cursor=bbbb2222>; rel="next"'},
        ),
        exchange("b", "GET", "/items?cursor=bbbb2222"),
        bound={("b", ("query", "cursor", 0)): ("a", ("link", "cursor", "header", "link", 0))},
    ),
    style(
        "nested user.id, consumed as user_id and in a path of users",
        exchange("a", "POST", "/signup", 201, json={"name": "N"}, answer={"user": {"id": 7}, "tenant": {"id": 12}}),
        exchange("b", "POST", "/notes", 201, json={"user_id": 7, "stars": 12}, answer={"id": 3}),
        exchange("c", "GET", "/users/7"),
        bound={
            ("b", ("body", "user_id")): ("a", ("body", "user", "id")),
            ("c", ("path", 2)): ("a", ("body", "user", "id")),
        },
    ),
    style(
        "ids in a form, bracketed",
        exchange("a", "POST", "/customers", 201, answer={"id": 51}),
        exchange("b", "POST", "/orders", 201, form={"order[customer_id]": "51", "order[amount]": "51"}),
        bound={("b", ("form", "order[customer_id]", 0)): ("a", ("body", "id"))},
    ),
    style(
        "ids in arrays, JSON and query",
        exchange("a", "POST", "/courses", 201, answer={"id": 17}),
        exchange("b", "POST", "/courses", 201, answer={"id": 18}),
        exchange("c", "POST", "/bundles", 201, json={"courseIds": [18, 17]}, answer={"id": 2}),
        exchange("d", "GET", "/report?course_ids[]=17&course_ids[]=18"),
        bound={
            ("c", ("body", "courseIds", 0)): ("b", ("body", "id")),
            ("c", ("body", "courseIds", 1)): ("a", ("body", "id")),
            ("d", ("query", "course_ids[]", 0)): ("a", ("body", "id")),
            ("d", ("query", "course_ids[]", 1)): ("b", ("body", "id")),
        },
    ),
    style(
        "opaque token behind Bearer",
        exchange("a", "POST", "/login", json={"email": "a@x.test"}, answer={"access_token": OPAQUE}),
        exchange("b", "GET", "/me", headers=bearer(OPAQUE)),
        bound={("b", ("auth", "bearer")): ("a", ("body", "access_token"))},
    ),
    style(
        "JWT in a custom header, refreshed once: each use has its own login",
        exchange("a", "POST", "/login", json={"email": "a@x.test"}, answer={"jwt": JWT}),
        exchange("b", "POST", "/refresh", headers={"X-Auth-Token": JWT}, answer={"jwt": JWT + "2"}),
        exchange("c", "GET", "/me", headers={"X-Auth-Token": JWT + "2"}),
        bound={
            ("b", ("header", "x-auth-token", 0)): ("a", ("body", "jwt")),
            ("c", ("header", "x-auth-token", 0)): ("b", ("body", "jwt")),
        },
    ),
    style(
        "HATEOAS: the only mention is a link",
        exchange("a", "POST", "/orders", 201, answer={"links": {"self": "/orders/17", "pay": "/orders/17/pay"}}),
        exchange("b", "POST", "/orders/17/pay", 200, answer={"ok": True}),
        bound={("b", ("path", 2)): ("a", ("link", 2, "body", "links", "self"))},
    ),
    style(
        "IRIs given back whole",
        exchange("a", "POST", "/courses", 201, answer={"@id": "/courses/1701"}),
        exchange("b", "POST", "/notes", 201, json={"about": "/courses/1701"}),
        bound={("b", ("body", "about")): ("a", ("body", "@id"))},
    ),
    style(
        "id echoed in a header",
        exchange("a", "POST", "/orders", 201, answer_headers={"X-Order-Id": "23"}),
        exchange("b", "GET", "/orders/23"),
        bound={("b", ("path", 2)): ("a", ("header", "x-order-id", 0))},
    ),
    style(
        "ETag given back in If-Match",
        exchange("a", "GET", "/doc", answer={"t": 1}, answer_headers={"ETag": '"v3"'}),
        exchange("b", "PUT", "/doc", json={"t": 2}, headers={"If-Match": '"v3"'}),
        bound={("b", ("header", "if-match", 0)): ("a", ("header", "etag", 0))},
    ),
    style(
        "OAuth code in a redirect",
        exchange(
            "a", "GET", "/authorize", 302, answer_headers={"Location": "http://app.test/back?code=k3j4h5g6&state="}
        ),
        exchange("b", "POST", "/token", form={"code": "k3j4h5g6"}, answer={"token": OPAQUE}),
        bound={("b", ("form", "code", 0)): ("a", ("link", "code", "location"))},
    ),
    style(
        "GraphQL variables by key",
        exchange("a", "POST", "/graphql", json={"query": "m"}, answer={"data": {"createCourse": {"id": "17"}}}),
        exchange("b", "POST", "/graphql", json={"variables": {"courseId": "17"}}, answer={"data": {"course": {}}}),
        bound={("b", ("body", "variables", "courseId")): ("a", ("body", "data", "createCourse", "id"))},
    ),
    style(
        "long account numbers, short ones never",
        exchange("a", "POST", "/accounts", 201, answer={"account_number": "10023456", "account_no": 12}),
        exchange("b", "POST", "/transfers", json={"account_number": "10023456", "count": 12}),
        bound={("b", ("body", "account_number")): ("a", ("body", "account_number"))},
    ),
    style(
        "the caller's own id: /register and /me speak of what account_id means",
        exchange("a", "POST", "/api/register", 201, json={"name": "N"}, answer={"id": 7}),
        exchange("b", "GET", "/api/me", answer={"id": 7}),
        exchange("c", "POST", "/api/notes", json={"account_id": 7}),
        bound={("c", ("body", "account_id")): ("a", ("body", "id"))},
    ),
    style(
        "an action answers the id of what it acted on, and nobody takes it for its own",
        exchange("a", "POST", "/courses", 201, answer={"id": 17}),
        exchange("b", "POST", "/courses/17/publish", answer={"id": 17}),
        exchange("c", "POST", "/courses/17/enrolments", 201, answer={"id": 5}),
        exchange("d", "GET", "/enrolments/5"),
        exchange("e", "GET", "/courses/5", 404),
        bound={
            ("b", ("path", 2)): ("a", ("body", "id")),
            ("c", ("path", 2)): ("a", ("body", "id")),
            ("d", ("path", 2)): ("c", ("body", "id")),
        },
    ),
    style(
        "JSON:API and wrappers: the parent key that names nothing is skipped",
        exchange("a", "POST", "/articles", 201, answer={"data": {"type": "articles", "id": "31"}}),
        exchange("b", "PATCH", "/articles/31", json={"data": {"id": "31"}}, answer={}),
        bound={
            ("b", ("path", 2)): ("a", ("body", "data", "id")),
            ("b", ("body", "data", "id")): ("a", ("body", "data", "id")),
        },
    ),
]


@pytest.mark.parametrize("case", STYLES, ids=lambda case: case.remark)
def test_every_dynamic_value_of_a_style_is_bound_to_its_origin(case: Style) -> None:
    """Exactly the listed places are bound, each to the response that gave the value first."""
    found = learn([session("s", *case.exchanges)]).all
    best = {(b.exchange_id, b.place): (b.sources[0].exchange_id, b.sources[0].place) for b in found}
    assert best == case.bound


def test_the_creation_comes_first_and_later_answers_are_fall_backs() -> None:
    """A list read before the creation's answer is no better than the creation; at most five sources are kept."""
    create = exchange("create", "POST", "/courses", 201, answer={"id": 17}, at=1.0, took=3.0)
    early = exchange("early", "GET", "/courses", answer={"items": [{"id": 17}]}, at=0.5, took=2.0)
    later = [exchange(f"l{i}", "GET", "/courses", answer={"items": [{"id": 17}]}, at=10.0 + i) for i in range(9)]
    use = exchange("use", "GET", "/courses/17", at=40.0)
    (binding,) = learn([session("m", create, *later), session("s", early, use)]).all
    assert [source.exchange_id for source in binding.sources] == ["create", "early", "l0", "l1", "l2"]


def test_among_list_positions_the_own_session_s_is_preferred() -> None:
    """Positions differ between callers' lists: the one this client saw is the one it took the id from."""
    other = session("o", exchange("x", "GET", "/courses", answer={"items": [{"id": 9}, {"id": 17}]}), start=1)
    own = session(
        "s",
        exchange("y", "GET", "/courses", answer={"items": [{"id": 17}]}),
        exchange("z", "GET", "/courses/17"),
        start=5,
    )
    (binding,) = learn([other, own]).all
    assert [source.exchange_id for source in binding.sources] == ["y", "x"]
    assert binding.confidence == 0.7


def test_a_value_crosses_sessions() -> None:
    """The manager's course is what the student enrols in."""
    manager = session("m", exchange("c", "POST", "/courses", 201, answer={"id": 17}), tenant="t", start=1)
    student = session("s", exchange("e", "POST", "/enrolments", 201, json={"course_id": 17}), tenant="t", start=9)
    (binding,) = learn([student, manager]).all
    assert (binding.exchange_id, binding.sources[0].exchange_id, binding.noun) == ("e", "c", "course")


def test_only_an_answer_that_had_arrived_can_have_given_a_value() -> None:
    """A request that started before the answer's end does not depend on it."""
    create = exchange("c", "POST", "/courses", 201, answer={"id": 17}, at=1.0, took=5.0)
    read = exchange("r", "GET", "/courses/17", at=2.0)
    assert learn([session("m", create), session("s", read)]).all == ()


def test_redacted_stand_ins_bind_like_the_values_they_stand_for() -> None:
    """Equal originals have equal stand-ins: tokens, ids and e-mails of a redacted capture still link."""
    found = learn(
        [
            session(
                "s",
                exchange(
                    "a",
                    "POST",
                    "/signup",
                    201,
                    json={"email": "p-4f2a9c@redacted.example"},
                    answer={"id": "tok-91ab3c77"},
                ),
                exchange(
                    "b", "GET", "/me", headers=bearer("tok-91ab3c77"), answer={"manager": "p-77aa01@redacted.example"}
                ),
                exchange("c", "POST", "/mails", json={"to": "p-77aa01@redacted.example", "pw": "[redacted]"}),
                exchange("d", "POST", "/mails", json={"to": "p-4f2a9c@redacted.example", "pw": "[redacted]"}),
            )
        ]
    )
    assert {(b.exchange_id, b.place[-1]) for b in found.all} == {("b", "bearer"), ("c", "to")}


def test_confidence_follows_the_documented_rule() -> None:
    """Long strong 0.99, short strong 0.9, same noun 0.85, a person's other name 0.7, an error's word 0.2 less."""
    found = learn(
        [
            session(
                "s",
                exchange("a", "POST", "/register", 201, answer={"id": 7, "ref": "ab12cd34", "token": OPAQUE}),
                exchange("b", "POST", "/courses", 201, answer={"id": 17}),
                exchange("c", "GET", "/lost", 404, answer={"trace": "ff00aa1122"}),
                exchange(
                    "d", "POST", "/x", json={"student_id": 7, "course_id": 17, "r": "ab12cd34", "t": "ff00aa1122"}
                ),
                exchange("e", "GET", "/x", headers=bearer(OPAQUE)),
            )
        ]
    )
    assert {str(b.place[-1]): b.confidence for b in found.all} == {
        "student_id": 0.7,
        "course_id": 0.85,
        "r": 0.9,
        "t": 0.7,
        "bearer": 0.99,
    }


def test_indexes_agree_with_the_list() -> None:
    """of, sources_at and dependencies are views of the same bindings."""
    bindings = learn(
        [
            session(
                "s",
                exchange("a", "POST", "/login", answer={"token": OPAQUE}),
                exchange("b", "POST", "/courses", 201, headers=bearer(OPAQUE), answer={"id": 17}),
                exchange("c", "GET", "/courses/17", headers=bearer(OPAQUE)),
            )
        ]
    )
    assert bindings.of("c") == bindings.all[1:]
    assert bindings.sources_at("a") == (("body", "token"),)
    assert bindings.dependencies("c") == ("b", "a")
    assert (bindings.of("zz"), bindings.sources_at("zz"), bindings.dependencies("zz")) == ((), (), ())
    assert OPAQUE not in repr(bindings.all)
