"""The addon's hooks, called as mitmproxy calls them: nothing raises, nothing is changed, everything is counted."""

from __future__ import annotations

import gc
import importlib.util
import logging
import threading
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from mitmproxy import ctx, exceptions, tcp
from mitmproxy.http import Headers, HTTPFlow
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from replay.record.addon import addon_path
from replay.record.options import OPTIONS
from replay.record.snapshot import Snapshot

LIMIT = 1000


class Notes:
    """A recording that keeps what it is offered: the addon's side of `replay.record.recording.Recording`."""

    request_body_bytes = LIMIT
    response_body_bytes = LIMIT
    tee_budget_bytes = 4 * LIMIT

    def __init__(self) -> None:
        self.seen = self.errors = self.unfinished = 0
        self.offered: list[Snapshot] = []

    def saw(self) -> None:
        self.seen += 1

    def offer(self, snapshot: Snapshot) -> bool:
        self.offered.append(snapshot)
        return True

    def count_error(self) -> None:
        self.errors += 1

    def stop(self, unfinished: int) -> SimpleNamespace:
        self.unfinished = unfinished
        return SimpleNamespace(sentence=lambda: "stopped")

    @property
    def is_exact(self) -> bool:
        return self.seen == len(self.offered) + self.errors + self.unfinished


@pytest.fixture(autouse=True)
def _no_trace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The addon mends mitmproxy and quiets its log for the whole process: here, for that of all other tests."""
    monkeypatch.setattr("replay.record.proxy.hardening.install_hardening", lambda: ("nothing",))
    loggers = [logging.getLogger(name) for name in (None, "mitmproxy", "mitmproxy.proxy", "asyncio")]
    before = [(logger.level, logger.disabled, logger.propagate) for logger in loggers]
    yield
    for logger, (level, disabled, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.disabled, logger.propagate = disabled, propagate


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, addon_path())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["embedded", "__mitmproxy_script__.recorder"])
def recorder(request: pytest.FixtureRequest) -> Any:
    """As `replay record` loads it, and as `mitmdump -s` does."""
    recorder = load(request.param).Recorder()
    recorder.recording = Notes()
    return recorder


@pytest.fixture
def notes(recorder: Any) -> Notes:
    return recorder.recording


def close(recorder: Any) -> None:
    recorder._close()


def answered(length: str | None = None, status: int = 200) -> HTTPFlow:
    """A flow whose response declares a length, or none."""
    flow = tflow.tflow(resp=True)
    flow.response.status_code = status
    flow.response.headers.pop("content-length", None)
    if length is not None:
        flow.response.headers["content-length"] = length
    return flow


def play(recorder: Any, flow: HTTPFlow) -> None:
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    recorder.response(flow)


def socket_flow(recorder: Any) -> HTTPFlow:
    flow = tflow.twebsocketflow()
    flow.websocket.messages.clear()
    flow.websocket.timestamp_end = None
    play(recorder, flow)
    return flow


def say(recorder: Any, flow: HTTPFlow, content: bytes, opcode: Opcode = Opcode.TEXT, *, at: float = 5.0) -> None:
    flow.websocket.messages.append(WebSocketMessage(opcode, True, content, at))
    recorder.websocket_message(flow)


def test_a_flow_is_recorded_and_left_as_it_was(recorder: Any, notes: Notes) -> None:
    flow = answered("7")
    before = flow.get_state()
    play(recorder, flow)
    assert flow.get_state() == before
    (snapshot,) = notes.offered
    assert (snapshot.status, snapshot.request_body, snapshot.response_body) == (200, b"content", b"message")
    assert notes.is_exact


def test_a_hook_that_fails_costs_one_exchange(recorder: Any, notes: Notes) -> None:
    """A flow with parts missing stands in for whatever a future mitmproxy may change."""
    broken = answered("7")
    recorder.requestheaders(broken)
    broken.client_conn = None
    recorder.response(broken)
    recorder.error(broken)
    play(recorder, answered("7"))
    assert (notes.seen, len(notes.offered), notes.errors) == (2, 1, 1)


def test_a_broken_request_is_counted(recorder: Any, notes: Notes) -> None:
    broken = answered("7")
    broken.request.data.headers = None
    play(recorder, broken)
    assert (notes.seen, notes.errors, notes.offered) == (1, 1, [])


def test_a_flow_that_never_ended_is_unfinished(recorder: Any, notes: Notes) -> None:
    recorder.requestheaders(tflow.tflow())
    assert recorder.in_flight == 1
    close(recorder)
    assert notes.unfinished == 1
    assert recorder.in_flight == 0


def test_late_hooks_after_the_end_do_nothing(recorder: Any, notes: Notes) -> None:
    """mitmproxy cuts what is in flight after `done`; those errors were counted already."""
    flow = tflow.tflow(err=True)
    recorder.requestheaders(flow)
    close(recorder)
    recorder.error(flow)
    recorder.client_disconnected(flow.client_conn)
    assert notes.is_exact
    assert notes.offered == []


@pytest.mark.parametrize("ends", [("response", "error"), ("error", "response"), ("error", "error")])
def test_an_exchange_ends_once(recorder: Any, notes: Notes, ends: tuple[str, str]) -> None:
    flow = answered("7")
    recorder.requestheaders(flow)
    for end in ends:
        getattr(recorder, end)(flow)
    recorder.client_disconnected(flow.client_conn)
    assert (notes.seen, len(notes.offered)) == (1, 1)


@pytest.mark.parametrize(
    ("length", "streams"),
    [
        pytest.param("1000", False, id="fits"),
        pytest.param("1001", True, id="longer than the limit"),
        pytest.param(None, True, id="unknown length, as for events"),
        pytest.param("2, 2", True, id="a length that is none"),
    ],
)
def test_only_long_answers_are_streamed(recorder: Any, length: str | None, streams: bool) -> None:
    flow = answered(length)
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    assert bool(flow.response.stream) is streams


def test_whatever_the_limit_more_than_64_kb_is_streamed(recorder: Any) -> None:
    """A generous limit must not bring buffering back: the limit says what is kept, not what is held up."""
    roomy = Notes()
    roomy.response_body_bytes = roomy.request_body_bytes = 1 << 30
    recorder.recording = roomy
    for length, streams in (("65536", False), ("65537", True)):
        flow = answered(length)
        flow.request.headers["content-length"] = length
        recorder.requestheaders(flow)
        recorder.responseheaders(flow)
        assert (bool(flow.request.stream), bool(flow.response.stream)) == (streams, streams)


@pytest.mark.parametrize(("status", "method"), [(204, "GET"), (304, "GET"), (101, "GET"), (200, "HEAD")])
def test_answers_without_a_body_are_not_streamed(recorder: Any, status: int, method: str) -> None:
    """They end with their headers, whatever length those name; mitmproxy would never call the tee."""
    flow = answered("5000000", status)
    flow.request.method = method
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    assert not flow.response.stream


@pytest.mark.parametrize(
    ("version", "headers", "streams"),
    [
        pytest.param(b"HTTP/1.1", [], False, id="no body"),
        pytest.param(b"HTTP/1.1", [(b"transfer-encoding", b"chunked")], True, id="chunked"),
        pytest.param(b"HTTP/1.1", [(b"content-length", b"1001")], True, id="long"),
        pytest.param(b"HTTP/1.0", [(b"content-length", b"10")], False, id="short"),
        pytest.param(b"HTTP/2.0", [], True, id="HTTP/2 need not say"),
        pytest.param(b"HTTP/2.0", [(b"content-length", b"10")], False, id="HTTP/2 said"),
    ],
)
def test_uploads_are_streamed_by_the_same_rule(recorder: Any, version: bytes, headers: Any, streams: bool) -> None:
    flow = tflow.tflow()
    flow.request.data.http_version = version
    flow.request.data.headers = Headers(headers)
    recorder.requestheaders(flow)
    assert bool(flow.request.stream) is streams


def test_another_addons_stream_is_left_alone(recorder: Any) -> None:
    flow = answered()
    flow.response.stream = flow.request.stream = True
    play(recorder, flow)
    assert flow.response.stream is True
    assert flow.request.stream is True


def stream(recorder: Any, chunks: list[bytes], length: str | None = None) -> HTTPFlow:
    flow = answered(length)
    flow.response.data.content = None
    flow.response.timestamp_end = None
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    for chunk in chunks:
        assert flow.response.stream(chunk) == chunk
    return flow


def test_a_streamed_answer_is_recorded_whole_or_cut(recorder: Any, notes: Notes) -> None:
    for size in (900, 1800):
        flow = stream(recorder, [b"x" * 300] * (size // 300))
        flow.response.timestamp_end = 9.0
        recorder.response(flow)
    whole, cut = notes.offered
    assert (len(whole.response_body), whole.response_bytes) == (900, 900)
    assert (len(cut.response_body), cut.response_bytes) == (1000, 1800)


@pytest.mark.parametrize(("length", "size"), [("5000", 5000), (None, 301)])
def test_an_answer_that_broke_off_is_cut(recorder: Any, notes: Notes, length: str | None, size: int) -> None:
    """The status went out, so it is a response; its size says that there should have been more."""
    flow = stream(recorder, [b"x" * 300], length)
    flow.error = tflow.terr("server disconnected")
    recorder.error(flow)
    (snapshot,) = notes.offered
    assert (snapshot.status, len(snapshot.response_body), snapshot.response_bytes) == (200, 300, size)


def test_a_buffered_answer_that_broke_off_is_a_fault(recorder: Any, notes: Notes) -> None:
    """The client never saw it: mitmproxy answers 502 instead."""
    flow = answered("700")
    flow.response.data.content = None
    recorder.requestheaders(flow)
    recorder.responseheaders(flow)
    flow.error = tflow.terr("server disconnected")
    recorder.error(flow)
    (snapshot,) = notes.offered
    assert (snapshot.status, snapshot.error, snapshot.response_headers) == (0, "server disconnected", ())


def test_an_upload_that_did_not_end_is_cut(recorder: Any, notes: Notes) -> None:
    flow = answered("7")
    flow.request.data.headers = Headers([(b"transfer-encoding", b"chunked")])
    flow.request.data.content = None
    flow.request.timestamp_end = None
    recorder.requestheaders(flow)
    flow.request.stream(b"12345")
    recorder.response(flow)  # answered early, as a 413 is
    (snapshot,) = notes.offered
    assert (snapshot.request_body, snapshot.request_bytes) == (b"12345", 6)


def test_all_bodies_in_flight_stay_within_the_budget(recorder: Any, notes: Notes) -> None:
    """Ten answers of 900 bytes at once, room for 4 000: the rest passes and is marked as cut."""
    flows = [stream(recorder, [b"x" * 900]) for _ in range(10)]
    for flow in flows:
        flow.response.timestamp_end = 9.0
        recorder.response(flow)
    kept = [len(snapshot.response_body) for snapshot in notes.offered]
    assert sum(kept) == 4 * LIMIT
    assert [snapshot.response_bytes for snapshot in notes.offered] == [900] * 10
    again = stream(recorder, [b"x" * 900])
    again.response.timestamp_end = 9.0
    recorder.response(again)
    assert len(notes.offered[-1].response_body) == 900


def test_trailers_are_taken(recorder: Any, notes: Notes) -> None:
    flow = answered("7")
    flow.response.trailers = Headers([(b"grpc-status", b"0")])
    play(recorder, flow)
    assert notes.offered[0].response_trailers == ((b"grpc-status", b"0"),)


def test_an_interim_answer_is_never_a_response(recorder: Any, notes: Notes) -> None:
    play(recorder, answered(None, 103))
    assert (notes.offered[0].status, notes.offered[0].error[:8]) == (0, "protocol")


def test_a_web_socket_is_one_exchange(recorder: Any, notes: Notes) -> None:
    flow = socket_flow(recorder)
    assert (notes.offered, recorder.in_flight) == ([], 0)
    say(recorder, flow, b"one")
    say(recorder, flow, b"\x02", Opcode.BINARY, at=6.0)
    recorder.websocket_end(flow)
    recorder.client_disconnected(flow.client_conn)
    (snapshot,) = notes.offered
    assert snapshot.status == 101
    assert snapshot.messages == ((True, 1, 5.0, b"one", 3), (True, 2, 6.0, b"\x02", 1))
    assert (snapshot.response_body, snapshot.response_bytes, snapshot.ended) == (b"", 0, 6.0)
    assert all(type(opcode) is int for _, opcode, *_ in snapshot.messages)  # marshal takes no enums


def test_a_long_conversation_is_cut_and_says_how_much_is_missing(recorder: Any, notes: Notes) -> None:
    flow = socket_flow(recorder)
    for _ in range(5):
        say(recorder, flow, b"x" * 400)
    recorder.websocket_end(flow)
    (snapshot,) = notes.offered
    assert [(len(message[3]), message[4]) for message in snapshot.messages] == [(400, 400), (400, 400), (200, 400)]
    assert snapshot.response_bytes == 800


def test_messages_do_not_pile_up(recorder: Any) -> None:
    """mitmproxy itself keeps every message until the connection ends."""
    flow = socket_flow(recorder)
    stream = tflow.ttcpflow()
    stream.messages.clear()
    for _ in range(50):
        say(recorder, flow, b"x")
        stream.messages.append(tcp.TCPMessage(True, b"x"))
        recorder.tcp_message(stream)
    assert len(flow.websocket.messages) <= 1
    assert len(stream.messages) <= 1


def test_open_sockets_and_streams_are_recorded_at_the_end(recorder: Any, notes: Notes) -> None:
    """A shutdown loses what no client has seen an answer to, and nothing else."""
    flow = socket_flow(recorder)
    say(recorder, flow, b"one")
    stream(recorder, [b"x" * 300])
    recorder.requestheaders(tflow.tflow())
    close(recorder)
    assert notes.unfinished == 1
    assert {(shot.status, len(shot.messages), shot.response_bytes) for shot in notes.offered} == {
        (101, 1, 0),
        (200, 0, 301),
    }


def test_what_mitmproxy_forgot_ends_with_its_client(recorder: Any, notes: Notes) -> None:
    """After a crash inside mitmproxy no hook comes for a flow: it must not stay for ever."""
    flow = tflow.tflow()
    recorder.requestheaders(flow)
    recorder.client_disconnected(flow.client_conn)
    assert recorder.in_flight == 0
    assert (notes.offered[0].status, notes.offered[0].error) == (0, "client disconnected")


def test_sent_bodies_are_forgotten_when_nobody_else_looks() -> None:
    """Flows are reference cycles; with HTTP/1 the next request proves that the last answer is out."""
    for name, forgets in (("embedded", True), ("__mitmproxy_script__.recorder", False)):
        recorder = load(name).Recorder()
        recorder.recording = Notes()
        first, second = answered("7"), answered("7")
        second.client_conn = first.client_conn
        play(recorder, first)
        assert first.response.content == b"message"  # it is sent after the hook
        play(recorder, second)
        recorder.client_disconnected(second.client_conn)
        assert [flow.response.data.content is None for flow in (first, second)] == [forgets, forgets]
        assert [flow.request.data.content is None for flow in (first, second)] == [forgets, forgets]


def test_concurrent_streams_of_a_connection_keep_their_bodies(recorder: Any) -> None:
    """Over HTTP/2 the next request proves nothing about the last answer."""
    first, second = answered("7"), answered("7")
    second.client_conn = first.client_conn
    for flow in (first, second):
        flow.request.data.http_version = b"HTTP/2.0"
        play(recorder, flow)
    assert first.response.content == b"message"


def test_hooks_hold_no_flow_that_has_ended(recorder: Any) -> None:
    flow = answered("7")
    play(recorder, flow)
    gc.collect()
    holders = [type(one) for one in gc.get_referrers(flow) if type(one).__module__.startswith("replay")]
    assert holders == []


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What a running mitmproxy offers to its addons: options, and whether it is about to end."""
    options = SimpleNamespace(**{f"replay_{option.name}": option.unsaid for option in OPTIONS}, hardump="")
    options.update = lambda **values: vars(options).update(values)
    options.replay_capture = "capture.db"
    should_exit = threading.Event()
    monkeypatch.setattr(ctx, "options", options, raising=False)
    monkeypatch.setattr(ctx, "master", SimpleNamespace(should_exit=should_exit), raising=False)
    return SimpleNamespace(options=options, should_exit=should_exit)


def test_options_cannot_change_while_recording(monkeypatch: pytest.MonkeyPatch, proxy: SimpleNamespace) -> None:
    """Nor can an option be set that writes raw traffic to disk."""
    module = load("__mitmproxy_script__.recorder")
    monkeypatch.setattr(module, "Recording", lambda plan: Notes())
    recorder = module.Recorder()
    recorder.open()
    recorder.configure({"stream_large_bodies"})
    proxy.options.hardump = "all.har"
    with pytest.raises(exceptions.OptionsError, match="hardump is set: it would write raw traffic"):
        recorder.configure({"hardump"})
    proxy.options.replay_capture = "other.db"
    with pytest.raises(exceptions.OptionsError, match="cannot be changed while recording"):
        recorder.configure({"replay_capture"})


def test_a_reloaded_script_takes_over(proxy: SimpleNamespace) -> None:
    """mitmproxy ends the old instance and loads the new one in one step; what is in flight goes along."""
    old, new = load("__mitmproxy_script__.recorder").Recorder(), load("__mitmproxy_script__.recorder").Recorder()
    old.recording = notes = Notes()
    flow = answered("7")
    old.requestheaders(flow)
    assert old.done() is None
    assert old.recording is None
    new.load(SimpleNamespace(add_option=lambda *words: None))
    assert new.recording is notes
    new.response(flow)
    assert (notes.seen, len(notes.offered), notes.unfinished) == (1, 1, 0)
