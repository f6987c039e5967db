"""The recording that the live canary replays: the same requests, other secrets, redacted as a recorder does it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from replay.canary import in_process
from replay.canary.campaign import Campaign
from replay.canary.case import Case, Plan, Planted
from replay.canary.cases_live import LIVE_CASES, LiveCase
from replay.canary.planted import Mint
from replay.canary.wire_forms import answer_bytes
from replay.model.capture import CaptureInfo
from replay.model.session import Actor
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_writer import CaptureWriter

_STARTED = 1763742303.0
_OTHER_SEED = 7_919  # away from the seed of what QA answers: no secret is in both


@dataclass(frozen=True, slots=True)
class Script:
    """Whose session, and the exchanges in order. `case`: what the last answer is planted for."""

    tenant: str
    plan: Plan
    case: str


def answering(cases: Sequence[Case], seed: int) -> tuple[Planted, ...]:
    """Cases of the recorder's canary whose secrets stand in an answer that a plain client can read."""
    campaign = Campaign.of(cases, seed)
    return tuple(
        one
        for one in campaign.planted
        if one.plan.status >= 200
        and not (one.plan.is_odd or one.plan.is_socket or one.plan.http2 or one.plan.tls_name)
        and one.secrets
        and campaign.sees(one, answer_bytes(one.plan))
    )


def scripts(planted: Sequence[Planted], seed: int, key: bytes, *, is_live: bool) -> Iterator[Script]:
    """Both tenants log in, look at themselves, write and list notes; the first one then asks for everything else."""
    tokens: dict[str, str] = {}
    for one in LIVE_CASES:
        plans = one.story(Mint(one.case.id, seed, key), is_live)
        for plan in plans:
            if "access_token" in plan.answer.decode("utf-8", "replace"):
                tokens[one.tenant] = json.loads(plan.answer)["access_token"]
            yield Script(one.tenant, _authorized(plan, tokens.get(one.tenant, "")), one.case.id)
        if one.case.id.startswith(("F42a", "F42b")):
            yield Script(one.tenant, _authorized(_listing(plans[0]), tokens[one.tenant]), one.case.id)
    for number, item in enumerate(planted, 1):
        plan = replace(item.plan, method="GET", target=f"/api/items/{number}", headers=(), body=b"")
        yield Script("a", _authorized(plan, tokens["a"]), item.case.id)


def write_capture(path: Path, planted: Sequence[Planted], seed: int, key: bytes) -> None:
    """A capture of the same cases with the secrets of another seed; what the policy refuses is not in it."""
    policy = Policy(Pseudonym(key))
    other = seed + _OTHER_SEED
    recorded = {one.case.id: one for one in Campaign.of([one.case for one in planted], other).planted}
    info = CaptureInfo("canary", FORMAT_VERSION, _STARTED, policy.key_id, policy.digest, (), "0")
    writer = CaptureWriter.create(path, info)
    try:
        items = [recorded[one.case.id] for one in planted]
        for number, script in enumerate(scripts(items, other, key, is_live=False), 1):
            exchange = in_process.exchange(Planted(Case("", "", lambda _: Plan()), script.plan, ()))
            at = _STARTED + number / 10
            one = replace(exchange, id=f"e{number}", started=at, ended=at + 0.01, connection=script.tenant)
            try:
                redacted = policy.redact(one)
            except Refused:
                continue
            actor = Actor(f"ten_{script.tenant}", f"usr_{script.tenant}")
            writer.add(number, f"s-{script.tenant}", actor, redacted.exchange, redacted.fields)
        writer.commit()
    finally:
        writer.close()


def by_tenant(live: Sequence[Script], start: str) -> Mapping[str, Plan]:
    """Of each tenant the plan whose target starts so."""
    out: dict[str, Plan] = {}
    for script in live:
        if script.plan.target.startswith(start):
            out.setdefault(script.tenant, script.plan)
    return out


def _authorized(plan: Plan, token: str) -> Plan:
    if not token or plan.target.startswith("/api/login"):
        return plan
    fields = tuple(field for field in plan.headers if field[0] != "Authorization")
    return replace(plan, headers=(("Authorization", f"Bearer {token}"), *fields))


def _listing(note: Plan) -> Plan:
    one = json.loads(note.answer)
    items = [{name: one[name] for name in ("id", "text", "owner_name", "owner_email", "iban")}]
    return replace(note, method="GET", body=b"", headers=(), status=200, answer=json.dumps({"items": items}).encode())


__all__ = ["LiveCase", "Script", "answering", "by_tenant", "scripts", "write_capture"]
