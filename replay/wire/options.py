"""How a client talks to its target: connections, certificates, patience."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Connections(StrEnum):
    """`pool`: whichever is free. `recorded`: those that were one connection in the recording are one again."""

    POOL = "pool"
    RECORDED = "recorded"


class Lane(StrEnum):
    """`auto` chooses for each request; `general` sends everything through aiohttp's session."""

    AUTO = "auto"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class WireOptions:
    """Defaults suit a QA instance over plain HTTP or with a public certificate."""

    connections: Connections = Connections.POOL
    pool: int = 0  # connections at most; 0: as many as requests in flight
    lane: Lane = Lane.AUTO
    connect_timeout_seconds: float = 10.0
    first_byte_timeout_seconds: float | None = None  # None: the time for the whole request counts alone
    ca: Path | None = None  # trusted instead of the system's authorities
    client_cert: Path | None = None
    client_key: Path | None = None  # None: the key is in the certificate's file
    sni: str = ""  # empty: the target's host
    insecure: bool = False
    websockets: bool = False  # play recorded WebSockets; otherwise they are left out, and counted
