"""The mutators that come with replay, in the order in which their cases are played."""

from __future__ import annotations

from replay.mutate.contract import Mutator
from replay.mutate.duplicate import Duplicate
from replay.mutate.inflate import Inflate
from replay.mutate.race import Race
from replay.mutate.swap_tenant import SwapTenant

BUILTIN: tuple[type[Mutator], ...] = (
    Duplicate,
    Race,
    Inflate,
    SwapTenant,
)
