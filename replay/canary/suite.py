"""All cases, in the order of their groups."""

from __future__ import annotations

import fnmatch

from replay.canary import (
    cases_abuse,
    cases_answers,
    cases_request_body,
    cases_request_forms,
    cases_request_headers,
    cases_response_body,
    cases_socket_and_meta,
    cases_url,
    cases_writings,
)
from replay.canary.case import Case
from replay.model.errors import UsageError

CASES: tuple[Case, ...] = (
    *cases_url.CASES,
    *cases_request_headers.CASES,
    *cases_request_body.CASES,
    *cases_request_forms.CASES,
    *cases_answers.CASES,
    *cases_response_body.CASES,
    *cases_socket_and_meta.CASES,
    *cases_abuse.CASES,
    *cases_writings.CASES,
)


def chosen(patterns: tuple[str, ...]) -> tuple[Case, ...]:
    """Cases whose id or group matches one of the shell patterns (`C0*`, `WS`); all without any. Raises UsageError."""
    if not patterns:
        return CASES
    found = tuple(
        case for case in CASES if any(fnmatch.fnmatch(name, one) for one in patterns for name in (case.id, case.group))
    )
    if not found:
        raise UsageError("no case matches --cases; ids look like C001, groups like URL, REQ-BODY or WS")
    return found
