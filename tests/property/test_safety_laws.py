"""Laws of safety: nothing is deleted that the run did not make; no interleaving sends one request too many."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from make import request, response
from replay.engine.cleanup import Cleanup, clean_up
from replay.engine.creations import Creations
from replay.model.exchange import Fault, FaultKind
from replay.pace.budget import Allowance, Budget
from replay.pace.governor_adaptive import Adaptive, Load
from replay.pace.reads import is_read

COLLECTIONS = ("notes", "users", "orders")
CREATED = response(201)


@dataclass
class Honest:
    """A service with rows from before. 201 means created; `upsert` answers 200; ids are numbers or words."""

    numbered: bool
    rows: dict[str, bool] = field(default_factory=dict)  # path -> made by the run
    next_id: int = 1

    def seed(self, collection):
        self._add(collection, made=False)

    def _add(self, collection, *, made):
        name = str(self.next_id) if self.numbered else f"row-{self.next_id}"
        self.next_id += 1
        path = f"/api/{collection}/{name}"
        self.rows[path] = made
        return name, path

    def answer(self, asked, how):
        collection = asked.path.split("/")[2]
        if asked.method == "DELETE":
            return response(204 if self.rows.pop(asked.path, None) is not None else 404)
        if asked.method == "GET":
            items = [{"id": path.rpartition("/")[2]} for path in self.rows if path.startswith(f"/api/{collection}/")]
            return response(200, answer={"items": items})
        if how == "upsert":
            old = next((path for path in self.rows if path.startswith(f"/api/{collection}/")), None)
            if old:
                return response(200, answer={"id": old.rpartition("/")[2]})
        if how == "fault":
            self._add(collection, made=True)
            return Fault(FaultKind.RESET)
        name, path = self._add(collection, made=True)
        if how == "location":
            return response(201, headers={"Location": path})
        if how == "silent":
            return CREATED
        return response(201, answer={"id": int(name) if self.numbered else name})


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["POST", "GET", "DELETE"]),
        st.sampled_from(COLLECTIONS),
        st.sampled_from(["body", "location", "silent", "fault", "upsert"]),
        st.integers(0, 30),
    ),
    max_size=25,
)


@given(numbered=st.booleans(), before=st.lists(st.sampled_from(COLLECTIONS), max_size=6), steps=STEPS)
@settings(max_examples=80, deadline=None)
def test_cleanup_deletes_nothing_that_was_there_before(numbered, before, steps):
    """Whatever the run did: the rows from before are those that its own requests left; and the account adds up."""
    service, creations = Honest(numbered), Creations()
    for collection in before:
        service.seed(collection)
    for method, collection, how, number in steps:
        target = f"/api/{collection}"
        if method == "DELETE":
            paths = sorted(service.rows)
            target = paths[number % len(paths)] if paths else f"{target}/9999"
        asked = request(method, target)
        creations.witness(asked, service.answer(asked, how))
    old = {path for path, made in service.rows.items() if not made}

    async def send(asked):
        return service.answer(asked, "")

    remains = asyncio.run(clean_up(Cleanup(is_wanted=True), "run-1", creations, send))
    assert {path for path, made in service.rows.items() if not made} == old
    assert all(0 <= one.deleted <= one.made and one.unproven <= one.made for one in remains)


@given(
    shown=st.sets(st.integers(1, 40)),
    told=st.lists(st.integers(1, 40), min_size=1, max_size=20),
    by_location=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_a_service_that_says_created_of_what_was_shown_before_is_not_believed(shown, told, by_location):
    creations = Creations()
    creations.witness(request("GET", "/api/notes"), response(200, answer=[{"id": one} for one in sorted(shown)]))
    for one in told:
        answer = (
            response(201, headers={"Location": f"/api/notes/{one}"})
            if by_location
            else response(201, answer={"id": one})
        )
        creations.witness(request("POST", "/api/notes"), answer)
    assert not {path for path, _ in creations.undoing()} & {f"/api/notes/{one}" for one in shown}


ACTIONS = st.lists(st.sampled_from(["ask", "promise", "take", "write", "forgo"]), max_size=80)


@given(limit=st.integers(1, 12), writes=st.integers(1, 12), actions=ACTIONS)
def test_no_interleaving_takes_more_than_the_budget(limit, writes, actions):
    """Promises in any order, kept or not, and requests that nobody promised."""
    allowance = Allowance(Budget(requests=limit, writes=writes))
    reading, writing = request("GET", "/a"), request("POST", "/a")
    taken: list[bool] = []
    for action in actions:
        if action == "ask":
            allowance.wait(0.0, 0)
        elif action == "promise":
            allowance.sent(0.0, reading)
        elif action == "forgo":
            allowance.forgo()
        else:
            asked = reading if action == "take" else writing
            if allowance.take(0.0, asked):
                taken.append(is_read(asked))
    assert len(taken) == allowance.requests <= limit
    assert taken.count(False) <= writes


@given(
    ceiling=st.floats(1, 500),
    start=st.floats(0.5, 600),
    events=st.lists(st.tuples(st.floats(0.001, 2), st.sampled_from([200, 429, 500, 503])), max_size=300),
)
@settings(max_examples=80, deadline=None)
def test_an_adaptive_rate_stays_between_floor_and_ceiling(ceiling, start, events):
    governor = Adaptive(Load(start=start, ceiling=ceiling, floor=0.5))
    asked, now = request("GET", "/a"), 0.0
    for gap, status in events:
        now += gap
        governor.sent(now, asked)
        governor.observed(now + 0.01, 0.01, response(status))
        assert 0.5 <= governor.rate <= max(ceiling, 0.5)


@given(budget=st.integers(64, 10**9), parts=st.integers(1, 64))
def test_shares_add_up(budget, parts):
    shares = [Budget(requests=budget, bytes=budget).share(number, parts) for number in range(parts)]
    assert sum(one.requests or 0 for one in shares) == sum(one.bytes or 0 for one in shares) == budget
