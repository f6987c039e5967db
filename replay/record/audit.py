"""`replay redact audit`: what is in a finished capture, place by place, and what a foreign scanner finds in its bytes.

    stored exchanges -> leaves: kept values by session, stand-ins by place
                     -> all texts and what can be decoded from them -> foreign scan
    every byte of every file -> foreign scan

Rule: the capture is untrusted, and may hold what must not be told: kinds, places and counts come out, never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from replay.model.capture import CaptureInfo, StoredExchange
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.model.message import request_leaves, response_leaves, text_of
from replay.model.tree import Place, Scalar, pattern
from replay.record.reasons import Reasons
from replay.redact.detectors import is_timestamp
from replay.redact.explaining import KEEP, UNKNOWN_NAME, Why, reason_of
from replay.redact.foreign_scan import (
    OVERLAP_BYTES,
    Found,
    find_in_bytes,
    find_in_text,
    is_plain_stand_in,
    is_trace_of_stand_in,
)
from replay.redact.kinds import ValueClass
from replay.redact.pseudonyms import Pseudonym
from replay.redact.unfolding import texts_of, unfolded
from replay.store.audit_log import audit_path
from replay.store.capture_reader import CaptureReader
from replay.store.manifest import SUFFIX, read_manifest
from replay.store.signature import signature_path

_MOST_VALUES = 5_000  # distinct ones that are counted at a place
_MOST_REFERENCES = 3
_MOST_HITS = 1_000  # that are listed
_MARK, _CLAIMS_MARK = 10, 24  # characters
_MOST_CLEAN = 200_000  # texts without a hit that are known by heart
_CHUNK_BYTES = 8 << 20
_BODY_ROOTS = ("body", "message", "form", "graphql")

At = tuple[str, str, str]  # endpoint, side, place
OnProgress = Callable[[int], None]


@dataclass(slots=True, repr=False)
class _Spot:
    """One place: values by hash, with the sessions that show them."""

    count: int = 0
    longest: int = 0
    name: str = ""
    values: dict[int, set[str]] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)  # number of the exchange that showed it first
    words: set[int] = field(default_factory=set)  # those that are neither numbers nor times


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One place and action. `smallest_group`: fewest sessions that share a kept word; 0 without words.

    `below_k`: kept words of fewer sessions; `references`: exchanges where some of them stand.
    """

    endpoint: str
    side: str
    place: str
    value_class: str
    action: str
    why: Why
    reason: str
    count: int
    distinct: int = 0
    longest: int = 0
    smallest_group: int = 0
    below_k: int = 0
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScannerHit:
    """`where`: an exchange and a side, or a file and an offset."""

    kind: str
    where: str
    length: int
    is_kept: bool = False  # at a place where the capture notes no replacement


@dataclass(frozen=True, slots=True)
class Audit:
    info: CaptureInfo
    k: int
    exchanges: int
    lines: tuple[FieldLine, ...]
    unknown_names: int
    hits: tuple[ScannerHit, ...]
    told: dict[str, int]  # hits by kind that are stand-ins by their shape, or by the key
    noted: dict[str, int]  # hits by kind at places where the capture says that values were replaced
    files: tuple[str, ...]
    bytes: int

    def failures(self) -> dict[str, int]:
        """By the words of --fail-on."""
        return {
            "default": sum(line.count for line in self.lines if line.why is Why.DEFAULT),
            "unknown-name": self.unknown_names,
            "keep-hit": sum(1 for hit in self.hits if hit.is_kept),
            "scanner": len(self.hits),
            "below-k": sum(line.below_k for line in self.lines),
        }


class Auditor:
    """Reads a capture through once. With its `pseudonym`, stand-ins that carry a check are verified.

    `reasons`: of the policy that it was recorded with; without, no line names a rule, for the capture holds none.
    """

    def __init__(
        self,
        path: Path,
        reader: CaptureReader,
        k: int,
        pseudonym: Pseudonym | None = None,
        reasons: Reasons | None = None,
    ) -> None:
        self._path, self._reader, self._k, self._pseudonym = path, reader, k, pseudonym
        self._reasons = reasons or Reasons()
        self._spots: dict[At, _Spot] = {}
        self._rows = Counter[tuple[str, str, str, str, str]]()
        for row in reader.redacted_fields():
            self._rows[row.endpoint, row.side, row.place, row.value_class, row.action] += row.count
        self._changed = {(endpoint, side, place) for endpoint, side, place, _, _ in self._rows}
        self._rewritten = {(at[0], at[1]) for at in self._changed if at[2].startswith(_BODY_ROOTS)}
        self._hits: list[ScannerHit] = []
        self._told: Counter[str] = Counter()
        self._noted: Counter[str] = Counter()
        self._known: set[str] = set()  # what hits that were judged are known by
        self._own: set[str] = set()  # of the exchange in hand
        self._clean: set[int] = set()
        self._read = 0

    def audit(self, tell: OnProgress) -> Audit:
        """Raises FileFormatError."""
        for stored in self._reader.stored():
            self._look(stored)
            tell(self._read)
        files = files_of(self._path)
        total = sum(self._sweep(file) for file in files)
        lines = tuple(self._lines())
        return Audit(
            self._reader.info(),
            self._k,
            self._read,
            lines,
            sum(line.count for line in lines if line.reason == UNKNOWN_NAME),
            tuple(self._hits),
            dict(sorted(self._told.items())),
            dict(sorted(self._noted.items())),
            tuple(file.name for file in files),
            total,
        )

    def _look(self, stored: StoredExchange) -> None:
        self._read += 1
        exchange = stored.exchange
        endpoint = endpoint_of(exchange.request.method, exchange.request.target)
        self._reasons.see(endpoint, exchange)
        self._own.clear()
        for side, leaves in _sides(exchange):
            for place, value in leaves:
                at = (endpoint, side, pattern(place))
                self._count(at, place, value, stored)
                if isinstance(value, str):
                    self._scan(value, f"exchange {stored.number}, {side} {at[2]}", is_changed=at in self._changed)
        judged = frozenset(self._own)
        is_changed = any((endpoint, side) in self._rewritten for side in ("request", "response"))
        for text in texts_of(exchange):  # whatever is no leaf: XML, messages, texts
            self._scan(text, f"exchange {stored.number}", is_changed=is_changed, judged=judged)

    def _count(self, at: At, place: Place, value: Scalar, stored: StoredExchange) -> None:
        spot = self._spots.get(at)
        if spot is None:
            name = next((step for step in reversed(place) if isinstance(step, str)), "")
            spot = self._spots[at] = _Spot(name=name)
        text = text_of(value)
        spot.count += 1
        spot.longest = max(spot.longest, len(text))
        mark = hash(text)
        if mark in spot.values or len(spot.values) < _MOST_VALUES:
            sessions = spot.values.setdefault(mark, set())
            if len(sessions) < self._k:
                sessions.add(stored.session_id)
            spot.first.setdefault(mark, stored.number)
            if isinstance(value, str) and value and not _is_figure(value):
                spot.words.add(mark)

    def _scan(self, text: str, where: str, *, is_changed: bool, judged: frozenset[str] = frozenset()) -> None:
        """`judged`: hits of this exchange that were looked at by their places."""
        mark = hash(text)
        if mark in self._clean:
            return
        is_clean = True
        for layer in unfolded(text):
            for found in find_in_text(layer):
                is_clean = False
                if judged.isdisjoint(_marks(found)):
                    self._judge(found, where, is_changed=is_changed)
        if is_clean and len(self._clean) < _MOST_CLEAN:
            self._clean.add(mark)

    def _judge(self, found: Found, where: str, *, is_changed: bool) -> None:
        """E-mails show what they are, and with the key JWTs do; of other kinds the capture's notes are believed."""
        self._known.update(_marks(found))
        self._own.update(_marks(found))
        is_sure = found.kind == "email" or (found.kind == "jwt" and self._pseudonym is not None)
        if self._is_ours(found):
            self._told[found.kind] += 1
        elif is_changed and not is_sure:
            self._noted[found.kind] += 1
        else:
            self._hit(ScannerHit(found.kind, where, len(found.text), is_kept=not is_changed))

    def _hit(self, hit: ScannerHit) -> None:
        if len(self._hits) < _MOST_HITS:
            self._hits.append(hit)

    def _is_ours(self, found: Found) -> bool:
        if self._pseudonym is not None and found.kind in ("email", "jwt"):
            return self._pseudonym.is_ours(found.text.lower() if found.kind == "email" else found.text)
        return is_plain_stand_in(found)

    def _sweep(self, file: Path) -> int:
        """Raw bytes: rows, free pages, what is between; of those what no exchange has shown before."""
        size, tail, at = 0, b"", 0
        with file.open("rb") as stream:
            while block := stream.read(_CHUNK_BYTES):
                data = tail + block
                for found in find_in_bytes(data):
                    if self._known.isdisjoint(_marks(found)):
                        self._known.update(_marks(found))
                        if is_trace_of_stand_in(found):
                            self._told[found.kind] += 1
                        else:
                            where = f"{file.name}, byte {at - len(tail) + found.start}"
                            self._hit(ScannerHit(found.kind, where, len(found.text)))
                at += len(block)
                size += len(block)
                tail = data[-OVERLAP_BYTES:]
        return size

    def _lines(self) -> Iterator[FieldLine]:
        changed: Counter[At] = Counter()
        for (endpoint, side, place, value_class, action), count in sorted(self._rows.items()):
            at = (endpoint, side, place)
            if value_class != ValueClass.FIELD_NAME:  # of a place, not of values there
                changed[at] += count
            spot = self._spots.get(at, _Spot())
            decision = self._reasons.decision(at, action)
            why, reason = reason_of(decision, self._reasons.sources, value_class, action, spot.name)
            yield FieldLine(*at, value_class, action, why, reason, count, len(spot.values), spot.longest)
        for at, spot in sorted(self._spots.items()):
            if spot.count > changed[at]:
                yield self._kept(at, spot, spot.count - changed[at], is_whole=at not in self._changed)

    def _kept(self, at: At, spot: _Spot, count: int, *, is_whole: bool) -> FieldLine:
        """Groups are told where nothing was replaced: elsewhere stand-ins are among the values."""
        why, reason = reason_of(self._reasons.decision(at, KEEP), self._reasons.sources, "", KEEP, spot.name)
        if not is_whole:
            return FieldLine(*at, "kept", KEEP, why, reason, count)
        groups = {mark: len(spot.values[mark]) for mark in spot.words}
        small = sorted((spot.first[mark] for mark, size in groups.items() if size < self._k))
        references = tuple(f"exchange {number}" for number in dict.fromkeys(small))[:_MOST_REFERENCES]
        smallest = min(groups.values(), default=0)
        return FieldLine(
            *at, "kept", KEEP, why, reason, count, len(spot.values), spot.longest, smallest, len(small), references
        )


def files_of(path: Path) -> list[Path]:
    """Every file of the capture that is there: segments, manifest, WAL, log, signature."""
    names = [path]
    if path.name.endswith(SUFFIX):
        manifest = read_manifest(path)
        names += [path.with_name(entry.file) for entry in manifest.segments]
        names.append(path.with_name(manifest.active))
    beside = [one.with_name(one.name + suffix) for one in names for suffix in ("-wal", "-shm", "-journal")]
    return [one for one in dict.fromkeys([*names, *beside, audit_path(path), signature_path(path)]) if one.is_file()]


def _sides(exchange: Exchange) -> Iterator[tuple[str, Iterator[tuple[Place, Scalar]]]]:
    yield "request", request_leaves(exchange.request)
    if exchange.response is not None:
        yield "response", response_leaves(exchange.response)


def _marks(found: Found) -> tuple[str, ...]:
    """By which a hit is known again among raw bytes, where a neighbour may stand at its end, or a part be missing."""
    if found.kind == "jwt":
        claims = found.text.split(".")[1]  # headers of JWTs are all alike
        return claims[:_CLAIMS_MARK], claims[-_CLAIMS_MARK:]
    return f"{found.kind} {found.text[:_MARK]}", f"{found.kind} {found.text[-_MARK:]}"


def _is_figure(text: str) -> bool:
    """A number or a time: groups of them say nothing."""
    return is_timestamp(text) or not any(char.isalpha() for char in text)
