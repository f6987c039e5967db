"""A small HTTP server beside the traffic, for orchestrators and Prometheus, on a port and a thread of its own.

    /healthz   200: the recorder's process is alive
    /readyz    200: it listens (the body says whether it also records); 503: it does not listen yet, or no more
    /metrics   the account, for Prometheus

Rule: a dead writer is no reason to kill a sidecar whose traffic is fine, so /readyz stays 200 then. Nothing here waits
for the proxy or the writer, and answers hold counts only. Bound to 127.0.0.1 unless another address is named.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from replay.model.errors import RecordError
from replay.record.account import NOT_STORED
from replay.record.address import Address
from replay.record.balance import Account
from replay.record.metrics import CONTENT_TYPE, exposition

_REQUEST_SECONDS = 5.0
_MOST_AT_ONCE = 16  # threads; a kubelet and two scrapers need three
_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"

Answer = tuple[int, str, bytes]


class StoringWatch:
    """Whether what is recorded reaches the file: not while batches are given up and none is committed (a full disk)."""

    def __init__(self) -> None:
        self._captured = self._unstored = 0
        self._is_storing = True

    def look(self, account: Account) -> bool:
        """Compares with the last look; without any news the last verdict stands."""
        unstored = dict(account.dropped).get(NOT_STORED, 0)
        if account.captured > self._captured:
            self._is_storing = True
        elif unstored > self._unstored:
            self._is_storing = False
        self._captured, self._unstored = account.captured, unstored
        return self._is_storing


def answer_to(path: str, account: Account, *, is_storing: bool = True) -> Answer:
    """Status, media type and body."""
    match path.partition("?")[0]:
        case "/healthz":
            return 200, _TEXT, b"ok\n"
        case "/readyz":
            body = json.dumps(_readiness(account, is_storing=is_storing)).encode() + b"\n"
            return (200 if account.workers else 503), _JSON, body
        case "/metrics":
            return 200, CONTENT_TYPE, exposition(account)
        case _:
            return 404, _TEXT, b"there is /healthz, /readyz and /metrics\n"


class HealthServer:
    """Serves from construction to `close`. `view` is called for each request, on a thread of this server."""

    def __init__(self, address: Address, view: Callable[[], Account]) -> None:
        """Raises RecordError when the port is busy."""
        kind = _Server6 if ":" in address[0] else _Server
        try:
            self._server = kind(address, _handler(view))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "the address is not known here"
            raise RecordError(f"cannot serve metrics on {address[0]}:{address[1]}: {why}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="replay-health", daemon=True)
        self._thread.start()

    @property
    def address(self) -> Address:
        """Where it listens, with the port that was found when 0 was asked for."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(self, *how: Any) -> None:
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__(*how)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Who comes while all threads are taken is closed on, and may come again: a sidecar's memory is bounded."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that goes away is no news."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _handler(view: Callable[[], Account]) -> type[BaseHTTPRequestHandler]:
    watch = StoringWatch()

    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS
        server_version = "replay"
        sys_version = ""

        def do_GET(self) -> None:
            account = view()
            status, media_type, body = answer_to(self.path, account, is_storing=watch.look(account))
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Requests of an orchestrator are not logged."""

    return Handler


def _readiness(account: Account, *, is_storing: bool) -> dict[str, Any]:
    writer = "alive" if account.writer_is_alive else "dead"
    if account.writer_is_held:
        writer = "waits for a lock on the capture"
    elif account.writer_is_alive and not is_storing:
        writer = "cannot write to the capture: is the disk full?"
    return {
        "ready": bool(account.workers),
        "recording": account.writer_is_alive and not account.writer_is_held and is_storing,
        "writer": writer,
        "workers": account.workers,
    }
