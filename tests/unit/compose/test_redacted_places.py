"""Names that became stand-ins: counted where QA would have to understand them, and told when a run is not faithful."""

from __future__ import annotations

from collections.abc import AsyncIterator

from replay.compose.redacted_places import classes, unknown_names, with_name_hint
from replay.model.capture import RedactedField
from replay.model.event import Event, Unjudged
from replay.model.finding import NotJudged

NAME = RedactedField("POST /a", "request", "body", "field-name", "pseudonymise", 3)
VALUE = RedactedField("POST /a", "request", "body", "text", "pseudonymise", 5)
ANSWERED = RedactedField("POST /a", "response", "body", "field-name", "pseudonymise", 7)


def test_only_names_in_requests_count() -> None:
    """A name in an answer is no reason for QA to refuse anything."""
    assert unknown_names((NAME, VALUE, ANSWERED)) == 3


def test_a_name_says_nothing_about_the_values_at_its_place() -> None:
    for rows in ((NAME, VALUE), (VALUE, NAME)):
        assert classes(rows)("POST /a", "request", "body") == "text"


async def told(verdict: NotJudged, names: int) -> str:
    async def events() -> AsyncIterator[Event]:
        yield Unjudged(verdict)

    (event,) = [one async for one in with_name_hint(events(), names)]
    assert isinstance(event, Unjudged)
    return event.verdict.detail


async def test_an_unfaithful_run_says_what_may_be_the_reason() -> None:
    """With what to do; other verdicts, and captures without such names, stay as they are."""
    low = NotJudged("low-fidelity", "fidelity 0.41 is below 0.60", "", "none")
    assert (await told(low, 3)).startswith("fidelity 0.41 is below 0.60; 3 field names sent are stand-ins")
    assert "replay redact learn" in await told(low, 3)
    assert await told(low, 0) == low.detail
    assert await told(NotJudged("probe-failed", "x", "", "none"), 3) == "x"
