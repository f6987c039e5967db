"""The shop's only clock.

Rule: every other module of the shop asks here for the time, so that there is one place to look at.
"""

from __future__ import annotations

from datetime import UTC, date, datetime


def now() -> datetime:
    """The present moment in UTC."""
    # The shop stands for somebody else's program: it has a clock of its own, and only here.
    return datetime.now(UTC)  # noqa: TID251 - see above


def iso(moment: datetime | date | str) -> str:
    """The text form of a moment or day, the same from SQLite (which stores text) and PostgreSQL."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(moment, date):
        return moment.isoformat()
    return moment
