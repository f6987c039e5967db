"""What a key was taken for, told from three requests that share it in part: the rules of the idempotency oracle.

Rule: every rule has its own counter-proof in the same trace. A payload that is dropped under a new key as well, or a
request that is refused under its own key as well, says nothing about keys.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from replay.model.evidence import Attempt, Trace
from replay.model.finding import Proof
from replay.model.message import request_leaves, response_leaves, text_of
from replay.model.once_key import once_key_of
from replay.model.reading import Operation
from replay.model.tree import Place, Tree
from replay.oracle.rowset import cell_text

_ABOUT_THE_CALLER = frozenset({401, 403, 429})  # says who asks, or how often; nothing about the key
_LOOKED_AT = 48  # characters of a text that are searched for: a probe keeps the head of a long cell only
ID_PLACES: tuple[Place, ...] = (("body", "id"), ("body", "data", "id"))


@dataclass(frozen=True, slots=True, repr=False)
class Breach:
    """`is_sure`: rows or both answers prove it, not one answer alone."""

    kind: str
    title: str
    expected: str
    observed: str
    is_grave: bool = False
    is_sure: bool = True
    proofs: tuple[Proof, ...] = ()


def of_other_body(trace: Trace) -> Breach | None:
    """Body B under A's key was acknowledged and nothing of it was kept, though of A and (under a new key) of C it was.

    C may be refused instead: a second thing of the kind may be forbidden, whatever the key says.
    """
    if len(trace.judged()) != 3 or not all(one.response for one in trace.judged()):
        return None
    first, second, third = trace.judged()
    changed = _changed_texts(first, second, third)
    if changed is None or not (_is_success(first) and _is_success(second)):
        return None
    has_rows = trace.changes is not None
    kept = [_is_in_rows(trace, text) if has_rows else _is_in_answer(one, text) for one, text in changed[1]]
    is_other_kept = kept[2] or _is_refused(third)
    if not kept[0] or kept[1] or not is_other_kept:
        return None
    return Breach(
        "other-body",
        "A used idempotency key hides another request: its payload is acknowledged and dropped",
        "422, 409 or 400: the key was used for another body",
        f"answered {second.status}; {changed[0]} of the second body is in no {'row' if has_rows else 'answer'}",
        is_sure=has_rows,
        proofs=(Proof("keys", _keys(trace)),),
    )


def of_other_tenant(trace: Trace) -> Breach | None:
    """A, then B under A's key, then B under its own."""
    if len(trace.judged()) != 3:
        return None
    first, second, third = trace.judged()
    if not _is_success(first) or first.actor is None or second.actor is None:
        return None
    if first.actor.tenant == second.actor.tenant:
        return None
    ids = [_id_of(one) for one in (first, second, third)]
    if _is_success(second) and ids[0] and ids[0] == ids[1] and ids[2] != ids[1] and _is_one_row(trace, ids[0]):
        return Breach(
            "other-tenant",
            "An idempotency key is looked up without its tenant: one tenant is given another one's answer",
            "the second tenant's request runs on its own",
            f"answered {second.status} with the id that the first tenant's request made",
            is_grave=True,
            proofs=(Proof("ids in the answers", list(ids)), Proof("keys", _keys(trace))),
        )
    if _is_refused(second) and _is_success(third):
        return Breach(
            "other-tenant",
            "An idempotency key is looked up without its tenant: one tenant's key blocks another one's request",
            "the second tenant's request runs on its own",
            f"answered {second.status} under the first tenant's key, and {third.status} under its own",
            proofs=(Proof("keys", _keys(trace)),),
        )
    return None


def of_other_endpoint(trace: Trace) -> Breach | None:
    """The same key at another endpoint is answered with the first endpoint's very answer."""
    if len(trace.judged()) != 2:
        return None
    first, second = trace.judged()
    if not (_is_success(first) and _is_success(second)) or first.endpoint == second.endpoint:
        return None
    if not _id_of(first) or _body(first) != _body(second):
        return None
    return Breach(
        "other-endpoint",
        "An idempotency key is looked up without its endpoint: another endpoint's answer comes back",
        "the request runs on its own, or is refused",
        f"{second.endpoint} answered {second.status} with the answer of {first.endpoint}",
    )


def _changed_texts(*attempts: Attempt) -> tuple[str, tuple[tuple[Attempt, str], ...]] | None:
    """The one field that differs in all of them, and what each says there; None when it is not one."""
    said = [{place: text_of(value) for place, value in request_leaves(one.request)} for one in attempts]
    places = [
        place
        for place in said[0]
        if place[0] in {"body", "form"} and len({texts.get(place, "") for texts in said}) == len(said)
    ]
    keys = {key.place for one in attempts if (key := once_key_of(one.request))}
    left = [place for place in places if place not in keys]
    if len(left) != 1 or not all(texts.get(left[0]) for texts in said):
        return None
    name = next((part for part in reversed(left[0]) if isinstance(part, str)), "")
    return name, tuple((one, texts[left[0]][:_LOOKED_AT]) for one, texts in zip(attempts, said, strict=True))


def _is_in_rows(trace: Trace, text: str) -> bool:
    return any(text in cell_text(cell) for change in trace.changes or () for _, cell in change.after)


def _is_in_answer(attempt: Attempt, text: str) -> bool:
    return attempt.response is not None and any(
        text in text_of(value) for _, value in response_leaves(attempt.response)
    )


def _is_one_row(trace: Trace, found: str) -> bool:
    """No table has two new rows with this id: where each tenant counts for itself, both would have one."""
    if trace.changes is None:
        return False
    counts = Counter(
        change.entity
        for change in trace.changes
        if change.operation is Operation.INSERT and any(cell_text(cell) == found for _, cell in change.key)
    )
    return bool(counts) and max(counts.values()) == 1


def _id_of(attempt: Attempt) -> str:
    if attempt.response is None or not attempt.response.is_success:
        return ""
    found = {place: text_of(value) for place, value in response_leaves(attempt.response)}
    return next((found[place] for place in ID_PLACES if found.get(place)), "")


def _body(attempt: Attempt) -> bytes:
    return attempt.response.body.data if attempt.response else b""


def _is_success(attempt: Attempt) -> bool:
    return attempt.response is not None and attempt.response.is_success


def _is_refused(attempt: Attempt) -> bool:
    return 400 <= attempt.status < 500 and attempt.status not in _ABOUT_THE_CALLER


def _keys(trace: Trace) -> Tree:
    """Which requests share a key, as letters: a key itself is nobody's business."""
    letters: dict[str, str] = {}
    out: list[Tree] = []
    for attempt in trace.judged():
        key = once_key_of(attempt.request)
        out.append(letters.setdefault(key.value, chr(ord("A") + len(letters))) if key else "none")
    return out
