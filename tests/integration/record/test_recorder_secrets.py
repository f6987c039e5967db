"""Nothing that a client or a server said in confidence is in any byte of any file or output, in any usual spelling."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from aiohttp import ClientSession, web

from replay.store.capture_reader import CaptureReader
from upstreams import served

KEY = bytes(range(200, 232))
SECRETS = {
    "bearer": "hT7xQ9bearerW2mZ4kLp",
    "basic": "Basic-Pw-5rT8uJ2q",
    "api key": "ak_live_Zx81mQpL0vNw",
    "cookie": "c00kieR4nd0mValue77",
    "set-cookie": "s3tC00kieV4lue991",
    "query": "qryT0kenV4lueABC42",
    "path": "ingrid.soerensen@nordbank.example",
    "form password": "F0rm-P4ssw0rd-xyz",
    "json password": "J50n-P4ssw0rd-abc",
    "name": "Ingrid Soerensen-Quist",
    "iban": "DE89370400440532013000",
    "card": "4242424242424242",
    "phone": "+49 170 5551234",
    "packed": "gz1pped-S3cret-778",
    "answer": "4nswer-T0ken-5544-zz",
    "event": "Ev3nt-S3cret-Stream-1",
    "header": "x-internal-S3cret-66",
    "nested": "n3sted-J50n-S3cret-9",
}


def spellings(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield "".join(f"%{byte:02X}" for byte in raw).encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):  # base64 of the secret wherever it starts within a group of three; the edges are shared
        whole = base64.b64encode(b"\x00" * shift + raw)
        yield whole[4 if shift else 0 : len(whole) - 4]


async def answer(request: web.Request) -> web.StreamResponse:
    await request.read()
    if request.path == "/events":
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(f"data: {SECRETS['event']}\n\n".encode())
        return response
    reply = web.json_response(
        {
            "access_token": SECRETS["answer"],
            "user": {"name": SECRETS["name"], "iban": SECRETS["iban"], "card": SECRETS["card"]},
            "payload": json.dumps({"inner": SECRETS["nested"]}),
        },
        headers={"X-Internal": SECRETS["header"], "Location": f"/users/{SECRETS['path']}?token={SECRETS['query']}"},
    )
    reply.set_cookie("sid", SECRETS["set-cookie"])
    return reply


async def talk(client: ClientSession) -> None:
    bearer = {"Authorization": f"Bearer {SECRETS['bearer']}", "X-Api-Key": SECRETS["api key"]}
    path = f"/users/{quote(SECRETS['path'])}?token={SECRETS['query']}"
    login = {"email": SECRETS["path"], "password": SECRETS["json password"], "phone": SECRETS["phone"]}
    packed = gzip.compress(json.dumps({"note": SECRETS["packed"]}).encode())
    basic = base64.b64encode(f"svc:{SECRETS['basic']}".encode()).decode()
    requests = (
        client.get(path, headers={**bearer, "Cookie": f"sid={SECRETS['cookie']}"}),
        client.post("/login", json=login),
        client.post("/form", data={"password": SECRETS["form password"]}),
        client.get("/basic", headers={"Authorization": f"Basic {basic}"}),
        client.post("/packed", data=packed, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        client.get("/events"),
    )
    for request in requests:
        async with request as response:
            assert response.status == 200
            await response.read()


def hits(folder: Path) -> list[str]:
    """Which secret stands where."""
    found = []
    secrets = {**SECRETS, "key": KEY.hex()}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        found += [f"{name} in {path.name}" for name, one in secrets.items() if any(s in data for s in spellings(one))]
        if KEY in data:
            found.append(f"raw key in {path.name}")
    return found


async def test_no_planted_secret_is_in_any_file_or_output(start_proxy, way: str, tmp_path: Path) -> None:
    """Looked for while recording (WAL, shared memory) and after; the recording itself is not empty."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    environment = {"REPLAY_TEST_KEY": KEY.hex()}
    async with served(app) as url:
        proxy = await asyncio.to_thread(start_proxy, way, url, "replay_key=env:REPLAY_TEST_KEY", env=environment)
        async with ClientSession(proxy.url) as client:
            await talk(client)
            await asyncio.sleep(0.8)
            while_recording = hits(tmp_path)
            await talk(client)
        assert await proxy.stop_while_serving() == 0
    assert while_recording == []
    assert hits(tmp_path) == []
    with CaptureReader.open(proxy.capture) as reader:
        assert reader.contents().exchanges + sum(loss.count for loss in reader.losses()) == 12
        assert reader.contents().exchanges >= 10


def test_the_search_finds_every_spelling(tmp_path: Path) -> None:
    """The twin: what is planted in a file is found, else the test above could not fail."""
    secret = SECRETS["bearer"]
    for i, spelling in enumerate(
        (secret.encode(), secret.encode().hex().encode(), base64.b64encode(b"x" + secret.encode()))
    ):
        (tmp_path / f"{i}.bin").write_bytes(b"before " + spelling + b" after")
    assert hits(tmp_path) == [f"bearer in {i}.bin" for i in range(3)]
