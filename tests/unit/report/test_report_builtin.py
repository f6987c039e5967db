"""Every format renders every run: full, hostile, stopped before it began."""

from __future__ import annotations

import pytest

from replay.report.builtin import FORMATS
from replay.report.view import RunView
from unit.report.run_view_make import RUN, finding, hostile, view

VIEWS = [view(finding()), hostile(), RunView(RUN)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("run", VIEWS)
def test_a_format_gives_utf8_that_ends_a_line(name, run):
    data = FORMATS[name](run)
    assert data.decode().endswith("\n")


def test_the_formats_have_names():
    assert list(FORMATS) == ["text", "json", "junit", "sarif", "markdown", "html"]
