"""The planted faults: their names, where each one lives and what it does.

Rule: a handler asks `name in shop.faults`; a name that is not listed here does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from replay.model.errors import UsageError

Build = Literal["old", "new"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault."""

    name: str
    endpoint: str
    description: str
    new_build_only: bool = False


ENROL_RACE = "enrol-race"
OVERSELL = "oversell"
INVOICE_READ = "invoice-read"
MIXED_LIST = "mixed-list"
WRITE_403 = "write-403"
CACHE_WITHOUT_TENANT = "cache-without-tenant"
MASS_ASSIGNMENT = "mass-assignment"
NOTES_UNLIMITED = "notes-unlimited"
LOGIN_UNLIMITED = "login-unlimited"
CHANGED_FIELD = "changed-field"
SLOW_ENDPOINT = "slow-endpoint"

FAULTS: tuple[Fault, ...] = (
    Fault(ENROL_RACE, "POST /api/courses/{id}/enrolments",
          "Parallel copies of one enrolment all pass the check and each is stored and billed."),
    Fault(OVERSELL, "POST /api/courses/{id}/enrolments",
          "Free seats are counted before the payment and not again after it."),
    Fault(INVOICE_READ, "GET /api/invoices/{id}",
          "Any signed-in person reads any tenant's invoice."),
    Fault(MIXED_LIST, "GET /api/notes",
          "The list shows the team notes of every tenant."),
    Fault(WRITE_403, "PATCH /api/notes/{id}",
          "A write by another tenant's user is carried out and then answered with 403."),
    Fault(CACHE_WITHOUT_TENANT, "GET /api/catalog/featured",
          "The cache is keyed by the path alone, so one tenant is shown another tenant's courses."),
    Fault(MASS_ASSIGNMENT, "POST /api/register",
          "Keys nobody asked for are stored, account columns such as is_admin among them."),
    Fault(NOTES_UNLIMITED, "POST /api/notes",
          "A note of any size up to 64 MB is accepted and stored."),
    Fault(LOGIN_UNLIMITED, "POST /api/login",
          "Passwords can be guessed without limit."),
    Fault(CHANGED_FIELD, "GET /api/invoices/{id}",
          "The new build answers a decimal string `total` in place of the integer `total_cents`.", True),
    Fault(SLOW_ENDPOINT, "GET /api/admin/report",
          "The new build answers the report 0.15 s later.", True),
)  # fmt: skip

FAULT_NAMES: frozenset[str] = frozenset(fault.name for fault in FAULTS)
NEW_BUILD_FAULTS: frozenset[str] = frozenset(fault.name for fault in FAULTS if fault.new_build_only)


class UnknownFaultError(UsageError):
    """A fault was asked for that the shop does not have."""


def choose_faults(text: str, build: Build = "old") -> frozenset[str]:
    """The faults meant by `all`, `none` or a comma-separated list, with those of the new build when asked for."""
    added = NEW_BUILD_FAULTS if build == "new" else frozenset()
    if text == "all":
        return (FAULT_NAMES - NEW_BUILD_FAULTS) | added
    if text == "none":
        return added
    names = frozenset(part.strip() for part in text.split(","))
    unknown = sorted(names - FAULT_NAMES)
    if unknown:
        raise UnknownFaultError(
            f"There is no fault called {unknown[0]!r}; choose all, none or some of {', '.join(sorted(FAULT_NAMES))}."
        )
    return names | added
