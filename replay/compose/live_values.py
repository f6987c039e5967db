"""Builds what hides QA's values (see `replay.redact.live`), and tells what could not be redacted."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from replay.correlate.bindings import Bindings
from replay.model.event import Event, RunEnded, UnitDone, Unjudged
from replay.model.finding import NotJudged
from replay.model.session import Session
from replay.record.redacting import live_policy_of
from replay.record.settings import RecordSettings, load_settings
from replay.redact.live import LiveRedaction
from replay.redact.live_known import Known
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.pseudonyms import KEY_BYTES
from replay.wire.identities import Wardrobe

REASON = "not-redacted"


def live_settings(path: Path | None, folder: Path, default_name: str) -> RecordSettings:
    """The capture's policy, from the same file: the named one, else the default one when it is there."""
    if path is None:
        path = folder / default_name
        if not path.is_file():
            return RecordSettings()
    return load_settings(path)


_MOST_SECRETS = 64


def secret_texts(wardrobe: Wardrobe | None) -> Callable[[], Iterable[str]]:
    """What identities know exactly: a second look, whose cost grows with their number, so that it is bounded.

    The first of the configuration and the first that were fetched or signed. All of them are taken out of attempts by
    the wardrobe itself; this finds writings that it does not know.
    """
    if wardrobe is None:
        return tuple
    book = wardrobe.secrets
    few = tuple(one.text for one in book.configured()[:_MOST_SECRETS])
    return lambda: (*few, *(one.text for one in book.made(_MOST_SECRETS)))


def live_key() -> bytes:
    """32 bytes of chance."""
    return secrets.token_bytes(KEY_BYTES)


def live_redaction(
    settings: RecordSettings,
    sessions: Sequence[Session],
    bindings: Bindings,
    hosts: Iterable[str] = (),
    key: bytes | None = None,
) -> LiveRedaction:
    """With a key of its own, which nobody keeps, or `key`, which groups of one run share. Raises ConfigError.

    `hosts` are names of the target. What the capture shows, a run of it may show.
    """
    known = Known()
    known.hosts.update(host.lower() for host in hosts)
    for session in sessions:
        for exchange in session.exchanges:
            known.allow_request(exchange.request, {binding.place for binding in bindings.of(exchange.id)})
            if exchange.response is not None:
                known.allow_response(exchange.response)
    pseudonym = LivePseudonym(key or live_key(), known)
    return LiveRedaction(live_policy_of(pseudonym, known, settings), pseudonym, known)


class Withholding(Protocol):
    @property
    def withheld(self) -> Mapping[tuple[str, str], int]:
        """By endpoint and reason."""
        ...


async def with_withheld(events: AsyncIterator[Event], live: Withholding | None) -> AsyncIterator[Event]:
    """The same run; it says which answers are stored without their content, and why.

    Of clean replays with their unit, which nobody plays again after a crash; of cases, which are many, at the end.
    """
    told: Counter[tuple[str, str]] = Counter()
    said = 0
    async for event in events:
        is_unit = isinstance(event, UnitDone) and event.unit.startswith("clean/")
        if live is not None and (is_unit or isinstance(event, RunEnded)):
            new = Counter(live.withheld) - told
            told += new
            said += len(new)
            for (endpoint, reason), count in new.items():
                yield Unjudged(_verdict(endpoint, reason, count), planned=True)
        if isinstance(event, RunEnded):
            event = replace(event, summary=replace(event.summary, not_judged=event.summary.not_judged + said))
        yield event


def _verdict(endpoint: str, reason: str, count: int) -> NotJudged:
    detail = f"{endpoint}: {count} stored without content, since redaction refused them ({reason})"
    return NotJudged(REASON, detail, endpoint, "all")
