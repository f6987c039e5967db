"""The hooks that see traffic: what mitmproxy calls while an exchange goes by, and what is taken then.

    requestheaders ─▶ responseheaders ─▶ response | error                     one exchange
                                     └─▶ response (101) ─▶ websocket_message … ─▶ websocket_end

Flows are mitmproxy's objects; nothing here imports mitmproxy, the addon does.

Rule: no hook waits or raises. All it does to a flow is to let a long body stream, and to forget what was sent.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from replay.record.conversation import Conversation
from replay.record.recording import Recording
from replay.record.tee import Budget, Tee, declared_bytes
from replay.record.underway import Underway

BUFFERED_BYTES = 64 << 10  # a tee for each small body costs 14 % more CPU, for longer ones 1 to 4 %

Flow = Any  # mitmproxy.http.HTTPFlow


class _Connection:
    """A client's connection: its exchanges that are under way, and the last one that ended."""

    __slots__ = ("sent", "underway")

    def __init__(self) -> None:
        self.underway: dict[str, Underway] = {}
        self.sent: weakref.ref[Flow] | None = None

    def forget_sent(self) -> None:
        """The last answer is out: its bodies need not live until the next collection (flows are reference cycles)."""
        flow = self.sent() if self.sent is not None else None
        self.sent = None
        if flow is not None:
            flow.request.data.content = None
            if flow.response is not None:
                flow.response.data.content = None


def _guarded(hook: Callable[[TrafficHooks, Flow], None]) -> Callable[[TrafficHooks, Flow], None]:
    def safe(self: TrafficHooks, flow: Flow) -> None:
        if self._recording is None:
            return
        try:
            hook(self, flow)
        except Exception:  # noqa: BLE001 - traffic goes on whatever happens in here
            self._give_up(flow)

    return safe


def _streaming(hook: Callable[[TrafficHooks, Flow], None], side: str) -> Callable[[TrafficHooks, Flow], None]:
    """A guarded hook on headers, after which a long body passes as it comes, also where the hook has failed."""
    guarded = _guarded(hook)

    def safe(self: TrafficHooks, flow: Flow) -> None:
        guarded(self, flow)
        message = getattr(flow, side)
        if self._recording is None or message is None or message.stream:
            return
        try:
            message.stream = self._find(flow) is None and _has_to_stream(flow, side)
        except Exception:  # noqa: BLE001, S110 - then it is held until it is complete, as without us
            pass

    return safe


class TrafficHooks:
    """`is_alone`: no other addon looks at flows after us, so nobody needs what was sent."""

    def __init__(self, *, is_alone: bool) -> None:
        self._is_alone = is_alone
        self._recording: Recording | None = None
        self._connections: dict[str, _Connection] = {}

    @property
    def recording(self) -> Recording | None:
        return self._recording

    @recording.setter
    def recording(self, recording: Recording | None) -> None:
        """Whoever embeds the addon attaches the recording before the port opens."""
        self._recording = recording
        if recording is not None:
            self._request_limit = recording.request_body_bytes
            self._response_limit = recording.response_body_bytes
            self._tees = Budget(recording.tee_budget_bytes)
            self._sockets = Budget(recording.tee_budget_bytes)  # apart: sockets stay for hours

    @property
    def in_flight(self) -> int:
        """Exchanges to wait for before the end. WebSockets are none: they would never let us stop."""
        return sum(1 for opened in self._underway() if opened.conversation is None)

    def _requestheaders(self, flow: Flow) -> None:
        self._recording.saw()  # type: ignore[union-attr] # _guarded has looked
        connection = self._connections.get(flow.client_conn.id)
        if connection is None:
            connection = self._connections[flow.client_conn.id] = _Connection()
        connection.underway[flow.id] = opened = Underway(flow)
        request = flow.request
        is_http1 = request.data.http_version.startswith(b"HTTP/1")
        if is_http1 and connection.sent is not None:  # HTTP/1: the last answer is out before the next request is read
            connection.forget_sent()
        # Over HTTP/1 a request that names no length has no body (RFC 9112 section 6.3).
        if not request.stream and _is_long(request, self._request_limit, if_unsaid=not is_http1):
            request.stream = opened.request_tee = Tee(self._request_limit, self._tees)

    requestheaders = _streaming(_requestheaders, "request")

    def _responseheaders(self, flow: Flow) -> None:
        opened, response = self._find(flow), flow.response
        if opened is None or response is None or response.stream:
            return
        if _is_long(response, self._response_limit, if_unsaid=True) and not _has_no_body(flow):
            response.stream = opened.response_tee = Tee(self._response_limit, self._tees)

    responseheaders = _streaming(_responseheaders, "response")

    @_guarded
    def response(self, flow: Flow) -> None:
        if flow.websocket is None:
            self._finish(flow)
        elif opened := self._find(flow):
            opened.conversation = Conversation(self._response_limit, self._sockets)

    @_guarded
    def error(self, flow: Flow) -> None:
        self._finish(flow)

    @_guarded
    def websocket_message(self, flow: Flow) -> None:
        socket = flow.websocket
        if socket is None:
            return
        opened = self._find(flow)
        if opened is not None and opened.conversation is not None:
            message = socket.messages[-1]
            opened.conversation.add(message.from_client, int(message.type), message.timestamp, message.content)
        self._shorten(socket.messages)

    @_guarded
    def websocket_end(self, flow: Flow) -> None:
        self._finish(flow)
        if flow.websocket is not None and self._is_alone:
            flow.websocket.messages.clear()

    def tcp_message(self, flow: Any) -> None:
        """What runs after an upgrade to no WebSocket is not recorded, and must not pile up."""
        self._shorten(flow.messages)

    def client_disconnected(self, client: Any) -> None:
        """Whatever has not ended by now never will: mitmproxy gives no more hooks for what it failed at."""
        connection = self._connections.get(client.id)
        if connection is None:
            return
        for opened in list(connection.underway.values()):
            _guarded(partial(TrafficHooks._finish, is_client_gone=True))(self, opened.flow)
        if connection.sent is not None:
            connection.forget_sent()
        self._connections.pop(client.id, None)

    def end_underway(self) -> int:
        """No hook will come any more: what clients have seen a part of is offered as far as it went.

        Returns how many exchanges had begun and leave no trace. The recording is detached.
        """
        for opened in self._underway():
            if opened.is_tellable:
                _guarded(TrafficHooks._finish)(self, opened.flow)
        unfinished = self._underway()
        self._recording = None
        self._connections.clear()
        for opened in unfinished:
            opened.drop()
        return len(unfinished)

    def _underway(self) -> list[Underway]:
        return [opened for connection in self._connections.values() for opened in connection.underway.values()]

    def _find(self, flow: Flow) -> Underway | None:
        connection = self._connections.get(flow.client_conn.id)
        return None if connection is None else connection.underway.get(flow.id)

    def _finish(self, flow: Flow, *, is_client_gone: bool = False) -> None:
        connection = self._connections.get(flow.client_conn.id)
        opened = None if connection is None else connection.underway.get(flow.id)
        if connection is None or opened is None or self._recording is None:
            return
        snapshot = opened.snapshot(self._request_limit, self._response_limit, is_client_gone=is_client_gone)
        self._recording.offer(snapshot)
        del connection.underway[flow.id]
        if self._is_alone:
            connection.sent = weakref.ref(flow)

    def _give_up(self, flow: Flow) -> None:
        """A hook failed: its exchange is counted once, and later hooks do not find it."""
        for connection in self._connections.values():
            opened = connection.underway.pop(flow.id, None)
            if opened is not None and self._recording is not None:
                self._recording.count_error()
                opened.drop()

    def _shorten(self, messages: list[Any]) -> None:
        """mitmproxy keeps them all (its issue 6620) and needs none. The last one stays for addons behind us."""
        try:
            del messages[: None if self._is_alone else -1]
        except Exception:  # noqa: BLE001, S110 - another mitmproxy may keep them elsewhere
            pass


def _is_long(message: Any, limit_bytes: int, *, if_unsaid: bool) -> bool:
    """True when the body has to pass as it comes: it is long, or its length is not known before its end."""
    length = declared_bytes(message.data.headers.fields)
    return if_unsaid if length is None else not 0 <= length <= min(BUFFERED_BYTES, limit_bytes)


def _has_to_stream(flow: Flow, side: str) -> bool:
    if side == "request":
        is_http1 = flow.request.data.http_version.startswith(b"HTTP/1")
        return _is_long(flow.request, BUFFERED_BYTES, if_unsaid=not is_http1)
    return _is_long(flow.response, BUFFERED_BYTES, if_unsaid=True) and not _has_no_body(flow)


def _has_no_body(flow: Flow) -> bool:
    """RFC 9112 section 6.3: these end with their headers, whatever those say."""
    status = flow.response.status_code
    return status < 200 or status in {204, 304} or flow.request.data.method.upper() == b"HEAD"
