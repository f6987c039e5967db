"""`replay inspect CAPTURE --bindings`: which values the server gave and the client gave back, and what clients make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from replay.cli.tables import print_table
from replay.compose.redacted_places import text_classes
from replay.correlate.fresh import find_fresh
from replay.correlate.learn import learn
from replay.correlate.overview import OwnPlace, Route, own_places, routes_of
from replay.report.terminal import printable
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock


def show_bindings(capture: Path, unlock: Unlock | None, as_json: bool) -> None:
    """Print the routes between places; never a value."""
    with CaptureReader.open(capture, unlock) as reader:
        sessions, redacted = reader.sessions(), reader.redacted_fields()
    bindings = learn(sessions)
    fresh = find_fresh(sessions, bindings, text_classes(redacted)).fresh
    exchanges = {one.id: one for session in sessions for one in session.exchanges}
    routes = routes_of(bindings.all, exchanges)
    own = own_places(fresh, exchanges)
    if as_json:
        click.echo(json.dumps(_document(routes, own), indent=2))
    else:
        _show(capture, routes, own)


def _document(routes: Sequence[Route], own: Sequence[OwnPlace]) -> dict[str, Any]:
    counts = {"bindings": sum(one.bindings for one in routes), "routes": len(routes)}
    counts["own_values"] = sum(one.values for one in own)
    return {"counts": counts, "bindings": [asdict(one) for one in routes], "own": [asdict(one) for one in own]}


def _show(capture: Path, routes: Sequence[Route], own: Sequence[OwnPlace]) -> None:
    bound = sum(one.bindings for one in routes)
    click.echo(printable(f"{capture}: {bound} values that a server gave are given back, on {len(routes)} routes"))
    if routes:
        click.echo()
        heads = (
            "Request",
            "Place",
            "From",
            "Place there",
            "Names",
            "Sure",
            "Bound",
            "Kind",
            "Length",
            "Given, returned",
        )
        print_table(heads, [_row(one) for one in routes])
    if own:
        click.echo("\nMade by clients, and made anew in every replay:\n")
        rows = [(one.endpoint, one.place, one.kind, one.values) for one in own]
        print_table(("Request", "Place", "Kind", "Values"), rows)


def _row(one: Route) -> tuple[str | int, ...]:
    length = str(one.shortest) if one.shortest == one.longest else f"{one.shortest}-{one.longest}"
    return (
        one.endpoint,
        one.place,
        one.from_endpoint,
        one.from_place,
        one.noun or "-",
        f"{one.confidence:.2f}",
        one.bindings,
        one.kind,
        length,
        f"{one.given_by}, {one.returned_by}",
    )
