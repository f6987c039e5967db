"""An exchange under way: what the hooks have taken of it so far, and the snapshot that it ends as.

Flows and their parts are mitmproxy's objects, passed in by the addon; nothing here changes them.
What becomes of an exchange that ends early:

    no answer had reached the client        a fault, in mitmproxy's words (a buffered answer counts as none)
    the answer was streaming                the response, its body marked as cut
    the upload was streaming, answered      the response; the request's body marked as cut
    a WebSocket                             the 101 and its messages so far; `response_bytes` tells what was not kept
"""

from __future__ import annotations

from typing import Any, NamedTuple

from replay.record.conversation import Conversation
from replay.record.snapshot import RawHeaders, RawMessage, Snapshot
from replay.record.tee import UNKNOWN, Tee, declared_bytes

_INTERIM_WORDS = "protocol: an interim response came as the last one"
_CLIENT_GONE_WORDS = "client disconnected"
_SERVER_GONE_WORDS = "server disconnected"
_CUT_WORDS = "without sending complete message body"  # h11's, about either side: 0.14 and 0.16, _readers.py


class _Answer(NamedTuple):
    status: int
    headers: RawHeaders
    body: bytes
    size_bytes: int
    ended: float  # seconds, UTC; 0.0: unknown
    trailers: RawHeaders
    messages: tuple[RawMessage, ...]


_NO_ANSWER = _Answer(0, (), b"", 0, 0.0, (), ())


class Underway:
    """`flow`: a mitmproxy HTTPFlow."""

    __slots__ = ("conversation", "flow", "request_tee", "response_tee")

    def __init__(self, flow: Any) -> None:
        self.flow = flow
        self.request_tee: Tee | None = None
        self.response_tee: Tee | None = None
        self.conversation: Conversation | None = None

    @property
    def is_tellable(self) -> bool:
        """True when the client has an answer, or its beginning: a WebSocket, or a response that streams."""
        response = self.flow.response
        return self.conversation is not None or (response is not None and bool(response.stream))

    def drop(self) -> None:
        """Give back what is held; there will be no snapshot."""
        for holder in (self.request_tee, self.response_tee, self.conversation):
            if holder is not None:
                holder.drop()

    def snapshot(self, request_limit: int, response_limit: int, *, is_client_gone: bool = False) -> Snapshot:
        """What is known now; limits are bytes of a body. Gives back what was held."""
        flow = self.flow
        request = flow.request.data
        error = _CLIENT_GONE_WORDS if is_client_gone else ""
        if flow.error is not None:
            error = _with_side(flow.error.msg, is_request_whole=bool(request.timestamp_end))
        request_body, request_bytes = _body(flow.request, self.request_tee, request_limit)
        answer = _NO_ANSWER
        if flow.response is not None and (not error or self.is_tellable):
            answer = self._answer(response_limit)
            if 100 <= answer.status < 200 and answer.status != 101:
                answer, error = _NO_ANSWER, _INTERIM_WORDS
        started = request.timestamp_start
        return Snapshot(
            flow.client_conn.id,
            request.host,
            request.port,
            request.scheme.decode("ascii", "replace"),
            request.authority,
            request.method,
            request.path,
            request.headers.fields,
            request_body,
            request_bytes,
            answer.status,
            answer.headers,
            answer.body,
            answer.size_bytes,
            error,
            started,
            answer.ended or (flow.error.timestamp if flow.error is not None else started),
            answer.trailers,
            answer.messages,
        )

    def _answer(self, limit: int) -> _Answer:
        flow = self.flow
        response = flow.response.data
        ended = response.timestamp_end or (flow.error.timestamp if flow.error is not None else response.timestamp_start)
        talk = self.conversation
        if talk is None:
            body, size_bytes = _body(flow.response, self.response_tee, limit)
            trailers = response.trailers.fields if response.trailers else ()
            return _Answer(response.status_code, response.headers.fields, body, size_bytes, ended, trailers, ())
        ended = flow.websocket.timestamp_end or talk.last_at or ended
        left_out = talk.left_out_bytes
        return _Answer(response.status_code, response.headers.fields, b"", left_out, ended, (), talk.take())


def _body(message: Any, tee: Tee | None, limit: int) -> tuple[bytes, int]:
    """What is kept of a body, and its size on the wire; the size is greater than what is kept when it was cut."""
    data = message.data
    content = data.content
    if tee is not None and message.stream is tee and (tee.size_bytes or content is None):
        size = tee.size_bytes
        kept = tee.take()
        if data.timestamp_end:
            return kept, size
        return kept, max(size + 1, declared_bytes(data.headers.fields) or 0)
    if content is None:  # never seen: it ended before it was whole, or somebody else streams it
        length = declared_bytes(data.headers.fields)
        return b"", length if length is not None else 0 if data.http_version.startswith(b"HTTP/1") else UNKNOWN
    size = len(content)
    return (content, size) if size <= limit else (content[:limit], size)


def _with_side(words: str, *, is_request_whole: bool) -> str:
    """Words that do not tell who closed the connection, made to tell it."""
    if _CUT_WORDS not in words:
        return words
    return _SERVER_GONE_WORDS if is_request_whole else _CLIENT_GONE_WORDS
