"""A resolver that knows one address: DNS cannot move a run elsewhere."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from replay.wire.target import Target


class Pinned(AbstractResolver):
    """Answers with the target's address, whatever the name."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        found = socket.AF_INET6 if ":" in self._target.address else socket.AF_INET
        return [ResolveResult(hostname=host, host=self._target.address, port=port, family=found, proto=0, flags=0)]

    async def close(self) -> None:
        return None
