"""Whether the service behind a reverse proxy accepts connections: a warning at the start, no reason not to start."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replay.record.proxy.plan import ProxyPlan

_SECONDS = 2.0


async def upstream_warning(plan: ProxyPlan) -> str:
    """A sentence when nothing answers there; empty when it does, and in modes where clients say where to."""
    upstream = plan.upstream()
    if upstream is None:
        return ""
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(*upstream)
        writer.close()
    except (OSError, TimeoutError):
        host, port = upstream
        return f"warning: {host}:{port} does not accept connections yet; clients get 502 until it does"
    return ""
