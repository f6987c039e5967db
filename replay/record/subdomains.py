"""Which hosts name tenants: `acme.app.example.com` beside `globex.app.example.com`.

Redaction makes one stand-in of a whole host, so labels are looked at here, before it, and only hashes are kept: of the
parent, and of a few labels. Python keys `hash` of text per process, which is enough for something that never leaves it.

Rule: a guess needs two tenants' labels under one parent; what no tenant is called by is told in `redact.host_labels`.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.record.recent import Recent
from replay.redact.host_labels import tenant_label

_MEMORY = 1_000  # parents; one service has a handful


@dataclass(frozen=True, slots=True)
class Site:
    """`parent` is a hash of what stands behind the first label; 0: no subdomain that could name a tenant."""

    parent: int = 0


NO_SITE = Site()


def site_of(host: str) -> Site:
    """`host` is an authority as the client sent it."""
    bare = host.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    found = tenant_label(bare)
    return Site(hash(found[1]) or 1) if found else NO_SITE


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
