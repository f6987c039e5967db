"""What people of three companies ask of the depot: sign-up, logins, parcels, a legitimate share from one to another."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

COMPANIES = (
    ("blue-fjord", "Blue Fjord Chandlery", "bluefjord.example", ("Sunniva Aalto", "Edgar Pohl", "Marisol Quint")),
    ("copperkettle", "Copper Kettle Roasters", "kettle.example", ("Dragan Ilic", "Henrietta Voss", "Tariq Bell")),
    ("oak-and-ash", "Oak and Ash Joinery", "oakash.example", ("Noor Haddad", "Wilma Kraus")),
)
CONTENTS = {
    "blue-fjord": ("Two brass lanterns wrapped in sailcloth", "A coil of tarred hemp rope", "Sextant in a felt box"),
    "copperkettle": ("Nine kilos of washed Yirgacheffe beans", "A hand grinder with spare burrs", "Paper filters"),
    "oak-and-ash": ("Dovetail templates made of beech", "A jar of hide glue with a brush", "Cabinet hinges of steel"),
}
STREETS = ("4 Tanner Row", "71 Mill Lane", "12 Harbour Steps", "9 Quarry Road")
REMARKS = (
    "Please ring twice, the bell downstairs is broken since the flood",
    "Leave it with the neighbour who keeps the two grey cats",
    "The customer asked for a delivery after the evening shift",
)


class TrafficError(Exception):
    """The depot did not answer as it should."""


@dataclass(slots=True)
class Tally:
    statuses: Counter[int] = field(default_factory=Counter)


class Person:
    """A browser: one connection, a cookie, the token of its last login."""

    def __init__(self, http: aiohttp.ClientSession, tally: Tally, slug: str, name: str, domain: str) -> None:
        self._http, self._tally, self.slug, self.name = http, tally, slug, name
        self.random = Random(name)
        self.email = f"{name.lower().replace(' ', '.')}@{domain}"
        self.password = f"correct-{self.random.randrange(10**6)}"
        self._cookie = self._csrf = ""
        self.etag = self.location = ""

    async def ask(self, expected: int, method: str, path: str, json: Any = None, **more: Any) -> Any:
        headers = dict(more.pop("headers", {}))
        if self._cookie:
            headers["Cookie"] = self._cookie
        if self._csrf and method != "GET":
            headers["X-CSRF-Token"] = self._csrf
        for _ in range(5):
            async with self._http.request(method, path, json=json, headers=headers, **more) as response:
                tree = await response.json() if response.content_type == "application/json" else None
            self._tally.statuses[response.status] += 1
            if response.status != 503 or expected == 503:
                break
        if response.status != expected:
            raise TrafficError(f"{method} {path}: {response.status}, not {expected}")
        self.etag, self.location = response.headers.get("ETag", ""), response.headers.get("Location", "")
        if "sid" in response.cookies and response.cookies["sid"].value:
            self._cookie = f"sid={response.cookies['sid'].value}; theme=dark"
        return tree

    async def log_in(self, *, first_wrong: bool = False) -> None:
        if first_wrong:
            await self.ask(401, "POST", "/session", data={"email": self.email, "password": "not-it-again"})
        told = await self.ask(200, "POST", "/session", data={"email": self.email, "password": self.password})
        self._csrf = told["data"]["csrf_token"]
        await self.ask(200, "GET", told["data"]["links"]["home"])

    def card(self) -> dict[str, str]:
        return {"name": self.name, "email": self.email, "password": self.password}


class Depot:
    def __init__(self, url: str) -> None:
        self._url, self.tally = url, Tally()
        self.shared = asyncio.Event()
        self.shared_path = ""

    def browser(self) -> aiohttp.ClientSession:
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(self._url, connector=aiohttp.TCPConnector(limit=1), cookie_jar=jar)

    async def company(self, place: int) -> None:
        slug, name, domain, people = COMPANIES[place]
        async with self.browser() as http:
            admin = Person(http, self.tally, slug, people[0], domain)
            await admin.ask(200, "GET", "/prices")
            await admin.ask(201, "POST", "/signup", {"org": {"slug": slug, "name": name}, "admin": admin.card()})
            await admin.log_in()
            await self.add_staff(admin, people[1:], domain)

    async def add_staff(self, admin: Person, names: tuple[str, ...], domain: str) -> None:
        async with asyncio.TaskGroup() as group:
            for place, name in enumerate(names):
                card = Person(None, self.tally, admin.slug, name, domain).card()
                await admin.ask(201, "POST", f"/o/{admin.slug}/members", card)
                await admin.ask(200, "GET", admin.location)
                group.create_task(self.clerk(admin.slug, name, domain, place))
            await admin.ask(200, "GET", f"/o/{admin.slug}/members")
        await admin.ask(200, "GET", f"/o/{admin.slug}/parcels?limit=2")
        await admin.ask(404, "GET", f"/o/{admin.slug}/parcels/par_01HZZZZZZZZZZZZZZZZZZZZZZZ")
        await admin.ask(204, "DELETE", "/session")

    async def clerk(self, slug: str, name: str, domain: str, place: int) -> None:
        async with self.browser() as http:
            clerk = Person(http, self.tally, slug, name, domain)
            await clerk.log_in(first_wrong=place == 1)
            await clerk.ask(200, "GET", "/prices")
            await clerk.ask(200, "GET", f"/o/{slug}/rates?weight_kg={clerk.random.randrange(1, 9)}")
            parcels = [await self.register(clerk, number) for number in range(3)]
            await self.look_around(clerk, parcels)
            await self.change(clerk, parcels[0])
            await self.put_label(clerk, parcels[1])
            await self.exchange(clerk, parcels[1], place)
            ids = [path.rpartition("/")[2] for path in parcels[:2]]
            await clerk.ask(200, "POST", f"/o/{slug}/parcels/bulk", {"ids": ids, "status": "in_transit"})
            await clerk.ask(200, "GET", parcels[0])
            await clerk.ask(204, "DELETE", parcels[2])
            await clerk.ask(404, "GET", parcels[2])

    async def register(self, clerk: Person, number: int) -> str:
        body = {
            "request_id": str(uuid.UUID(int=clerk.random.getrandbits(128), version=4)),
            "reference": f"PO-{clerk.random.randrange(10**5):05d}",
            "contents": f"{CONTENTS[clerk.slug][number]}, packed by {clerk.name}",
            "recipient": {"name": "Ottoline Grieg", "street": clerk.random.choice(STREETS)},
            "weight_kg": clerk.random.randrange(2, 80) / 4,
            "declared_value": f"{clerk.random.randrange(10, 400)}.50",
            "attributes": {"fragile": number == 0, "floor": number},
        }
        await clerk.ask(201, "POST", f"/o/{clerk.slug}/parcels", body)
        path = clerk.location
        if number == 0:  # the answer got lost: the same once more
            await clerk.ask(201, "POST", f"/o/{clerk.slug}/parcels", body)
        await asyncio.sleep(0.08)
        await clerk.ask(200, "GET", path)
        return path

    async def look_around(self, clerk: Person, parcels: list[str]) -> None:
        page = await clerk.ask(200, "GET", f"/o/{clerk.slug}/parcels?limit=2")
        if page["links"]["next"]:
            await clerk.ask(200, "GET", page["links"]["next"])
        await clerk.ask(200, "GET", f"/o/{clerk.slug}/search?q=packed")
        await clerk.ask(200, "GET", f"/o/{clerk.slug}/search?q=Ottoline+Grieg")
        await clerk.ask(200, "GET", f"/o/{clerk.slug}/members")

    async def change(self, clerk: Person, path: str) -> None:
        parcel = (await clerk.ask(200, "GET", path))["data"]
        tag = {"If-Match": clerk.etag}
        await clerk.ask(200, "PATCH", path, {"contents": f"{parcel['contents']}, and sealed"}, headers=tag)
        await clerk.ask(412, "PATCH", path, {"contents": f"{parcel['contents']}, too late"}, headers=tag)
        remark = {"text": f"{clerk.random.choice(REMARKS)}, says {clerk.name}"}
        await clerk.ask(201, "POST", parcel["links"]["remarks"], remark)
        await clerk.ask(200, "GET", parcel["links"]["remarks"])

    async def put_label(self, clerk: Person, path: str) -> None:
        label = str(uuid.UUID(int=clerk.random.getrandbits(128), version=4))
        parcel = path.rpartition("/")[2]
        body = {"parcel_id": parcel, "text": f"Handle with care, thanks, {clerk.name}", "copies": 2}
        await clerk.ask(201, "PUT", f"/o/{clerk.slug}/labels/{label}", body)
        await clerk.ask(200, "GET", f"/o/{clerk.slug}/labels?parcel_id={parcel}")

    async def exchange(self, clerk: Person, path: str, place: int) -> None:
        """One company shares a parcel with another, whose clerk then reads it at its own address."""
        if clerk.slug == "blue-fjord" and place == 0:
            await clerk.ask(201, "POST", f"{path}/shares", {"with_org": "copperkettle"})
            self.shared_path = f"/o/copperkettle/shared/{path.rpartition('/')[2]}"
            self.shared.set()
        if clerk.slug == "copperkettle" and place == 0:
            await self.shared.wait()
            await clerk.ask(200, "GET", self.shared_path)
            await clerk.ask(200, "GET", "/o/copperkettle/shared")


async def drive(url: str) -> Tally:
    """About 170 requests; raises TrafficError when the depot does not answer as an honest one would."""
    depot = Depot(url)
    async with asyncio.TaskGroup() as group:
        for place in range(len(COMPANIES)):
            group.create_task(depot.company(place))
    return depot.tally
