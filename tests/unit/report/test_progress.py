"""Progress: a bar for people, few lines for logs, nothing when quiet."""

from __future__ import annotations

from io import StringIO

import pytest

from replay.model import event as events
from replay.model.finding import NotJudged
from replay.report.progress import ProgressReporter
from unit.report.run_view_make import HOSTILE, RUN, SUMMARY, finding


class Clock:
    """Seconds that a test moves by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def _able_terminal(monkeypatch):
    """Whatever terminal the suite itself runs on."""
    monkeypatch.setenv("TERM", "xterm-256color")


class Terminal(StringIO):
    def isatty(self):
        return True


def play(stream, clock, *, quiet=False, stop=True, hits=()):
    """Two stages: five clean sessions at 1 s each, then 300 cases at 0.1 s each."""
    listener = ProgressReporter(stream, clock, quiet=quiet)
    listener.on_event(events.RunStarted(RUN, 5, 40))
    for stage, total, seconds in (("clean replay 1/2", 5, 1.0), ("cases", 300, 0.1)):
        for done in range(total + 1):
            listener.on_event(events.Progress(stage, done, total, done * 3))
            clock.now += seconds
    for hit in hits:
        listener.on_event(events.Found(hit))
    for case_id in ("c2", ""):
        listener.on_event(events.Unjudged(NotJudged("probe-failed", "", "GET /a", "race", case_id)))
    if stop:
        listener.on_event(events.RunEnded(SUMMARY, finished=True))
    listener.close()
    return stream.getvalue()


def test_a_log_gets_few_lines():
    """The start and end of each stage, and one line per five seconds between."""
    hits = (finding(1), finding(2, case_id="c1"))
    lines = [line for line in play(StringIO(), Clock(), hits=hits).splitlines() if not line.startswith("found")]
    assert lines[0] == "replay fuzz against http://127.0.0.1:8080: 5 sessions, 40 exchanges"
    assert lines[1] == "clean replay 1/2: 0/5, 0 requests"
    assert lines[2] == "clean replay 1/2: 5/5, 15 requests"
    cases = [line for line in lines if line.startswith("cases")]
    assert cases[0].startswith("cases: 0/300")
    assert cases[-1].startswith("cases: 300/300")
    assert 6 <= len(cases) <= 8
    assert lines[-1] == (
        "finished after 12.3 s; cases 20: 16 clean, 3 with findings, 1 not judged; "
        "1 not judged outside of them; findings 2 (1 in clean replays, 1 in cases)"
    )


def test_a_stage_that_is_left_early_shows_how_far_it_came():
    stream, clock = StringIO(), Clock()
    listener = ProgressReporter(stream, clock)
    listener.on_event(events.Progress("cases", 0, 10))
    listener.on_event(events.Progress("cases", 4, 10, 9))
    listener.close()
    listener.close()
    assert stream.getvalue().splitlines() == ["cases: 0/10, 0 requests", "cases: 4/10, 9 requests"]


def test_quiet_is_silent():
    assert play(StringIO(), Clock(), quiet=True, hits=(finding(),)) == ""


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end():
    text = play(Terminal(), Clock())
    assert "300/300" in text
    assert "finished after 12.3 s" in text
    assert text.count("\n") < 100
    assert text.rstrip().endswith("cases)")


def test_a_terminal_that_cannot_redraw_gets_lines(monkeypatch):
    """TERM=dumb: neither a bar that is never drawn, nor silence."""
    monkeypatch.setenv("TERM", "dumb")
    text = play(Terminal(), Clock())
    assert "cases: 300/300" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("stream", [StringIO, Terminal])
def test_findings_are_told_at_once_and_hostile_text_stays_text(stream):
    text = play(stream(), Clock(), hits=(finding(endpoint=HOSTILE),))
    assert "found: high duplicate-rows POST [bold]b[/bold] red" in text
    assert "\x1b]" not in text
    assert "\u202e" not in text
    assert "\x1b[31m" not in text


def test_other_events_say_nothing():
    stream = StringIO()
    listener = ProgressReporter(stream, Clock())
    listener.on_event(events.ControlMeasured(None))
    assert stream.getvalue() == ""


def test_a_stage_without_a_total_counts_requests_once():
    """It used to say `recording traffic: 255, 255 requests sent`."""
    stream = StringIO()
    listener = ProgressReporter(stream, Clock())
    listener.on_event(events.Progress("recording traffic", 255, 0, 255))
    listener.close()
    assert stream.getvalue() == "recording traffic: 255 requests\n"
