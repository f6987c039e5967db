"""The formats of `replay report --format NAME`, each a function from a run's view to bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from replay.report import json_report, junit_report, markdown_report, sarif_report, text_report
from replay.report.view import RunView

Renderer = Callable[[RunView], bytes]


def render_text(view: RunView) -> bytes:
    """The text report as a file holds it: no colour, 100 columns."""
    return text_report.render(view).encode()


def render_html(view: RunView) -> bytes:
    """One page; what does not fit into it is left out (see `html.writing` for a page with a folder beside it)."""
    from replay.report.html.page import pages_of  # templates cost 50 ms that other formats need not pay

    return pages_of(view).page


FORMATS: Mapping[str, Renderer] = {
    "text": render_text,
    "json": json_report.render,
    "junit": junit_report.render,
    "sarif": sarif_report.render,
    "markdown": markdown_report.render,
    "html": render_html,
}
WITH_EVIDENCE = frozenset({"html", "markdown"})  # formats that show what stands behind the verdicts: `RunView.detail`
