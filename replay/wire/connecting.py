"""What goes wrong while a connection is made, in the words of `wire.faults`, whichever lane makes it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from replay.wire.faults import ConnectFailedError, ConnectTimeoutError


@asynccontextmanager
async def connecting(seconds: float) -> AsyncIterator[None]:
    """Raises ConnectTimeoutError after so long, ConnectFailedError for what the system refuses; TLS errors pass."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ConnectTimeoutError from None
    except ssl.SSLError:
        raise
    except OSError:
        raise ConnectFailedError from None
