"""How well clean replays did what was recorded: of the run, which gates every verdict, and of each session.

Rule: a session that went wrong through replay's own doing (no identity, a value that nobody knew, a request that was
not sent) is not judged. One that the target answers otherwise is a finding, however bad its share is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from replay.correlate.bindings import Bindings
from replay.identity.contract import BOUND
from replay.identity.places import credentials_in
from replay.model.endpoint import endpoint_of
from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Exchange, FaultKind, Response
from replay.model.finding import NotJudged
from replay.model.run import Fidelity, SessionFidelity
from replay.model.session import Actor, Session
from replay.model.tree import pattern

SESSION_REASON = "session-low-fidelity"
_NO_BINDINGS = Bindings()
_LATE_SECONDS = 1.0  # after it was due
_NOT_AUTHENTICATED = 401  # RFC 9110 section 15.5.2: the credentials are missing or were not taken


def fidelity_of(exchanges: int, bindings: Bindings, clean: Sequence[Trace]) -> Fidelity:
    """Counted over the *worst* clean replay of each exchange."""
    outcomes: dict[str, list[Attempt]] = {}
    for trace in clean:
        for attempt in trace.attempts:
            outcomes.setdefault(attempt.exchange_id, []).append(attempt)
    good = sum(
        len(attempts) == len(clean) and all(is_reproduced(one) for one in attempts) for attempts in outcomes.values()
    )
    unresolved = {
        (one.exchange_id, place) for attempts in outcomes.values() for one in attempts for place in one.unresolved
    }
    return Fidelity(exchanges, good, len(bindings.all), len(unresolved))


def first_drift(clean: Sequence[Trace], bindings: Bindings = _NO_BINDINGS) -> str:
    """The first thing that went wrong, for a person: "POST /login: recorded 200, now 401"."""
    for trace in clean:
        for attempt in trace.attempts:
            if not is_reproduced(attempt):
                now = attempt.fault.kind if attempt.fault else attempt.status
                places = f" (no live value for {', '.join(attempt.unresolved)})" if attempt.unresolved else ""
                who = _nobody(attempt, attempt.actor) if _is_unknown(attempt, bindings) else ""
                return f"first: {attempt.endpoint}: recorded {attempt.recorded_status}, now {now}{places}{who}"
    return "no exchange drifted"


def sessions_of(
    sessions: Iterable[Session], bindings: Bindings, clean: Sequence[Trace], floor: float
) -> tuple[SessionFidelity, ...]:
    """Every session, measured over the worst of its clean replays; `judged` says what becomes of it."""
    played = [_by_session(trace) for trace in clean]
    out = []
    for session in sessions:
        worst = min(
            (_measured(session, bindings, play.get(session.id, ())) for play in played), key=lambda one: one[0].score
        )
        found, is_ours = worst
        out.append(replace(found, judged=found.score >= floor or not is_ours))
    return tuple(out)


def unjudged_sessions(sessions: Sequence[SessionFidelity], floor: float) -> tuple[NotJudged, ...]:
    """One verdict for all of them, which names the first session and what went wrong in it."""
    lost = [one for one in sessions if not one.judged]
    if not lost:
        return ()
    first = lost[0]
    what = f"{len(lost)} of {len(sessions)} sessions are below fidelity {floor:.2f}"
    return (NotJudged(SESSION_REASON, f"{what}; first: session {first.session_id}, {first.first_wrong}", "", "none"),)


def _measured(session: Session, bindings: Bindings, attempts: Sequence[Attempt]) -> tuple[SessionFidelity, bool]:
    """One session in one replay, and whether what went wrong first was replay's own doing."""
    by_id = {one.exchange_id: one for one in attempts}
    first_wrong, is_ours = "", False
    bound = statuses = unresolved = identified = in_order = on_time = 0
    latest = float("-inf")
    for step, exchange in enumerate(session.exchanges, 1):
        bound += len(bindings.of(exchange.id))
        one = by_id.get(exchange.id)
        is_right = False
        if one is not None:
            is_right = is_reproduced(one)
            statuses += is_right
            identified += is_right or not _is_unknown(one, bindings)  # a status that came back is no refusal
            unresolved += len(one.unresolved)
            in_order += one.sent >= latest
            on_time += one.sent - one.intended <= _LATE_SECONDS
            latest = max(latest, one.sent)
        if not first_wrong and (one is None or not is_right or one.unresolved):
            first_wrong, is_ours = _what(step, exchange, one, session.actor, bindings)
    found = SessionFidelity(
        session.id, len(session.exchanges), statuses, bound, unresolved, identified, in_order, on_time, first_wrong
    )
    return found, is_ours


def _what(
    step: int, exchange: Exchange, one: Attempt | None, actor: Actor | None, bindings: Bindings
) -> tuple[str, bool]:
    """In words, and whether it was replay's own doing."""
    if one is None:
        return f"step {step}: {endpoint_of(exchange.request.method, exchange.request.target)} was not sent", True
    now = one.fault.kind if one.fault else one.status
    text = f"step {step}: {one.endpoint}: recorded {one.recorded_status}, now {now}"
    if one.fault and one.fault.kind is FaultKind.WITHHELD:
        return f"{text} ({one.fault.detail})", True
    if one.unresolved:
        return f"{text}, no live value for {', '.join(one.unresolved)}", True
    if _is_unknown(one, bindings):
        return text + _nobody(one, actor), True
    return text, False


def _nobody(one: Attempt, actor: Actor | None) -> str:
    """Why the target did not know the caller."""
    if one.identity:
        return f", the target refused identity {one.identity}"
    who = "/".join(part for part in (actor.tenant, actor.principal) if part) if actor else ""
    return f", no identity for {'actor ' + who if who else 'a session without an actor'}"


def _by_session(trace: Trace) -> dict[str, list[Attempt]]:
    out: dict[str, list[Attempt]] = {}
    for attempt in trace.attempts:
        if attempt.copy == 0:
            out.setdefault(attempt.session_id, []).append(attempt)
    return out


def is_reproduced(attempt: Attempt) -> bool:
    """The status that was recorded came back."""
    outcome = attempt.outcome
    return isinstance(outcome, Response) and outcome.status == attempt.recorded_status


def _is_unknown(attempt: Attempt, bindings: Bindings) -> bool:
    """Refused for want of credentials where the recording was not. What the target itself gave is no want of them."""
    if attempt.status != _NOT_AUTHENTICATED or attempt.recorded_status == _NOT_AUTHENTICATED:
        return False
    return attempt.identity != BOUND and not (not attempt.identity and _is_bound(attempt, bindings))


def _is_bound(attempt: Attempt, bindings: Bindings) -> bool:
    """Every credential that was sent is one that the target itself had given, to the session's own login."""
    bound = [one.place for one in bindings.of(attempt.exchange_id) if pattern(one.place) not in attempt.unresolved]
    sent = credentials_in(attempt.request)
    return attempt.bound > 0 < len(sent) and all(
        any(place[: len(one.place)] == one.place for place in bound) for one in sent
    )
