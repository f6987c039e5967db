"""Transparent mode: clients know of no proxy, the kernel hands it their connections, in a network of the test's own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from integration.record.modes import CLIENTS, Recorded, Recorder, check_shop, raw_buy, shop
from integration.record.network import PROXY_PORT, SERVICE, Network, why_not
from integration.record.transparency.certificates import NAME, Certificates


@pytest.fixture
def network() -> Iterator[Network]:
    if reason := why_not():
        pytest.skip(reason)
    made = Network(f"replay-test-{os.getpid()}")
    yield made
    made.close()


async def test_redirected_connections_are_recorded(
    start_recorder, network: Network, certificates: Certificates
) -> None:
    """Plain and TLS (with the name that the client asks for); origins are where clients meant to go."""
    trust = ("--set", f"ssl_verify_upstream_trusted_ca={certificates.authority}", "--cert", str(certificates.chain))
    plain, secure = network.listen(80), network.listen(443)
    async with shop(sock=plain), shop(certificates.server("http/1.1"), secure):
        recorder: Recorder = await start_recorder(
            *("--mode", "transparent", *trust), prefix=network.prefix, listen=f"0.0.0.0:{PROXY_PORT}"
        )
        for client in CLIENTS:
            streams = await asyncio.open_connection(sock=network.connect(80))
            await raw_buy(streams, client, SERVICE)
            streams[1].close()
            tls = {"ssl": certificates.client(), "server_hostname": NAME}
            streams = await asyncio.open_connection(sock=network.connect(443), **tls)
            await raw_buy(streams, client, NAME)
            streams[1].close()
        await asyncio.to_thread(recorder.stop)
    check_shop(Recorded.read(recorder), (f"http://{SERVICE}", f"https://{SERVICE}"), rounds=2)
