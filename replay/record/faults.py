"""mitmproxy's words for a failed flow, as a fault's kind. One table; the words themselves are never stored.

Words as of mitmproxy 11.0.2 and 12.2.3 (proxy/layers/http/__init__.py, _http1.py, _http2.py, tls.py, proxy/server.py).
"""

from __future__ import annotations

from replay.model.exchange import Fault, FaultKind

_WORDS: tuple[tuple[str, FaultKind], ...] = (  # first match wins
    ("client disconnected", FaultKind.CLIENT_GONE),
    ("client closed connection", FaultKind.CLIENT_GONE),
    ("client cancelled", FaultKind.CLIENT_GONE),
    ("stream reset by client", FaultKind.CLIENT_GONE),
    ("tls", FaultKind.TLS),
    ("certificate", FaultKind.TLS),
    ("timed out", FaultKind.TIMEOUT),
    ("timeout", FaultKind.TIMEOUT),
    ("server disconnected", FaultKind.UPSTREAM_GONE),
    ("server closed connection", FaultKind.UPSTREAM_GONE),
    ("connection closed", FaultKind.UPSTREAM_GONE),
    ("connection killed", FaultKind.RESET),
    ("reset", FaultKind.RESET),
    ("connect call failed", FaultKind.CONNECT),
    ("multiple exceptions", FaultKind.CONNECT),  # asyncio tried several addresses
    ("name or service not known", FaultKind.CONNECT),
    ("errno", FaultKind.CONNECT),
    ("protocol", FaultKind.PROTOCOL),
)


def fault_of(words: str) -> Fault:
    """A fault without detail; whatever is not in the table broke the protocol."""
    lower = words.lower()
    return Fault(next((kind for word, kind in _WORDS if word in lower), FaultKind.PROTOCOL))
