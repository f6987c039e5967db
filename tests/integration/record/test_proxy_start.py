"""What the embedded proxy is given at its start: mitmproxy's options, certificates, modes; refused in one sentence."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from proxied import ProxyProcess, RawUpstream, read_message, read_to_end
from replay.record.proxy.plan import plan_proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    made = RawUpstream(OK)
    yield made
    made.close()


def refusal(*settings: str, certs: tuple[str, ...] = (), port: int = 0) -> str:
    """The sentence with which a start ends."""
    plan = plan_proxy("http://127.0.0.1:9", (), f"127.0.0.1:{port}", certs, settings)
    proxy = ProxyProcess(plan.to_wire())
    line: str = proxy.told[-1]["line"]
    assert proxy.process.wait(20) == 0
    proxy.kill()
    return line


def test_an_unknown_option_is_named() -> None:
    """Checked against the table of this mitmproxy."""
    assert refusal("no_such_option=1") == (
        "--set no_such_option: mitmproxy has no such option here; `mitmdump --options` lists them"
    )


def test_a_refused_value_is_not_repeated() -> None:
    """It may be a secret, as with upstream_auth."""
    line = refusal("upstream_auth=hush-hush")
    assert line == "--set upstream_auth: mitmproxy does not take this value; see `mitmdump --options`"


def test_a_certificate_without_key_is_refused(tmp_path: Path) -> None:
    """The file is there, but it is no PEM with certificate and key."""
    file = tmp_path / "cert.pem"
    file.write_text("nothing")
    assert refusal(certs=(str(file),)) == (
        "--cert: mitmproxy cannot use it; it needs a PEM file with certificate and key"
    )


def test_an_unusable_authority_is_one_sentence(tmp_path: Path) -> None:
    """Its key cannot be read, or no folder can be made there."""
    (tmp_path / "mitmproxy-ca.pem").write_text("nothing")
    for folder in (tmp_path, tmp_path / "mitmproxy-ca.pem" / "below"):
        assert refusal(f"confdir={folder}") == (
            "--set confdir: mitmproxy can neither read nor make its certificate authority in that folder"
        )


def test_a_busy_port_is_one_sentence() -> None:
    """And the process ends, with nothing left open."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert refusal(port=port) == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_a_port_taken_in_between_is_one_sentence(free_port: int) -> None:
    """A mode with an address of its own is only tried by mitmproxy itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        plan = plan_proxy("", (f"regular@127.0.0.1:{port}",), f"127.0.0.1:{free_port}", (), ())
        proxy = ProxyProcess(plan.to_wire())
    line = proxy.told[-1]["line"]
    proxy.kill()
    assert line.startswith(f"the proxy cannot start on 127.0.0.1:{free_port}: ")
    assert "address already in use" in line


def test_an_option_of_another_addon_brings_that_addon(upstream: RawUpstream) -> None:
    """The tuned master lacks it until it is asked for."""
    settings = ("upstream_auth=user:word", "modify_headers=/~q/X-Added/yes")
    proxy = ProxyProcess(plan_proxy(upstream.url, (), "127.0.0.1:0", (), settings).to_wire())
    try:
        assert proxy.ask(GET) == OK
    finally:
        proxy.kill()
    assert b"\r\nAuthorization: Basic dXNlcjp3b3Jk\r\n" in upstream.requests[0]
    assert b"\r\nX-Added: yes\r\n" in upstream.requests[0]


def test_clients_get_the_certificate_that_was_given(upstream: RawUpstream, tmp_path: Path) -> None:
    """TLS in front of a plain upstream; at the end an idle TLS connection is closed as any other."""
    file = tmp_path / "own.pem"
    file.write_bytes(own_certificate())
    proxy = ProxyProcess(plan_proxy(upstream.url, (), "127.0.0.1:0", (str(file),), ()).to_wire())
    trust = ssl.create_default_context(cafile=str(file))
    try:
        with trust.wrap_socket(proxy.connect(), server_hostname="shop.example") as connection:
            connection.sendall(GET)
            assert read_message(connection) == OK
            proxy.begin_stop()
            assert read_to_end(connection) == b""
        assert proxy.finish() == 0
    finally:
        proxy.kill()


def own_certificate() -> bytes:
    """Self-signed for shop.example, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2045))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("mode", ["regular", "upstream"])
def test_forward_modes_pass_requests_on(upstream: RawUpstream, mode: str) -> None:
    """Absolute-form requests: to the service itself, or to the next proxy as they are."""
    spec = f"upstream:{upstream.url}" if mode == "upstream" else mode
    proxy = ProxyProcess(plan_proxy("", (spec,), "127.0.0.1:0", (), ()).to_wire())
    host = b"127.0.0.1:%d" % upstream.port
    try:
        assert proxy.ask(b"GET http://%s/a HTTP/1.1\r\nHost: %s\r\n\r\n" % (host, host)) == OK
    finally:
        proxy.kill()
    target = b"http://%s/a" % host if mode == "upstream" else b"/a"
    assert upstream.requests == [b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host)]


def test_a_key_log_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would write the keys of recorded traffic to disk."""
    monkeypatch.setenv("SSLKEYLOGFILE", "/tmp/never-written")
    assert refusal().startswith("SSLKEYLOGFILE is set: it would write the TLS keys of recorded traffic to disk")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_transparent_mode_starts_and_ends() -> None:
    """Where clients want to go is the firewall's to say; here only that the mode works in the tuned master."""
    proxy = ProxyProcess(plan_proxy("", ("transparent",), "127.0.0.1:0", (), ()).to_wire())
    assert proxy.finish() == 0
    assert [event["event"] for event in proxy.told] == ["listening", "ended"]
