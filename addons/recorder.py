"""The mitmproxy addon: records redacted sessions into a capture, and never holds or changes the traffic.

    mitmdump -s "$(replay record --print-addon-path)" --set replay_capture=capture.db --mode reverse:http://shop:8080

Hooks run on the proxy's only loop. They take references to bytes and offer them to a bounded queue; parsing, decoding,
redaction and SQL happen in a process of their own (`replay.record.writer`).

As a script it also mends what breaks a sidecar (`replay.record.proxy.hardening`), where nobody chose otherwise. From
mitmproxy 12 on a script loads after the port opened: options read for each connection or request still take effect
(connection_strategy, keep_host_header, onboarding, block_global); `http3` does not, so start `reverse:https` with
`--set http3=false`, and what comes in that first instant is not recorded. `replay record` has neither gap.

Rule: no hook waits, raises, or changes a flow. What goes wrong here costs a recorded exchange, which is counted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Collection, Coroutine
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError, ReplayError
from replay.record.handover import adopt, park
from replay.record.hooks import TrafficHooks
from replay.record.options import OPTIONS
from replay.record.private_memory import keep_memory_private
from replay.record.proxy.log_filter import keep_traffic_out_of_the_log
from replay.record.proxy.tls_trouble import TlsTrouble
from replay.record.recording import Recording, RecordSummary, plan_recording

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader

logger = logging.getLogger("replay.recorder")

_RAW_FILES = ("save_stream_file", "hardump")  # options of mitmproxy that write flows as they are
_KEY_LOGS = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")
_UNCHANGEABLE = "replay_* options cannot be changed while recording: stop the proxy first"
_IS_SCRIPT = __name__.startswith("__mitmproxy_script__")  # `-s` names it so; `replay record` looks after itself


class Recorder(TrafficHooks):
    """State lives in the instance; a reloaded script takes over that of its predecessor."""

    name = "replay-recorder"

    def __init__(self) -> None:
        super().__init__(is_alone=not _IS_SCRIPT)
        self.summary: RecordSummary | None = None
        self._options: tuple[Any, ...] = ()

    def load(self, loader: Loader) -> None:
        for option in OPTIONS:
            loader.add_option(f"replay_{option.name}", option.kind, option.unsaid, option.text)
        if _IS_SCRIPT:
            _mend_the_proxy()
            state = adopt()
            if state is not None:
                self.__dict__.update(state)

    def configure(self, updated: set[str]) -> None:
        if self.recording is None or not _IS_SCRIPT:
            return
        from mitmproxy.exceptions import OptionsError

        if self._options != _said():
            raise OptionsError(_UNCHANGEABLE)
        if leaking := _leaking(updated):
            raise OptionsError(leaking)

    def running(self) -> None:
        """Open the capture. A bad option is an error in the log, and at start that ends mitmdump with status 1."""
        if self.recording is not None:
            return
        try:
            self.open()
        except ReplayError as error:
            logger.error("replay: %s", error)  # noqa: TRY400 - one sentence, no traceback
            return
        _mend_the_proxy()  # once more: some options come after `load`
        _keep_traffic_out_of_the_log()
        logger.info("replay: recording")

    def open(self) -> None:
        """Start recording with mitmproxy's options. Raises ReplayError; waits up to 5 s, so before traffic only."""
        if leaking := _leaking(_RAW_FILES):
            raise RecordError(leaking)
        self._options = _said()
        values = dict(zip((option.name for option in OPTIONS), self._options, strict=True))
        now = time.time()  # noqa: TID251 - the rim: flows carry mitmproxy's own clock
        self.recording = Recording(plan_recording(values, now))

    def done(self) -> Coroutine[Any, Any, None] | None:
        """Flush, close, and say what was recorded. As a script: first let what is in flight finish.

        mitmproxy awaits what this returns when it ends; when it reloads or removes the script, it does not.
        """
        if self.recording is None:
            return None
        if not _IS_SCRIPT:
            self._close()
        elif _is_exiting():
            return self._drain()
        else:
            self._hand_over()
        return None

    async def _drain(self) -> None:
        """Stop accepting, wait a while for answers that are under way; a second signal ends the wait."""
        from mitmproxy import ctx

        hurry = asyncio.Event()
        try:
            from replay.record.proxy.drain import drain

            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, hurry.set)
            seconds = self.recording.drain_seconds if self.recording else 0
            await drain(ctx.master.addons.get("proxyserver"), hurry.is_set, seconds)
        except Exception as error:  # noqa: BLE001 - another mitmproxy: flush all the same
            logger.warning("replay: requests in flight are cut (%s)", type(error).__name__)
        self._close()

    def _close(self) -> None:
        """Flush and say what was recorded; waits at most 10 s for the writer."""
        recording = self.recording
        if recording is None:
            return
        self.summary = recording.stop(self.end_underway())
        logger.info("replay: %s", self.summary.sentence())

    def _hand_over(self) -> None:
        heir = Recorder()
        heir.__dict__.update(self.__dict__)
        self.recording = None  # late hooks find nothing here
        park(heir.__dict__, heir._close)


def _said() -> tuple[Any, ...]:
    """The recorder's options as they stand, in the order of the table."""
    from mitmproxy import ctx

    return tuple(getattr(ctx.options, f"replay_{option.name}") for option in OPTIONS)


def _leaking(names: Collection[str]) -> str:
    """A sentence about an option or a variable that would write raw traffic to disk; empty when there is none."""
    from mitmproxy import ctx

    found = next((name for name in _RAW_FILES if name in names and getattr(ctx.options, name, None)), "")
    found = found or next((name for name in _KEY_LOGS if os.environ.get(name)), "")
    return found and f"{found} is set: it would write raw traffic, or the keys to it, to disk; unset it"


def _mend_the_proxy() -> None:
    """Hardening and safe defaults; the script may meet another version of `replay`, so each failure is only said."""
    from mitmproxy import ctx

    try:
        from replay.record.proxy.hardening import install_hardening, safe_defaults

        install_hardening()
        ctx.options.update(**safe_defaults(ctx.options))
    except Exception as error:  # noqa: BLE001 - recording is possible without
        logger.warning("replay: this mitmproxy runs without hardening (%s)", type(error).__name__)


def _keep_traffic_out_of_the_log() -> None:
    """mitmdump prints request lines, and quotes what it cannot parse: neither is redacted."""
    from mitmproxy import ctx

    if hasattr(ctx.options, "flow_detail"):
        ctx.options.update(flow_detail=0)
    keep_traffic_out_of_the_log()
    keep_memory_private()


def _is_exiting() -> bool:
    """False when the script is reloaded or removed while the proxy runs."""
    from mitmproxy import ctx

    try:
        return bool(ctx.master.should_exit.is_set())
    except AttributeError:
        return False


addons = [Recorder(), *([TlsTrouble()] if _IS_SCRIPT else ())]  # `replay record` brings its own
