"""One request, one response, one keep-alive connection: methods, statuses, targets, headers and bodies."""

from __future__ import annotations

import gzip
import random

from integration.record.transparency.stage import Case, Script, Stage
from integration.record.transparency.wire import Wire

HOST = b"Host: shop.example:8080\r\n"


def request(method: bytes = b"GET", target: bytes = b"/", headers: bytes = b"", body: bytes | None = None) -> bytes:
    """A request with a Host that is not the upstream's address. A body gets its Content-Length."""
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + headers + length + b"\r\n" + (body or b"")


def response(status: bytes = b"200 OK", headers: bytes = b"", body: bytes | None = b"ok") -> bytes:
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + headers + length + b"\r\n" + (body or b"")


LAST_REQUEST = request(target=b"/still-open")
LAST_RESPONSE = response(body=b"still open")


def exchange(sent: bytes) -> Script:
    """Ask, read the answer, and prove that the connection is still good."""

    def client(wire: Wire, _: Stage) -> None:
        wire.ask(sent)
        wire.answer()
        wire.ask(LAST_REQUEST)
        wire.answer()

    return client


def replies(*answers: bytes) -> Script:
    """Answer each request in turn, then wait for the end of the connection."""

    def upstream(wire: Wire, _: Stage) -> None:
        for answer in answers:
            wire.request()
            wire.send(answer)
        wire.until_closed()

    return upstream


def simple(name: str, sent: bytes, answered: bytes = response()) -> Case:
    return Case(name, exchange(sent), replies(answered, LAST_RESPONSE), exchanges=2)


def noise(size_bytes: int) -> bytes:
    """Bytes that do not compress and that differ everywhere: a shifted or doubled piece shows."""
    return random.Random(size_bytes).randbytes(size_bytes)


_JSON = b"Content-Type: application/json\r\n"
METHODS = (
    *(
        simple(f"{method.decode()} with a body of {len(body)} bytes", request(method, b"/things/1", _JSON, body))
        for method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"PROPFIND", b"GET")
        for body in (b'{"a":  [1.0, "\xc3\xa9"]}', b"")
    ),
    simple("GET without a body", request()),
    simple("POST without any length", request(b"POST")),
    simple("OPTIONS *", request(b"OPTIONS", b"*")),
    simple("a method in lower case", request(b"get")),
)

STATUSES = (
    simple("HEAD with Content-Length", request(b"HEAD"), response(headers=b"Content-Length: 12345\r\n", body=None)),
    simple("HEAD without Content-Length", request(b"HEAD"), response(body=None)),
    simple(
        "HEAD with Transfer-Encoding", request(b"HEAD"), response(headers=b"Transfer-Encoding: chunked\r\n", body=None)
    ),
    simple("204", request(b"DELETE"), response(b"204 No Content", body=None)),
    simple("304 with Content-Length", request(), response(b"304 Not Modified", b"Content-Length: 5\r\n", None)),
    simple("304 with ETag", request(), response(b"304 Not Modified", b'ETag: W/"x"\r\n', None)),
    simple("205", request(), response(b"205 Reset Content", body=b"")),
    simple("302 with a body", request(), response(b"302 Found", b"Location: /else?x=%2F\r\n", b"moved")),
    simple("404", request(), response(b"404 Not Found")),
    simple("500", request(), response(b"500 Internal Server Error")),
    simple("status without a name", request(), response(b"299 Odd Reason  here")),
    simple("status without a reason", request(), response(b"200 ")),
    simple("999", request(), response(b"999 Beyond")),
)

TARGETS = tuple(
    simple(f"target {target.decode('latin-1')}", request(target=target))
    for target in (
        b"//double//slash",
        b"/a%2Fb%2fc",
        b"/a;params=1;b",
        b"/?a=1&a=2&b=&=c&&d",
        b"/path?",
        b"/%C3%A9%E9?q=%C3%A9",
        b"/a/../b/./c",
        b"/plus+and%20space?x=+&y=%2B",
        b"/?url=http://other.example/x?y=1",
        b"/~user/!$&'()*,=:@|^`{}\"<>\\",
        b"/p%61th/%41%zz%",
        b"/raw-\xc3\xa9",
        b"/" + b"long/" * 1500,
    )
)

HEADERS = (
    simple(
        "case, order and repetition",
        request(headers=b"X-b: 2\r\nx-A: 1\r\nX-b: 3\r\ncookie: a=1\r\nCookie: b=2\r\n"),
        response(
            headers=b"X-b: 2\r\nx-A: 1\r\nSet-Cookie: a=1; Path=/\r\nX-b: 3\r\nset-cookie: b=2\r\nSet-Cookie: a=3\r\n"
        ),
    ),
    simple("empty values", request(headers=b"X-Empty: \r\n"), response(headers=b"X-Empty: \r\n")),
    simple("latin-1 bytes", request(headers=b"X-L: caf\xe9 \xff\r\n"), response(headers=b"X-L: caf\xe9 \xff\r\n")),
    simple("UTF-8 bytes", request(headers=b"X-U: \xc3\xa9\xe2\x82\xac\r\n"), response(headers=b"X-U: \xc3\xa9\r\n")),
    simple(
        "a header of 32 KB",
        request(headers=b"X-Long: " + b"v" * 32768 + b"\r\n"),
        response(headers=b"X-Long: " + b"w" * 32768 + b"\r\n"),
    ),
    simple(
        "100 headers",
        request(headers=b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(100))),
        response(headers=b"".join(b"Y-%d: %d\r\n" % (n, n) for n in range(100))),
    ),
    simple("inner spaces", request(headers=b"X-S: a  b\t c, d\r\n"), response(headers=b"X-S: a  b\t c, d\r\n")),
    simple("odd names", request(headers=b"X_Under: 1\r\nx.dot!#$%&'*+^`|~: 2\r\n"), response(headers=b"X_U.!: 1\r\n")),
    simple("white space around values", request(headers=b"X-A:1\r\nX-B:  2 \r\n"), response(headers=b"X-A:1\r\n")),
    simple(
        "headers that proxies like to touch",
        request(
            headers=b"Accept-Encoding: br;q=1.0, gzip\r\nX-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n"
            b'Via: 1.1 edge\r\nIf-None-Match: W/"x"\r\nRange: bytes=0-1\r\nTE: trailers\r\nPragma: no-cache\r\n'
            b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: Basic eA==\r\n"
        ),
        response(
            b"206 Partial Content",
            b'Via: 1.1 x\r\nAge: 3\r\nAlt-Svc: h3=":443"\r\nStrict-Transport-Security: max-age=9\r\n'
            b"Connection: keep-alive\r\nKeep-Alive: timeout=5, max=9\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            b"Server: odd/1 (x)\r\nContent-Range: bytes 0-1/9\r\n",
        ),
    ),
    simple("Host mitm.it", request().replace(b"shop.example:8080", b"mitm.it")),
    simple("Host in odd case", request().replace(HOST, b"hOST: SHOP.Example\r\n")),
    simple("Host last", request().replace(HOST, b"X-First: 1\r\n" + HOST)),
    simple("no Host", request().replace(HOST, b"")),
    simple("an empty Host", request().replace(HOST, b"Host: \r\n")),
)

_TYPES = (b"", b"Content-Type: \r\n", b'Content-Type: application/json; charset="utf-16"\r\n', b"Content-Type: x\r\n")

BODIES = (
    *(
        simple(
            f"bodies of {size} bytes",
            request(b"POST", b"/echo", b"Content-Type: application/octet-stream\r\n", noise(size)),
            response(headers=b"Content-Type: application/octet-stream\r\n", body=noise(size + 1)[:size]),
        )
        for size in (0, 1, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 8 << 20)
    ),
    simple(
        "gzip stays as it is",
        request(b"POST", b"/", b"Content-Encoding: gzip\r\n", gzip.compress(b'{"a": 1}' * 50, mtime=1)),
        response(headers=b"Content-Encoding: gzip\r\n", body=gzip.compress(b"text" * 5000, 1, mtime=1)),
    ),
    simple(
        "broken gzip stays as it is",
        request(b"POST", b"/", b"Content-Encoding: gzip\r\nContent-Type: application/json\r\n", b"no gzip"),
        response(headers=b"Content-Encoding: gzip\r\nContent-Type: application/json\r\n", body=b"{no gzip"),
    ),
    simple(
        "br stays as it is", request(), response(headers=b"Content-Encoding: br\r\n", body=b"\x0b\x02\x80hello\x03")
    ),
    simple("an unknown encoding", request(), response(headers=b"Content-Encoding: rot13, x\r\n", body=b"uryyb")),
    *(
        simple(
            f"type {kind!r}",
            request(b"POST", b"/", kind, b"\xff\xfe{\x00"),
            response(headers=kind, body=b"\xff\xfe[\x00"),
        )
        for kind in _TYPES
    ),
)

CASES = METHODS + STATUSES + TARGETS + HEADERS + BODIES
