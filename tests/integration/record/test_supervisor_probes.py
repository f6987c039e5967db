"""Probes and metrics beside the traffic, under both ways to run."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from integration.record.faults import both_ways
from ports import free_port


async def samples(url: str) -> dict[str, float]:
    """`name{reason}` and value of every sample."""
    async with ClientSession() as client, client.get(url + "/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name + "".join(f"{{{value}}}" for value in sample.labels.values())] = sample.value
    return found


async def settled(url: str, seen: int) -> dict[str, float]:
    """Metrics once nothing is on its way any more."""
    for _ in range(100):
        now = await samples(url)
        if now["replay_seen_total"] == seen and not now["replay_unsettled"] + now["replay_queue_exchanges"]:
            return now
        await asyncio.sleep(0.2)
    raise AssertionError(f"it never settled: {now}")


async def send(url: str, count: int) -> None:
    async with ClientSession(url) as client:
        for _ in range(count):
            async with client.get("/courses/1") as answer:
                assert answer.status == 200
                await answer.read()


async def test_metrics_add_up(start_proxy, way: str, shop: str) -> None:
    """seen = captured + skipped + refused + dropped, also after a writer was killed."""
    port = free_port()
    proxy = await asyncio.to_thread(
        start_proxy, way, shop, f"replay_metrics=127.0.0.1:{port}", "replay_exclude=/status/**"
    )
    url = f"http://127.0.0.1:{port}"
    await send(proxy.url, 30)
    async with ClientSession(proxy.url) as client, client.get("/status/404") as answer:
        await answer.read()
    now = await settled(url, 31)
    assert now["replay_captured_total"] == 30
    assert now["replay_skipped_total{excluded}"] == 1
    assert now["replay_commit_seconds_count"] >= 1
    assert now["replay_capture_bytes"] > 0
    assert (now["replay_writer_up"], now["replay_workers"], now["replay_in_flight"]) == (1, 1, 0)
    os.kill(proxy.writer_pid, signal.SIGKILL)
    await send(proxy.url, 10)
    now = await settled(url, 41)
    fates = ("replay_captured_total", "replay_skipped_total", "replay_refused_total", "replay_dropped_total")
    assert sum(value for name, value in now.items() if name.startswith(fates)) == 41
    assert now["replay_writer_restarts_total"] == 1
    assert await proxy.stop_while_serving() == 0


async def test_a_dead_writer_does_not_fail_the_probes(start_proxy, tmp_path: Path, shop: str) -> None:
    """An orchestrator must not kill a sidecar whose traffic is fine."""

    async def check(way: str, folder: Path) -> None:
        port = free_port()
        proxy = await asyncio.to_thread(start_proxy, way, shop, f"replay_metrics=127.0.0.1:{port}", folder=folder)
        async with ClientSession(f"http://127.0.0.1:{port}") as client:
            async with client.get("/readyz") as answer:
                assert answer.status == 200
                assert await answer.json() == {"ready": True, "recording": True, "writer": "alive", "workers": 1}
            hidden = proxy.capture.with_suffix(".hidden")
            proxy.capture.rename(hidden)
            proxy.capture.mkdir()  # no writer can be started on a folder
            os.kill(proxy.writer_pid, signal.SIGKILL)
            for _ in range(100):
                async with client.get("/readyz") as answer:
                    status, told = answer.status, await answer.json()
                if told["writer"] == "dead":
                    break
                await asyncio.sleep(0.1)
            assert (status, told["ready"], told["recording"], told["writer"]) == (200, True, False, "dead")
            async with client.get("/healthz") as answer:
                assert answer.status == 200
            await send(proxy.url, 5)
            async with client.get("/nothing") as answer:
                assert answer.status == 404
        assert await proxy.stop_while_serving() == 0
        assert "may lack" in proxy.text()

    await both_ways(check, tmp_path)
