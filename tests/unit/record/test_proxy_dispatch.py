"""The quick addon manager does what the stock one does: order, containment of exceptions, halting, updates."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.addonmanager import AddonManager
from mitmproxy.connection import Client, Server
from mitmproxy.exceptions import AddonHalt, OptionsError
from mitmproxy.http import HTTPFlow
from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import HttpResponseHook
from mitmproxy.proxy.server_hooks import ClientConnectedHook

from replay.record.proxy.dispatch import quicken
from replay.record.proxy.quick_addons import QuickAddons

Heard = list[tuple[str, str]]


class Listener:
    """Writes down what it hears; `answer` may raise."""

    def __init__(self, name: str, heard: Heard, answer: Any = None, children: tuple[Any, ...] = ()) -> None:
        self.name, self._heard, self._answer, self.addons = name, heard, answer, list(children)

    def response(self, _flow: Any) -> None:
        self._heard.append((self.name, "response"))
        if self._answer is not None:
            raise self._answer

    def client_connected(self, _client: Any) -> None:
        self._heard.append((self.name, "client_connected"))


class Waiting(Listener):
    """Its hook is a coroutine function."""

    async def response(self, flow: Any) -> None:
        super().response(flow)


class Updated(Listener):
    """Listens to `update` as well."""

    def update(self, flows: Any) -> None:
        self._heard.append((self.name, f"update {len(flows)}"))


def manager() -> Any:
    """A stock manager on a master that is just enough for it."""
    commands = SimpleNamespace(collect_commands=lambda _addon: None)
    return AddonManager(SimpleNamespace(options=Options(), commands=commands))


def scene(shape: str, heard: Heard) -> list[Any]:
    """A chain of addons, by name."""
    chains: dict[str, list[Any]] = {
        "plain": [Listener("a", heard), Listener("b", heard)],
        "one raises": [Listener("a", heard, ValueError("x")), Listener("b", heard)],
        "one waits": [Waiting("a", heard), Listener("b", heard)],
        "one waits and raises": [Waiting("a", heard, ValueError("x")), Listener("b", heard)],
        "one halts": [Listener("a", heard, AddonHalt()), Listener("b", heard), Updated("c", heard)],
        "one listens to updates": [Updated("a", heard), Listener("b", heard)],
        "children": [Listener("a", heard, None, (Listener("b", heard), Listener("c", heard))), Listener("d", heard)],
        "a child raises": [
            Listener("a", heard, None, (Listener("b", heard, ValueError("x")), Listener("c", heard))),
            Listener("d", heard),
        ],
        "nobody listens": [SimpleNamespace(name="deaf")],
    }
    return chains[shape]


def finished(coroutine: Any) -> None:
    """Nothing in these hooks waits, so one step runs them to their end."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def hear(shape: str, *, is_quick: bool, caplog: pytest.LogCaptureFixture) -> tuple[Heard, list[str]]:
    heard: Heard = []
    addons = manager()
    if is_quick:
        assert quicken(addons)
    addons.add(*scene(shape, heard))
    caplog.clear()
    for _ in range(2):  # found and found again
        finished(addons.handle_lifecycle(HttpResponseHook(flow())))
        finished(addons.handle_lifecycle(ClientConnectedHook(client())))
    return heard, [f"{record.levelname} {record.name} {record.getMessage()}" for record in caplog.records]


def flow() -> HTTPFlow:
    return HTTPFlow(client(), Server(address=None))


def client() -> Client:
    return Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0.0)


@pytest.mark.parametrize(
    "shape",
    [
        "plain",
        "one raises",
        "one waits",
        "one waits and raises",
        "one halts",
        "one listens to updates",
        "children",
        "a child raises",
        "nobody listens",
    ],
)
def test_quick_dispatch_equals_stock(shape: str, caplog: pytest.LogCaptureFixture) -> None:
    """The same calls in the same order, and the same lines in the log."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "mitmproxy")  # other tests of this process may have quieted it
    stock = hear(shape, is_quick=False, caplog=caplog)
    assert hear(shape, is_quick=True, caplog=caplog) == stock
    assert bool(stock[0]) is (shape != "nobody listens")
    assert bool(stock[1]) is ("raises" in shape)


def test_an_options_error_goes_up_as_in_stock() -> None:
    """mitmproxy lets it through on purpose."""
    addons = manager()
    quicken(addons)
    addons.add(Listener("a", [], OptionsError("x")))
    with pytest.raises(OptionsError):
        addons.handle_lifecycle(HttpResponseHook(flow())).send(None)


def test_addons_that_come_and_go_are_noticed() -> None:
    """What was found is forgotten with every change of the chain."""
    heard: Heard = []
    addons = manager()
    quicken(addons)
    first, second = Listener("a", heard), Updated("b", heard)
    addons.add(first)
    finished(addons.handle_lifecycle(HttpResponseHook(flow())))
    addons.add(second)
    finished(addons.handle_lifecycle(HttpResponseHook(flow())))
    addons.remove(first)
    finished(addons.handle_lifecycle(HttpResponseHook(flow())))
    addons.clear()
    finished(addons.handle_lifecycle(HttpResponseHook(flow())))
    assert heard == [
        ("a", "response"),
        *[("a", "response"), ("b", "response"), ("b", "update 1")],
        *[("b", "response"), ("b", "update 1")],
    ]


def test_a_manager_of_another_make_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subclass may do anything in the methods that would be replaced; so may a version that nobody has read."""

    class Other(AddonManager):
        pass

    addons = manager()
    other = Other(addons.master)
    assert not quicken(other)
    assert type(other) is Other
    monkeypatch.setattr("mitmproxy.version.VERSION", "13.0.0")
    assert not quicken(addons)
    assert type(addons) is AddonManager
    monkeypatch.undo()
    assert quicken(addons)
    assert type(addons) is QuickAddons
