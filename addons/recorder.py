"""The mitmproxy addon: records redacted sessions into a capture, and never holds or changes the traffic.

    mitmdump -s "$(replay record --print-addon-path)" --set replay_capture=capture.db --mode reverse:http://shop:8080

Hooks run on the proxy's only loop. They take references to bytes and offer them to a bounded queue; parsing, decoding,
redaction and SQL happen in a process of their own (`replay.record.writer`).

Rule: no hook waits, raises, or changes a flow. What goes wrong here costs a recorded exchange, which is counted.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError, ReplayError
from replay.record.private_memory import keep_memory_private
from replay.record.recording import Recording, RecordSummary, plan_recording
from replay.record.snapshot import Snapshot

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader
    from mitmproxy.http import HTTPFlow, Message

logger = logging.getLogger("replay.recorder")

_OPTIONS: tuple[tuple[str, type, Any, str], ...] = (
    ("replay_capture", str, "", "Capture file to write; must not exist."),
    ("replay_key", str, "", "Redaction key: env:NAME or file:PATH. Empty: a random one that nobody ever sees."),
    ("replay_config", str, "", "replay.toml with [redact] keep and [record]. Empty: none."),
    ("replay_queue_mb", int, 32, "Memory for exchanges on their way to the writer; beyond it they are dropped."),
    ("replay_body_kb", int, 1024, "Longer bodies are cut. Bodies of unknown or greater length are streamed."),
    ("replay_append", bool, False, "Go on with the capture if it exists: needs the same key and rules."),
)


_RAW_FILES = ("save_stream_file", "hardump")  # options of mitmproxy that write flows as they are
_KEY_LOGS = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")
_UNCHANGEABLE = "replay_* options cannot be changed while recording: stop the proxy first"


class _Tee:
    """A `stream` callback that hands every chunk on unchanged and keeps the first ones."""

    __slots__ = ("kept", "kept_bytes", "limit_bytes", "size_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.kept: list[bytes] = []
        self.kept_bytes = 0
        self.size_bytes = 0

    def __call__(self, data: bytes) -> bytes:
        try:
            self.size_bytes += len(data)
            room = self.limit_bytes - self.kept_bytes
            if data and room > 0:
                piece = data[:room]
                self.kept.append(piece)
                self.kept_bytes += len(piece)
        except BaseException:  # noqa: BLE001, S110 - an exception here would hang the client (mitmproxy crashes the layer)
            pass
        return data


class _Open:
    """An exchange that has begun and not ended."""

    __slots__ = ("request_tee", "response_tee")

    def __init__(self) -> None:
        self.request_tee: _Tee | None = None
        self.response_tee: _Tee | None = None


def _guarded(hook: Callable[[Recorder, HTTPFlow], None]) -> Callable[[Recorder, HTTPFlow], None]:
    def safe(self: Recorder, flow: HTTPFlow) -> None:
        recording = self.recording
        if recording is None:
            return
        try:
            hook(self, flow)
        except BaseException:  # noqa: BLE001 - traffic goes on whatever happens in here
            recording.count_error()
            self.begun.pop(flow.id, None)

    return safe


class Recorder:
    """State lives in the instance: mitmproxy reloads a changed script."""

    name = "replay-recorder"

    def __init__(self) -> None:
        self.recording: Recording | None = None
        self.summary: RecordSummary | None = None
        self.begun: dict[str, _Open] = {}

    @property
    def in_flight(self) -> int:
        """Exchanges that have begun and not ended."""
        return len(self.begun)

    def load(self, loader: Loader) -> None:
        for name, kind, default, text in _OPTIONS:
            loader.add_option(name, kind, default, text)

    def configure(self, updated: set[str]) -> None:
        if self.recording is not None and any(name.startswith("replay_") for name in updated):
            from mitmproxy.exceptions import OptionsError

            raise OptionsError(_UNCHANGEABLE)  # type: ignore[no-untyped-call]

    def running(self) -> None:
        """Open the capture. A bad option is an error in the log, and at start that ends mitmdump with status 1."""
        if self.recording is not None:
            return
        try:
            self.open()
        except ReplayError as error:
            logger.error("replay: %s", error)  # noqa: TRY400 - one sentence, no traceback
            return
        _keep_traffic_out_of_the_log()
        logger.info("replay: recording")

    def open(self) -> None:
        """Start recording with mitmproxy's options. Raises ReplayError; waits up to 5 s, so before traffic only."""
        from mitmproxy import ctx

        options = ctx.options
        leaking = next((name for name in _RAW_FILES if getattr(options, name, None)), "")
        leaking = leaking or next((name for name in _KEY_LOGS if os.environ.get(name)), "")
        if leaking:
            raise RecordError(f"{leaking} is set: it would write raw traffic, or the keys to it, to disk; unset it")
        plan = plan_recording(
            options.replay_capture,
            options.replay_key,
            options.replay_config,
            options.replay_queue_mb,
            options.replay_body_kb,
            time.time(),  # noqa: TID251 - the rim: flows carry mitmproxy's own clock
            append=options.replay_append,
        )
        self.recording = Recording(plan)

    @_guarded
    def requestheaders(self, flow: HTTPFlow) -> None:
        self.begun[flow.id] = begun = _Open()
        recording = self.recording
        assert recording is not None
        recording.seen += 1
        request = flow.request
        if not request.stream and _is_long(request, recording.body_bytes, may_lack_length=request.is_http2):
            request.stream = begun.request_tee = _Tee(recording.body_bytes)

    @_guarded
    def responseheaders(self, flow: HTTPFlow) -> None:
        begun, recording, response = self.begun.get(flow.id), self.recording, flow.response
        if begun is None or recording is None or response is None:
            return
        if not response.stream and _is_long(response, recording.body_bytes, may_lack_length=True):
            response.stream = begun.response_tee = _Tee(recording.body_bytes)

    @_guarded
    def response(self, flow: HTTPFlow) -> None:
        self._finish(flow)

    @_guarded
    def error(self, flow: HTTPFlow) -> None:
        self._finish(flow)

    @_guarded
    def websocket_message(self, flow: HTTPFlow) -> None:
        if flow.websocket is not None:
            # mitmproxy keeps them all (its issue 6620); the last one stays, for other addons read it after us.
            del flow.websocket.messages[:-1]

    def done(self) -> None:
        """Flush, close, and say what was recorded. Waits at most 10 s."""
        recording, self.recording = self.recording, None
        if recording is None:
            return
        unfinished = len(self.begun)
        self.begun.clear()
        self.summary = recording.stop(unfinished)
        logger.info("replay: %s", self.summary.sentence())

    def _finish(self, flow: HTTPFlow) -> None:
        begun = self.begun.pop(flow.id, None)
        if begun is not None and self.recording is not None:
            self.recording.offer(_snapshot(flow, begun))


def _keep_traffic_out_of_the_log() -> None:
    """mitmdump prints request lines, and quotes what it cannot parse: neither is redacted."""
    from mitmproxy import ctx

    if hasattr(ctx.options, "flow_detail"):
        ctx.options.update(flow_detail=0)  # type: ignore[no-untyped-call]
    logging.getLogger("mitmproxy.proxy").setLevel(logging.CRITICAL)
    keep_memory_private()


def _is_long(message: Message, limit_bytes: int, *, may_lack_length: bool) -> bool:
    """True when the body may be longer than the limit: it is then passed on as it comes, not buffered."""
    length = message.headers.get("content-length")
    if length is None:
        return may_lack_length or "transfer-encoding" in message.headers
    return not length.isdecimal() or int(length) > limit_bytes


def _snapshot(flow: HTTPFlow, begun: _Open) -> Snapshot:
    request = flow.request.data
    response = flow.response.data if flow.response is not None else None
    request_body, request_bytes = _body(request.content, begun.request_tee)
    response_body, response_bytes = _body(response.content, begun.response_tee) if response else (b"", 0)
    if flow.error is not None and response:
        response_bytes = -1 if not response_body else max(response_bytes, len(response_body) + 1)  # ended early: cut
    started = request.timestamp_start
    ended = (response and response.timestamp_end) or (flow.error and flow.error.timestamp) or started
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
        response.status_code if response else 0,
        response.headers.fields if response else (),
        response_body,
        response_bytes,
        flow.error.msg if flow.error is not None else "",
        started,
        ended,
    )


def _body(content: bytes | None, tee: _Tee | None) -> tuple[bytes, int]:
    """What is known of a body, and its true size (-1: it passed unseen)."""
    if tee is not None and (tee.size_bytes or content is None):
        kept, size_bytes = b"".join(tee.kept), tee.size_bytes
        tee.kept.clear()  # flows live in reference cycles until the next collection; their bodies need not
        return kept, size_bytes
    if content is None:
        return b"", -1
    return content, len(content)


addons = [Recorder()]
