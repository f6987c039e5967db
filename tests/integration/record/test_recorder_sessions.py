"""Sessions and tenants through a real recorder: several clients of several tenants, and the capture tells them apart.

Each request carries its true session as a small number in the query, which redaction leaves as it is.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web

from replay.model.session import Session
from replay.store.capture_reader import CaptureReader
from upstreams import served

Start = Callable[..., Any]


def jwt(**claims: str) -> str:
    parts = ({"alg": "HS256"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join(encoded) + ".c2lnbmF0dXJl"


@dataclass(slots=True)
class Visitor:
    """One true session. `headers` and `query` are sent each time; `logs_in` begins with a login for its cookie."""

    number: int
    tenant: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    path: str = "/items"
    logs_in: bool = False
    pool: str = ""  # clients of one pool share a connection, as behind a gateway
    steps: int = 4

    async def step(self, client: aiohttp.ClientSession, url: str, i: int) -> None:
        headers = dict(self.headers)
        if self.logs_in and i == 0:
            target = f"/login?truth={self.number}"
            body = {"user": f"user-{self.number}", "tenant": self.tenant}
        else:
            target = f"{self.path}?truth={self.number}{self.query}"
            body = {"step": i}
        async with client.post(url + target, json=body, headers=headers) as response:
            await response.read()
            if "Set-Cookie" in response.headers:
                self.headers["Cookie"] = response.headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
async def service() -> AsyncIterator[str]:
    """Any path answers; a login sets a cookie and names its user's tenant."""
    logins = 0

    async def login(request: web.Request) -> web.Response:
        nonlocal logins
        logins += 1
        said = await request.json()
        answer = {"user": {"id": 500 + logins, "tenant_id": said["tenant"]}} if said["tenant"] else {"ok": True}
        return web.json_response(answer, headers={"Set-Cookie": f"sid=a7c3-{logins:012d}-f09e; Path=/; HttpOnly"})

    async def anything(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"path": "ok"}, status=201)

    app = web.Application()
    app.router.add_post("/login", login)
    app.router.add_route("*", "/{rest:.*}", anything)
    async with served(app) as url:
        yield url


async def visit(url: str, visitors: Iterable[Visitor]) -> None:
    """All visitors step by step, side by side; one connection for each, or for each pool."""
    visitors = list(visitors)
    async with AsyncExitStack() as stack:
        clients: dict[str, aiohttp.ClientSession] = {}
        for visitor in visitors:
            name = visitor.pool or str(visitor.number)
            if name not in clients:
                client = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=1), cookie_jar=aiohttp.DummyCookieJar()
                )
                clients[name] = await stack.enter_async_context(client)
        for i in range(max(visitor.steps for visitor in visitors)):
            now = [one for one in visitors if i < one.steps]
            await asyncio.gather(*(one.step(clients[one.pool or str(one.number)], url, i) for one in now))


def truth_of(session: Session) -> set[int]:
    return {int(parse_qs(one.request.query)["truth"][0]) for one in session.exchanges}


def sessions_in(capture: Path) -> list[Session]:
    with CaptureReader.open(capture) as reader:
        return list(reader.sessions())


def tenants_by_truth(sessions: Iterable[Session]) -> dict[int, str]:
    return {number: session.tenant for session in sessions for number in truth_of(session)}


def basic(user: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:pass-{user}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def everybody() -> list[Visitor]:
    numbers = iter(range(1, 100))
    visitors = [Visitor(next(numbers), logs_in=True) for _ in range(3)]
    visitors += [
        Visitor(next(numbers), tenant, bearer(jwt(sub=who, tid=tenant)), pool=pool)
        for who, tenant, pool in (("ann", "acme", ""), ("bob", "acme", "gw"), ("eve", "globex", "gw"))
    ]
    visitors += [Visitor(next(numbers), headers=bearer(f"opaque-token-{i:012d}"), pool="gw") for i in range(2)]
    visitors += [Visitor(next(numbers), headers=basic(who)) for who in ("svc-billing", "svc-mail")]
    visitors += [Visitor(next(numbers), headers={"X-Api-Key": f"key-4f{i:014d}"}, pool="keys") for i in range(2)]
    visitors += [Visitor(next(numbers), query=f"&api_key=q7f3{i:012d}", pool="keys") for i in range(2)]
    visitors += [Visitor(next(numbers)) for _ in range(2)]
    return visitors


async def test_captured_sessions_are_the_true_ones(way: str, service: str, start_proxy: Start) -> None:
    """Cookies, JWTs, opaque tokens, basic, keys in header and query, anonymous; own and shared connections."""
    visitors = everybody()
    proxy = await asyncio.to_thread(start_proxy, way, service)
    await visit(proxy.url, visitors)
    assert await proxy.stop_while_serving() == 0
    sessions = sessions_in(proxy.capture)
    assert sorted(sorted(truth_of(session)) for session in sessions) == [[one.number] for one in visitors]
    assert all(len(session.exchanges) == 4 for session in sessions)
    actors = [session.actor for session in sessions if session.actor]
    assert len(actors) == len(visitors) - 2
    assert len({actor.principal for actor in actors}) == len(actors)
    named = defaultdict(set)
    for number, tenant in tenants_by_truth(sessions).items():
        named[tenant].add(number)
    assert {frozenset(numbers) for tenant, numbers in named.items() if tenant} == {frozenset({4, 5}), frozenset({6})}


def _by_host(number: int, tenant: str) -> Visitor:
    return Visitor(number, tenant, {"Host": f"{tenant}.app.example.com"} | bearer(f"opaque-token-{number:012d}"))


def _by_answer(number: int, tenant: str) -> Visitor:
    return Visitor(number, tenant, logs_in=True)


def _by_header(number: int, tenant: str) -> Visitor:
    return Visitor(number, tenant, {"X-Tenant-Id": tenant, "X-Api-Key": f"key-4f{number:014d}"})


def _by_path(number: int, tenant: str) -> Visitor:
    return Visitor(number, tenant, bearer(f"opaque-token-{number:012d}"), path=f"/o/{tenant}/parcels")


def _by_claim(number: int, tenant: str) -> Visitor:
    return Visitor(number, tenant, bearer(jwt(sub=f"user-{number}", org_id=tenant)))


@pytest.mark.parametrize("kind", [_by_host, _by_answer, _by_header, _by_path, _by_claim])
async def test_tenants_are_told_apart_without_being_told_where(
    kind: Callable[[int, str], Visitor], service: str, start_proxy: Start
) -> None:
    """Two sessions of one tenant have one name, two tenants have two, and no name is the real one."""
    visitors = [kind(i, tenant) for i, tenant in enumerate(("acme", "globex", "acme", "initech"), 1)]
    proxy = await asyncio.to_thread(start_proxy, "record", service)
    await visit(proxy.url, visitors)
    assert await proxy.stop_while_serving() == 0
    sessions = sessions_in(proxy.capture)
    assert len(sessions) == 4
    tenants = tenants_by_truth(sessions)
    assert tenants[1] == tenants[3]
    assert len(set(tenants.values())) == 3
    assert not {"", "acme", "globex", "initech"} & set(tenants.values())


async def test_stated_sources_win_over_every_guess(service: str, start_proxy: Start, tmp_path: Path) -> None:
    """A device header names the session, a namespaced claim the tenant, a gateway's header the principal."""
    config = tmp_path / "sources.toml"
    config.write_text(
        '[record]\ntenant = ["claim:https://bank.example/tenant"]\nprincipal = ["header:X-User"]\n'
        'session = ["header:X-Device"]\nexclude = ["health", "/static/**"]\n'
    )
    visitors = []
    for number, (tenant, user) in enumerate((("acme", "ann"), ("acme", "ann"), ("globex", "bob")), 1):
        token = jwt(sub="gateway", tid="the-gateways-own", **{"https://bank.example/tenant": tenant})
        headers = bearer(token) | {"X-User": f"{user}-0001", "X-Device": f"device-{number:04d}"}
        visitors.append(Visitor(number, tenant, headers, pool="gw"))
    visitors.append(Visitor(9, path="/static/app.js"))
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", service, f"replay_config={config}")
    await visit(proxy.url, visitors)
    assert await proxy.stop_while_serving() == 0
    sessions = sessions_in(proxy.capture)
    assert sorted(sorted(truth_of(session)) for session in sessions) == [[1], [2], [3]]
    by_truth = {number: session.actor for session in sessions for number in truth_of(session)}
    assert by_truth[1] == by_truth[2]
    assert len({actor.tenant for actor in by_truth.values() if actor}) == 2
    assert len({actor.principal for actor in by_truth.values() if actor}) == 2
    with CaptureReader.open(proxy.capture) as reader:
        assert [(loss.kind, loss.reason, loss.count) for loss in reader.losses()] == [("skipped", "excluded", 4)]


async def test_a_sample_keeps_whole_sessions_and_counts_the_rest(
    service: str, start_proxy: Start, tmp_path: Path
) -> None:
    """seen = captured + skipped, and no session is torn."""
    visitors = [Visitor(number, headers=bearer(f"opaque-token-{number:012d}"), pool="gw") for number in range(1, 41)]
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", service, "replay_sample=0.5")
    await visit(proxy.url, visitors)
    assert await proxy.stop_while_serving() == 0
    sessions = sessions_in(proxy.capture)
    assert 5 < len(sessions) < 35  # the key is fresh: five standard deviations
    assert all(len(session.exchanges) == 4 for session in sessions)
    with CaptureReader.open(proxy.capture) as reader:
        (loss,) = reader.losses()
    assert (loss.kind, loss.reason, loss.count) == ("skipped", "sampled-out", 160 - 4 * len(sessions))
