"""What every lane to the target knows."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from yarl import URL

from replay.wire.answer import RESPONSE_LIMIT_BYTES
from replay.wire.head import Letterhead
from replay.wire.options import WireOptions
from replay.wire.target import Target


@dataclass(frozen=True, slots=True)
class Road:
    """`timeout`: seconds for a whole request. Of an answer `limit_bytes` are kept."""

    target: Target
    clock: Callable[[], float]
    letterhead: Letterhead
    options: WireOptions
    tls: ssl.SSLContext | None
    timeout: float
    limit_bytes: int = RESPONSE_LIMIT_BYTES


class OneLane:
    """A way to send; each request goes over one of them."""

    def __init__(self, road: Road) -> None:
        self._target = road.target
        self._clock = road.clock
        self._letterhead = road.letterhead
        self._options = road.options
        self._tls = road.tls
        self._timeout = road.timeout
        self._limit_bytes = road.limit_bytes
        self._base = URL(road.target.url, encoded=True)

    def _url(self, target: str) -> URL:
        """A request's target at ours, for aiohttp. Put together from parts: a text could name another host."""
        path, _, query = target.partition("?")
        base = self._base
        url = URL.build(scheme=base.scheme, authority=base.raw_authority, path=path, query_string=query, encoded=True)
        if url.raw_authority != base.raw_authority or url.scheme != base.scheme:
            raise ValueError("a target that names another host")
        return url
