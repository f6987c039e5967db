"""An exchange of another tool put together: where it went, what was asked, what was answered."""

from __future__ import annotations

from typing import NamedTuple

from replay.record.snapshot import RawHeaders, RawMessage, Snapshot
from replay.record.sources.foreign_values import UrlParts


class Half(NamedTuple):
    """One side. `size_bytes` is the true size of the body; -1: there was one, and the file does not hold it."""

    fields: RawHeaders = ()
    body: bytes = b""
    size_bytes: int = 0
    trailers: RawHeaders = ()

    def __repr__(self) -> str:
        return f"Half({len(self.body)} bytes)"


def joined(
    url: UrlParts,
    method: bytes,
    asked: Half,
    status: int,
    answered: Half,
    *,
    started: float,
    ended: float,
    connection: str = "",
    error: str = "",
    messages: tuple[RawMessage, ...] = (),
) -> Snapshot:
    """`status` 0: no response, and `error` says why. `connection`: the same text for one client connection."""
    return Snapshot(
        connection=connection,
        upstream_host=url.host,
        upstream_port=url.port,
        scheme=url.scheme,
        host=url.authority,
        method=method,
        target=url.target,
        request_headers=asked.fields,
        request_body=asked.body,
        request_bytes=asked.size_bytes,
        status=status,
        response_headers=answered.fields,
        response_body=answered.body,
        response_bytes=answered.size_bytes,
        error="" if status else error,
        started=started,
        ended=ended,
        response_trailers=answered.trailers,
        messages=messages,
    )
