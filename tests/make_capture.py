"""Writes a small, real capture: through the same policy and writer as production uses."""

from collections.abc import Sequence
from pathlib import Path

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.exchange import Exchange
from replay.model.origin import origin_mark
from replay.record.naming import Namer
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_writer import CaptureWriter

ONE = (exchange("e1", "GET", "/things", answer={"items": []}, at=1000.0),)


def write_capture(
    path: Path,
    exchanges: Sequence[Exchange] = ONE,
    origin: tuple[str, int] | None = None,
    identity: str = "capture-of-tests",
) -> Path:
    policy = Policy(Pseudonym(b"k" * 32))
    info = CaptureInfo(identity, FORMAT_VERSION, 1000.0, policy.key_id, policy.digest, (), "0.1.0")
    writer, namer = CaptureWriter.create(path, info), Namer()
    for number, one in enumerate(exchanges, 1):
        redacted = policy.redact(one)
        named = namer.name(redacted.exchange)
        writer.add(number, named.session_id, named.actor, redacted.exchange, redacted.fields)
    if origin:
        writer.add_origin(origin_mark(*origin, info.id))
    writer.commit()
    writer.close()
    return path
