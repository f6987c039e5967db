"""All that a recording proxy may change, and all that plain mitmdump breaks and the recorder must not: two tables.

Rule: what is not in DIFFERENCES or SPOKEN_FOR is equal, byte for byte, with no proxy and with the recorder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from integration.record.transparency.cases_ends import ANSWERED_FOR, NEVER_SENT, REUSED
from integration.record.transparency.http1 import Message
from integration.record.transparency.stage import Observation
from integration.record.transparency.wire import Entry

EditMessage = Callable[[Message], Message]


@dataclass(frozen=True, slots=True)
class Difference:
    """`edit` turns a message as it is without a proxy into what is to be seen with one."""

    reason: str
    edit: EditMessage

    def applied(self, seen: Observation) -> Observation:
        def each(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
            return tuple(self.edit(entry) if isinstance(entry, Message) else entry for entry in entries)

        return Observation(each(seen.client), tuple(each(entries) for entries in seen.upstream))


def _one_space(message: Message) -> Message:
    lines = message.head.split(b"\r\n")
    return replace(
        message, head=b"\r\n".join(re.sub(rb"^([^:]+):[ \t]*(.*?)[ \t]*$", rb"\1: \2", line) for line in lines)
    )


DIFFERENCES = {
    "white space around values": Difference(
        "optional white space is no part of a value (RFC 9112 section 5.1); mitmproxy writes one space", _one_space
    ),
}

# Cases in which a proxy has to stand in for one end that breaks off. Expected: what plain mitmdump says.
SPOKEN_FOR = {
    **{case.name: "no whole response to pass on: 502 (RFC 9110 section 15.6.3)" for case in ANSWERED_FOR},
    **{case.name: "a short body is passed on whole or not at all" for case in NEVER_SENT},
    **{case.name: "upstream connections are the proxy's own: an idle one that ends is replaced" for case in REUSED},
}

_BUFFERED = "plain mitmdump keeps a body until it is whole"
_TRAILERS = "mitmproxy has no trailers in HTTP/1: its handler crashes, the client hangs"
_INTERIM = "mitmproxy takes an interim response for the final one (its issue 2229)"
_OPTIONS = "mitmproxy compares connection options by case"

# What plain mitmdump breaks. A test proves that it still does: else the case shows nothing, and this table is stale.
PLAIN_BREAKS = {
    "Host mitm.it": "mitmproxy's onboarding page answers for the upstream",
    "headers that proxies like to touch": "mitmproxy puts its own port into Alt-Svc",
    "response trailers": _TRAILERS,
    "response trailers after no body": _TRAILERS,
    "request trailers": _TRAILERS,
    "trailers both ways": _TRAILERS,
    "103 and then 200": _INTERIM,
    "102, 103, 103 and then 200": _INTERIM,
    "103 before HEAD": _INTERIM,
    "100 that nobody asked for": _INTERIM,
    "103 and then chunks with trailers": _INTERIM,
    "hints arrive before the answer is written": _INTERIM,
    "Expect: 100-continue, accepted": "mitmproxy answers 100 itself and removes the header",
    "Expect: 100-continue, refused": "mitmproxy answers 100 itself and removes the header",
    "the upstream says close, chunked": _OPTIONS,
    "an HTTP/1.0 client that writes Keep-Alive": _OPTIONS,
    "server-sent events in chunks": _BUFFERED,
    "server-sent events up to the end": _BUFFERED,
    "plain text in flushed chunks": _BUFFERED,
    "the head comes before the first chunk": _BUFFERED,
    "a large download is not held back": _BUFFERED,
    "a large upload is not held back": _BUFFERED,
    "a large chunked upload is not held back": _BUFFERED,
    "an answer before the upload is done": _BUFFERED,
    "talk in both directions at once": _BUFFERED,
    "chunks keep their bounds when streamed": _BUFFERED,
    "the client leaves in mid-upload": _BUFFERED,
    "the client resets in mid-upload": _BUFFERED,
    "the client leaves in a chunked upload": _BUFFERED,
    "the client leaves in mid-download": _BUFFERED,
    "the client resets in mid-download": _BUFFERED,
    "the client leaves an event stream": _BUFFERED,
    "the upstream closes in a long body": _BUFFERED,
    "the upstream closes in a chunked body": _BUFFERED,
    "the upstream closes after the last chunk but one": _BUFFERED,
}


def expected(name: str, direct: Observation) -> Observation:
    """What a transparent proxy shows in the case of that name."""
    difference = DIFFERENCES.get(name)
    return difference.applied(direct) if difference else direct
