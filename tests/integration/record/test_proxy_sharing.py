"""Several proxy processes share one port, and a port that somebody else has is told in one sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from proxied import ProxyProcess, RawUpstream
from replay.model.errors import RecordError
from replay.record.proxy.plan import ProxyPlan, plan_proxy
from replay.record.proxy.sharing import check_port, hold_port

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CONNECTIONS = 60  # the kernel deals them out by hash: all to one of two has a chance of 2^-59


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    made = RawUpstream(OK)
    yield made
    made.close()


@pytest.fixture
def started() -> Iterator[list[ProxyProcess]]:
    processes: list[ProxyProcess] = []
    yield processes
    for proxy in processes:
        proxy.kill()


def shared_plan(url: str) -> ProxyPlan:
    return plan_proxy(url, (), "127.0.0.1:0", (), (), workers=2)


def test_two_processes_serve_one_port(upstream: RawUpstream, started: list[ProxyProcess]) -> None:
    """Each gets a part of the connections; when one is killed, the other and its successor serve on."""
    plan, holder = hold_port(shared_plan(upstream.url))
    with holder:
        first, second = ProxyProcess(plan.to_wire()), ProxyProcess(plan.to_wire())
        started += [first, second]
        assert first.port == second.port == plan.port
        assert [first.ask(GET) for _ in range(CONNECTIONS)] == [OK] * CONNECTIONS
        first.kill()
        started.append(ProxyProcess(plan.to_wire()))
        assert [second.ask(GET) for _ in range(CONNECTIONS)] == [OK] * CONNECTIONS
        served = []
        for proxy in started[1:]:
            proxy.finish()
            served.append(len(proxy.events("response")))
    assert min(served) > 0
    assert sum(served) < 2 * CONNECTIONS  # the killed one had its part


def test_an_https_upstream_takes_no_udp_port(started: list[ProxyProcess]) -> None:
    """Plain mitmproxy also binds UDP for `reverse:https`, which two processes cannot."""
    plan, holder = hold_port(shared_plan("https://127.0.0.1:9"))
    with holder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", plan.port))
        started += [ProxyProcess(plan.to_wire()), ProxyProcess(plan.to_wire())]
        assert [proxy.port for proxy in started] == [plan.port, plan.port]


def test_a_port_of_somebody_else_is_refused() -> None:
    """Alone or shared: one sentence, before anything is opened."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(RecordError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            check_port("127.0.0.1", port)
        plan = plan_proxy("http://a", (), f"127.0.0.1:{port}", (), (), workers=2)
        with pytest.raises(RecordError, match="Address already in use"):
            hold_port(plan)


def test_a_listener_that_shares_is_still_somebody_else() -> None:
    """Another recorder on the same port would silently take half of the traffic."""
    plan, holder = hold_port(shared_plan("http://a"))
    with holder:
        holder.listen()
        with pytest.raises(RecordError, match="Address already in use"):
            hold_port(plan)


def test_a_held_port_can_be_held_again_after_its_end() -> None:
    """The holder leaves nothing behind."""
    plan, holder = hold_port(shared_plan("http://a"))
    holder.close()
    again, holder = hold_port(plan)
    holder.close()
    assert again == plan


def test_an_unknown_host_is_refused() -> None:
    """Not a traceback of getaddrinfo."""
    with pytest.raises(RecordError, match="the address is not known here"):
        check_port("no-such-host.invalid", 8080)
