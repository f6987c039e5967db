"""TLS towards the target with real certificates: trusted, refused, shown, named; over both lanes alike."""

from __future__ import annotations

import datetime as dt
import ssl
import time

import pytest

from integration.record.transparency.certificates import NAME, make_certificates
from integration.wire.scripted_target import HANG, scripted
from replay.model.errors import UsageError
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.wire.client import Client
from replay.wire.options import Lane, WireOptions
from replay.wire.target import Target
from replay.wire.tls import tls_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
both_lanes = pytest.mark.parametrize("lane", [Lane.AUTO, Lane.GENERAL])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls"), dt.datetime.now(dt.UTC))


async def outcome(server, host="127.0.0.1", **options):
    """Of one GET, the second one of its connection."""
    async with scripted(server, x=(OK,)) as (target, _):
        named = Target("https", host, target.port, "127.0.0.1")
        async with Client(named, time.monotonic, timeout=5, options=WireOptions(**options)) as client:
            await client.send(Request("GET", "/x"))
            return (await client.send(Request("GET", "/x"))).outcome


@both_lanes
async def test_an_authority_of_our_own_is_trusted_when_it_is_named(certificates, lane):
    """And nobody else's certificate is: neither without --ca, nor for another host."""
    server = certificates.server("http/1.1")
    assert isinstance(await outcome(server, ca=certificates.authority, lane=lane), Response)
    assert isinstance(await outcome(server, host="localhost", ca=certificates.authority, lane=lane), Response)
    assert await outcome(server, lane=lane) == Fault(FaultKind.TLS, "TlsError")
    refused = await outcome(server, host="other.example", ca=certificates.authority, lane=lane)
    assert refused == Fault(FaultKind.TLS, "TlsError")


@both_lanes
async def test_insecure_takes_any_certificate(certificates, lane):
    """Only when it is said."""
    assert isinstance(await outcome(certificates.server(), host="other.example", insecure=True, lane=lane), Response)


@both_lanes
async def test_the_name_that_is_asked_for_can_be_chosen(certificates, lane):
    """The server sees it in its hello, and the certificate is checked against it."""
    asked = []
    server = certificates.server()
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    good = await outcome(server, host="other.example", ca=certificates.authority, sni=NAME, lane=lane)
    assert isinstance(good, Response)
    assert set(asked) == {NAME}


@both_lanes
async def test_a_client_certificate_is_shown_to_who_asks(certificates, lane, tmp_path):
    """From one file, or certificate and key apart; without one the server hangs up, and that is a fault."""
    server = certificates.server()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(certificates.authority)
    ours = {"ca": certificates.authority, "lane": lane}
    assert isinstance(await outcome(server, client_cert=certificates.chain, **ours), Response)
    text = certificates.chain.read_bytes()
    cut = text.index(b"-----BEGIN CERTIFICATE")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_bytes(text[:cut])
    certificate.write_bytes(text[cut:])
    assert isinstance(await outcome(server, client_cert=certificate, client_key=key, **ours), Response)
    assert isinstance(await outcome(server, **ours), Fault)


@both_lanes
async def test_a_server_that_never_shakes_hands_is_a_connect_timeout(lane):
    """The time to connect includes TLS."""
    async with scripted(x=(HANG,)) as (target, _):
        silent = Target("https", target.host, target.port, target.address)
        options = WireOptions(connect_timeout_seconds=0.1, insecure=True, lane=lane)
        async with Client(silent, time.monotonic, timeout=0.4, options=options) as client:
            sent = await client.send(Request("GET", "/x"))
    assert isinstance(sent.outcome, Fault)
    assert sent.first_byte == 0.0
    if lane is Lane.AUTO:
        assert sent.outcome == Fault(FaultKind.CONNECT, "ConnectTimeout")


async def test_another_server_is_trusted_alike_and_shown_nothing(certificates):
    """An identity's own server: the target's authorities, but neither its client certificate nor its name."""
    ours = WireOptions(ca=certificates.authority, client_cert=certificates.chain, sni=NAME)
    target = Target("https", "qa.example", 443, "127.0.0.1")
    client = Client(target, time.monotonic, options=ours)
    assert client.trust_for(target) == WireOptions(ca=certificates.authority)
    assert client.trust_for(Target("http", "idp.example", 80, "127.0.0.1")) == WireOptions()


@pytest.mark.parametrize("field", ["ca", "client_cert"])
@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_that_is_no_certificate_is_one_sentence(field, content, tmp_path):
    """Which option, which file; said before anything is sent."""
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_bytes(content)
    target = Target("https", "qa.example", 443, "127.0.0.1")
    with pytest.raises(UsageError, match=f"--{field.replace('_', '-')}.*file.pem"):
        tls_context(target, WireOptions(**{field: file}))


@pytest.mark.parametrize("options", [WireOptions(insecure=True), WireOptions(sni="x")])
def test_options_of_tls_are_refused_for_a_target_without(options):
    """An option that protects nothing must not look as if it did."""
    with pytest.raises(UsageError, match="is about TLS"):
        tls_context(Target("http", "qa.example", 80, "127.0.0.1"), options)
