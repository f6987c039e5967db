"""The oracles that come with replay, in the order in which they are asked."""

from __future__ import annotations

from replay.oracle.contract import Oracle
from replay.oracle.divergence import Divergence
from replay.oracle.duplicate_rows import DuplicateRows
from replay.oracle.http_semantics import HttpSemantics
from replay.oracle.idempotency import Idempotency
from replay.oracle.isolation_read import IsolationRead
from replay.oracle.isolation_write import IsolationWrite
from replay.oracle.list_leak import ListLeak
from replay.oracle.oversize_stored import OversizeStored
from replay.oracle.partial_failure import PartialFailure
from replay.oracle.rejected_but_wrote import RejectedButWrote
from replay.oracle.serial_envelope import SerialEnvelope
from replay.oracle.server_error import ServerError
from replay.oracle.stores_unknown import StoresUnknown

BUILTIN: tuple[type[Oracle], ...] = (
    Divergence,
    ListLeak,
    DuplicateRows,
    SerialEnvelope,
    HttpSemantics,
    Idempotency,
    PartialFailure,
    RejectedButWrote,
    IsolationRead,
    IsolationWrite,
    StoresUnknown,
    OversizeStored,
    ServerError,
)
