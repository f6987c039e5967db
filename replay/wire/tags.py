"""What every request carries so that the target's people can tell it from a client's: run, trace and span.

`traceparent` is W3C Trace Context, version 00: one trace id for the run, one span id for each request, sampled. A
recorded one would join this run's spans to a trace of the recorded service; so it is replaced, and `tracestate`, which
belongs to it, is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count

from replay.model.exchange import Request
from replay.model.headers import Headers

RUN_HEADER = "X-Replay-Run"


@dataclass(slots=True)
class Tags:
    """Empty `header` and false `traceparent`: that tag is off. `suffix` is appended to the User-Agent."""

    run_id: str
    header: str = RUN_HEADER
    traceparent: bool = True
    suffix: str = ""
    _trace_id: str = field(init=False)
    _is_replaced: Callable[[str], bool] = field(init=False)  # of a field's name as it is spelled
    _spans: count[int] = field(init=False, default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self._trace_id = hashlib.blake2b(self.run_id.encode(), digest_size=16, person=b"replay-trace").hexdigest()
        trace = {"traceparent", "tracestate"} if self.traceparent else set()
        replaced = frozenset(trace | ({self.header.lower()} if self.header else set()))
        self._is_replaced = lru_cache(maxsize=4096)(lambda name: name.lower() in replaced)

    def tagged(self, request: Request) -> Request:
        """The same request with this run's tags at the end of its head."""
        fields = request.headers.fields
        if any(map(self._is_replaced, [name for name, _ in fields])):
            fields = tuple([one for one in fields if not self._is_replaced(one[0])])
        if self.suffix:
            agent = Headers(fields).get("user-agent")
            fields = Headers(fields).replaced("User-Agent", f"{agent} {self.suffix}".strip()).fields
        if self.header:
            fields = (*fields, (self.header, self.run_id))
        if self.traceparent:
            fields = (*fields, ("traceparent", f"00-{self._trace_id}-{next(self._spans):016x}-01"))
        one = request
        return Request(one.method, one.target, Headers(fields), one.body, one.scheme, one.host)
