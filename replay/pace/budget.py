"""What a run may cost the target: limits, and the exact account of what was taken of them.

Rule: an allowance is taken before a request leaves and never after: no interleaving sends one more than allowed.
Answers cannot be known before: `bytes` and `rows` end the run as soon as they are reached.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, fields

from replay.model.errors import UsageError
from replay.model.exchange import Outcome, Request, Response
from replay.pace.reads import is_read

_MINUTE = 60.0
_ACCOUNT_WORDS = frozenset(
    {"accounts", "account", "customers", "customer", "members", "member", "people", "profiles", "register"}
    | {"registration", "registrations", "sign-up", "sign_up", "signup", "signups", "tenants", "users", "user"}
)
_VERSION = re.compile(r"v\d+(\.\d+)*")


@dataclass(frozen=True, slots=True)
class Budget:
    """None: no limit. `concurrency` and `requests_per_second` are kept by waiting, the others end the run."""

    requests: int | None = None
    writes: int | None = None  # requests that may change something (see `reads.is_read`)
    bytes: int | None = None  # heads and bodies, sent and received
    seconds: float | None = None  # since the first question
    rows: int | None = None  # changed rows that a probe has seen
    accounts_per_minute: int | None = None  # kept by waiting, in any span of 60 seconds
    requests_per_second: float | None = None
    concurrency: int | None = None

    def share(self, number: int, parts: int) -> Budget:
        """Part `number` (from 0) of `parts`: what the parts may together is exactly this budget. Raises UsageError."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, limit in given.items():
            if isinstance(limit, int):
                given[name] = share_of(limit, number, parts, f"the budget of {name.replace('_', ' ')}")
            elif limit is not None and name == "requests_per_second":
                given[name] = limit / parts
        return Budget(**given)


def share_of(whole: int, number: int, parts: int, name: str) -> int:
    """Worker `number` (from 0) of `parts`. Raises UsageError where one would have nothing, and wait for ever."""
    if whole < parts:
        raise UsageError(f"{name} cannot be shared by {parts} workers: each needs 1 at least. Ask for fewer workers.")
    return whole // parts + (number < whole % parts)


def makes_account(request: Request) -> bool:
    """A POST whose last word in the path speaks of accounts or of registering; it counts whatever it is answered."""
    if request.method != "POST":
        return False
    words = [one.lower() for one in request.path.split("/") if one and not _VERSION.fullmatch(one.lower())]
    return bool(words) and words[-1] in _ACCOUNT_WORDS


@dataclass(slots=True)
class Allowance:
    """The account of one run. It is a governor, too: it ends the play when something is spent."""

    budget: Budget = Budget()
    requests: int = 0
    writes: int = 0
    bytes: int = 0
    rows: int = 0
    spent: str = ""  # which limit ended the run
    began: float | None = None
    is_limited: bool = field(init=False)
    _promised: int = 0
    _accounts: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.is_limited = self.budget != Budget()

    @property
    def reason(self) -> str:
        return f"budget: {self.spent}" if self.spent else ""

    def wait(self, now: float, in_flight: int) -> float | None:  # noqa: ARG002 - a Governor
        if not self.spent:
            self.spent = self._spent_by(now, self._promised)
        return None if self.spent else 0.0

    def sent(self, now: float, request: Request) -> None:  # noqa: ARG002 - a Governor
        self._promised += 1

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        del now, latency_seconds, outcome

    def delay(self, now: float, request: Request) -> float:
        """Seconds until the minute has room for one more account; 0 for everything else."""
        limit = self.budget.accounts_per_minute
        if limit is None or not makes_account(request):
            return 0.0
        while self._accounts and self._accounts[0] <= now - _MINUTE:
            self._accounts.popleft()
        if len(self._accounts) < limit:
            return 0.0
        return self._accounts[-limit] + _MINUTE - now if limit else _MINUTE

    def take(self, now: float, request: Request) -> bool:
        """Take one request off the budget; False: it may not be sent, and the run is over."""
        if not self.is_limited:
            self.requests += 1
            return True
        self.forgo()
        spent = self._spent_by(now, 0)  # what was promised before the limit was reached still goes
        is_write = self.budget.writes is not None and not is_read(request)
        if is_write and self.budget.writes is not None and self.writes >= self.budget.writes:
            spent = spent or f"writes ({self.budget.writes})"
        if spent:
            self.spent = self.spent or spent
            return False
        self.writes += is_write
        self.requests += 1
        if self.budget.bytes is not None:
            self.bytes += _size(request)
        if self.budget.accounts_per_minute is not None and makes_account(request):
            self._accounts.append(now)
        return True

    def forgo(self) -> None:
        """A promised request is not going to be taken after all."""
        self._promised = max(0, self._promised - 1)

    def answered(self, outcome: Outcome) -> None:
        """What came back costs bytes."""
        if self.budget.bytes is not None and isinstance(outcome, Response):
            self.bytes += _size(outcome)

    def rows_changed(self, count: int) -> None:
        self.rows += count

    def _spent_by(self, now: float, promised: int) -> str:
        """Which limit is reached when what was promised goes out as well; empty: none."""
        if self.began is None:
            self.began = now
        limits = (
            ("requests", self.budget.requests, self.requests + promised),
            ("bytes", self.budget.bytes, self.bytes),
            ("rows", self.budget.rows, self.rows),
            ("seconds", self.budget.seconds, now - self.began),
        )
        for name, limit, used in limits:
            if limit is not None and used >= limit:
                return f"{name} ({limit:g})" if isinstance(limit, float) else f"{name} ({limit})"
        return ""


def _size(message: Request | Response) -> int:
    """Bytes of head and body, as HTTP/1.1 would write them; some bytes of framing are not counted."""
    head = sum(len(name) + len(value) + 4 for name, value in message.headers.fields)
    start = len(message.method) + len(message.target) + 12 if isinstance(message, Request) else 17
    return start + head + message.body.length_bytes  # also of what was too long to be kept
