"""`replay doctor`: what a capture needs before it can be replayed against a target."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import click

from replay.cli.options import capture_argument, config_option, configuration, json_option, unlock_option
from replay.cli.tables import print_table
from replay.compose.checkup import RECORDING, Checkup, CheckupOrder, check_up
from replay.report.terminal import printable
from replay.store.sealing import Unlock

_MOST_SNIPPETS = 5
_SHOWN = {RECORDING: "its own login in the recording", "": "none"}


@click.command("doctor")
@capture_argument
@click.option("--target", default="", metavar="URL", help="QA: see that it answers and is not the capture's origin.")
@click.option("--sign-in", is_flag=True, help="Fetch the first credentials of every identity from QA.")
@click.option("--allow-origin", is_flag=True, help="The target may be where the capture was recorded.")
@config_option
@unlock_option
@json_option
@click.pass_context
def doctor_command(
    context: click.Context,
    /,
    capture: Path,
    target: str,
    sign_in: bool,
    allow_origin: bool,
    config_path: Path | None,
    unlock: Unlock | None,
    as_json: bool,
) -> None:
    """Say which QA credentials each actor of CAPTURE would get, and what a replay still needs.

    Actors without an identity are shown with the [[identity]] table that would give them one. Nothing is sent but a
    connection, and logins with --sign-in. Exit status: 0 ready, 2 a problem, 3 actors without an identity.

    \b
    --json prints one object:
      actors      [{tenant, principal, sessions, exchanges, credentials:
                   [{scheme, identity, account, snippet}]}]   identity null: none; "recording": its own login
                   is in the capture; account null: the identity has no pool
      tenants     [TENANT]
      anonymous   exchanges of sessions that never authenticated
      identities  [{name, kind, accounts}]
      target      URL, or null without --target
      problems    [SENTENCE]
      signed_in   true when every identity got credentials
    """
    order = CheckupOrder(
        capture=capture,
        config=configuration(config_path),
        environ=os.environ,
        target=target,
        unlock=unlock,
        sign_in=sign_in,
        allow_origin=allow_origin,
    )
    found = asyncio.run(check_up(order))
    if as_json:
        click.echo(json.dumps(_document(found), indent=2))
    else:
        _show(found)
    context.exit(found.status)


def _document(found: Checkup) -> dict[str, Any]:
    return {
        "actors": [
            {
                "tenant": one.actor.tenant,
                "principal": one.actor.principal,
                "sessions": one.sessions,
                "exchanges": one.exchanges,
                "credentials": [
                    {
                        "scheme": scheme.scheme,
                        "identity": scheme.identity or None,
                        "account": scheme.account or None,
                        "snippet": scheme.snippet or None,
                    }
                    for scheme in one.schemes
                ],
            }
            for one in found.actors
        ],
        "tenants": sorted({one.actor.tenant for one in found.actors if one.actor.tenant}),
        "anonymous": found.anonymous,
        "identities": [{"name": name, "kind": kind, "accounts": count} for name, kind, count in found.identities],
        "target": found.target or None,
        "problems": list(found.problems),
        "signed_in": found.signed_in,
    }


def _show(found: Checkup) -> None:
    rows = [
        (
            one.actor.tenant or "(unknown)",
            one.actor.principal,
            one.exchanges,
            scheme.scheme,
            _SHOWN.get(scheme.identity, scheme.identity) + (f", account {scheme.account}" if scheme.account else ""),
        )
        for one in found.actors
        for scheme in one.schemes
    ]
    print_table(("Tenant", "Principal", "Exchanges", "Credentials", "Identity"), rows)
    if found.anonymous:
        click.echo(f"{found.anonymous} exchanges of sessions that never authenticated are sent as they are.")
    for problem in found.problems:
        click.echo(f"Problem: {printable(problem)}")
    _show_snippets(found)
    if any(scheme.identity == RECORDING for one in found.actors for scheme in one.schemes):
        click.echo(
            "Logins in the recording send stand-ins as passwords: QA must know those (replay redact map), or be given"
            ' accounts of its own by kind = "recording".'
        )
    if not found.status:
        checked = f" {printable(found.target)} answers." if found.target else ""
        click.echo(f"Ready: every actor has an identity.{checked}")


def _show_snippets(found: Checkup) -> None:
    """One for each tenant and kind of credentials: a company's people log in alike."""
    snippets = list(dict.fromkeys(one.snippet for actor in found.uncovered for one in actor.schemes if one.snippet))
    if not snippets:
        return
    count = len(found.uncovered)
    who = "1 actor has" if count == 1 else f"{count} actors have"
    click.echo(f"\n{who} no identity: QA would answer 401. Put this into replay.toml and correct it:\n")
    for text in snippets[:_MOST_SNIPPETS]:
        for line in text.splitlines():
            click.echo(f"  {printable(line)}" if line else "")
        click.echo()
    if len(snippets) > _MOST_SNIPPETS:
        click.echo(f"  ... and {len(snippets) - _MOST_SNIPPETS} more: --json has them all")
