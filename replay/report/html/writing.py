"""Writes the HTML report: the page, and beside it a folder with the evidence that does not fit into it."""

from __future__ import annotations

import re
from pathlib import Path

from replay.report.files import write_private
from replay.report.view import RunView

_OURS = re.compile(r"[0-9A-Za-z]{1,64}\.html")  # what `page.beside_name` makes


def write_html(view: RunView, path: Path) -> int:
    """How many files lie beside the page. Raises OSError."""
    from replay.report.html.page import pages_of  # jinja2 is loaded when a page is made, not with every command

    folder = path.with_name(f"{path.stem}.evidence")
    pages = pages_of(view, folder.name)
    write_private(path, pages.page)
    if folder.is_dir():  # of an older report: its evidence must not be taken for this one's
        for old in folder.iterdir():
            if _OURS.fullmatch(old.name) and old.name not in pages.beside:
                old.unlink()
    if pages.beside:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, data in pages.beside.items():
            write_private(folder / name, data)
    elif folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return len(pages.beside)
