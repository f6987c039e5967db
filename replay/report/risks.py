"""What each oracle guards against, in words for people who did not write it."""

from __future__ import annotations

from collections.abc import Mapping

from replay.model.case import Expectation

_RISKS: Mapping[str, str] = {
    "divergence": "An answer changed against the recording",
    "list-leak": "A list shows a tenant the data of another one",
    "duplicate-rows": "A repeated or retried request takes effect twice",
    "serial-envelope": "Requests at once do what the same ones in a row cannot",
    "http-semantics": "A method does not keep what HTTP promises of it",
    "idempotency": "An idempotency key is not honoured",
    "partial-failure": "A request that was cut off takes half of its effect",
    "rejected-but-wrote": "A request that was refused changed rows",
    "isolation-read": "A tenant's credentials read another tenant's data",
    "isolation-write": "A tenant's credentials change another tenant's data",
    "stores-unknown": "A client sets what only the service may set",
    "oversize-stored": "A request far too large is taken and stored",
    "server-error": "An unusual request makes the service fail",
}
_BOUNDARIES: Mapping[str, str] = {
    Expectation.SAME: "the recorded contract",
    Expectation.AT_MOST_ONCE: "once means once",
    Expectation.REJECTED: "between tenants",
    Expectation.BOUNDED: "untrusted input",
    Expectation.LIMITED: "rate limits",
    Expectation.WHOLE: "all or nothing",
    Expectation.GONE: "deleted means gone",
    Expectation.KEY_HONOURED: "idempotency keys",
}


def risk_of(oracle: str) -> str:
    """A sentence; of an oracle that is not ours (a plugin's) its name."""
    return _RISKS.get(oracle, oracle)


def boundary_of(expectation: str) -> str:
    return _BOUNDARIES.get(expectation, expectation)
