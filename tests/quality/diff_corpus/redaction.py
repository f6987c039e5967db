"""A session as the product meets it: the recording redacted by the recorder's policy, the replays by a run's own.

Rule: nothing of the product is imitated here: the policy, the live redaction and the classes of places are its own.
"""

from __future__ import annotations

from dataclasses import replace

from quality.diff_corpus.sessions import Session
from replay.compose.live_values import live_redaction
from replay.compose.redacted_places import classes
from replay.correlate.bindings import Bindings
from replay.diff.alignment import Redacted
from replay.model.capture import RedactedField
from replay.model.evidence import Trace
from replay.model.exchange import Exchange, Response
from replay.model.message import path_segments
from replay.model.session import Session as RecordedSession
from replay.record.settings import RecordSettings
from replay.redact.live import LiveRedaction
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym

_KEY, _LIVE_KEY = b"quality of comparison, 32 bytes.", b"quality of comparison, live one."


class Hidden:
    """One session's redaction: what `recorded` has shown, `live` may show."""

    def __init__(self, session: Session) -> None:
        policy, fields, attempts = Policy(Pseudonym(_KEY)), list[RedactedField](), []
        for attempt in session.play(0, new_build=False).attempts:
            done = policy.redact(Exchange(attempt.exchange_id, attempt.request, attempt.outcome, attempt.sent))
            fields += done.fields
            response = done.exchange.outcome
            assert isinstance(response, Response)
            attempts.append(replace(attempt, request=done.exchange.request, outcome=response))
        self.session = session
        self.recorded: Trace = replace(session.play(0, new_build=False), attempts=tuple(attempts))
        self.redacted: Redacted = classes(fields)
        exchanges = tuple(Exchange(one.exchange_id, one.request, one.outcome) for one in attempts)
        told = [RecordedSession("s", None, exchanges)]
        self.hiding: LiveRedaction = live_redaction(RecordSettings(), told, Bindings(()), key=_LIVE_KEY)

    def live(self, number: int) -> Trace:
        trace = self.session.play(number)
        attempts = tuple(self.hiding.attempt(one) for one in trace.attempts)
        pairs = (
            pair
            for one, two in zip(self.recorded.attempts, attempts, strict=True)
            for pair in zip(path_segments(one.request.path), path_segments(two.request.path), strict=True)
        )
        return replace(trace, attempts=attempts, renamed=tuple(dict.fromkeys(pairs)))
