"""A recorded school runs again on an empty one whose ids and tokens differ, and does not without the rebinder."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from make import bearer, request
from replay.correlate.bindings import Bindings
from replay.correlate.closure import closure
from replay.correlate.fresh import FreshPlan, find_fresh
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.correlate.renewal import Renewal
from replay.correlate.timeline import in_start_order
from replay.model.body import Body
from replay.model.case import SentAs, Step
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers
from replay.model.message import body_tree, cookies, split_authorization
from replay.model.session import Actor, Session


@dataclass
class School:
    """A strict in-memory API: unknown ids are 404, wrong tokens 401, taken e-mails 409, stale CSRF 403.

    `first` is its first id and `salt` goes into its tokens, so that two schools agree on nothing.
    """

    first: int
    salt: str
    people: dict[int, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    courses: dict[int, dict[str, Any]] = field(default_factory=dict)
    enrolments: dict[int, dict[str, Any]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    made: int = 0

    def handle(self, sent: Request) -> Response:
        parts = sent.path.strip("/").split("/")
        body: Any = body_tree(sent.body) if sent.body.data else {}
        if parts == ["signup"]:
            return self._sign_up(body)
        if parts == ["login"]:
            return self._login(body)
        caller = self.tokens.get(split_authorization(sent.headers.get("authorization"))[1])
        if caller is None:
            return answer(401, {"error": "unauthenticated"})
        tenant = self.people[caller]["tenant"]
        if parts == ["form"]:
            return answer(200, {"csrf": self._csrf(caller)})
        if parts[0] == "courses":
            return self._courses(sent, parts, body, tenant, caller)
        if parts[0] == "enrolments":
            return self._enrolments(sent, parts, body, tenant)
        return answer(404, {"error": "no such path"})

    def _id(self) -> int:
        self.made += 1
        return self.first + 7 * self.made

    def _secret(self, *names: object) -> str:
        return sha256("|".join(map(str, (self.salt, *names))).encode()).hexdigest()[:24]

    def _csrf(self, caller: int) -> str:
        return self._secret("csrf", caller)

    def _sign_up(self, body: Any) -> Response:
        if any(person["email"] == body["email"] for person in self.people.values()):
            return answer(409, {"error": "taken"})
        person = self._id()
        tenant = body.get("tenant") or "ten_" + self._secret("tenant", person)
        if body.get("tenant") and body["tenant"] not in {known["tenant"] for known in self.people.values()}:
            return answer(404, {"error": "no such tenant"})
        self.people[person] = {"email": body["email"], "tenant": tenant}
        return answer(201, {"user": {"id": person}, "tenant": {"id": tenant}})

    def _login(self, body: Any) -> Response:
        found = [person for person, known in self.people.items() if known["email"] == body["email"]]
        if not found:
            return answer(401, {"error": "wrong"})
        token = self._secret("token", found[0], len(self.tokens))
        self.tokens[token] = found[0]
        reply = answer(200, {"token": token})
        return Response(200, Headers((*reply.headers.fields, ("Set-Cookie", f"sid={token[:5]}; Path=/"))), reply.body)

    def _courses(self, sent: Request, parts: list[str], body: Any, tenant: str, caller: int) -> Response:
        mine = {key: course for key, course in self.courses.items() if course["tenant"] == tenant}
        if len(parts) == 1 and sent.method == "GET":
            items = [{"id": key, "title": course["title"]} for key, course in reversed(mine.items())]
            return answer(200, {"items": items, "page": 1, "per_page": 10})
        if len(parts) == 1:
            if sent.headers.get("x-csrf-token") != self._csrf(caller) or "sid" not in cookies(sent.headers):
                return answer(403, {"error": "csrf"})
            if sent.headers.get("idempotency-key") in self.keys:
                return answer(409, {"error": "seen"})
            self.keys.add(sent.headers.get("idempotency-key"))
            course = self._id()
            self.courses[course] = {"tenant": tenant, "title": body["title"], "open": False}
            return Response(201, Headers.of([("Location", f"http://school.test/courses/{course}")]))
        course = int(parts[1]) if parts[1].isdigit() else 0
        if course not in mine:
            return answer(404, {"error": "no such course"})
        if parts[2:] == ["publish"]:
            mine[course]["open"] = True
        return answer(200, {"id": course, **mine[course]})

    def _enrolments(self, sent: Request, parts: list[str], body: Any, tenant: str) -> Response:
        if sent.method == "GET":
            found = self.enrolments.get(int(parts[1]))
            return answer(200, found) if found and found["tenant"] == tenant else answer(404, {"error": "none"})
        courses = [self.courses.get(course, {}) for course in body["course_ids"]]
        if any(type(course) is not int for course in body["course_ids"]) or body["user_id"] not in self.people:
            return answer(422, {"error": "types"})
        if not all(course.get("tenant") == tenant and course["open"] for course in courses):
            return answer(404, {"error": "no such course"})
        enrolment = self._id()
        self.enrolments[enrolment] = {"tenant": tenant, "course_ids": body["course_ids"]}
        return answer(201, {"id": enrolment, "links": {"self": f"/enrolments/{enrolment}"}})


def answer(status: int, document: Any) -> Response:
    return Response(
        status, Headers.of([("Content-Type", "application/json")]), Body(dump_json(document), "application/json")
    )


class Recording:
    """Plays clients against a school and keeps what happened."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.at = 0.0
        self.kept: dict[str, list[Exchange]] = {}

    def send(self, who: str, sent: Request) -> Any:
        self.at += 1.0
        got = self.school.handle(sent)
        log = self.kept.setdefault(who, [])
        log.append(Exchange(f"{who}{len(log)}", sent, got, self.at, self.at + 0.5))
        return parse_json(got.body.data) if got.body.data else {"at": got.headers.get("location")}

    def sessions(self) -> list[Session]:
        return [Session(who, Actor(who[:1], who), tuple(log)) for who, log in self.kept.items()]


def record() -> list[Session]:
    """Two tenants; each has a manager who opens courses and a student who joins and enrols."""
    tape = Recording(School(first=10, salt="recorded"))
    for tenant in ("a", "b"):
        boss, pupil = f"{tenant}-boss", f"{tenant}-pupil"
        made = tape.send(boss, request("POST", "/signup", json={"email": f"{boss}@x.test"}))
        boss_token = tape.send(boss, request("POST", "/login", json={"email": f"{boss}@x.test"}))["token"]
        session_headers = {**bearer(boss_token), "Cookie": f"sid={boss_token[:5]}"}
        csrf = tape.send(boss, request("GET", "/form", headers=session_headers))["csrf"]
        courses = []
        for number in (1, 2):
            headers = {**session_headers, "X-CSRF-Token": csrf, "Idempotency-Key": f"{tenant}-create-{number}"}
            body = {"title": f"Beekeeping of {tenant}, volume {number}"}
            at = tape.send(boss, request("POST", "/courses", json=body, headers=headers))["at"]
            courses.append(int(at.rpartition("/")[2]))
            tape.send(boss, request("POST", f"/courses/{courses[-1]}/publish", headers=session_headers))
        body = {"email": f"{pupil}@x.test", "tenant": made["tenant"]["id"]}
        user = tape.send(pupil, request("POST", "/signup", json=body))["user"]["id"]
        token = tape.send(pupil, request("POST", "/login", json={"email": f"{pupil}@x.test"}))["token"]
        tape.send(pupil, request("GET", "/courses?page=1&per_page=10", headers=bearer(token)))
        tape.send(pupil, request("GET", f"/courses/{courses[0]}", headers=bearer(token)))
        body = {"user_id": user, "course_ids": courses}
        enrolled = tape.send(pupil, request("POST", "/enrolments", json=body, headers=bearer(token)))
        tape.send(pupil, request("GET", enrolled["links"]["self"], headers=bearer(token)))
        tape.send(pupil, request("GET", "/courses/9999", headers=bearer(token)))
    return tape.sessions()


def plan(sessions: list[Session]) -> tuple[Bindings, FreshPlan]:
    bindings = learn(sessions)
    return bindings, find_fresh(sessions, bindings, lambda endpoint, place: "text" if "title" in place else "other")


def play(school: School, rebinder: Rebinder, exchanges: list[Exchange]) -> list[tuple[str, int, int]]:
    """(exchange, recorded status, live status) of every one whose status did not come back."""
    wrong = []
    for item in exchanges:
        live = school.handle(rebinder.rewrite(Step(item.id, item.request)).request)
        rebinder.absorb(item.id, live)
        if live.status != item.status:
            wrong.append((item.id, item.status, live.status))
    return wrong


def in_order(sessions: list[Session]) -> list[Exchange]:
    return [item for item, _ in in_start_order(sessions)]


def test_the_recording_itself_is_what_it_claims() -> None:
    """Every write succeeded, and one read was refused: statuses to come back are 2xx and 404."""
    statuses = [item.status for item in in_order(record())]
    assert statuses.count(404) == 2
    assert all(status in {200, 201, 404} for status in statuses)


def test_every_status_comes_back_on_an_empty_target_with_other_ids() -> None:
    """register, login, create, publish, enrol, read by the new id: green, twice on the same target."""
    sessions = record()
    bindings, fresh = plan(sessions)
    recorded = {item.id: item for item in in_order(sessions)}
    target = School(first=5000, salt="live")
    for world in (1, 2):
        rebinder = Rebinder(bindings, fresh.renew(11, world), recorded)
        assert play(target, rebinder, in_order(sessions)) == []
    assert len(target.people) == 8


def test_without_bindings_the_replay_breaks() -> None:
    """The same play with the rebinder switched off: nobody is signed in."""
    sessions = record()
    recorded = {item.id: item for item in in_order(sessions)}
    wrong = play(School(first=5000, salt="live"), Rebinder(Bindings(), Renewal(), recorded), in_order(sessions))
    assert {status for _, _, status in wrong} >= {401}
    assert len(wrong) > len(recorded) / 2


def test_without_fresh_values_the_second_world_breaks() -> None:
    """Bindings alone: the first play is green, the second meets taken e-mails."""
    sessions = record()
    bindings, _ = plan(sessions)
    recorded = {item.id: item for item in in_order(sessions)}
    target = School(first=5000, salt="live")
    assert play(target, Rebinder(bindings, Renewal(), recorded), in_order(sessions)) == []
    second = play(target, Rebinder(bindings, Renewal(), recorded), in_order(sessions))
    assert 409 in {status for _, _, status in second}


def test_each_exchange_s_closure_alone_makes_it_green() -> None:
    """For every exchange: its closure and itself, in an empty world of its own, answer as recorded."""
    sessions = record()
    bindings, fresh = plan(sessions)
    recorded = {item.id: item for item in in_order(sessions)}
    target = School(first=90_000, salt="cases")
    for world, exchange_id in enumerate(recorded, start=1):
        ids = (*closure(exchange_id, sessions, bindings), exchange_id)
        rebinder = Rebinder(bindings, fresh.renew(3, world), recorded)
        assert play(target, rebinder, [recorded[one] for one in ids]) == [], exchange_id


def test_a_swapped_tenant_is_signed_in_and_sees_nothing() -> None:
    """With the lender's closure the borrowed credentials are alive: a stranger gets 404, not the 401 of nobody."""
    sessions = record()
    bindings, fresh = plan(sessions)
    recorded = {item.id: item for item in in_order(sessions)}
    target = School(first=5000, salt="live")
    rebinder = Rebinder(bindings, fresh.renew(3, 1), recorded)
    setup = closure("a-pupil3", sessions, bindings, extra=("b-pupil2",))
    assert play(target, rebinder, [recorded[one] for one in setup]) == []
    read = recorded["a-pupil3"].request
    statuses = []
    for role in SentAs:
        done = rebinder.rewrite(Step("a-pupil3", read, sent_as=role), "b-pupil2")
        assert done.unresolved == ()
        statuses.append(target.handle(done.request).status)
    assert statuses == [200, 404, 401]
