"""A target that counts: every session and step names itself, every world brings keys of its own.

POST /sessions           with a key                -> {"token", "session_id"}
POST /sessions/ID/steps  with a key and the token  -> {"id"}
GET  /steps/ID                                     -> {"id", "total"}
"""

import asyncio
from collections import Counter

from aiohttp import web

from make import bearer, exchange


class NumberedTarget:
    """`slow` seconds for each answer; `seen` counts requests by what makes them one of a kind in their world."""

    def __init__(self, slow=0.0, total=7):
        self.slow, self.total = slow, total
        self.seen = Counter()
        self.shops = Counter()
        self.ids = 0
        self.reached = asyncio.Event()
        self.wanted = 10**9
        self.app = web.Application()
        self.app.router.add_post("/sessions", self.begin)
        self.app.router.add_post("/sessions/{id}/steps", self.step)
        self.app.router.add_get("/steps/{id}", self.read)

    async def count(self, key):
        self.seen[key] += 1
        if self.seen.total() >= self.wanted:
            self.reached.set()
        await asyncio.sleep(self.slow)
        self.ids += 1
        return self.ids

    async def begin(self, request):
        number = await self.count(f"begin {request.headers['Idempotency-Key']}")
        return web.json_response(
            {"token": f"tok-live-{number:012d}", "session_id": f"ses-live-{number:012d}"}, status=201
        )

    async def step(self, request):
        if not request.headers.get("Authorization", "").startswith("Bearer tok-live-"):
            return web.json_response({"error": "who"}, status=401)
        if not request.match_info["id"].startswith("ses-live-"):
            return web.json_response({"error": "no such session"}, status=404)
        number = await self.count(f"step {request.headers['Idempotency-Key']}")
        return web.json_response({"id": f"step-live-{number:012d}"}, status=201)

    async def read(self, request):
        name = request.match_info["id"]
        await self.count(f"read {name}")
        if not name.startswith("step-live-"):
            return web.json_response({"error": "no such step"}, status=404)
        return web.json_response({"id": name, "total": self.total})


def recording(sessions, steps=2, total=7):
    """Exchanges of `sessions` sessions of 1 + 2 x `steps` exchanges, as that target would have answered them."""
    out = []
    for number in range(sessions):
        at = 1000.0 + number * 3
        token, mine = bearer(f"tok-rec-{number:012d}"), f"ses-rec-{number:012d}"
        given = {"token": f"tok-rec-{number:012d}", "session_id": mine}
        key = {"Idempotency-Key": f"5e{number:06d}-0000-4aaa-8bbb-0123456789ab"}
        made = [exchange(f"e{number}-0", "POST", "/sessions", 201, json={"n": 1}, headers=key, answer=given, at=at,
                         took=0.01)]  # fmt: skip
        for step in range(steps):
            name = f"step-rec-{number:06d}{step:06d}"
            key = {"Idempotency-Key": f"7f{number:06d}-{step:04d}-4aaa-8bbb-0123456789ab", **token}
            path = f"/sessions/{mine}/steps"
            made.append(exchange(f"e{number}-{step}w", "POST", path, 201, json={"n": 1}, headers=key,
                                 answer={"id": name}, at=at + 0.1 + step * 0.2, took=0.01))  # fmt: skip
            made.append(exchange(f"e{number}-{step}r", "GET", f"/steps/{name}", headers=token,
                                 answer={"id": name, "total": total}, at=at + 0.2 + step * 0.2, took=0.01))  # fmt: skip
        out.extend(made)
    return sorted(out, key=lambda one: one.started)
