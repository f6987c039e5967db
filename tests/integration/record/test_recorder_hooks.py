"""The addon's hooks, called as mitmproxy calls them: nothing raises, nothing is changed, everything is counted."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from mitmproxy.exceptions import OptionsError
from mitmproxy.test import tflow

from replay.record.addon import addon_path
from replay.record.recording import Recording, RecordPlan


@pytest.fixture
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recorder_under_test", addon_path())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def recorder(module: ModuleType, tmp_path: Path) -> Iterator[object]:
    recorder = module.Recorder()
    recorder.recording = Recording(RecordPlan(tmp_path / "c.db", b"k" * 32, 1.0, body_bytes=1000))
    yield recorder
    recorder.done()


def play(recorder, flow) -> None:
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    recorder.response(flow)


def test_a_flow_is_recorded_and_left_as_it_was(recorder) -> None:
    flow = tflow.tflow(resp=True)
    before = flow.get_state()
    play(recorder, flow)
    assert flow.get_state() == before
    recorder.done()
    assert (recorder.summary.seen, recorder.summary.captured, recorder.summary.dropped) == (1, 1, ())


def test_a_hook_that_fails_costs_one_exchange(recorder) -> None:
    """A flow with parts missing stands in for whatever a future mitmproxy may change."""
    broken = tflow.tflow(resp=True)
    recorder.requestheaders(broken)
    broken.client_conn = None
    recorder.response(broken)
    play(recorder, tflow.tflow(resp=True))
    recorder.done()
    assert (recorder.summary.seen, recorder.summary.captured) == (2, 1)
    assert recorder.summary.dropped == (("hook-error", 1),)


def test_a_flow_that_never_ended_is_unfinished(recorder) -> None:
    recorder.requestheaders(tflow.tflow())
    assert recorder.in_flight == 1
    recorder.done()
    assert recorder.summary.dropped == (("unfinished", 1),)


def test_late_hooks_after_the_end_do_nothing(recorder) -> None:
    """mitmproxy cuts what is in flight after `done`; those errors were counted already."""
    flow = tflow.tflow(err=True)
    recorder.requestheaders(flow)
    recorder.done()
    recorder.error(flow)
    assert recorder.summary.dropped == (("unfinished", 1),)


@pytest.mark.parametrize(
    ("length", "streams"),
    [
        pytest.param("1000", False, id="fits"),
        pytest.param("1001", True, id="longer than the limit"),
        pytest.param(None, True, id="unknown length, as for events"),
        pytest.param("2, 2", True, id="a length that is none"),
    ],
)
def test_only_long_answers_are_streamed(recorder, length: str | None, streams: bool) -> None:
    flow = tflow.tflow(resp=True)
    flow.response.headers.pop("content-length", None)
    if length:
        flow.response.headers["content-length"] = length
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    assert bool(flow.response.stream) is streams


def test_another_addons_stream_is_left_alone(recorder) -> None:
    flow = tflow.tflow(resp=True)
    flow.response.stream = True
    del flow.response.headers["content-length"]
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    assert flow.response.stream is True


def test_a_tee_hands_on_what_it_gets_and_keeps_the_beginning(module: ModuleType) -> None:
    tee = module._Tee(limit_bytes=5)
    assert [tee(data) for data in (b"abc", b"def", b"ghi", b"")] == [b"abc", b"def", b"ghi", b""]
    assert (b"".join(tee.kept), tee.size_bytes) == (b"abcde", 9)


def test_a_tee_never_raises(module: ModuleType) -> None:
    """An exception there would hang the client: mitmproxy does not guard stream callbacks."""
    tee = module._Tee(limit_bytes=5)
    tee.kept = None
    assert tee(b"abc") == b"abc"


def test_options_cannot_change_while_recording(recorder) -> None:
    recorder.configure({"stream_large_bodies"})
    with pytest.raises(OptionsError, match="cannot be changed while recording"):
        recorder.configure({"replay_capture"})
