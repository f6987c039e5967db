"""A server that costs next to nothing: epoll, and one answer made once. As a script it prints its port.

POST: the body of the answer is when the request's last byte was read, in nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import select
import socket
import time

BODY = b'{"id":12345,"items":[' + b'"abcdefghij",' * 36 + b'"z"]}'
FIELDS = b"Date: Sat, 21 Nov 2026 19:49:01 GMT\r\nContent-Type: application/json\r\nServer: bare\r\nX-Id: 8f14\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\n" + FIELDS + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def serve() -> None:
    """Until it is ended."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listening.getsockname()[1], flush=True)
    ready = select.epoll()
    ready.register(listening.fileno(), select.EPOLLIN)
    sockets: dict[int, socket.socket] = {}
    unread: dict[int, bytes] = {}
    while True:
        whole: list[tuple[socket.socket, bytes]] = []
        for number, _ in ready.poll():
            if number == listening.fileno():
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[connection.fileno()] = connection
                ready.register(connection.fileno(), select.EPOLLIN)
                continue
            connection = sockets[number]
            try:
                data = connection.recv(2**18)
            except ConnectionError:
                data = b""
            if not data:
                ready.unregister(number)
                sockets.pop(number).close()
                unread.pop(number, None)
                continue
            data = unread.pop(number, b"") + data
            if is_whole(data):
                whole.append((connection, answer(data)))
            else:
                unread[number] = data
        for connection, made in whole:
            connection.send(made)


def is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    _, found, rest = head.partition(b"Content-Length: ")
    return len(body) >= (int(rest.partition(b"\r\n")[0]) if found else 0)


def answer(data: bytes) -> bytes:
    if not data.startswith(b"POST"):
        return ANSWER
    text = b"%d" % time.monotonic_ns()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


if __name__ == "__main__":
    serve()
