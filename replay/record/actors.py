"""Who a session's actor is: the best names that its exchanges have told so far.

A tenant that no credentials name may be named by a login's answer, by a subdomain, or by the paths of the session's
accepted writes (/o/acme/parcels): reading there may be a share or a public page, and who writes for two tenants, or
calls two subdomains, belongs to neither.

Rule: one capture has one kind of tenant names, the best that an authenticated session has told: `t-1` in a claim and
`acme` in a path may be one tenant, and colleagues would be taken for strangers. A name of a lesser kind counts only
where it is equal to one of the best kind. When a better kind turns up, the sessions named so far are corrected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from replay.model.session import Actor
from replay.record.facts import Facts, Name, Standing
from replay.record.recent import Recent
from replay.record.subdomains import NO_SITE, Site, Subdomains

MEMORY = 25_000  # sessions, and tenants' names


_NOTHING: Name = (Standing.TOKEN, "")


@dataclass(slots=True)
class _Known:
    session_id: str
    tenants: tuple[Name, ...] = ()  # one of each standing; tuples, because there are many of these and little in each
    principals: tuple[Name, ...] = ()
    site: Site = NO_SITE
    divided: frozenset[Standing] = frozenset()  # of these there was more than one
    said: Actor | None = None

    @property
    def principal(self) -> str:
        return min(self.principals)[1] if self.principals else ""


class ActorBook:
    """Knows sessions by their ids."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._known: Recent[str, _Known] = Recent(memory)
        self._names: Recent[str, bool] = Recent(memory)  # tenants' names of the best kind
        self._best = Standing.TOKEN  # nothing yet
        self._subdomains = Subdomains()
        self._corrections: dict[str, Actor] = {}

    def note(self, session_id: str, facts: Facts, site: Site = NO_SITE) -> Actor | None:
        """Learn from one exchange of the session; its actor as known now, None while nobody authenticated."""
        known = self._known.get(session_id)
        if known is None:
            known = _Known(session_id)
            self._known.put(session_id, known)
        has_news = self._learn(known, facts, site)
        if known.principal:
            has_news = self._raise_best(known) or has_news
        if has_news:
            self._correct_others(known)
        if not known.principal:
            return None
        known.said = Actor(self._tenant(known), known.principal)
        return known.said

    def take_corrections(self) -> dict[str, Actor]:
        """Actors of earlier exchanges' sessions that turned out to be named otherwise, since the last call."""
        taken, self._corrections = self._corrections, {}
        return taken

    def _learn(self, known: _Known, facts: Facts, site: Site) -> bool:
        """True when a parent domain turned out to have several tenants below it."""
        known.tenants = _with(known.tenants, (*facts.tenants, *facts.answered_tenants))
        known.principals = _with(known.principals, (*facts.principals, *facts.answered_principals))
        if facts.written_for:
            _one(known, Standing.PATH, facts.written_for)
        if not facts.host or not known.principal:
            return False
        _one(known, Standing.SUBDOMAIN, facts.host)
        known.site = site
        return Standing.SUBDOMAIN not in known.divided and self._subdomains.note(site, facts.host)

    def _raise_best(self, known: _Known) -> bool:
        """True when this session's names are of a better kind than all before."""
        standing, name = min((one for one in known.tenants if self._counts(known, one[0])), default=_NOTHING)
        is_better = standing < self._best
        if is_better:
            self._best, self._names = standing, Recent(MEMORY)
        if standing == self._best and name:
            self._names.put(name, True)
        return is_better

    def _tenant(self, known: _Known) -> str:
        for standing, name in sorted(known.tenants):
            if not self._counts(known, standing):
                continue
            is_same = self._names.get(name) and not (standing is Standing.PATH and name.isdecimal())
            if standing == self._best or is_same:  # 17 in a path may be anything's number
                return name
        return ""

    def _counts(self, known: _Known, standing: Standing) -> bool:
        if standing in known.divided:
            return False
        return standing is not Standing.SUBDOMAIN or self._subdomains.is_shared(known.site)

    def _correct_others(self, current: _Known) -> None:
        """Runs a handful of times in a recording: once for each better kind of names."""
        for known in self._known.values():
            if known is current or known.said is None:
                continue
            if known.site.parent:  # its subdomain may count only now
                self._raise_best(known)
            actor = Actor(self._tenant(known), known.principal)
            if actor != known.said:
                known.said = self._corrections[known.session_id] = actor


def _with(names: tuple[Name, ...], found: Iterable[Name]) -> tuple[Name, ...]:
    """The first name of each standing stays."""
    for name in found:
        if all(name[0] != known[0] for known in names):
            names = (*names, name)
    return names


def _one(known: _Known, standing: Standing, name: str) -> None:
    """Two different names of this kind are no name."""
    known.tenants = _with(known.tenants, ((standing, name),))
    if (standing, name) not in known.tenants:
        known.divided |= {standing}
