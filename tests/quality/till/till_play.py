"""The till in this process: traffic of two tenants made into a capture, and `replay fuzz` against a till of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from make import exchange
from make_capture import write_capture
from quality.till.till_app import Till
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.exchange import Exchange
from replay.report.json_report import render

COMPANIES = ("Harbour Lights Bakery", "Old Quarry Climbing Hall")


@asynccontextmanager
async def running(database: Path, faults: frozenset[str]) -> AsyncIterator[str]:
    """The till's URL."""
    till = Till(database, faults)
    runner = web.AppRunner(till.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        till.close()


async def record(folder: Path, name: str, *, pays_only: bool = False) -> Path:
    """A capture of what two tenants did one after the other. `pays_only`: they sign up and pay."""
    seen: list[Exchange] = []
    async with running(folder / f"{name}.production", frozenset()) as url, aiohttp.ClientSession(url) as client:
        for number, company in enumerate(COMPANIES, 1):
            await _visit(client, company, number, seen, pays_only=pays_only)
    return write_capture(folder / f"{name}.capture", seen)


async def fuzz(
    folder: Path, capture: Path, faults: frozenset[str], mutators: tuple[str, ...], tables: Mapping[str, Any]
) -> dict[str, Any]:
    """The report of one run against a till with these faults."""
    name = "-".join(sorted(faults)) or "right"
    database, out = folder / f"{name}.db", folder / f"{name}.run"
    async with running(database, faults) as url:
        request = RunRequest(
            command="fuzz",
            capture=capture,
            target=url,
            out=out,
            settings=RunSettings(quiet_seconds=0.015),
            config=Config(mutators={name: tables[name] for name in mutators if name in tables}),
            mutators=mutators,
            database=str(database),
        )
        await execute(request, (), StopFlag())
    found: dict[str, Any] = json.loads(render(read_view(out)))
    return found


async def _visit(
    client: aiohttp.ClientSession, company: str, number: int, seen: list[Exchange], *, pays_only: bool
) -> None:
    headers: dict[str, str] = {}

    async def ask(method: str, path: str, body: object = None, **more: str) -> Any:
        sent = {**headers, **more}
        async with client.request(method, path, json=body, headers=sent) as answer:
            text = await answer.text()
            told = json.loads(text) if text else None
            kept = {key: value for key, value in answer.headers.items() if key in {"ETag", "Content-Type"}}
        seen.append(
            exchange(
                f"e{len(seen):03d}", method, path, answer.status, at=1000.0 + len(seen), headers=sent,
                answer_headers=kept, **({} if body is None else {"json": body}),
                **({} if told is None else {"answer": told}),
            )
        )  # fmt: skip
        return told

    signed = await ask("POST", "/signup", {"company": company})
    headers["Authorization"] = f"Bearer {signed['access_token']}"
    headers["X-Tenant-Id"] = signed["tenant_id"]
    key = str(UUID(int=0x1234_5678_9ABC_4DEF_8123_4567_89AB_0000 + number))
    paid = {"reference": f"Two seats in the front row for {company}", "amount": 4200 + number}
    await ask("POST", "/payments", paid, **{"Idempotency-Key": key})
    if pays_only:
        return
    coupon = await ask("POST", "/coupons", {"name": f"Opening week of {company}"})
    await ask("POST", f"/coupons/{coupon['coupon_id']}/uses", {})
    counter = await ask("POST", "/counters", {"name": f"Visitors of {company}"})
    await ask("POST", f"/counters/{counter['counter_id']}/hits", {})
    stock = await ask("POST", "/stock", {"sku": f"Rope of {company}"})
    await ask("PUT", f"/stock/{stock['stock_id']}", {"quantity": 17}, **{"If-Match": '"1"'})
    await ask("PUT", "/prices/rope", {"cents": 300})
    await ask("PUT", "/prices/rope", {"cents": 950})
    memo = await ask("POST", "/memos", {"text": f"Ask {company} about the delivery"})
    await ask("GET", f"/memos/{memo['memo_id']}")
    await ask("DELETE", f"/memos/{memo['memo_id']}")
    await ask("PUT", "/tags/urgent", {})
    await ask("POST", "/lines", {"text": f"Opened the desk of {company}"})
