"""The last door over real sockets: what may not leave does not arrive, and what arrives was counted."""

import asyncio
import re
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from make import request
from replay.model.errors import TargetError
from replay.model.exchange import Exchange, Fault, FaultKind, Response
from replay.pace.budget import Allowance, Budget
from replay.pace.governor import Together
from replay.pace.governor_breaker import Breaker
from replay.pace.governor_rate import Rate
from replay.redact.contract import Notes
from replay.redact.origin_facts import OriginFacts
from replay.redact.pseudonyms import Pseudonym
from replay.wire.client import send_together
from replay.wire.guard import Guard, GuardedClient
from replay.wire.handshake import shake_hands
from replay.wire.tags import Tags
from replay.wire.target import Target
from upstreams import served

GET = request("GET", "/things")
POST = request("POST", "/things", json={"name": "n"})


@dataclass
class Service:
    """Counts what arrives. `refuse`: so many first requests get 429 with these headers."""

    refuse: int = 0
    retry_after: str = "0"
    took: float = 0.0
    arrived: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    async def answer(self, asked):
        await asked.read()
        self.arrived.append(f"{asked.method} {asked.path}")
        self.headers.append(asked.headers.copy())
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(self.took)
        self._now -= 1
        if len(self.arrived) <= self.refuse:
            return web.Response(status=429, headers={"Retry-After": self.retry_after})
        if asked.path == "/moved":
            return web.Response(status=302, headers={"Location": "http://203.0.113.9/elsewhere"})
        if asked.path == "/.well-known/replay-ok":
            return web.Response(text="token-of-this-qa\n")
        return web.json_response({"ok": True})


@asynccontextmanager
async def through(guard, service, **options):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", service.answer)
    async with served(app) as url:
        target = Target("http", "127.0.0.1", int(url.rpartition(":")[2]), "127.0.0.1")
        async with GuardedClient(target, time.perf_counter, guard, **options) as client:
            yield client


def word(sent):
    outcome = sent.outcome
    return outcome.detail.replace("_", "-") if isinstance(outcome, Fault) else outcome.status


def limited(**limits):
    allowance = Allowance(Budget(**limits))
    return Guard(allowance, Together((allowance,)))


async def test_of_many_at_once_exactly_the_budget_arrives():
    """Two hundred tasks and a race of ten that begins in between."""
    service, guard = Service(took=0.001), limited(requests=37)
    async with through(guard, service) as client, asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.send(GET)) for _ in range(100)]
        race = group.create_task(send_together(client, (POST,) * 10))
        tasks += [group.create_task(client.send(GET)) for _ in range(100)]
    words = [word(task.result()) for task in tasks] + [word(one) for one in race.result()]
    assert len(service.arrived) == 37
    assert words.count(200) == 37
    assert words.count("budget") == 210 - 37


async def test_a_race_that_the_budget_cuts_sends_exactly_what_is_left():
    service, guard = Service(), limited(writes=3)
    async with through(guard, service) as client:
        results = await send_together(client, (POST,) * 5)
    assert sorted(map(str, map(word, results))) == ["200"] * 3 + ["budget"] * 2
    assert service.arrived == ["POST /things"] * 3


async def test_no_more_are_under_way_than_allowed():
    service, guard = Service(took=0.01), limited(concurrency=3)
    async with through(guard, service) as client:
        await asyncio.gather(*(client.send(GET) for _ in range(12)))
    assert len(service.arrived) == 12
    assert service.most_at_once <= 3


async def test_where_nothing_may_be_written_no_write_arrives():
    """But a login that the user wrote down, and a GraphQL query."""
    service, guard = Service(), Guard(reads_only=True)
    query = request("POST", "/graphql", json={"query": "{ me }"})
    override = request("GET", "/things", headers={"X-HTTP-Method-Override": "DELETE"})
    async with through(guard, service) as client:
        sent = [await client.send(one) for one in (GET, POST, query, override)]
        raced = await send_together(client, (POST, POST))
        login = await client.send(request("POST", "/login", json={}), is_configured=True)
    assert [word(one) for one in sent] == [200, "writes-not-allowed", 200, "writes-not-allowed"]
    assert [word(one) for one in raced] == ["writes-not-allowed"] * 2
    assert word(login) == 200
    assert service.arrived == ["GET /things", "POST /graphql", "POST /login"]


async def test_what_was_not_sent_is_a_fault_of_its_own_kind():
    """Its detail passes redaction, which keeps what could be a type's name."""
    async with through(Guard(reads_only=True), Service()) as client:
        outcome = (await client.send(POST)).outcome
    assert outcome == Fault(FaultKind.WITHHELD, "writes_not_allowed")
    stored = OriginFacts().redact(Exchange("e", POST, outcome), Pseudonym(b"k" * 32), Notes())
    assert stored.outcome == outcome


async def test_every_request_is_tagged_for_the_targets_people():
    """W3C Trace Context: one trace, a span for each request; nothing of the recorded trace remains."""
    recorded = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "v=1", "X-Replay-Run": "old", "A": "1"}
    service, guard = Service(), Guard(tags=Tags("run-1", suffix="replay-of-tests"))
    async with through(guard, service) as client:
        await client.send(request("GET", "/a", headers=[*recorded.items(), ("User-Agent", "curl/8")]))
        await client.send(GET)
    first, second = service.headers
    spans = [re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", one["traceparent"]) for one in (first, second)]
    assert spans[0][1] == spans[1][1] != "a" * 32
    assert spans[0][2] != spans[1][2]
    assert "0" * 16 not in {spans[0][2], spans[1][2]}
    assert first.getall("X-Replay-Run") == second.getall("X-Replay-Run") == ["run-1"]
    assert "tracestate" not in first
    assert first["User-Agent"] == "curl/8 replay-of-tests"
    assert first["A"] == "1"


async def test_tags_can_be_called_otherwise_or_be_left_out():
    service = Service()
    async with through(Guard(tags=Tags("run-1", header="X-QA-Run", traceparent=False)), service) as client:
        await client.send(request("GET", "/a", headers={"traceparent": "kept"}))
    async with through(Guard(tags=Tags("run-1", header="", traceparent=False)), service) as client:
        await client.send(GET)
    assert service.headers[0]["X-QA-Run"] == "run-1"
    assert service.headers[0]["traceparent"] == "kept"
    assert not {"X-Replay-Run", "X-QA-Run", "traceparent"} & set(service.headers[1])


async def test_a_throttled_read_is_sent_again_within_the_budget_and_a_write_is_not():
    service, guard = Service(refuse=2), limited(requests=4)
    async with through(guard, service) as client:
        read = await client.send(GET)
    assert word(read) == 200
    assert guard.allowance.requests == len(service.arrived) == 3
    service, guard = Service(refuse=1), limited(requests=4)
    async with through(guard, service) as client:
        write = await client.send(POST)
    assert word(write) == 429
    assert service.arrived == ["POST /things"]


async def test_a_throttled_answer_pauses_everybody():
    service, guard = Service(refuse=1, retry_after="1"), Guard()
    async with through(guard, service) as client:
        began = time.perf_counter()
        await client.send(POST)
        await client.send(GET)
        waited = time.perf_counter() - began
    assert waited >= 0.99
    assert guard.throttled == 1


async def test_where_the_recording_was_throttled_the_answer_stands():
    service, guard = Service(refuse=1), Guard(expects_throttling=lambda asked: asked.path == "/things")
    async with through(guard, service) as client:
        assert word(await client.send(GET)) == 429
        assert word(await client.send(GET)) == 200
    assert len(service.arrived) == 2


async def test_who_waits_at_the_door_goes_home_when_the_run_is_stopped():
    """A registration waits for the minute's room: Ctrl-C does not wait with it."""
    stopped = []
    allowance = Allowance(Budget(accounts_per_minute=1))
    guard = Guard(allowance, Together((allowance,)), is_stopped=lambda: bool(stopped))
    service, register = Service(), request("POST", "/register", json={})
    async with through(guard, service) as client:
        assert word(await client.send(register)) == 200
        waiting = asyncio.ensure_future(client.send(register))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        stopped.append(True)
        assert word(await waiting) == "stopped"
    assert len(service.arrived) == 1


async def test_requests_that_nobody_planned_keep_the_rate_too():
    """Logins and retries do not pass the player: the door asks for them."""
    service, guard = Service(), Guard(governor=Together((Rate(50.0),)))
    async with through(guard, service) as client:
        began = time.perf_counter()
        for _ in range(11):
            await client.send(GET)
        assert time.perf_counter() - began >= 10 / 50
    assert guard.governor.promised == 0


async def test_a_target_that_is_gone_is_left_alone_after_a_while():
    guard = Guard(governor=Together((Breaker(failures=3, cooldown_seconds=0.01, most_openings=3),)))
    target = Target("http", "127.0.0.1", 9, "127.0.0.1")  # discard: nothing listens
    async with GuardedClient(target, time.perf_counter, guard) as client:
        words = [word(await client.send(GET)) for _ in range(8)]
    assert words[-1] == "target-failing"
    assert guard.governor.reason.startswith("target-failing: 5 faults")


async def test_a_redirect_to_elsewhere_is_an_answer_and_not_a_way():
    service = Service()
    async with through(Guard(), service) as client:
        sent = await client.send(request("GET", "/moved"))
    assert word(sent) == 302
    assert service.arrived == ["GET /moved"]


async def test_the_handshake_wants_the_token_and_nothing_less():
    service = Service()
    async with through(Guard(), service) as client:
        target = Target("http", "127.0.0.1", 1, "127.0.0.1")
        await shake_hands(client, target, "token-of-this-qa")
        with pytest.raises(TargetError, match="shows another token") as caught:
            await shake_hands(client, target, "token-of-another")
    assert "token-of" not in str(caught.value)
    assert set(service.arrived) == {"GET /.well-known/replay-ok"}


@pytest.mark.parametrize("status", [404, 302, 500, 204])
async def test_a_host_without_the_page_is_no_target(status):
    async def answer(asked):
        return web.Response(status=status, headers={"Location": "/token"} if status == 302 else {})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with served(app) as url:
        target = Target("http", "127.0.0.1", int(url.rpartition(":")[2]), "127.0.0.1")
        async with GuardedClient(target, time.perf_counter, Guard()) as client:
            with pytest.raises(TargetError, match=f"with {status}, not 200; nothing else was sent"):
                await shake_hands(client, target, "token")


async def test_what_left_is_shown_to_the_witness_as_it_left():
    seen = []
    guard = Guard(tags=Tags("run-1"), witness=lambda asked, outcome: seen.append((asked, outcome)))
    async with through(guard, Service()) as client:
        await client.send(POST)
    ((asked, outcome),) = seen
    assert asked.headers.get("x-replay-run") == "run-1"
    assert isinstance(outcome, Response)
