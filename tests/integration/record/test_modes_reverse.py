"""Reverse proxies of every kind, end to end: plain, TLS with a private authority, a certificate that nobody trusts."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession

from integration.record.grpc_peers import Call, calls, grpc_service
from integration.record.modes import CLIENTS, Recorded, Recorder, buy, check_shop, shop
from integration.record.transparency.certificates import Certificates


def trust(certificates: Certificates) -> tuple[str, ...]:
    """Of both sides."""
    upstream = f"ssl_verify_upstream_trusted_ca={certificates.authority}"
    return ("--cert", str(certificates.chain), "--set", upstream)


async def test_reverse_http_records_all(start_recorder, certificates: Certificates) -> None:
    """Plain clients, and on the same port TLS clients with the certificate that was given, HTTP/1.1 and HTTP/2."""
    async with shop() as url:
        recorder: Recorder = await start_recorder("--upstream", url, "--cert", str(certificates.chain))
        async with ClientSession() as session:
            sent = await buy(session, recorder.url)
            sent += await buy(session, f"https://127.0.0.1:{recorder.port}", ssl=certificates.client())
        gets = [Call((), f"/courses/{number}", client) for client in CLIENTS for number in (1, 2)]
        answers = await asyncio.wait_for(calls(recorder.port, certificates.client("h2"), gets), 30)
        await asyncio.to_thread(recorder.stop)
    assert [answer.status for answer in answers] == [200] * 4
    recorded = Recorded.read(recorder)
    assert recorded.shapes() == [((sent + 4) // 2, True)] * 2
    assert recorded.statuses == [200] * 16 + [201] * 4
    assert recorded.refuses(url)
    assert recorded.refuses(recorder.url)


async def test_reverse_https_checks_a_private_authority(start_recorder, certificates: Certificates) -> None:
    """TLS on both sides; WebSocket over it is one exchange more."""
    async with shop(certificates.server("http/1.1")) as url:
        recorder: Recorder = await start_recorder("--upstream", url, *trust(certificates))
        here, ours = f"https://127.0.0.1:{recorder.port}", certificates.client()
        async with ClientSession() as session:
            await buy(session, here, ssl=ours)
            headers = {"Authorization": f"Bearer {CLIENTS[0]}"}
            async with session.ws_connect(f"{here}/talk", ssl=ours, headers=headers) as socket:
                await socket.send_str("hello")
                assert await socket.receive_str(timeout=10) == "HELLO"
                await socket.close()
        await asyncio.to_thread(recorder.stop)
    recorded = Recorded.read(recorder)
    (talk,) = [one for session in recorded.sessions for one in session.exchanges if one.status == 101]
    assert [message.from_client for message in talk.messages] == [True, False]
    assert recorded.statuses == [101] + [200] * 6 + [201] * 2
    assert recorded.shapes() == [(4, True), (5, True)]
    assert recorded.refuses(url)
    assert not recorder.said("proxy")


async def test_distrust_is_said_on_both_sides(start_recorder, certificates: Certificates) -> None:
    """A service that we do not trust: 502, nothing is sent to it. A client that does not trust us sends nothing.

    No other sign tells of the second, and only a fault of the first; so each first time is a sentence with a remedy.
    """
    async with shop(certificates.server("http/1.1")) as url:
        recorder: Recorder = await start_recorder("--upstream", url)
        async with ClientSession() as session:
            for _ in range(3):
                async with session.get(f"{recorder.url}/courses/1") as answer:
                    assert answer.status == 502
            with pytest.raises(ClientConnectorCertificateError):
                await session.get(f"https://127.0.0.1:{recorder.port}/courses/1", ssl=certificates.client())
        await asyncio.to_thread(recorder.stop)
    service, client = recorder.said("proxy")
    assert service.startswith("warning: the certificate of the service is not trusted (")
    assert "--set ssl_verify_upstream_trusted_ca=FILE" in service
    assert service.endswith("; 1 so far")
    assert client.startswith(
        "warning: a client does not trust the certificate of this proxy: give it yours with --cert"
    )
    recorded = Recorded.read(recorder)
    assert [one.response for session in recorded.sessions for one in session.exchanges] == [None] * 3


async def test_a_test_environment_may_trust_anybody(start_recorder, certificates: Certificates) -> None:
    """`--set ssl_insecure=true`, which the sentence names."""
    async with shop(certificates.server("http/1.1")) as url:
        recorder: Recorder = await start_recorder("--upstream", url, "--set", "ssl_insecure=true")
        async with ClientSession() as session:
            await buy(session, recorder.url)
        await asyncio.to_thread(recorder.stop)
    check_shop(Recorded.read(recorder), (url,))


async def test_grpc_passes_unary_and_streaming(start_recorder, certificates: Certificates) -> None:
    """HTTP/2 from end to end. In the streaming call each side waits for the other's last message: nothing is held."""
    async with grpc_service(certificates.server("h2")) as url:
        recorder: Recorder = await start_recorder("--upstream", url, *trust(certificates))
        made = [Call((b"one",)), Call((b"a", b"bb", b"ccc")), Call((b"two",))]
        answers = await asyncio.wait_for(calls(recorder.port, certificates.client("h2"), made), 30)
        await asyncio.to_thread(recorder.stop)
    assert [answer.messages for answer in answers] == [call.messages for call in made]
    assert [answer.trailers for answer in answers] == [(("grpc-status", "0"),)] * 3
    recorded = Recorded.read(recorder)
    assert recorded.statuses == [200] * 3
    assert recorded.refuses(url)
    exchanges = [one for session in recorded.sessions for one in session.exchanges]
    assert recorded.shapes() == [(3, True)]
    assert [one.response.trailers.get("grpc-status") for one in exchanges if one.response] == ["0"] * 3
    sizes = sorted((one.request.body.size_bytes, one.response.body.size_bytes) for one in exchanges if one.response)
    assert sizes == [(8, 8), (8, 8), (21, 21)]
