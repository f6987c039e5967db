"""What the writer process does with one snapshot: rebuild, choose, redact, name, keep for the next commit.

    snapshot -> route excluded? -> exchange -> session sampled out? -> redact -> name -> batch -> commit
                 skipped                        skipped                refused

A session that lacks an exchange is marked as partial where that can be told: refused ones, those of down-sampled
routes, request bodies that were cut, what the disk did not take, what went on when a writer was killed. What the proxy
dropped was never seen here: its session is not known.

Rule: any failure costs this one exchange, which is then *refused* and counted by a type name; no value of it is in the
reason. A batch that the file does not take (disk full) is counted as dropped, and the next one is tried; a file that
somebody else has locked is waited for, with the batch kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Any, Protocol

from replay.model.capture import RedactedField
from replay.model.exchange import Exchange, RedactedExchange
from replay.model.origin import origin_mark
from replay.model.session import TORN, Actor
from replay.record.account import NOT_STORED
from replay.record.grouping import Group, Placed
from replay.record.identify import Sources
from replay.record.naming import Namer
from replay.record.rebuild import exchange_of
from replay.record.remains import remains_of
from replay.record.routes import RouteTable
from replay.record.selection import Selection
from replay.record.settings import RecordSettings
from replay.record.snapshot import Snapshot
from replay.record.spelling import spelled
from replay.record.subdomains import Site, site_of
from replay.record.tenant_policies import NO_TENANT, TenantPolicies
from replay.redact.kinds import ValueClass
from replay.redact.policy import Policy, Redacted, Refused
from replay.store.storable import unstorable

EXCLUDED, SAMPLED_OUT = "excluded", "sampled-out"  # reasons of skipped exchanges
REFUSED, REQUEST_CUT = "refused", "request-cut"  # with `sampled-out` and `not-stored`: why a session is partial
_TORN_SECONDS = 10.0
_MOST_ORIGINS = 64  # per kind: a client may invent Host headers, and a mark costs 10 ms
_SQLITE_LOCKED = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED


class _Done(Enum):
    STORED = "stored"
    FAILED = "failed"
    LATER = "later"  # the file is locked by somebody


Entry = tuple[int, Group, Actor | None, RedactedExchange, tuple[RedactedField, ...]]
Address = tuple[str, int]


class Capture(Protocol):
    """What of a capture's writer, segmented or not, is needed here."""

    @property
    def capture_id(self) -> str: ...
    def next_number(self) -> int: ...
    def add(
        self,
        number: int,
        session_id: str,
        actor: Actor | None,
        exchange: RedactedExchange,
        fields: tuple[RedactedField, ...],
    ) -> None: ...
    def set_actor(self, session_id: str, actor: Actor) -> None: ...
    def tear(self, seconds: float) -> None: ...
    def mark_partial(self, session_id: str, reason: str) -> None: ...
    def add_origin(self, mark: str) -> None: ...
    def count_loss(self, kind: str, reason: str, count: int = 1) -> None: ...
    def set_loss(self, kind: str, reason: str, count: int) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...


class Scribe:
    """Everything between a raw snapshot and a commit."""

    def __init__(
        self,
        capture: Capture,
        policy: Policy,
        settings: RecordSettings = RecordSettings(),  # noqa: B008 - frozen
        secret: bytes = b"",
        tenants: TenantPolicies | None = None,
    ) -> None:
        """`secret` is the redaction key, from which the sampling key is derived. Raises ValueError on wrong sources.

        `tenants`: where each tenant has a key of its own; `policy` is then for what names none.
        """
        self._capture = capture
        self._policy = policy
        self._tenants = tenants
        self._next = capture.next_number()
        sources = Sources.parse(settings.tenant, settings.principal, settings.session)
        self._namer = Namer(sources=spelled(sources, policy), gap_seconds=settings.gap_seconds)
        self._routes = RouteTable(settings.routes, settings.sample)
        self._selection: Selection | None = None
        if self._routes.is_sampling:
            key = secret or policy.key_id.encode()
            self._selection = Selection(key, sources, settings.gap_seconds)
        self._batch: list[Entry] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._stated: dict[str, int] = {}
        self._marks: list[str] = []
        self._partial: set[tuple[str, str]] = set()
        self._actors: dict[str, Actor] = {}
        self._upstreams: set[Address] = set()
        self._hosts: set[Address] = set()
        self._torn_until = 0.0  # seconds, UTC
        self._is_torn = False  # the file does not say so yet
        self.is_held = False  # the file is locked by somebody; the batch waits

    @property
    def pending(self) -> int:
        return len(self._batch)

    @property
    def silent_sources(self) -> tuple[str, ...]:
        """Of `tenant`, `principal` and `session`: where it is stated and was found in no exchange."""
        return self._namer.silent

    @property
    def has_news(self) -> bool:
        """True when a flush would change the file."""
        told = self._counts or self._stated or self._marks or self._partial or self._actors or self._is_torn
        return bool(self._batch or told)

    @property
    def owed(self) -> Counter[tuple[str, str]]:
        """Counts by kind and reason that the file does not hold, because it could not be written."""
        return Counter(self._counts)

    def tear(self, now: float) -> None:
        """A writer before this one was killed. What went on shortly before or after may lack exchanges.

        A commit comes each 0.2 s, so that ten seconds hold what such a session does next, if it does anything soon.
        """
        self._is_torn, self._torn_until = True, now + _TORN_SECONDS

    def take(self, raw: Sequence[Any]) -> None:
        """One snapshot as it came through the pipe."""
        try:
            snapshot = Snapshot._make(raw)
            share = self._routes.share_of(snapshot.method, snapshot.target, snapshot.request_headers)
            if share is None:
                self._counts["skipped", EXCLUDED] += 1
                return
            exchange, left_out = exchange_of(snapshot, f"e{self._next}")
            entry = self._entry(exchange, share, snapshot.upstream_host)
            if entry is None:
                return
            left_out += _left_out(exchange, entry[3], entry[4], left_out)
            self._note_origins(snapshot)
        except Exception as error:  # noqa: BLE001 - one bad exchange must not end the recording
            self._counts["refused", type(error).__name__] += 1
        else:
            self._next += 1
            self._batch.append(entry)
            for reason in left_out:
                self._counts["body", reason] += 1

    def state_losses(self, drops: dict[str, int]) -> None:
        """The proxy's own counts, absolute."""
        self._stated.update(drops)

    def flush(self) -> None:
        """Everything since the last flush in one transaction; if the file does not take that, one by one."""
        batch, self._batch = self._batch, []
        done = self._try_to_store(batch)
        if done is _Done.FAILED:
            done, batch = self._store_singly(batch)
        if done is _Done.LATER:
            self._batch = batch
        self.is_held = done is _Done.LATER

    def _store_singly(self, batch: list[Entry]) -> tuple[_Done, list[Entry]]:
        """What came of it, and which entries are still to be stored."""
        for i, entry in enumerate(batch):
            done = self._try_to_store([entry])
            if done is _Done.LATER:
                return done, batch[i:]
            if done is _Done.FAILED:
                self._counts["dropped", NOT_STORED] += 1
                self._lose(entry[1], NOT_STORED)
        return self._try_to_store([]), []

    def _entry(self, exchange: Exchange, share: float, upstream: str) -> Entry | None:
        """What goes into the batch; None when the exchange is skipped or refused, which is counted."""
        site = site_of(exchange.request.host)
        told: Placed | None = None
        if self._selection:
            told = self._selection.place(exchange, site)
            if not self._selection.keeps(told, share):
                self._counts["skipped", SAMPLED_OUT] += 1
                self._lose(told.group, SAMPLED_OUT)
                return None
        policy = self._tenants.of(exchange, site) if self._tenants else self._policy
        try:
            redacted = policy.redact(exchange, upstream)
        except Refused as refused:
            self._counts["refused", ": ".join(filter(None, (refused.reason, refused.detail)))] += 1
            self._lose_refused(exchange, told, site, policy)
            return None
        reason = self._unwritable(redacted, policy)
        if reason:
            self._counts["refused", reason] += 1
            self._lose_refused(exchange, told, site, policy)
            return None
        placed, actor = self._namer.place(redacted.exchange, site, told, self._next)
        self._actors.update(self._namer.take_corrections())
        group = placed.group
        if exchange.request.body.truncated:
            self._lose(group, REQUEST_CUT)
        if exchange.started < self._torn_until:
            self._lose(group, TORN)
        if not group.is_kept:
            group.is_kept = True
            self._partial.update((group.id, reason) for reason in group.lost)
        return self._next, group, actor, redacted.exchange, redacted.fields

    def _unwritable(self, redacted: Redacted, policy: Policy) -> str:
        """Why a redacted exchange is not written; empty when it is."""
        if self._tenants and self._tenants.is_nobodys(policy, redacted.fields):
            return NO_TENANT
        reason = unstorable(redacted.exchange, redacted.fields)
        return reason and f"unstorable: {reason}"

    def _lose(self, group: Group, reason: str) -> None:
        """The session lacks something; that is told once it has anything in the capture."""
        if reason not in group.lost:
            group.lost |= {reason}
            if group.is_kept:
                self._partial.add((group.id, reason))

    def _lose_refused(self, exchange: Exchange, told: Placed | None, site: Site, policy: Policy) -> None:
        remains = None if told else remains_of(exchange, policy)
        if told:
            self._lose(told.group, REFUSED)
        elif remains:
            self._lose(self._namer.group_of(remains, site), REFUSED)

    def _try_to_store(self, batch: list[Entry]) -> _Done:
        """STORED when the batch and all counts so far are in the file; else nothing of them is."""
        if not (batch or self.has_news):
            return _Done.STORED
        try:
            self._store(batch)
        except Exception as error:  # noqa: BLE001 - the disk may be full now and not in a minute
            self._capture.rollback()
            is_locked = getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_LOCKED
            return _Done.LATER if is_locked else _Done.FAILED
        for kept in (self._counts, self._stated, self._marks, self._partial, self._actors):
            kept.clear()
        self._is_torn = False
        return _Done.STORED

    def _store(self, batch: list[Entry]) -> None:
        capture = self._capture
        if self._is_torn:
            capture.tear(_TORN_SECONDS)  # before anything is newer than what the killed writer left
        for number, group, actor, exchange, fields in batch:
            capture.add(number, group.id, actor, exchange, fields)
        for session_id, corrected in self._actors.items():
            capture.set_actor(session_id, corrected)
        for session_id, reason in sorted(self._partial):
            capture.mark_partial(session_id, reason)
        for (kind, reason), count in self._counts.items():
            capture.count_loss(kind, reason, count)
        for reason, count in self._stated.items():
            capture.set_loss("dropped", reason, count)
        for mark in self._marks:
            capture.add_origin(mark)
        capture.commit()

    def _note_origins(self, snapshot: Snapshot) -> None:
        """Where this went: the upstream's address, and the name by which clients call it."""
        self._note(self._upstreams, (snapshot.upstream_host, snapshot.upstream_port))
        authority = (snapshot.host or _host_header(snapshot)).decode("latin-1")
        for address in _addresses(authority):
            self._note(self._hosts, address)

    def _note(self, seen: set[Address], address: Address) -> None:
        if address[0] and address not in seen and len(seen) < _MOST_ORIGINS:
            seen.add(address)
            self._marks.append(origin_mark(*address, self._capture.capture_id))


def _left_out(
    before: Exchange, after: Exchange, fields: tuple[RedactedField, ...], told: tuple[str, ...]
) -> tuple[str, ...]:
    """Why other bodies are not whole: cut while they streamed, too much work, or of no kind that is understood."""
    reasons = []
    costly = {one.side for one in fields if one.value_class == ValueClass.TOO_COSTLY}
    bodies = [("request", before.request.body, after.request.body)]
    if before.response and after.response:
        bodies.append(("response", before.response.body, after.response.body))
    for side, seen, kept in bodies:
        if not kept.truncated or any(reason.startswith(side) for reason in told):
            continue
        if seen.truncated:
            reasons.append(f"{side}: longer than the cap")
        elif side in costly:
            reasons.append(f"{side}: too-costly")
        else:
            reasons.append(f"{side}: not understood")
    return tuple(reasons)


def _host_header(snapshot: Snapshot) -> bytes:
    return next((value for name, value in snapshot.request_headers if name.lower() == b"host"), b"")


def _addresses(authority: str) -> tuple[Address, ...]:
    """`host:port`; without a port both defaults, since TLS may end in front of the proxy."""
    host, mark, port = authority.rpartition(":")
    if mark and port.isdecimal() and len(port) <= 5:
        return ((host, int(port)),)
    return ((authority, 80), (authority, 443)) if authority else ()
