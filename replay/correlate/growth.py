"""A JSON object that a mutator only added members to: its own part can be rebound without reading what was added.

What is added may be a megabyte, or nest deeper than any parser goes; it holds nothing that was recorded.
"""

from __future__ import annotations

from replay.model.body import Body


def grown_by(recorded: Body, changed: Body) -> bytes:
    """What stands behind the recorded members (`,"key":…}`); empty when the body was not just added to."""
    if not changed.is_json or not recorded.data or len(changed.data) <= len(recorded.data):
        return b""
    opened = _opened(recorded.data)
    is_object = opened.startswith(b"{") and recorded.data.rstrip().endswith(b"}")
    return changed.data[len(opened) :] if is_object and changed.data.startswith(opened) else b""


def grown(own: Body, tail: bytes) -> Body:
    """The rebound object with the same addition behind it."""
    return Body(_opened(own.data) + tail, own.content_type)


def _opened(data: bytes) -> bytes:
    """The object without its closing brace."""
    return data.rstrip()[:-1].rstrip()
