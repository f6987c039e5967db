"""The formats of `replay report --format NAME`, each a function from a run's view to bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from replay.report import json_report, junit_report, text_report
from replay.report.view import RunView

Renderer = Callable[[RunView], bytes]


def render_text(view: RunView) -> bytes:
    """The text report as a file holds it: no colour, 100 columns."""
    return text_report.render(view).encode()


FORMATS: Mapping[str, Renderer] = {
    "text": render_text,
    "json": json_report.render,
    "junit": junit_report.render,
}
