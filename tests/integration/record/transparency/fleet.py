"""Proxies that are started once and asked for by way; an account ends one, and the next asker gets a new one."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from integration.record.transparency.certificates import Certificates
from integration.record.transparency.play import PATIENCE_SECONDS, play
from integration.record.transparency.proxies import RECORDING, Account, RunningProxy
from integration.record.transparency.scripted_upstream import ScriptedUpstream
from integration.record.transparency.stage import Case, Observation


@dataclass(frozen=True)
class Site:
    """A mode of the proxy, the upstream behind it, and how clients of that mode connect."""

    mode: str
    upstream: ScriptedUpstream
    tls: ssl.SSLContext | None = None


class Fleet:
    """All ways to the scripted upstreams."""

    def __init__(self, sites: dict[str, Site], folder: Path, certificates: Certificates, *scripts: Path) -> None:
        self.sites = sites
        self._folder = folder
        self._certificates = certificates
        self._scripts = scripts
        self._started = 0
        self._failed: set[str] = set()
        self._proxies: dict[str, RunningProxy] = {}
        self._direct: dict[tuple[str, str], Observation] = {}

    def proxy(self, way: str) -> RunningProxy:
        if way not in self._proxies:
            assert way not in self._failed, f"{way} did not start before; no second attempt"  # each costs seconds
            self._failed.add(way)
            self._started += 1
            modes = {name: site.mode for name, site in self.sites.items()}
            folder = self._folder / f"{way}-{self._started}"
            self._proxies[way] = RunningProxy.start(way, modes, folder, self._certificates, self._scripts)
            self._failed.remove(way)
        return self._proxies[way]

    def through(self, way: str, case: Case, patience: float = PATIENCE_SECONDS, site: str = "http") -> Observation:
        proxy = self.proxy(way)
        proxy.exchanges += case.exchanges
        at = self.sites[site]
        return play(case, proxy.ports[site], at.upstream, patience, at.tls)

    def direct(self, case: Case, site: str = "http") -> Observation:
        """The same without any proxy; played once."""
        if (site, case.name) not in self._direct:
            at = self.sites[site]
            self._direct[site, case.name] = play(case, at.upstream.port, at.upstream, tls=at.tls)
        return self._direct[site, case.name]

    def account(self, way: str) -> tuple[int, Path, Account]:
        """How many exchanges were sent through that way since it started; its capture, and what that says."""
        assert way in RECORDING
        proxy = self._proxies.pop(way)
        try:
            return proxy.exchanges, proxy.capture, proxy.stop()
        finally:
            proxy.kill()

    def close(self) -> None:
        for proxy in self._proxies.values():
            proxy.kill()
