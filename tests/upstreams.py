"""Upstreams of tests: an aiohttp application on a free port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


@asynccontextmanager
async def served(app: web.Application, **how: Any) -> AsyncIterator[str]:
    """Its URL on 127.0.0.1; `how` goes to the runner. Handlers that still run after a second are left."""
    runner = web.AppRunner(app, shutdown_timeout=1.0, **how)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
