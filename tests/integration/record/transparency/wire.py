"""One connection of a script: sends bytes as they are, and logs what it reads.

Rule: every wait is bounded by `patience` seconds; what did not come is `StalledError`, which is an observation too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

from integration.record.transparency.certificates import NAME
from integration.record.transparency.http1 import CutError, Message, StalledError, read_body, read_head

Entry = Message | str
_READ_BYTES = 1 << 16


class Wire:
    def __init__(self, sock: socket.socket, patience: float, *, keeps_chunks: bool = False) -> None:
        self.sock = sock
        self.number = -1  # of this connection, among those that carried something to one upstream
        self.numbers: Iterator[int] = iter(())
        self.log: list[Entry] = []
        self.target_prefix = b""  # put before the target of every request: absolute form, as proxies want it
        self._keeps_chunks = keeps_chunks
        self._buffer = bytearray()
        self._methods: list[bytes] = []
        sock.settimeout(patience)
        if sock.family in {socket.AF_INET, socket.AF_INET6}:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def secure(self, tls: ssl.SSLContext) -> None:
        """TLS from here on."""
        self.sock = tls.wrap_socket(self.sock, server_hostname=NAME)

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise StalledError("the peer reads no more") from None

    def ask(self, request: bytes) -> None:
        """Send a request (or its beginning); `answer` then knows the method."""
        method, _, rest = request.partition(b" ")
        self._methods.append(method)
        self.send(method + b" " + self.target_prefix + rest)

    def expect_answers_to(self, methods: tuple[bytes, ...]) -> None:
        """Requests that were sent behind the one that `ask` knows of."""
        self._methods += methods

    def answer(self, between: Callable[[], None] = lambda: None) -> Message:
        """The next final response; interim ones before it are logged too. `between` runs when a head is here."""
        method = self._methods.pop(0)

        def read() -> Message:
            head = read_head(self)
            between()
            return read_body(self, head, method)

        while True:
            message = self._logged(read)
            if message.status >= 200 or message.status in {0, 101}:
                return message

    def head(self) -> Message:
        """The next head, logged without what follows it; a request that is being answered stays unanswered."""
        return self._logged(lambda: Message(read_head(self)))

    def request(self, between: Callable[[Message], None] | None = None) -> Message:
        """One request. `between` is called when its head is here, before its body is read."""

        def read() -> Message:
            head = read_head(self)
            if between is not None:
                between(Message(head))
            return read_body(self, head, None)

        return self._logged(read)

    def note(self, text: str) -> None:
        self.log.append(text)

    def until_closed(self) -> None:
        """The peer closes next, and sends nothing before."""
        with contextlib.suppress(ConnectionError):  # a reset is how a kernel says that bytes were left unread
            data = self.rest()
            if data:
                self.note(f"unexpected bytes: {data[:200]!r}")
        self.note("the peer closed")

    def until_gone(self) -> None:
        """The peer closes or resets; what it still sends is of no interest."""
        with contextlib.suppress(ConnectionError):
            self.rest()
        self.note("the peer is gone")

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """Close with RST: the peer sees that this was no ordinary end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def arrived(self, size_bytes: int) -> None:
        """Wait until that many bytes are here; they stay unread."""
        while len(self._buffer) < size_bytes:
            if not self._more():
                raise CutError(self._take(len(self._buffer)))

    def line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if not self._more():
                raise CutError(self._take(len(self._buffer)))
        return self._take(end + 1)

    def exactly(self, size_bytes: int) -> bytes:
        self.arrived(size_bytes)
        return self._take(size_bytes)

    def some(self) -> bytes:
        """What is there, at least one byte."""
        if not self._buffer and not self._more():
            raise CutError(b"")
        return self._take(len(self._buffer))

    def rest(self) -> bytes:
        while self._more():
            pass
        return self._take(len(self._buffer))

    def _more(self) -> bool:
        try:
            data = self.sock.recv(_READ_BYTES)
        except TimeoutError:
            raise StalledError("nothing more came") from None
        if data and self.number < 0:
            self.number = next(self.numbers, 0)
        self._buffer += data
        return bool(data)

    def _take(self, size_bytes: int) -> bytes:
        data = bytes(self._buffer[:size_bytes])
        del self._buffer[:size_bytes]
        return data

    def _logged(self, read: Callable[[], Message]) -> Message:
        message = read()
        self.log.append(message if self._keeps_chunks else replace(message, chunks=()))
        return message
