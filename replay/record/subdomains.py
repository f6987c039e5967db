"""Which hosts name tenants: `acme.app.example.com` beside `globex.app.example.com`.

Redaction makes one stand-in of a whole host, so labels are looked at here, before it, and only hashes are kept: of the
parent, and of a few labels. Python keys `hash` of text per process, which is enough for something that never leaves it.

Rule: a guess needs two tenants' labels under one parent; words that operators use as labels (www, api, eu-west-1) name
none. Addresses, single labels and registered domains themselves have no subdomain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.record.recent import Recent
from replay.redact.vocabulary import listed

_MEMORY = 1_000  # parents; one service has a handful
# Labels of operators and products, and regions.
_NOT_TENANTS = listed(
    """www www2 api api2 app apps auth login sso id identity accounts oauth admin console dashboard portal cdn static
    assets img images media files download uploads docs doc help support status blog shop store mail smtp mx m mobile
    ws wss grpc gateway gw edge proxy internal int dev test stage staging qa uat prod production preview beta demo
    sandbox eu us ap uk de localhost"""
)
_REGISTRIES = listed("co com org net gov edu ac or ne go gob")  # co.uk, com.au, ... below a country
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_REGION = re.compile(r"[a-z]{2,4}-[a-z]+-?\d+[a-z]?")


@dataclass(frozen=True, slots=True)
class Site:
    """`parent` is a hash of what stands behind the first label; 0: no subdomain that could name a tenant."""

    parent: int = 0


NO_SITE = Site()


def site_of(host: str) -> Site:
    """`host` is an authority as the client sent it."""
    bare = host.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    labels = bare.split(".")
    if len(labels) < 3 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        return NO_SITE
    label, parent = labels[0], labels[1:]
    is_registered = len(parent) == 2 and len(parent[1]) == 2 and parent[0] in _REGISTRIES
    if is_registered or label in _NOT_TENANTS or _REGION.fullmatch(label):
        return NO_SITE
    return Site(hash(tuple(parent)) or 1)


class Subdomains:
    """Remembers under which parents more than one label was seen."""

    def __init__(self) -> None:
        self._labels: Recent[int, str] = Recent(_MEMORY)
        self._shared: Recent[int, bool] = Recent(_MEMORY)

    def note(self, site: Site, label: str) -> bool:
        """`label` is any text that is equal for equal hosts. True when it makes its parent one of several tenants."""
        if not site.parent or not label or self._shared.get(site.parent):
            return False
        first = self._labels.get(site.parent)
        if first is None:
            self._labels.put(site.parent, label)
        elif first != label:
            self._shared.put(site.parent, True)
            return True
        return False

    def is_shared(self, site: Site) -> bool:
        return bool(site.parent and self._shared.get(site.parent))
