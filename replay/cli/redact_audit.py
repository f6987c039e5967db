"""`replay redact audit`: what a capture holds, place by place, and what a foreign scanner finds in its bytes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from replay.cli.capture_key import pseudonym_of
from replay.cli.closed_pipe import decide
from replay.cli.options import FILE, capture_argument, json_option, quiet_option, unlock_option
from replay.cli.tables import print_table
from replay.engine.clock import SystemClock
from replay.model.capture import CaptureInfo
from replay.model.errors import UsageError
from replay.record.audit import Audit, Auditor, FieldLine
from replay.record.reasons import Reasons
from replay.record.settings import load_settings
from replay.redact.explaining import KEEP, Why
from replay.report.counting import CountingProgress
from replay.report.terminal import printable
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock

_FAILURES = ("default", "unknown-name", "keep-hit", "scanner", "below-k")
_MOST_HITS = 50  # shown to a person


@click.command("audit")
@capture_argument
@click.option(
    "--fail-on",
    default="keep-hit,scanner",
    show_default=True,
    metavar="WORDS",
    help=f"What makes the exit status 1, by commas: {', '.join(_FAILURES)}; or never.",
)
@click.option(
    "--k", default=5, show_default=True, type=click.IntRange(2, 1000), help="Sessions that must share a kept word."
)
@click.option(
    "--key", default="", metavar="SOURCE", help="The capture's redaction key: verifies stand-ins that carry a check."
)
@click.option("--config", type=FILE, metavar="FILE", help="replay.toml of the recording: names the rules that decided.")
@unlock_option
@json_option
@quiet_option
@click.pass_context
def audit_command(
    context: click.Context,
    capture: Path,
    fail_on: str,
    k: int,
    key: str,
    config: Path | None,
    unlock: Unlock | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit CAPTURE: what was done at each place and why, which kept words few sessions share, what scanners find.

    The scan reads every byte of every file and all that can be decoded from bodies, headers and paths: e-mail, card,
    IBAN, JWT, phone, keys and tokens of vendors. A stand-in for a card looks like a card: without proof it counts as
    noted where the capture says that values were replaced, and as a hit anywhere else. No value is ever printed.

    \b
    --json prints: {capture, key_id, policy_digest, k, exchanges, fields: [{endpoint, side, place, value_class, action,
      why, reason, count, distinct, longest, smallest_group, below_k, references}], unknown_names, scanner: {hits:
      [{kind, where, length, is_kept}], stand_ins: {kind: n}, noted: {kind: n}, files, bytes}, failures: {word: n}}

    The capture does not say which rule decided: with --config, that of the recording, lines name the rules.

    Exit status: 0, or 1 when --fail-on says so.
    """
    wanted = _wanted(fail_on)
    with (
        CaptureReader.open(capture, unlock) as reader,
        CountingProgress(sys.stderr, SystemClock().now, "audited", quiet=quiet) as progress,
    ):
        if reader.is_locked():
            raise UsageError(f"{capture} is encrypted: name the private key with --unlock")
        pseudonym = pseudonym_of(key, reader.info()) if key else None
        total = reader.contents().exchanges
        reasons = _reasons(config, capture, reader.info()) if config else None
        audit = Auditor(capture, reader, k, pseudonym, reasons).audit(lambda done: progress.tell(done, total))
    status = decide(context, 1 if any(audit.failures()[word] for word in wanted) else 0)
    if as_json:
        click.echo(json.dumps(_document(capture, audit), indent=2))
    else:
        _show(capture, audit, wanted)
    context.exit(status)


def _reasons(config: Path, capture: Path, info: CaptureInfo) -> Reasons:
    """Raises ConfigError."""
    reasons = Reasons(load_settings(config))
    if reasons.digest not in info.policy_digest.split("+"):  # derived captures join those of their sources
        click.echo(
            f"replay: {capture} was recorded with other rules than those of {config}, or by another version of replay:"
            " the rules named here may not be those that decided",
            err=True,
        )
    return reasons


def _wanted(fail_on: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in fail_on.split(",") if word.strip())
    if words == ("never",):
        return ()
    unknown = [word for word in words if word not in _FAILURES]
    if unknown or not words:
        raise UsageError(f"--fail-on takes {', '.join(_FAILURES)}, or never")
    return words


def _document(capture: Path, audit: Audit) -> dict[str, object]:
    return {
        "capture": str(capture),
        "key_id": audit.info.key_id,
        "policy_digest": audit.info.policy_digest,
        "k": audit.k,
        "exchanges": audit.exchanges,
        "fields": [{**asdict(line), "why": str(line.why)} for line in audit.lines],
        "unknown_names": audit.unknown_names,
        "scanner": {
            "hits": [asdict(hit) for hit in audit.hits],
            "stand_ins": audit.told,
            "noted": audit.noted,
            "files": list(audit.files),
            "bytes": audit.bytes,
        },
        "failures": audit.failures(),
    }


def _show(capture: Path, audit: Audit, wanted: tuple[str, ...]) -> None:
    click.echo(
        printable(f"{capture}: {audit.exchanges} exchanges, key {audit.info.key_id}, policy {audit.info.policy_digest}")
    )
    for endpoint in sorted({line.endpoint for line in audit.lines}):
        click.echo(f"\n{printable(endpoint)}")
        lines = [line for line in audit.lines if line.endpoint == endpoint]
        print_table(("Place", "Done", "Why", "Count", "Distinct", "Longest"), list(map(_row, lines)))
        for line in lines:
            if line.action == KEEP and line.below_k:
                where = ", ".join(line.references)
                few = f"{line.below_k} words of fewer than {audit.k} sessions: {where}"
                click.echo(printable(f"{line.side} {line.place}: {few}"))
    click.echo(f"\nscanned {audit.bytes} bytes in {len(audit.files)} files ({', '.join(map(printable, audit.files))})")
    click.echo(
        f"  stand-ins by their shape or key: {_counts(audit.told)}; by the capture's notes: {_counts(audit.noted)}"
    )
    for hit in audit.hits[:_MOST_HITS]:
        click.echo(printable(f"hit: {hit.kind} of {hit.length} characters, {hit.where}"))
    if len(audit.hits) > _MOST_HITS:
        click.echo(f"... and {len(audit.hits) - _MOST_HITS} more hits")
    counts = audit.failures()
    told = ", ".join(
        f"{word} {counts[word]}{' (fails)' if word in wanted and counts[word] else ''}" for word in _FAILURES
    )
    click.echo(f"findings: {told}")


def _row(line: FieldLine) -> list[str | int]:
    """Six columns: a terminal has eighty characters."""
    why = line.reason if line.why is Why.RULE else f"{line.why}: {line.reason}"
    done = (
        line.action if line.action == line.value_class or line.action == KEEP else f"{line.action} {line.value_class}"
    )
    return [f"{line.side} {line.place}", done, why, line.count, line.distinct, line.longest]


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in found.items()) or "none"
