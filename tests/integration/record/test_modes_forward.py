"""Proxies that clients are told of: regular, chained through another one, SOCKS; with and without TLS inside."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from aiohttp import ClientSession

from integration.record.modes import CLIENTS, Recorded, Recorder, buy, check_shop, raw_buy, shop
from integration.record.transparency.certificates import Certificates

_AUTHORITY = "mitmproxy-ca-cert.pem"


def trusting(file: Path) -> ssl.SSLContext:
    """As a client that was given the proxy's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return context


async def through_connect(port: int, authority: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    assert head.startswith(b"HTTP/1.1 200 ")
    return reader, writer


async def through_socks(port: int, target: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """SOCKS 5 without authentication (RFC 1928), to an IPv4 address."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x05\x01\x00")
    assert await reader.readexactly(2) == b"\x05\x00"
    writer.write(b"\x05\x01\x00\x01" + socket.inet_aton(target[0]) + target[1].to_bytes(2, "big"))
    assert (await reader.readexactly(10))[:2] == b"\x05\x00"
    return reader, writer


async def test_regular_mode_records_all_three_ways(start_recorder, certificates: Certificates, tmp_path: Path) -> None:
    """Absolute targets, a plain CONNECT tunnel, and TLS in a tunnel, under an authority of the user's that stays."""
    confdir = tmp_path / "authority"
    words = ("--mode", "regular", "--set", f"confdir={confdir}")
    trust = f"ssl_verify_upstream_trusted_ca={certificates.authority}"
    async with shop() as url, shop(certificates.server("http/1.1")) as secure:
        recorder: Recorder = await start_recorder(*words, "--set", trust)
        async with ClientSession() as session:
            await buy(session, url, proxy=recorder.url)
            await buy(session, secure, proxy=recorder.url, ssl=trusting(confdir / _AUTHORITY))
        for client in CLIENTS:
            host = url.removeprefix("http://")
            streams = await through_connect(recorder.port, host)
            await raw_buy(streams, client, host)
            streams[1].close()
        await asyncio.to_thread(recorder.stop)
    check_shop(Recorded.read(recorder), (url, secure), rounds=3)
    assert (confdir / "mitmproxy-ca.pem").stat().st_mode & 0o077 == 0


async def test_upstream_mode_goes_through_the_next_proxy(
    start_recorder, certificates: Certificates, tmp_path: Path
) -> None:
    """A chain of two recorders with one authority of the user's: both record all, with the service as origin."""
    confdir = tmp_path / "authority"
    ours = ("--set", f"confdir={confdir}", "--set")
    trust = f"ssl_verify_upstream_trusted_ca={certificates.authority}"
    async with shop() as url, shop(certificates.server("http/1.1")) as secure:
        last: Recorder = await start_recorder("--mode", "regular", *ours, trust)
        made = (confdir / _AUTHORITY).read_bytes()
        trust = f"ssl_verify_upstream_trusted_ca={confdir / _AUTHORITY}"
        first: Recorder = await start_recorder("--mode", f"upstream:{last.url}", *ours, trust)
        async with ClientSession() as session:
            await buy(session, url, proxy=first.url)
            await buy(session, secure, proxy=first.url, ssl=trusting(confdir / _AUTHORITY))
        await asyncio.to_thread(first.stop)
        await asyncio.to_thread(last.stop)
    for recorder in (first, last):
        check_shop(Recorded.read(recorder), (url, secure), rounds=2)
    assert (confdir / _AUTHORITY).read_bytes() == made


async def test_socks_records_plain_and_tls(start_recorder, certificates: Certificates) -> None:
    """SOCKS 5, which names an address; TLS inside ends at our certificate."""
    words = ("--set", f"ssl_verify_upstream_trusted_ca={certificates.authority}", "--cert", str(certificates.chain))
    async with shop() as url, shop(certificates.server("http/1.1")) as secure:
        recorder: Recorder = await start_recorder("--mode", "socks5", *words)
        for client in CLIENTS:
            for service in (url, secure):
                host, _, port = service.partition("://")[2].partition(":")
                streams = await through_socks(recorder.port, (host, int(port)))
                if service == secure:
                    await streams[1].start_tls(certificates.client(), server_hostname="127.0.0.1")
                await raw_buy(streams, client, f"{host}:{port}")
                streams[1].close()
        await asyncio.to_thread(recorder.stop)
    check_shop(Recorded.read(recorder), (url, secure), rounds=2)
