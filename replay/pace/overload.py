"""What an answer says about the target's load: asked to slow down, in trouble, or well; and for how long to wait.

Rule: a 429, or a 503 that says when to come back, is a statement about load, never about the request: nobody may judge
the target by it (RFC 6585 section 4, RFC 9110 section 15.6.4).
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from replay.model.exchange import Fault, FaultKind, Outcome, Response

LONGEST_WAIT_SECONDS = 60.0  # a longer Retry-After is cut to this: a run is not parked for an hour by one header
_GATEWAY_STATUSES = frozenset({502, 503, 504})
_NOT_THE_TARGETS = frozenset({FaultKind.WITHHELD, FaultKind.CLIENT_GONE})


def is_throttled(outcome: Outcome) -> bool:
    """The target asks for less: 429, or 503 with Retry-After."""
    if not isinstance(outcome, Response):
        return False
    return outcome.status == 429 or (outcome.status == 503 and "retry-after" in outcome.headers)


def is_failing(outcome: Outcome) -> bool:
    """Nobody is there, or only a gateway: what a circuit breaker counts. A 500 may answer a mutated request."""
    if isinstance(outcome, Fault):
        return outcome.kind not in _NOT_THE_TARGETS
    return outcome.status in _GATEWAY_STATUSES and not is_throttled(outcome)


def is_error(outcome: Outcome) -> bool:
    """What counts against an error budget: a fault of the target's, or any 5xx."""
    if isinstance(outcome, Fault):
        return outcome.kind not in _NOT_THE_TARGETS
    return outcome.status >= 500


def retry_after(outcome: Outcome) -> float | None:
    """Seconds that the answer asks to wait (RFC 9110 section 10.2.3), at most a minute; None: it does not say.

    A date counts from the answer's own Date, so that the two clocks need not agree; without one it is not understood.
    """
    if not isinstance(outcome, Response):
        return None
    text = outcome.headers.get("retry-after").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT_SECONDS)
    then, now = _moment(text), _moment(outcome.headers.get("date"))
    if then is None or now is None:
        return None
    return min(max(0.0, then - now), LONGEST_WAIT_SECONDS)


def _moment(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date (RFC 9110 section 5.6.7)."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
