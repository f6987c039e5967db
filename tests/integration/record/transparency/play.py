"""Play a case on one way: connect, run both scripts, and return what both ends saw."""

from __future__ import annotations

import socket
import ssl

from h2.exceptions import ProtocolError

from integration.record.transparency.certificates import NAME
from integration.record.transparency.http1 import CutError, StalledError
from integration.record.transparency.scripted_upstream import ScriptedUpstream
from integration.record.transparency.stage import Case, Observation, Stage
from integration.record.transparency.wire import Wire

PATIENCE_SECONDS = 10.0
SHORT_PATIENCE_SECONDS = 0.6  # where a stall is what we expect to see


def play(
    case: Case,
    port: int,
    upstream: ScriptedUpstream,
    patience: float = PATIENCE_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Observation:
    """`port` leads to the upstream: its own one, or a proxy's. `tls`: how the client connects."""
    stage = Stage(patience, keeps_chunks=case.keeps_chunks)
    upstream.perform(case.upstream, stage)
    sock = socket.create_connection(("127.0.0.1", port), timeout=patience)
    if tls is not None:
        sock = tls.wrap_socket(sock, server_hostname=NAME)
    with Wire(sock, patience, keeps_chunks=case.keeps_chunks) as wire:
        try:
            case.client(wire, stage)
        except StalledError as stalled:
            wire.note(f"stalled: {stalled}")
        except CutError as cut:
            wire.note(f"cut after {cut.data[-80:]!r}")
        except (OSError, ProtocolError) as error:
            wire.note(f"ended with {type(error).__name__}")
    seen = upstream.settle(patience)
    return Observation(tuple(wire.log), seen)
