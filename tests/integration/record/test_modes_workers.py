"""Two workers behind one port: one capture with whole sessions, and one certificate authority that leaves no trace."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

from aiohttp import ClientSession, TCPConnector
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from integration.record.modes import Recorded, Recorder, buy, check_shop, shop

_CONNECTIONS = 24  # the kernel deals them out: that one of two workers gets none happens once in 8 million times


def certificates_of(port: int) -> tuple[set[RSAPublicNumbers], set[int]]:
    """Of many connections: the keys, which mitmproxy shares with its authority, and the serials, new in each worker."""
    pems = [ssl.get_server_certificate(("127.0.0.1", port), timeout=20) for _ in range(_CONNECTIONS)]
    found = [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]
    keys = [one.public_key() for one in found]
    return {key.public_numbers() for key in keys if isinstance(key, RSAPublicKey)}, {one.serial_number for one in found}


async def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    """Looks again and again."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.05)


async def test_workers_share_an_authority_that_is_never_on_disk(start_recorder) -> None:
    """Also one that replaces a killed worker; and when everything is killed, no key is left behind."""
    async with shop() as url:
        recorder: Recorder = await start_recorder("--upstream", url, "--workers", "2", "--set", "key_size=3072")
        assert recorder.keys() == []
        (first,), serials = await asyncio.to_thread(certificates_of, recorder.port)
        assert (first.n.bit_length(), len(serials)) == (3072, 2)
        os.kill(recorder.workers[0], signal.SIGKILL)
        await until(lambda: bool(recorder.said("worker-ended")))
        await until(lambda: len(set(recorder.children(b"replay.record.worker")) - set(recorder.workers)) == 1)
        recorder.workers = sorted({*recorder.workers, *recorder.children(b"replay.record.worker")})
        more: set[int] = set()
        while not more - serials:  # until the new worker listens
            keys, more = await asyncio.to_thread(certificates_of, recorder.port)
            assert keys == {first}
        recorder.process.kill()
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in recorder.workers))
    assert recorder.keys() == []


async def test_sessions_stay_whole_over_workers(start_recorder, tmp_path: Path) -> None:
    """Every request on a connection of its own, with TLS under an authority that two workers make together."""
    confdir = tmp_path / "authority"
    async with shop() as url:
        recorder: Recorder = await start_recorder("--upstream", url, "--workers", "2", "--set", f"confdir={confdir}")
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(confdir / "mitmproxy-ca-cert.pem")
        for _ in range(6):
            async with ClientSession(connector=TCPConnector(force_close=True)) as session:
                await buy(session, f"https://127.0.0.1:{recorder.port}", ssl=trust)
        await asyncio.to_thread(recorder.stop)
    check_shop(Recorded.read(recorder), (url,), rounds=6)
