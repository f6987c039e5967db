"""Which exchanges are recorded, by method and path: include, exclude, and a share of sessions per route.

    GET /api/**      method optional; `*` is any part of one segment, `**` any number of segments (none as well)
    /healthz         every method
    HEAD *           every path
    health           the usual probes: /healthz, /livez, /actuator/health ..., and the user agents of orchestrators

Exclusion wins. Where something is included, all else is excluded. The first rule with a share of its own decides the
share; without one, the recording's share counts. Paths are compared percent-decoded, without the query, case kept.

Rule: matching costs at most path segments times pattern segments, whatever the path: nothing here backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

HEALTH = "health"
_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}|\*")
_FORM = 'must be routes such as "GET /api/**", "/healthz", "HEAD *" or "health"'
_HEALTH_PATHS = (
    "/health", "/health/**", "/healthz", "/healthz/**", "/livez", "/livez/**", "/readyz", "/readyz/**", "/ping",
    "/metrics", "/actuator/health", "/actuator/health/**", "/actuator/prometheus", "/-/healthy", "/-/ready", "/_health",
)  # fmt: skip
_HEALTH_AGENTS = (
    b"kube-probe/", b"elb-healthchecker/", b"googlehc/", b"envoy/hc", b"consul health check",
    b"amazon-route53-health-check-service",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RouteRule:
    """With a `sample`: a share of sessions for that route. Without: include (`record`) or exclude."""

    match: str
    record: bool
    sample: float | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """`groups` are the runs of segments between `**`, each segment cut at its `*`."""

    method: str  # empty: every one
    groups: tuple[tuple[tuple[str, ...], ...], ...]

    def matches(self, method: str, segments: Sequence[str]) -> bool:
        if self.method and method != self.method:
            return False
        first, *rest = self.groups
        if not _fits(first, segments, 0):
            return False
        if not rest:
            return len(segments) == len(first)
        at, last = len(first), len(segments) - len(rest[-1])
        for group in rest[:-1]:  # the leftmost fit of each run leaves most to the next
            found = next((i for i in range(at, last - len(group) + 1) if _fits(group, segments, i)), None)
            if found is None:
                return False
            at = found + len(group)
        return at <= last and _fits(rest[-1], segments, last)


def parse_pattern(text: str) -> tuple[Pattern, ...]:
    """One pattern, or those that a shorthand stands for. Raises ValueError with the second half of a sentence."""
    if not isinstance(text, str):
        raise ValueError(_FORM)  # noqa: TRY004 - a user's mistake, told in one way
    if text.strip() == HEALTH:
        return tuple(Pattern(method, _groups(path)) for path in _HEALTH_PATHS for method in ("GET", "HEAD"))
    method, mark, path = text.strip().rpartition(" ")
    method, path = method.strip(), path.strip()
    if mark and not _METHOD.fullmatch(method):
        raise ValueError(_FORM)
    if path not in ("*", "**") and not path.startswith("/"):
        raise ValueError(_FORM)
    if any("**" in segment and segment != "**" for segment in path.split("/")):
        raise ValueError("must have ** alone between slashes, as in /static/**; inside a segment write one *")
    return (Pattern("" if method == "*" else method, _groups(path)),)


class _Patterns:
    """Patterns by their first segment, so that most requests are compared with few of them."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_first: dict[str, list[Pattern]] = {}
        self._others: list[Pattern] = []
        for pattern in patterns:
            first = pattern.groups[0][:1]
            if first and len(first[0]) == 1:
                self._by_first.setdefault(first[0][0], []).append(pattern)
            else:
                self._others.append(pattern)

    def __bool__(self) -> bool:
        return bool(self._by_first or self._others)

    def match(self, method: str, segments: Sequence[str]) -> bool:
        near = self._by_first.get(segments[0], ())
        return any(one.matches(method, segments) for one in (*near, *self._others))


class RouteTable:
    """All rules, compiled once."""

    def __init__(self, rules: Iterable[RouteRule], sample: float = 1.0) -> None:
        """Raises ValueError when a rule is no route."""
        rules = tuple(rules)
        parsed = [(rule, parse_pattern(rule.match)) for rule in rules]
        self._included = _Patterns(
            one for rule, found in parsed if rule.record and rule.sample is None for one in found
        )
        self._excluded = _Patterns(one for rule, found in parsed if not rule.record for one in found)
        self._shares = [(one, rule.sample) for rule, found in parsed if rule.sample is not None for one in found]
        self._knows_agents = any(not rule.record and rule.match.strip() == HEALTH for rule in rules)
        self._sample = sample
        self.largest_share = max((sample, *(share for _, share in self._shares)))
        self.smallest_share = min((sample, *(share for _, share in self._shares)))

    @property
    def is_sampling(self) -> bool:
        """False when every included exchange is recorded."""
        return self.smallest_share < 1.0

    def share_of(self, method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> float | None:
        """The share of sessions whose exchanges on this route are kept; None when the route is excluded."""
        if not (self._included or self._excluded or self._shares):
            return self._sample
        if self._knows_agents and _is_probe(headers):
            return None
        verb, segments = method.decode("latin-1"), _segments(target)
        if self._excluded.match(verb, segments) or (self._included and not self._included.match(verb, segments)):
            return None
        return next((share for pattern, share in self._shares if pattern.matches(verb, segments)), self._sample)


def _segments(target: bytes) -> list[str]:
    path = target.partition(b"?")[0].decode("latin-1")
    segments = path.removeprefix("/").split("/")
    return [unquote(segment) for segment in segments] if "%" in path else segments


def _groups(path: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    groups: list[list[tuple[str, ...]]] = [[]]
    segments = ["**"] if path in ("*", "**") else path.removeprefix("/").split("/")
    for segment in segments:
        if segment == "**":
            groups.append([])
        else:
            groups[-1].append(tuple(segment.split("*")))
    return tuple(tuple(group) for group in groups)


def _fits(group: Sequence[tuple[str, ...]], segments: Sequence[str], at: int) -> bool:
    """True when the run stands in `segments` from `at` on."""
    if at + len(group) > len(segments):
        return False
    return all(_is_segment(pieces, segments[at + i]) for i, pieces in enumerate(group))


def _is_segment(pieces: tuple[str, ...], segment: str) -> bool:
    """`("a", "m", "z")` is a*m*z: the first begins, the last ends, the others follow each other in between."""
    if len(pieces) == 1:
        return segment == pieces[0]
    first, *inner, last = pieces
    if len(segment) < len(first) + len(last) or not segment.startswith(first) or not segment.endswith(last):
        return False
    at, end = len(first), len(segment) - len(last)
    for piece in inner:
        at = segment.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _is_probe(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    agent = next((value for name, value in headers if name.lower() == b"user-agent"), b"").lower()
    return agent.startswith(_HEALTH_AGENTS)
