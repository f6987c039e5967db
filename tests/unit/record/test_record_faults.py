"""mitmproxy's words become a fault's kind; the words themselves go nowhere."""

from __future__ import annotations

import pytest

from replay.model.exchange import FaultKind
from replay.record.faults import fault_of


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        pytest.param("[Errno 111] Connect call failed ('10.0.0.1', 80)", FaultKind.CONNECT, id="nobody listens"),
        pytest.param("[Errno -2] Name or service not known", FaultKind.CONNECT, id="no such name"),
        pytest.param("Multiple exceptions: [Errno 111] …", FaultKind.CONNECT, id="several addresses"),
        pytest.param("Client disconnected.", FaultKind.CLIENT_GONE, id="client left"),
        pytest.param("stream reset by client (CANCEL)", FaultKind.CLIENT_GONE, id="HTTP/2 cancel"),
        pytest.param("server closed connection", FaultKind.UPSTREAM_GONE, id="no answer"),
        pytest.param("[Errno 104] Connection reset by peer", FaultKind.RESET, id="reset"),
        pytest.param("Certificate verify failed: self-signed", FaultKind.TLS, id="bad certificate"),
        pytest.param("HTTP/1 protocol error: secret-token-1", FaultKind.PROTOCOL, id="quotes traffic"),
        pytest.param("something new", FaultKind.PROTOCOL, id="unknown words"),
    ],
)
def test_words_become_a_kind_without_detail(words: str, kind: FaultKind) -> None:
    fault = fault_of(words)
    assert (fault.kind, fault.detail) == (kind, "")
