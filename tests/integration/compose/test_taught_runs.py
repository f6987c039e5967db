"""A whole run against a target whose values look like words in the recording: the first replay teaches."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from make import exchange
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from upstreams import served

WORDS = ("buzzard", "osprey", "sparrow", "redstart", "wagtail", "linnet")
RECORDED = (
    exchange("e1", "POST", "/rooms", 201, json={"title": "one"}, answer={"name": "kestrel", "size": 3}, at=1000.0),
    exchange("e2", "GET", "/search?q=kestrel&size=3", answer={"found": True}, at=1001.0),
)


@dataclass
class Rooms:
    """Each room gets a name of its own; only names that it gave are found, or (`is_apart`) only the others."""

    is_apart: bool = False
    given: list = field(default_factory=list)
    searched: list = field(default_factory=list)

    async def answer(self, request):
        if request.method == "POST":
            self.given.append(WORDS[len(self.given)])
            return web.json_response({"name": self.given[-1], "size": 3}, status=201)
        word = next(iter(request.query.values()))
        self.searched.append(word)
        return web.json_response({"found": True}, status=404 if (word in self.given) is self.is_apart else 200)


@asynccontextmanager
async def rooms(is_apart=False):
    service = Rooms(is_apart)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", service.answer)
    async with served(app) as url:
        yield service, url


async def test_what_differs_and_returns_is_bound_after_the_first_replay(tmp_path):
    """The first replay searches for the recorded stand-in and fails; what it taught holds from then on."""
    write_capture(tmp_path / "c.db", RECORDED)
    async with rooms() as (service, url):
        request = RunRequest("run", tmp_path / "c.db", url, tmp_path / "r.db", RunSettings(), Config())
        await execute(request, [], StopFlag())
    assert service.searched[0] not in WORDS
    assert service.searched[1:] == service.given[1:]
    assert len(service.given) == 3, "the replay that taught is no evidence, and is played again"
    summary = read_view(tmp_path / "r.db").summary
    assert summary is not None
    assert summary.fidelity == 1.0


async def test_a_link_that_the_next_replay_refuses_does_not_become_a_finding(tmp_path):
    """The recorded word was accepted, and the live one is not: what the first replay taught is dropped again."""
    write_capture(tmp_path / "c.db", RECORDED)
    async with rooms(is_apart=True) as (service, url):
        request = RunRequest("run", tmp_path / "c.db", url, tmp_path / "r.db", RunSettings(), Config())
        await execute(request, [], StopFlag())
    refused = [word for word in service.searched if word in WORDS]
    assert (len(service.searched), len(refused)) == (4, 1)
    view = read_view(tmp_path / "r.db")
    assert (view.findings, view.fidelity.score) == ((), 1.0)
