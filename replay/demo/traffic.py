"""The traffic that drives the course shop: three tenants, each with a manager and three students.

Rule: what a person sends depends on the seed and on the answers to that same person, never on who else was faster.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

import aiohttp

from replay.demo.companies import COMPANIES, Company
from replay.model.errors import TargetError


class TrafficError(TargetError):
    """The shop did not answer as the traffic expects, or did not answer at all."""


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What was sent and what came back."""

    requests: int
    by_class: Mapping[str, int]
    by_tenant: Mapping[str, int]
    tenants: Mapping[str, str]
    seconds: float


_STARTS = ("2027-03-01", "2027-04-12", "2027-05-17", "2027-09-06")
_CARDS = ("4111111111111111", "5555555555554444", "4242 4242 4242 4242", "378282246310005", "6011111111111117")
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_STAGGER_SECONDS = 0.12  # a student comes this much after the one before, so that their sessions overlap in part
_NOWHERE = 999_999_999  # an id nobody has


class _Tally:
    """Counts what was sent, for the report and for whoever watches."""

    def __init__(self, on_progress: Callable[[int], None] | None) -> None:
        self.classes: Counter[str] = Counter()
        self.companies: Counter[str] = Counter()
        self.tenants: dict[str, str] = {}
        self._on_progress = on_progress

    def count(self, company: str, status: int) -> None:
        self.classes[f"{status // 100}xx"] += 1
        self.companies[company] += 1
        if self._on_progress is not None:
            self._on_progress(self.classes.total())


class _Person:
    """One client: its own connection, its own token, one request at a time."""

    def __init__(self, drive: _Drive, company: Company, place: int, session: aiohttp.ClientSession) -> None:
        self.name = company.people[place]
        self.random = Random(f"{drive.seed}/{self.name}")
        self._pauses = Random(f"{drive.seed}/{self.name}/pauses")  # apart, so that pauses change no words
        self.email = f"{self.name.lower().replace(' ', '.')}.{self.random.randrange(16**4):04x}@{company.domain}"
        self.password = f"{self.random.choice(('harbour', 'lantern', 'orchard'))}-{self.random.randrange(10**8):08d}"
        self._company = company
        self._drive = drive
        self._session = session
        self._token = ""

    async def ask(self, expected: int, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Sends one request and gives the answer's JSON; any status but the expected one is an error."""
        if self._drive.think_seconds:
            await asyncio.sleep(self._pauses.uniform(0, self._drive.think_seconds))
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            async with self._session.request(method, path, json=body, headers=headers) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TrafficError(f"{method} {path} got no answer from the shop ({type(error).__name__}).") from error
        self._drive.tally.count(self._company.name, response.status)
        if response.status != expected:
            raise TrafficError(f"{method} {path} was answered with {response.status}; {expected} was expected.")
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise TrafficError(f"{method} {path} was answered with something that is not JSON.") from None

    def introduction(self) -> dict[str, str]:
        return {"name": self.name, "email": self.email, "password": self.password}

    def card(self) -> dict[str, Any]:
        return {"card_number": self.random.choice(_CARDS), "card_name": self.name, "accept_terms": True}

    def new_key(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    async def login(self) -> None:
        told = await self.ask(200, "POST", "/api/login", {"email": self.email, "password": self.password})
        self._token = told["token"]


@dataclass(frozen=True, slots=True)
class _Drive:
    """What all people of one drive share."""

    base_url: str
    seed: int
    think_seconds: float
    tally: _Tally

    @asynccontextmanager
    async def person(self, company: Company, place: int) -> AsyncIterator[_Person]:
        connector = aiohttp.TCPConnector(limit=1)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            self.base_url, connector=connector, cookie_jar=jar, timeout=_TIMEOUT
        ) as session:
            yield _Person(self, company, place, session)


@dataclass(frozen=True, slots=True)
class _School:
    """What the students of one tenant know of it."""

    company: Company
    tenant: str
    last_seat_taken: asyncio.Event = field(default_factory=asyncio.Event)


async def _open_school(manager: _Person, company: Company) -> _School:
    signup = await manager.ask(201, "POST", "/api/signup", {"company": company.name, **manager.introduction()})
    await manager.login()
    created = []
    for place, course in enumerate(company.courses):
        body = {
            "code": f"{company.prefix}-{100 * (place + 1) + manager.random.randrange(100)}",
            "title": course.title,
            "description": course.description,
            "seats": 1 if course is company.courses[-1] else manager.random.randrange(12, 30),
            "price_cents": manager.random.randrange(4_900, 48_900, 100),
            "starts_on": _STARTS[place],
            "subject": course.subject,
        }
        created.append(await manager.ask(201, "POST", "/api/courses", body))
    change = {"price_cents": created[0]["price_cents"] + 1_500}
    await manager.ask(200, "PATCH", f"/api/courses/{created[0]['id']}", change)
    await manager.ask(200, "GET", "/api/courses?sort=price_cents&per_page=50")
    return _School(company, signup["tenant"]["id"])


async def _close_term(manager: _Person) -> None:
    await manager.ask(200, "GET", "/api/admin/users")
    await manager.ask(200, "GET", "/api/admin/report")
    await manager.ask(200, "GET", "/api/invoices")


async def _arrive(student: _Person, school: _School, *, forgetful: bool) -> None:
    await student.ask(201, "POST", "/api/register", {"tenant": school.tenant, **student.introduction()})
    if forgetful:
        await student.ask(401, "POST", "/api/login", {"email": student.email, "password": "not-my-password"})
    await student.login()
    await student.ask(200, "GET", "/api/me")


async def _browse(student: _Person) -> tuple[Any, Any]:
    """Looks around and gives the course to take and the one that has a single seat."""
    await student.ask(200, "GET", "/api/courses?page=1&per_page=2")
    await student.ask(200, "GET", "/api/courses?page=2&per_page=2")
    listed = (await student.ask(200, "GET", "/api/courses?sort=price_cents"))["items"]
    course = student.random.choice([item for item in listed if item["seats"] > 1])
    await student.ask(200, "GET", f"/api/courses?search={course['code']}")
    await student.ask(200, "GET", "/api/catalog/featured")
    await student.ask(200, "GET", f"/api/courses/{course['id']}")
    return course, next(item for item in listed if item["seats"] == 1)


async def _enrol(student: _Person, course: Any) -> None:
    path, card, key = f"/api/courses/{course['id']}/enrolments", student.card(), student.new_key()
    enrolled = await student.ask(201, "POST", path, card, key)
    await student.ask(200, "POST", path, card, key)  # a client that lost the answer sends the same again
    await student.ask(200, "GET", "/api/enrolments")
    await student.ask(200, "GET", f"/api/enrolments/{enrolled['id']}")
    invoices = (await student.ask(200, "GET", "/api/invoices"))["items"]
    await student.ask(200, "GET", f"/api/invoices/{invoices[0]['id']}")


async def _take_notes(student: _Person, school: _School, course: Any) -> None:
    topics = student.random.sample(range(len(school.company.note_titles)), 2)
    notes = []
    for topic, visibility in zip(topics, ("team", "private"), strict=True):
        title = f"{school.company.note_titles[topic]}, by {student.name}"
        body = {"course_id": course["id"], "title": title, "text": school.company.note_texts[topic]}
        body |= {"filename": f"{title.split(',')[0].lower().replace(' ', '-')}.txt", "visibility": visibility}
        notes.append(await student.ask(201, "POST", "/api/notes", body))
    shared, private = notes
    await student.ask(200, "GET", "/api/notes?page=1&per_page=10")
    await student.ask(200, "GET", f"/api/notes/{shared['id']}")
    text = f"{shared['text']}, reviewed in lesson {student.random.randrange(2, 9)}"
    await student.ask(200, "PATCH", f"/api/notes/{shared['id']}", {"text": text})
    await student.ask(200, "GET", f"/api/search?q={quote(shared['title'])}")
    await student.ask(204, "DELETE", f"/api/notes/{private['id']}")


async def _go_wrong(student: _Person, school: _School, place: int, course: Any, scarce: Any) -> None:
    """What goes wrong for real people: a course they have, a course that is sold out, a link that is dead."""
    last_seat = f"/api/courses/{scarce['id']}/enrolments"
    if place == 1:
        await student.ask(201, "POST", last_seat, student.card(), student.new_key())
        school.last_seat_taken.set()
    if place == 2:
        await school.last_seat_taken.wait()
        await student.ask(409, "POST", last_seat, student.card(), student.new_key())
        own = f"/api/courses/{course['id']}/enrolments"
        await student.ask(409, "POST", own, student.card(), student.new_key())
    if place == 3:
        await student.ask(404, "GET", f"/api/invoices/{_NOWHERE}")


async def _attend(drive: _Drive, school: _School, place: int) -> None:
    await asyncio.sleep(_STAGGER_SECONDS * (place - 1))
    async with drive.person(school.company, place) as student:
        await _arrive(student, school, forgetful=place == 1)
        course, scarce = await _browse(student)
        await _enrol(student, course)
        await _go_wrong(student, school, place, course, scarce)
        await _take_notes(student, school, course)
        short = f"{student.name.split()[0]} {student.name.split()[1][0]}."
        await student.ask(200, "PATCH", "/api/me", {"name": short})


async def _run_school(drive: _Drive, company: Company) -> None:
    async with drive.person(company, 0) as manager:
        school = await _open_school(manager, company)
        drive.tally.tenants[company.name] = school.tenant
        async with asyncio.TaskGroup() as students:
            for place in range(1, len(company.people)):
                students.create_task(_attend(drive, school, place))
        await _close_term(manager)


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


async def drive(
    base_url: str,
    *,
    seed: int,
    on_progress: Callable[[int], None] | None = None,
    think_seconds: float = 0.0,
) -> TrafficReport:
    """Drives the shop (or the recording proxy before it) and reports what was sent.

    The same seed says the same things; a shop that already heard them answers 409, so use another seed there.
    """
    tally = _Tally(on_progress)
    clock = asyncio.get_running_loop().time
    started = clock()
    shared = _Drive(base_url, seed, think_seconds, tally)
    try:
        async with asyncio.TaskGroup() as schools:
            for company in COMPANIES:
                schools.create_task(_run_school(shared, company))
    except BaseExceptionGroup as group:
        raise _first_of(group) from None
    counts = dict(sorted(tally.classes.items()))
    companies = {company.name: tally.companies[company.name] for company in COMPANIES}
    return TrafficReport(tally.classes.total(), counts, companies, tally.tenants, clock() - started)


def main(arguments: Sequence[str] | None = None) -> int:
    """Drives once and prints what was sent in one line; 2 means that no such shop was there."""
    parser = argparse.ArgumentParser(prog="python -m replay.demo.traffic", description="Traffic for the course shop.")
    parser.add_argument("url", metavar="URL", help="the shop, or the recording proxy before it")
    parser.add_argument("--seed", type=int, default=0, help="the same seed says the same things")
    options = parser.parse_args(arguments)
    try:
        print(asyncio.run(drive(options.url, seed=options.seed)))
    except (TrafficError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
