"""The demo's recorder: `replay record` in a process of its own, and how to know that it has stored everything."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import aiohttp

from replay.demo.children import Child

_RECORDING = r"recording (http://\S+)"
_METRICS = r"metrics on (http://\S+)"
_SETTLED_SECONDS = 60.0  # a recorder ends within 30 s, whatever waits: here nothing hurries, and all is to be shown
_LOOK_EVERY_SECONDS = 0.1
_ON_ITS_WAY = re.compile(r"^replay_(?:in_flight|queue_exchanges|unsettled) (\S+)$", re.MULTILINE)


def recorder(upstream: str, capture: Path) -> Child:
    """Not started yet; its URL is that of the proxy."""
    words = ["--exit-with-stdin", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
    return Child(
        "recorder", ["-m", "replay", "record", *words, "--upstream", upstream, "--capture", str(capture)], _RECORDING
    )


async def settled(child: Child) -> None:
    """Until nothing is on its way to the capture: on a busy machine the writer, which is nice, needs a while."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_SETTLED_SECONDS), aiohttp.ClientSession() as client:
            while True:
                async with client.get(child.said(_METRICS)) as answer:
                    waiting = _ON_ITS_WAY.findall(await answer.text())
                if waiting and not any(map(float, waiting)):
                    return
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
