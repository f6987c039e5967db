"""The bundled traffic runs through the shop without a surprise, and says the same things for the same seed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from integration.demo.shop_harness import POSTGRES, SQLITE, running_shop
from replay.demo.traffic import TrafficError, drive


@pytest.mark.parametrize(
    ("faults", "build", "kind"),
    [("none", "old", SQLITE), ("all", "old", SQLITE), ("all", "new", SQLITE), ("none", "old", POSTGRES)],
)
async def test_the_traffic_runs_green(tmp_path: Path, faults: str, build: str, kind: str) -> None:
    seen: list[int] = []
    async with running_shop(tmp_path, faults, "--build", build, kind=kind) as shop:
        report = await drive(shop.url, seed=7, on_progress=seen.append)
        assert shop.count("tenant") == 3
        assert shop.count("account") == 12
        assert shop.count("enrolment") == shop.count("invoice") == 12
        assert shop.count("note") == 9
    assert 200 <= report.requests <= 260
    assert seen == list(range(1, report.requests + 1))
    assert sum(report.by_class.values()) == sum(report.by_tenant.values()) == report.requests
    assert report.by_class["4xx"] == 12
    assert len(set(report.tenants.values())) == 3
    assert report.seconds < 6


async def test_the_same_seed_says_the_same_and_another_seed_fits_beside_it(tmp_path: Path) -> None:
    told = "SELECT email, name FROM account ORDER BY email"
    async with running_shop(tmp_path) as one, running_shop(tmp_path) as two:
        await drive(one.url, seed=3)
        await drive(two.url, seed=3, think_seconds=0.01)
        assert one.rows(told) == two.rows(told)
        keys = "SELECT idempotency_key FROM enrolment ORDER BY 1"
        assert one.rows(keys) == two.rows(keys)
        await drive(two.url, seed=4)
        with pytest.raises(TrafficError, match="POST /api/signup was answered with 409; 201 was expected"):
            await drive(one.url, seed=3)


async def test_tenants_share_no_words(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        await drive(shop.url, seed=5)
        said: dict[str, set[str]] = {}
        for table, column in (("course", "title"), ("course", "description"), ("course", "code"), ("note", "title"),
                              ("note", "text"), ("account", "name"), ("account", "email")):  # fmt: skip
            for tenant, word in shop.rows(f"SELECT tenant_id, {column} FROM {table}"):
                said.setdefault(word, set()).add(tenant)
        assert [word for word, tenants in said.items() if len(tenants) > 1] == []


async def test_a_shop_that_fails_is_reported_in_one_sentence() -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=503)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", fail)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(TrafficError, match="answered with 503; 201 was expected"):
            await drive(f"http://127.0.0.1:{runner.addresses[0][1]}", seed=1)
    finally:
        await runner.cleanup()
    with pytest.raises(TrafficError, match="got no answer"):
        await asyncio.wait_for(drive("http://127.0.0.1:1", seed=1), 10)
