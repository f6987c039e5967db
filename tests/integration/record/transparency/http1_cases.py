"""All HTTP/1 cases in one tuple, for everyone who plays them."""

from __future__ import annotations

from integration.record.transparency import cases_ends, cases_framing, cases_messages, cases_streams

CASES = cases_messages.CASES + cases_framing.CASES + cases_streams.CASES + cases_ends.CASES
SPOKEN_FOR = cases_ends.ANSWERED_FOR + cases_ends.NEVER_SENT + cases_ends.REUSED
# A tour of everything that hooks and callbacks take part in, for runs in which something of ours is broken.
SUBSET = tuple(
    case
    for case in CASES
    if case.name
    in {
        "POST with a body of 19 bytes",
        "HEAD with Content-Length",
        "bodies of 1048577 bytes",
        "bodies of 8388608 bytes",
        "gzip stays as it is",
        "a chunked response",
        "a chunked request",
        "trailers both ways",
        "server-sent events in chunks",
        "a large upload is not held back",
        "pipelining",
        "the client leaves in mid-download",
        "the upstream closes in a chunked body",
        "talk in both directions at once",
    }
)
