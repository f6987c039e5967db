"""What the recorder says: sentences for people, objects for machines, the same events."""

from __future__ import annotations

import json

from replay.record.journal import Journal


def test_text_is_the_sentence_alone() -> None:
    lines: list[str] = []
    journal = Journal(lines.append, lambda: 0.0, as_json=False)
    journal.info("recording", "recording into c.db", port=1)
    journal.info("draining")
    journal.warn("upstream", "warning: it is away")
    assert lines == ["recording into c.db", "warning: it is away"]


def test_json_has_time_level_event_and_fields() -> None:
    """One object a line, also for events without a sentence."""
    lines: list[str] = []
    journal = Journal(lines.append, lambda: 1_700_000_000.25, as_json=True)
    journal.info("draining")
    journal.fail("failed", "no room", port=7)
    assert [json.loads(line) for line in lines] == [
        {"time": "2023-11-14T22:13:20.250Z", "level": "info", "event": "draining", "message": ""},
        {"time": "2023-11-14T22:13:20.250Z", "level": "error", "event": "failed", "message": "no room", "port": 7},
    ]
