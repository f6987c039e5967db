"""What the client was promised: an idempotency key in a request asks for the effect once, however often it is sent.

So does PUT by its method (RFC 9110 section 9.2.2), where it makes the thing that its path names (201): the same again
replaces that. A PUT that changes something (200, 204) may rightly leave one more row of history each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.evidence import Attempt, Trace
from replay.model.once_key import once_key_of

_CREATED = 201

# Serial copies that were throttled, signed out or broken say nothing about what the rows allow.
_UNCOMPARABLE = frozenset({0, 401, 429})


@dataclass(frozen=True, slots=True, repr=False)
class Promise:
    """The copies carried a key. `keys` is how many different ones: so many effects were asked for."""

    where: str
    is_weak: bool
    keys: int


def promise_of(trace: Trace) -> Promise | None:
    """What the judged copies asked for, or None when none of them carried a key."""
    found = [key for attempt in trace.judged() if (key := once_key_of(attempt.request))]
    if not found:
        return _promise_of_method(trace)
    where = f"one idempotency key in {found[0].where}"
    without_key = len(trace.judged()) - len(found)  # each asks for an effect of its own
    return Promise(where, found[0].is_weak, len({key.value for key in found}) + without_key)


def _promise_of_method(trace: Trace) -> Promise | None:
    judged = trace.judged()
    makes = bool(judged) and all(attempt.request.method == "PUT" for attempt in judged)
    if not makes or not any(attempt.recorded_status == _CREATED for attempt in judged):
        return None
    return Promise("the method PUT", False, len({attempt.request.target for attempt in judged}))


def is_comparable(serial: Trace, mutated: Trace) -> bool:
    """True when as many copies were sent one after another and each was really answered by the application."""
    copies = serial.judged()
    return len(copies) >= len(mutated.judged()) and not any(_is_uncomparable(attempt) for attempt in copies)


def _is_uncomparable(attempt: Attempt) -> bool:
    return attempt.status in _UNCOMPARABLE or attempt.status >= 500
