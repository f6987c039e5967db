"""Writes a capture of any size for `light_target`: sessions of ten exchanges, fifty sessions a tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.light_target import CATALOGUE, LINES
from replay.model.body import EMPTY, Body
from replay.model.capture import CaptureInfo
from replay.model.exchange import Exchange, RedactedExchange, Request, Response
from replay.model.headers import Headers
from replay.model.session import Actor
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_writer import CaptureWriter

PER_SESSION = 10
PER_TENANT = 50
_JSON = "application/json"
_AGENT = (("Host", "shop.test"), ("User-Agent", "benchmark/1"), ("Accept", "*/*"))


def sessions(exchanges: int) -> Iterator[tuple[str, Actor, list[Exchange]]]:
    """Sessions of tenants side by side, a second apart."""
    for number in range(exchanges // PER_SESSION):
        tenant = f"tenant-{number // PER_TENANT:06d}"
        yield f"s{number:07d}", Actor(tenant, f"p{number:07d}"), _session(number)


def _session(number: int) -> list[Exchange]:
    at = 1_000.0 + number
    token, mine = f"tok-tape-{number:012d}", f"ses-tape-{number:012d}"
    out = [_exchange(number, 0, "POST", "/sessions", {"n": 1}, 201, {"token": token, "session_id": mine}, "", at)]
    for step in range(3):
        name = f"step-tape-{number:08d}{step:04d}"
        read = {"id": name, "total": 100, "lines": LINES}
        path = f"/sessions/{mine}/steps"
        out.append(_exchange(number, len(out), "POST", path, {"n": step}, 201, {"id": name}, token, at))
        out.append(_exchange(number, len(out), "GET", f"/steps/{name}", None, 200, read, token, at))
        out.append(_exchange(number, len(out), "GET", "/catalogue", None, 200, json.loads(CATALOGUE), token, at))
    return out


def _exchange(
    number: int, step: int, method: str, target: str, sent: object, status: int, answer: object, token: str, at: float
) -> Exchange:
    headers = list(_AGENT)
    if token:
        headers.append(("Authorization", f"Bearer {token}"))
    if method == "POST":
        headers += [("Content-Type", _JSON), ("Idempotency-Key", f"{number:08x}-{step:04x}-4aaa-8bbb-0123456789ab")]
    body = Body(json.dumps(sent).encode(), _JSON) if sent is not None else EMPTY
    data = json.dumps(answer, separators=(",", ":")).encode()
    given = Headers((("Content-Type", _JSON), ("Content-Length", str(len(data)))))
    begun = at + step * 0.05
    request = Request(method, target, Headers(tuple(headers)), body, "http", "shop.test")
    return Exchange(f"e{number}-{step}", request, Response(status, given, Body(data, _JSON)), begun, begun + 0.01)


def write(path: Path, exchanges: int) -> Path:
    """Without redaction: nothing in it was ever real."""
    info = CaptureInfo("large-capture", FORMAT_VERSION, 1000.0, "none", "none", (), "0")
    writer = CaptureWriter.create(path, info)
    number = 0
    for name, actor, made in sessions(exchanges):
        for one in made:
            number += 1
            writer.add(number, name, actor, RedactedExchange(one), ())
        if number % 5_000 == 0:
            writer.commit()
    writer.commit()
    writer.close()
    return path
