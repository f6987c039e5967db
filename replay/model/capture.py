"""What a capture file says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.model.session import Actor


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    id: str
    format_version: int
    created: float  # seconds, UTC
    key_id: str  # names the redaction key; the key itself is never stored
    policy_digest: str
    origins: tuple[str, ...]  # marks of host:port where traffic went (scrypt, see model.origin); no key is needed
    tool_version: str
    key_salt: str = ""  # "": the key itself made the stand-ins; else the capture whose id was mixed into it
    lifetime: float = 0.0  # seconds from the last exchange until nobody should replay it any more; 0: for ever
    recipient: str = ""  # X25519 public key, hex, that content is encrypted to; "": it is not


@dataclass(frozen=True, slots=True)
class RedactedField:
    """What redaction did at one kind of place: enough to compare a recording with live answers, no value."""

    endpoint: str
    side: str  # "request" | "response"
    place: str  # pattern, as `model.tree.pattern` writes it
    value_class: str  # email, token, text, name, card, ...
    action: str  # pseudonymise | mask | drop
    count: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Exchanges that are not in the capture: dropped (queue full ...), refused (a secret survived), skipped (wanted).

    A `body` loss counts bodies that were left out of captured exchanges.
    """

    kind: str  # "dropped" | "refused" | "skipped" | "body"
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """An exchange as it stands in a capture: with its session and actor, for whoever copies or merges captures."""

    session_id: str
    actor: Actor | None
    exchange: Exchange
    number: int = 0  # in the order in which exchanges ended
