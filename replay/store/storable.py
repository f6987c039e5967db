"""Whether the reader would take an exchange back: what it would refuse must never be written, it spoils the whole file.

A client or a service may send anything: a status of 99999, a length of 10^18, a path of megabytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from replay.model.capture import RedactedField
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.store.cells import MOST_SECONDS, MOST_TEXT

MOST_STATUS = 999
MOST_SIZE = 1 << 50  # bytes of a body before any cut: longer ones are written as this long
_MOST_HEADERS = 2 << 20  # characters of all header fields; their block is JSON, and unpacked under a cap of 5 MiB
_MOST_FIELDS = 100_000


def unstorable(exchange: Exchange, fields: Iterable[RedactedField] = ()) -> str:
    """Why it cannot be stored, in fixed words; empty when it can."""
    request, response = exchange.request, exchange.response
    if not all(map(_is_time, (exchange.started, exchange.ended, *(message.at for message in exchange.messages)))):
        return "time out of range"
    if not 0 <= exchange.status <= MOST_STATUS:
        return "status out of range"
    texts = [request.method, request.scheme, request.host, request.target, exchange.connection]
    texts += [request.body.content_type, endpoint_of(request.method, request.target)]
    texts += [response.body.content_type] if response else []
    texts += [one.place for one in fields]
    if max(map(len, texts)) > MOST_TEXT:
        return "a part is too long"
    blocks = [request.headers, *((response.headers, response.trailers) if response else ())]
    lines = [line for block in blocks for line in block.fields]
    if len(lines) > _MOST_FIELDS or sum(len(name) + len(value) for name, value in lines) > _MOST_HEADERS:
        return "headers too long"
    return ""


def _is_time(seconds: float) -> bool:
    return math.isfinite(seconds) and abs(seconds) <= MOST_SECONDS
