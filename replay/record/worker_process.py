"""A proxy worker as the supervisor sees it: started with all it needs to know, told to end.

Rule: it is told the way to the writer, never the redaction key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from replay.record.child import ChildProcess
from replay.record.proxy.plan import ProxyPlan
from replay.record.settings import RecordSettings

DRAIN, NOW = b"drain\n", b"now\n"


@dataclass(frozen=True, slots=True)
class WorkerOrder:
    """One line of JSON on the worker's stdin. `settings.queue_bytes` is this worker's share."""

    proxy: ProxyPlan
    settings: RecordSettings
    capture: Path
    created: float  # seconds, UTC
    socket: str  # where the writer accepts
    token: bytes = field(repr=False)
    ledger: int  # descriptor
    slot: int
    authority: int  # descriptor, of `open_authority`

    def to_line(self) -> bytes:
        plain = {
            "proxy": self.proxy.to_wire(),
            "settings": replace(self.settings, key="").to_wire(),
            "capture": str(self.capture),
            "created": self.created,
            "socket": self.socket,
            "token": self.token.hex(),
            "ledger": self.ledger,
            "slot": self.slot,
            "authority": self.authority,
        }
        return json.dumps(plain).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> WorkerOrder:
        plain: dict[str, Any] = json.loads(line)
        return cls(
            ProxyPlan.from_wire(plain["proxy"]),
            RecordSettings.from_wire(plain["settings"]),
            Path(plain["capture"]),
            plain["created"],
            plain["socket"],
            bytes.fromhex(plain["token"]),
            plain["ledger"],
            plain["slot"],
            plain["authority"],
        )


class WorkerProcess(ChildProcess):
    """One running `python -O -m replay.record.worker`. It says `listening`, `say`, `error` and `finished`."""

    def __init__(self, order: WorkerOrder) -> None:
        # -O: mitmproxy checks types in asserts, which costs a tenth of its time.
        super().__init__("replay.record.worker", [], flags=("-O",), fds=(order.ledger, order.authority))
        self.write(order.to_line())

    def drain(self) -> None:
        """Finish what is in flight, hand over what is queued, end."""
        self.write(DRAIN)

    def hurry(self) -> None:
        """Cut off what is in flight, hand over what is queued, end."""
        self.write(NOW)
