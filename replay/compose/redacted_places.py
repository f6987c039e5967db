"""What redaction did to a capture, as a run needs it: which class stood where, and which names QA will not know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from replay.model.capture import RedactedField
from replay.model.event import Event, Unjudged
from replay.redact.kinds import Side, ValueClass

_ASKED_AS = {"drop": "untyped", "hash": "untyped", "mask": "constant", "generalise": "constant"}


@dataclass(frozen=True, slots=True)
class Classes:
    """By endpoint, side and place; and by endpoint, where in its answers anything was replaced."""

    table: Mapping[tuple[str, str, str], str]
    answered: Mapping[str, tuple[str, ...]]

    def __call__(self, endpoint: str, side: str, place: str) -> str:
        return self.table.get((endpoint, side, place), "")

    def answered_at(self, endpoint: str) -> tuple[str, ...]:
        return self.answered.get(endpoint, ())


def classes(redacted: Sequence[RedactedField]) -> Classes:
    """Which class of value redaction replaced at a place; "" where the recording is verbatim.

    What a rule has done besides making stand-ins has a class of its own: `untyped` where not even the type is left,
    `constant` where many values have become one.
    """
    table = {
        (one.endpoint, one.side, one.place): _ASKED_AS.get(one.action, one.value_class)
        for one in redacted
        if one.value_class != ValueClass.FIELD_NAME
    }
    answered: dict[str, tuple[str, ...]] = {}
    for endpoint, side, place in table:
        if side == Side.RESPONSE:
            answered[endpoint] = (*answered.get(endpoint, ()), place)
    return Classes(table, answered)


def text_classes(redacted: Sequence[RedactedField]) -> Callable[[str, str], str]:
    """Of requests, what the values were."""
    table = {
        (one.endpoint, one.place): one.value_class
        for one in redacted
        if one.side == Side.REQUEST and one.value_class != ValueClass.FIELD_NAME
    }
    return lambda endpoint, place: table.get((endpoint, place), "")


def unknown_names(redacted: Sequence[RedactedField]) -> int:
    """Names of fields in requests that are stand-ins, counted as often as they were sent."""
    return sum(one.count for one in redacted if one.side == Side.REQUEST and one.value_class == ValueClass.FIELD_NAME)


async def with_name_hint(events: AsyncIterator[Event], names: int) -> AsyncIterator[Event]:
    """The same run; where it is not faithful, it says that the names may be why, and what to do."""
    async for event in events:
        if names and isinstance(event, Unjudged) and event.verdict.reason == "low-fidelity":
            why = f"; {names} field names sent are stand-ins, which QA does not know: see replay redact learn"
            yield replace(event, verdict=replace(event.verdict, detail=event.verdict.detail + why))
        else:
            yield event
