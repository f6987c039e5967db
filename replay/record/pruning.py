"""A capture without some of its sessions or endpoints: less to keep, less to play, nobody's data longer than wanted.

What is left out is counted in the new capture as skipped, reason `pruned`, so that its account still adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from replay.model.capture import Loss, StoredExchange
from replay.model.endpoint import endpoint_of
from replay.model.errors import UsageError
from replay.record.derived import Derived, DerivedWriter, OnProgress, every
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock

PRUNED = "pruned"


@dataclass(frozen=True, slots=True)
class Pruning:
    """What goes. Times: seconds, UTC, of a session's last (before) or first (after) exchange.

    `endpoints` are left out of the sessions that stay (`GET /catalogue/{id}`, as `replay inspect` shows them).
    """

    ended_before: float = 0.0
    begun_after: float = float("inf")
    tenants: frozenset[str] = frozenset()
    only_tenants: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        has_limits = self.ended_before > 0.0 or self.begun_after < float("inf")
        if not (has_limits or self.tenants or self.only_tenants or self.endpoints):
            raise UsageError("say what goes: --older-than, --newer-than, --tenant, --only-tenant or --endpoint")


def prune_capture(
    path: Path,
    out: Path,
    pruning: Pruning,
    created: float,
    tell: OnProgress = lambda _: None,
    unlock: Unlock | None = None,
) -> Derived:
    """Raises FileFormatError."""
    with CaptureReader.open(path, unlock) as reader:
        stays = _decided(reader, pruning)
        left_out = 0
        kept: set[str] = set()
        torn: set[str] = set()
        with DerivedWriter(out, [reader.info()], created) as derived:
            for count, stored in enumerate(reader.stored(), 1):
                if stays(stored):
                    kept.add(stored.session_id)
                    derived.copy(stored.session_id, stored.actor, stored)
                else:
                    left_out += 1
                    torn.add(stored.session_id)
                every(count, tell)
            for session, reasons in reader.gaps().items():
                if session in kept:
                    derived.mark_partial(session, reasons)
            for session in torn & kept:
                derived.mark_partial(session, (PRUNED,))
            pruned = (Loss("skipped", PRUNED, left_out),) if left_out else ()
            derived.account((*reader.losses(), *reader.body_losses(), *pruned), reader.redacted_fields())
    audit_log.append(path, "prune", at=created, into=out.name, copied=derived.copied, left_out=left_out)
    return Derived(derived.sessions, derived.copied, left_out)


def _decided(reader: CaptureReader, pruning: Pruning) -> Callable[[StoredExchange], bool]:
    """Sessions are looked at as a whole, before the first of them is copied."""
    spans: dict[str, list[float]] = {}
    tenants: set[str] = set()
    endpoints: set[str] = set()
    for stored in reader.stored():
        exchange = stored.exchange
        span = spans.setdefault(stored.session_id, [exchange.started, exchange.ended])
        tenants.add(stored.actor.tenant if stored.actor else "")
        endpoints.add(endpoint_of(exchange.request.method, exchange.request.target))
        span[0], span[1] = min(span[0], exchange.started), max(span[1], exchange.ended)

    if not (pruning.tenants | pruning.only_tenants) <= tenants:
        raise UsageError("a tenant that is named is not in this capture: `replay inspect` lists them")
    if not pruning.endpoints <= endpoints:
        raise UsageError("an endpoint that is named is not in this capture: `replay inspect` lists them")

    def stays(stored: StoredExchange) -> bool:
        first, last = spans[stored.session_id]
        tenant = stored.actor.tenant if stored.actor else ""
        request = stored.exchange.request
        return (
            last >= pruning.ended_before
            and first <= pruning.begun_after
            and tenant not in pruning.tenants
            and (not pruning.only_tenants or tenant in pruning.only_tenants)
            and endpoint_of(request.method, request.target) not in pruning.endpoints
        )

    return stays
