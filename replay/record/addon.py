"""Where the mitmproxy addon lies, for `mitmdump -s` and for the embedded proxy."""

from __future__ import annotations

from pathlib import Path

import replay
from replay.model.errors import RecordError


def addon_path() -> Path:
    """In a wheel the addon travels inside the package; in a checkout it stands beside it."""
    package = Path(replay.__file__).resolve().parent
    for folder in (package, package.parent):
        path = folder / "addons" / "recorder.py"
        if path.is_file():
            return path
    raise RecordError("the addon recorder.py is missing from this installation: install replay-proxy again")
