"""What other tools say when there was no response, in words that `record.faults` sorts into kinds of faults.

Our own kinds by their names, Chromium's net errors (net/base/net_error_list.h) by how they begin, Envoy's response
flags (access log, %RESPONSE_FLAGS%; several are joined by commas). Anything else passes as it is: mitmproxy's words.
"""

from __future__ import annotations

from replay.model.exchange import FaultKind

_WORDS: tuple[tuple[str, str], ...] = (  # first match wins
    (FaultKind.CONNECT, "connect call failed"),
    (FaultKind.TIMEOUT, "timed out"),
    (FaultKind.RESET, "reset"),
    (FaultKind.TLS, "tls"),
    (FaultKind.PROTOCOL, "protocol"),
    (FaultKind.CLIENT_GONE, "client disconnected"),
    (FaultKind.UPSTREAM_GONE, "server disconnected"),
    ("net::err_aborted", "client disconnected"),
    ("net::err_timed_out", "timed out"),
    ("net::err_connection_timed_out", "timed out"),
    ("net::err_connection_reset", "reset"),
    ("net::err_connection_closed", "server disconnected"),
    ("net::err_empty_response", "server disconnected"),
    ("net::err_connection", "connect call failed"),
    ("net::err_name", "connect call failed"),
    ("net::err_address", "connect call failed"),
    ("net::err_ssl", "tls"),
    ("net::err_cert", "tls"),
    ("dc", "client disconnected"),
    ("dpe", "protocol"),
    ("upe", "protocol"),
    ("ut", "timed out"),
    ("sdt", "timed out"),
    ("uh", "connect call failed"),
    ("uf", "connect call failed"),
    ("uc", "server disconnected"),
    ("ur", "reset"),
    ("lr", "reset"),
)
_LONGEST = 200


def words_of(error: object) -> str:
    """Words for `faults.fault_of`; the text itself is never stored."""
    text = error.strip().lower()[:_LONGEST] if isinstance(error, str) else ""
    for begin, words in _WORDS:
        if text.partition(",")[0] == begin or (begin.startswith("net::") and text.startswith(begin)):
            return words
    return text
