"""HTTP/2 through `mitmdump -s`: concurrent streams, and a unary gRPC call whose status travels in the trailers.

Only as a script: `replay record` speaks HTTP/1 to clients unless mitmproxy's option says otherwise.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from replay.store.capture_reader import CaptureReader

Fields = list[tuple[str, str]]
GRPC: Fields = [("content-type", "application/grpc"), ("te", "trailers")]
MESSAGE = b"\x00\x00\x00\x00\x03abc"


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    signed = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=36500))
    path = folder / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.sign(key, hashes.SHA256()).public_bytes(pem))
    return path


class Peer:
    """One end of an HTTP/2 connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_client: bool) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=is_client, header_encoding="utf-8"))
        self.h2.initiate_connection()

    async def events(self) -> AsyncIterator[h2.events.Event]:
        self.flush()
        while data := await self.reader.read(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                yield event
            self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[str]:
    """Answers a gRPC call with its own message and `grpc-status: 0` as a trailer; anything else with 404."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    context.set_alpn_protocols(["h2"])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, is_client=False)
        bodies: dict[int, bytes] = {}
        async for event in peer.events():
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, h2.events.StreamEnded):
                stream = event.stream_id
                peer.h2.send_headers(stream, [(":status", "200"), GRPC[0]])
                peer.h2.send_data(stream, bodies.get(stream, b""))
                peer.h2.send_headers(stream, [("grpc-status", "0"), ("grpc-message", "fine")], end_stream=True)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def call(port: int, count: int) -> list[tuple[Fields, bytes, Fields]]:
    """`count` calls at once over one connection: headers, body and trailers of each."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    peer = Peer(reader, writer, is_client=True)
    start = [(":method", "POST"), (":scheme", "https"), (":authority", "shop.example"), (":path", "/shop.Courses/Get")]
    answers: dict[int, tuple[Fields, bytes, Fields]] = {}
    for _ in range(count):
        stream = peer.h2.get_next_available_stream_id()
        peer.h2.send_headers(stream, start + GRPC)
        peer.h2.send_data(stream, MESSAGE, end_stream=True)
    headers: dict[int, Fields] = {}
    bodies: dict[int, bytes] = {}
    trailers: dict[int, Fields] = {}
    async for event in peer.events():
        if isinstance(event, h2.events.ResponseReceived):
            headers[event.stream_id] = list(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
        elif isinstance(event, h2.events.TrailersReceived):
            trailers[event.stream_id] = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            stream = event.stream_id
            answers[stream] = (headers[stream], bodies.get(stream, b""), trailers.get(stream, []))
            if len(answers) == count:
                break
    writer.transport.abort()
    return list(answers.values())


async def test_grpc_calls_pass_and_their_status_is_recorded(start_proxy, service: str) -> None:
    """Messages and trailers reach the client as they were; each call is one exchange with its trailers."""
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", service, "ssl_insecure=true", "http3=false")
    answers = await asyncio.wait_for(call(proxy.port, 5), 20)
    for headers, body, trailers in answers:
        assert headers[0] == (":status", "200")
        assert body == MESSAGE
        assert trailers == [("grpc-status", "0"), ("grpc-message", "fine")]
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        assert [loss for loss in reader.losses() if loss.kind == "dropped"] == []
        exchanges = [one for session in reader.sessions() for one in session.exchanges]
    assert [one.status for one in exchanges] == [200] * 5
    for one in exchanges:
        assert [name for name, _ in one.response.trailers.fields] == ["grpc-status", "grpc-message"]
        assert one.response.trailers.get("grpc-status") == "0"
        assert not one.request.body.truncated or one.request.body.size_bytes == len(MESSAGE)


async def test_a_service_that_is_not_trusted_is_said(start_proxy, service: str) -> None:
    """Clients get 502, and the operator of a plain mitmdump a sentence with what to do."""
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", service, "http3=false")
    (answer,) = await asyncio.wait_for(call(proxy.port, 1), 20)
    assert answer[0][0] == (":status", "502")
    assert await proxy.stop_while_serving() == 0
    assert "the certificate of the service is not trusted (" in proxy.text()
    assert "ssl_verify_upstream_trusted_ca" in proxy.text()
