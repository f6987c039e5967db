"""A request with another body, and a Content-Length that tells the truth about it."""

from __future__ import annotations

from dataclasses import replace

from replay.model.body import Body
from replay.model.exchange import Request


def with_body(request: Request, data: bytes) -> Request:
    """The header is corrected when it is there and never added: the client that sends the step frames it."""
    headers = request.headers
    if "content-length" in headers:
        headers = headers.replaced("Content-Length", str(len(data)))
    return replace(request, headers=headers, body=Body(data, request.body.content_type))


def with_members(data: bytes, members: bytes) -> bytes:
    """The JSON object `data` with `members` (`"key":value,...`) behind its own; every other byte stays as it was sent.

    Bytes, because json.dumps gives up near 1000 levels and re-encoding would lose duplicate keys and number spellings.
    """
    opened = data.rstrip()[:-1].rstrip()
    comma = b"" if opened.endswith(b"{") else b","
    return opened + comma + members + b"}"
