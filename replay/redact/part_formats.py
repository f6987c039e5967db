"""How a document inside another body is rewritten, by its media type."""

from __future__ import annotations

from replay.redact import html_body, xml_body
from replay.redact.body_formats import Format, format_of
from replay.redact.body_rewriting import Rewrite, as_text
from replay.redact.desk import padded
from replay.redact.event_body import rewritten_events
from replay.redact.graphql_text import rewritten_graphql
from replay.redact.json_text import rewritten_json, rewritten_lines
from replay.redact.table_body import rewritten_table
from replay.redact.urls import redact_query

_REWRITES: dict[Format, Rewrite] = {
    Format.JSON: rewritten_json,
    Format.JSON_LINES: rewritten_lines,
    Format.FORM: as_text(redact_query),
    Format.GRAPHQL: as_text(rewritten_graphql),
    Format.EVENTS: rewritten_events,
    Format.XML: xml_body.rewritten,
    Format.HTML: html_body.rewritten,
    Format.TABLE: as_text(rewritten_table),
    Format.TEXT: as_text(lambda desk, text, place: padded(desk, "", text, place)),
}


def rewrite_of(content_type: str) -> Rewrite | None:
    """None when nobody here can read that type."""
    return _REWRITES.get(format_of(content_type.partition(";")[0].strip().lower()))
