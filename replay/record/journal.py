"""What `replay record` says while it runs: sentences for people, or one JSON object a line for machines.

    recording http://127.0.0.1:8080 -> http://shop:80 into c.db
    {"time": "2026-01-02T03:04:05.678Z", "level": "info", "event": "recording", "message": "recording …", "port": 8080}

Rule: fields are names, addresses of our own and counts; never anything of the traffic.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


class Journal:
    """`write` takes one line; `clock` gives seconds, UTC."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float], *, as_json: bool) -> None:
        self._write = write
        self._clock = clock
        self._as_json = as_json

    def info(self, event: str, sentence: str = "", **fields: Any) -> None:
        """An event without a sentence is for machines only."""
        self._say("info", event, sentence, fields)

    def warn(self, event: str, sentence: str, **fields: Any) -> None:
        self._say("warning", event, sentence, fields)

    def fail(self, event: str, sentence: str, **fields: Any) -> None:
        self._say("error", event, sentence, fields)

    def _say(self, level: str, event: str, sentence: str, fields: dict[str, Any]) -> None:
        if self._as_json:
            self._write(
                json.dumps({"time": self._now(), "level": level, "event": event, "message": sentence, **fields})
            )
        elif sentence:
            self._write(sentence)

    def _now(self) -> str:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
