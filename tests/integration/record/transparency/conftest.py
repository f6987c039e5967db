"""Scripted upstreams, and one proxy for each way in front of all of them, for the modules of this folder."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.record.transparency.certificates import Certificates, make_certificates
from integration.record.transparency.fleet import Fleet, Site
from integration.record.transparency.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), dt.datetime.now(dt.UTC))


@pytest.fixture(scope="session")
def upstream() -> Iterator[ScriptedUpstream]:
    """Speaks plain HTTP/1; stands in for a forward proxy as well."""
    upstream = ScriptedUpstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="session")
def tls_upstream(certificates: Certificates) -> Iterator[ScriptedUpstream]:
    """Speaks what the client's ALPN asks for."""
    upstream = ScriptedUpstream(certificates.server("h2", "http/1.1"))
    yield upstream
    upstream.close()


@pytest.fixture(scope="session")
def dead_port() -> Iterator[int]:
    """A port that refuses: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="session")
def fleet(
    upstream: ScriptedUpstream,
    tls_upstream: ScriptedUpstream,
    dead_port: int,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fleet]:
    """Every mode at once."""
    secure = f"reverse:https://127.0.0.1:{tls_upstream.port}"
    sites = {
        "http": Site(f"reverse:http://127.0.0.1:{upstream.port}", upstream),
        "h2": Site(secure, tls_upstream, certificates.client("h2")),
        "https": Site(secure, tls_upstream, certificates.client("http/1.1")),
        "h2 to http": Site(f"reverse:http://127.0.0.1:{upstream.port}", upstream, certificates.client("h2")),
        "dead": Site(f"reverse:http://127.0.0.1:{dead_port}", upstream),
        "regular": Site("regular", upstream),
        "regular to https": Site("regular", tls_upstream),
        "upstream": Site(f"upstream:http://127.0.0.1:{upstream.port}", upstream),
    }
    fleet = Fleet(sites, tmp_path_factory.mktemp("transparency"), certificates)
    yield fleet
    fleet.close()


@pytest.fixture
def small_fleet(
    upstream: ScriptedUpstream, certificates: Certificates, tmp_path: Path
) -> Iterator[Callable[..., Fleet]]:
    """Proxies of its own for a test that hurts them; takes scripts that mitmdump loads after the addon."""
    fleets: list[Fleet] = []

    def make(*scripts: Path) -> Fleet:
        sites = {"http": Site(f"reverse:http://127.0.0.1:{upstream.port}", upstream)}
        fleets.append(Fleet(sites, tmp_path / f"fleet-{len(fleets)}", certificates, *scripts))
        return fleets[-1]

    yield make
    for fleet in fleets:
        fleet.close()
