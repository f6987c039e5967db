"""The mutators that come with replay, in the order in which their cases are played."""

from __future__ import annotations

from replay.mutate.abort import Abort
from replay.mutate.contract import Mutator
from replay.mutate.delete_then_read import DeleteThenRead
from replay.mutate.duplicate import Duplicate
from replay.mutate.idempotency_key import IdempotencyKey
from replay.mutate.inflate import Inflate
from replay.mutate.race import Race
from replay.mutate.retry import Retry
from replay.mutate.swap_tenant import SwapTenant

BUILTIN: tuple[type[Mutator], ...] = (
    Duplicate,
    Race,
    Inflate,
    SwapTenant,
    Retry,
    Abort,
    IdempotencyKey,
    DeleteThenRead,
)
