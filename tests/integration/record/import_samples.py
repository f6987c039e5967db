"""Files as other tools write them, for the import tests: made by the tools themselves where they are installed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

with warnings.catch_warnings():  # mitmproxy's imports use each other's old names; what is imported once warns no more
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy import http
    from mitmproxy.addons.savehar import SaveHar
    from mitmproxy.flow import Error
    from mitmproxy.io import FlowReader, FlowWriter
    from mitmproxy.test import tflow
    from mitmproxy.websocket import WebSocketMessage

TOKEN = "tok-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
MAIL = "ingrid.olsen@bank-customer.test"
SEPARATOR = "\n🐵🙈🙉\n".encode()


def flow(n: int, path: str = "/parcels", status: int = 200, **changes: Any) -> http.HTTPFlow:
    """The n-th exchange of one client; JSON both ways, gzip on the way back."""
    one = tflow.tflow(resp=True)
    one.client_conn.id = f"client-{n % 3}"
    one.request = http.Request.make(
        changes.get("method", "POST"),
        f"http://shop.test:8080{path}",
        changes.get("body", json.dumps({"email": MAIL, "n": n})),
        {"Host": "shop.test:8080", "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    one.request.timestamp_start = one.request.timestamp_end = 1_772_359_200.0 + n
    one.response = http.Response.make(
        status, json.dumps({"id": n, "owner": MAIL}), {"Content-Type": "application/json"}
    )
    one.response.encode("gzip")
    one.response.timestamp_start = one.response.timestamp_end = 1_772_359_200.5 + n
    one.server_conn.peername = ("10.0.0.5", 8080)
    return one


def odd_flows() -> list[Any]:
    """A fault, a WebSocket, trailers, a body that was not kept, bytes that are no text, and a flow that is no HTTP."""
    fault, socket, grpc, streamed, binary = (flow(n) for n in range(5))
    fault.response, fault.error = None, Error("[Errno 111] Connect call failed", 1_772_359_200.2)
    upgrade = tflow.twebsocketflow()
    socket.request, socket.response, socket.websocket = upgrade.request, upgrade.response, upgrade.websocket
    assert socket.websocket is not None
    socket.websocket.messages = [
        WebSocketMessage(1, True, f'{{"email": "{MAIL}"}}'.encode(), 1_772_359_201.0),
        WebSocketMessage(2, False, b"\x00\xff", 1_772_359_202.0),
    ]
    assert grpc.response is not None
    grpc.response.trailers = http.Headers(grpc_status="0")
    assert streamed.response is not None
    streamed.response.raw_content = None
    binary.request.content = b"\xff\xfe\x00binary"
    return [fault, socket, grpc, streamed, binary]


def write_flows(path: Path, flows: list[Any]) -> Path:
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for one in flows:
            writer.add(one)
    return path


def read_flows(path: Path) -> list[http.HTTPFlow]:
    with path.open("rb") as file:
        return [one for one in FlowReader(file).stream() if isinstance(one, http.HTTPFlow)]


def write_mitmproxy_har(path: Path, flows: list[Any]) -> Path:
    SaveHar().export_har(flows, str(path))
    return path


def gor(kind: int, name: str, at_ns: int, raw: bytes, latency: int | None = None) -> bytes:
    head = f"{kind} {name} {at_ns}" + ("" if latency is None else f" {latency}")
    return head.encode() + b"\n" + raw + SEPARATOR


def gor_pair(n: int, body: bytes = b'{"ok": true}') -> tuple[bytes, bytes]:
    at = 1_772_359_200_000_000_000 + n * 1_000_000_000
    sent = json.dumps({"email": MAIL, "n": n}).encode()
    request = (
        b"POST /parcels HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" % (TOKEN.encode(), len(sent), sent)
    )
    response = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    )
    name = f"{n:024x}"
    return gor(1, name, at, request), gor(2, name, at + 5_000_000, response, 5_000_000)


def tap(n: int, **changes: Any) -> bytes:
    record = {
        "started": 1_772_359_200 + n,
        "duration_ms": 12,
        "connection": "10.1.2.3:40000",
        "method": "POST",
        "host": "shop.test",
        "target": "/parcels",
        "request_headers": {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        "request_body": json.dumps({"email": MAIL, "n": n}),
        "status": 200,
        "response_headers": [["Content-Type", "application/json"]],
        "response_body": json.dumps({"id": n}),
    }
    return json.dumps({**record, **changes}).encode() + b"\n"
