"""Says that TLS cannot be agreed on, and what to do: else an operator sees nothing but 502, or nothing at all.

Rule: neither an address nor a name is said; in most modes clients choose them.
"""

from __future__ import annotations

import logging
import re
from typing import Any

logger = logging.getLogger("replay.recorder")

_DISTRUST = re.compile(r"Certificate verify failed: ([A-Za-z][A-Za-z ,-]{0,79})")  # OpenSSL's fixed texts
_TRUST_IT = "say --set ssl_verify_upstream_trusted_ca=FILE, or --set ssl_insecure=true in a test; until then it is 502"
_BE_TRUSTED = "give it yours with --cert FILE, or an authority that clients know with --set confdir=FOLDER"
_CLIENT_DISTRUST = ("unknown ca", "bad certificate", "certificate_unknown", "certificate unknown", "does not trust")


class TlsTrouble:
    """An addon of mitmproxy. Speaks at the 1st, 10th, 100th … time, for each side of the proxy."""

    name = "replay-tls-trouble"

    def __init__(self) -> None:
        self._counts = {"service": 0, "client": 0}

    def tls_failed_server(self, data: Any) -> None:
        """The service's certificate, or its TLS at all."""
        found = _DISTRUST.match(data.conn.error or "")
        if found:
            self._say("service", f"the certificate of the service is not trusted ({found[1]}): {_TRUST_IT}")
        else:
            self._say("service", "TLS with the service failed; clients get 502")

    def tls_failed_client(self, data: Any) -> None:
        """Clients that close without a word look the same as port scans: only an alert counts."""
        error = (data.conn.error or "").lower()
        if any(text in error for text in _CLIENT_DISTRUST):
            self._say("client", f"a client does not trust the certificate of this proxy: {_BE_TRUSTED}")

    def _say(self, side: str, sentence: str) -> None:
        self._counts[side] = count = self._counts[side] + 1
        if count == 10 ** (len(str(count)) - 1):
            logger.warning("warning: %s; %d so far", sentence, count)
