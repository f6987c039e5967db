"""`replay inspect`: what is in a capture, and what is not."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from replay.cli.inspect_bindings import show_bindings
from replay.cli.options import unlock_option
from replay.cli.tables import print_table
from replay.engine.clock import SystemClock
from replay.model.capture import CaptureInfo, Loss
from replay.redact.policy import RAW_MARK
from replay.report.terminal import printable
from replay.store.capture_contents import CaptureContents, CaptureSize
from replay.store.capture_reader import CaptureReader
from replay.store.manifest import SUFFIX, Expired
from replay.store.sealing import Unlock


@click.command("inspect")
@click.argument("capture", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--bindings", is_flag=True, help="Show what servers gave and clients gave back, instead.")
@unlock_option
def inspect_command(capture: Path, as_json: bool, bindings: bool, unlock: Unlock | None) -> None:
    """Show what is in a CAPTURE: sessions, endpoints, actors, tenants, statuses, losses, redaction coverage.

    CAPTURE may be the manifest of a rotated capture: then all its segments count as one. A capture that is being
    recorded can be inspected, too.

    \b
    --json prints one object; times are seconds, UTC:
      capture    {id, format_version, created, expires, key_id, key_scope, policy_digest, encrypted, origins,
                 tool_version}   expires null: never; key_scope: capture or project
      counts     {sessions, torn_sessions, exchanges, messages, endpoints, actors, tenants, first, last}   of WebSockets
                 messages; torn: a writer was killed while they went on
      storage    {file_bytes, bodies, body_bytes, packed_body_bytes, header_bytes, packed_header_bytes, ratio}
                 ratio: all bytes before packing / after; null without any
      segments   {read: [NUMBER], deleted: {segments, exchanges, bytes}}   deleted by retention
      endpoints  [{endpoint, exchanges, statuses: {STATUS or FAULT: count}, mean_ms, longest_ms}]
      actors     [{tenant, principal, sessions, exchanges}]   principal null: never authenticated
      statuses   {STATUS or FAULT: count}
      dropped    {REASON: exchanges}       seen = counts.exchanges + segments.deleted.exchanges
      refused    {REASON: exchanges}              + all dropped + all refused + all skipped
      skipped    {REASON: exchanges}       sampled out or excluded, as asked for
      bodies_left_out  {REASON: bodies}    the exchanges themselves are in
      redaction  [{class, action, values}]

    \b
    --bindings --json prints another object; places and counts, never a value:
      counts     {bindings, routes, own_values}
      bindings   [{endpoint, place, from_endpoint, from_place, noun, confidence, bindings, values, kind, shortest,
                 longest, given_by, returned_by}]   lengths in characters; the last two name exchanges
      own        [{endpoint, place, kind, values}]   made by clients, renewed in every replay
    """
    if bindings:
        show_bindings(capture, unlock, as_json)
        return
    with CaptureReader.open(capture, unlock) as reader:
        facts = _Facts(
            capture=capture,
            info=reader.info(),
            contents=reader.contents(),
            size=reader.size(),
            segments=reader.segments,
            expired=reader.expired,
            losses=(*reader.losses(), *reader.body_losses()),
            expires=reader.expires(),
            is_locked=reader.is_locked(),
            torn=len(reader.torn),
        )
    if as_json:
        click.echo(json.dumps(_document(facts), indent=2))
    else:
        _show(facts)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that is shown."""

    capture: Path
    info: CaptureInfo
    contents: CaptureContents
    size: CaptureSize
    segments: tuple[int, ...]
    expired: Expired
    losses: tuple[Loss, ...]
    expires: float  # seconds, UTC; infinity: never
    is_locked: bool
    torn: int  # sessions that went on when a writer was killed

    def lost(self, kind: str) -> dict[str, int]:
        return {one.reason: one.count for one in self.losses if one.kind == kind}

    @property
    def ratio(self) -> float | None:
        packed = self.size.packed_body_bytes + self.size.packed_header_bytes
        return round((self.size.body_bytes + self.size.header_bytes) / packed, 2) if packed else None


def _document(facts: _Facts) -> dict[str, Any]:
    info, contents, expired = facts.info, facts.contents, facts.expired
    known = [one for one in contents.actors if one.actor]
    return {
        "capture": {
            "id": info.id,
            "format_version": info.format_version,
            "created": info.created,
            "expires": None if math.isinf(facts.expires) else facts.expires,
            "key_id": info.key_id,
            "key_scope": "capture" if info.key_salt else "project",
            "policy_digest": info.policy_digest,
            "encrypted": bool(info.recipient),
            "origins": list(info.origins),
            "tool_version": info.tool_version,
        },
        "counts": {
            "sessions": contents.sessions,
            "torn_sessions": facts.torn,
            "exchanges": contents.exchanges,
            "messages": facts.size.messages,
            "endpoints": len(contents.endpoints),
            "actors": len(known),
            "tenants": len(_tenants(contents)),
            "first": contents.first,
            "last": contents.last,
        },
        "storage": {
            "file_bytes": facts.size.file_bytes,
            "bodies": facts.size.bodies,
            "body_bytes": facts.size.body_bytes,
            "packed_body_bytes": facts.size.packed_body_bytes,
            "header_bytes": facts.size.header_bytes,
            "packed_header_bytes": facts.size.packed_header_bytes,
            "ratio": facts.ratio,
        },
        "segments": {
            "read": list(facts.segments),
            "deleted": {"segments": expired.segments, "exchanges": expired.exchanges, "bytes": expired.bytes},
        },
        "endpoints": _endpoints(contents),
        "actors": _actors(contents),
        "statuses": dict(contents.statuses),
        "dropped": facts.lost("dropped"),
        "refused": facts.lost("refused"),
        "skipped": facts.lost("skipped"),
        "bodies_left_out": facts.lost("body"),
        "redaction": [{"class": name, "action": action, "values": count} for name, action, count in contents.coverage],
    }


def _endpoints(contents: CaptureContents) -> list[dict[str, Any]]:
    return [
        {
            "endpoint": one.endpoint,
            "exchanges": one.exchanges,
            "statuses": dict(one.statuses),
            "mean_ms": _milliseconds(one.seconds / one.exchanges),
            "longest_ms": _milliseconds(one.longest),
        }
        for one in contents.endpoints
    ]


def _actors(contents: CaptureContents) -> list[dict[str, Any]]:
    return [
        {
            "tenant": one.actor.tenant if one.actor else None,
            "principal": one.actor.principal if one.actor else None,
            "sessions": one.sessions,
            "exchanges": one.exchanges,
        }
        for one in contents.actors
    ]


def _show(facts: _Facts) -> None:
    contents, losses = facts.contents, facts.losses
    for line in _heading(facts):
        click.echo(printable(line))
    tables = (
        (
            ("Endpoint", "Exchanges", "Mean ms", "Statuses"),
            [
                (one.endpoint, one.exchanges, round(1000 * one.seconds / one.exchanges), _spelled(one.statuses))
                for one in contents.endpoints
            ],
        ),
        (
            ("Tenant", "Principal", "Sessions", "Exchanges"),
            [
                (one.actor.tenant or "(unknown)", one.actor.principal, one.sessions, one.exchanges)
                if one.actor
                else ("-", "(anonymous)", one.sessions, one.exchanges)
                for one in contents.actors
            ],
        ),
        (("Not in it", "Reason", "Count"), [(_KINDS.get(one.kind, one.kind), one.reason, one.count) for one in losses]),
        (("Redacted class", "Action", "Values"), list(contents.coverage)),
    )
    for heads, rows in tables:
        if rows:
            click.echo()
            print_table(heads, rows)
    if not losses:
        click.echo("\nNothing was dropped or refused.")


_KINDS = {
    "dropped": "dropped exchanges",
    "refused": "refused exchanges",
    "skipped": "skipped exchanges",
    "body": "bodies left out",
}


def _heading(facts: _Facts) -> list[str]:
    info, contents, size = facts.info, facts.contents, facts.size
    lines = [
        f"{facts.capture}: recorded {_when(info.created)} by replay {info.tool_version}",
        f"capture {info.id}, redaction key {info.key_id}, rules {info.policy_digest}",
        f"{contents.exchanges} exchanges in {contents.sessions} sessions of"
        f" {sum(1 for one in contents.actors if one.actor)} actors in {len(_tenants(contents))} tenants"
        + (f", {_when(contents.first)} to {_when(contents.last)}" if contents.exchanges else ""),
        f"{_bytes(size.file_bytes)} on disk"
        + (f", bodies and headers packed {facts.ratio:.1f} to 1" if facts.ratio else "")
        + (f", {size.messages} WebSocket messages" if size.messages else ""),
    ]
    if facts.torn:
        what = "session is torn" if facts.torn == 1 else "sessions are torn"
        lines.append(f"{facts.torn} {what}: a writer was killed while they went on; they are replayed and not judged")
    if RAW_MARK in info.policy_digest:
        lines.append(
            "WARNING: recorded RAW for some hosts (--i-accept-raw-personal-data): those exchanges are not redacted"
        )
    if not math.isinf(facts.expires):
        is_expired = facts.expires < SystemClock().wall()
        wording = "expired {}: it is not" if is_expired else "expires {}: then it is not"
        lines.append(f"{wording.format(_when(facts.expires))} replayed any more")
    if info.recipient:
        told = "bodies, headers and paths need --unlock, counts do not" if facts.is_locked else "unlocked"
        lines.append(f"encrypted to {info.recipient[:16]}: {told}")
    if facts.segments != (1,):
        lines.append(f"segments read: {', '.join(map(str, facts.segments))}" + _elsewhere(facts))
    if facts.expired.segments:
        gone = facts.expired
        lines.append(f"deleted by retention: {gone.exchanges} exchanges in {gone.segments} segments")
    return lines


def _elsewhere(facts: _Facts) -> str:
    alone = not facts.capture.name.endswith(SUFFIX)
    return "; earlier ones are in files beside it: inspect the manifest to see all" if alone else ""


def _bytes(size: int) -> str:
    return f"{size} bytes" if size < 10_000 else f"{size / 1000:.0f} kB" if size < 10**7 else f"{size / 10**6:.0f} MB"


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 3)


def _spelled(statuses: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in statuses)


def _tenants(contents: CaptureContents) -> set[str]:
    return {one.actor.tenant for one in contents.actors if one.actor and one.actor.tenant}


def _when(seconds: float) -> str:
    """A time as people write it; a forged one is no reason to fail."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "at an impossible time"
