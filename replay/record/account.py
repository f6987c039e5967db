"""The account of a recording: every exchange that was seen has exactly one fate.

    seen = captured + skipped + refused + dropped        (+ what is still on its way, while recording)

What reached the file is counted by the file; the rest is counted in the ledger. What a writer had taken and not
committed when it was killed is neither: it is what was handed over minus what the file settled.

Rule: pure. The last account is exact by construction, whoever was killed when; between two moments it may lag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replay.record.ledger import SlotCounts

NOT_STORED = "not-stored"  # the file could not take them: disk full, I/O error
QUEUE_LEFT = "queue-left"  # the writer was still busy with others when the time to end was over

COMMIT_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Upper bounds of the commit histogram; one more bucket is without bound."""

Counts = tuple[tuple[str, int], ...]
"""Reason and count."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the capture file counts, as the writer said last."""

    captured: int = 0
    refusals: Counts = ()
    dropped: Counts = ()
    skipped: Counts = ()
    silent_sources: tuple[str, ...] = ()  # tenant, principal, session: stated, and found in no exchange so far

    @property
    def refused(self) -> int:
        return total(self.refusals)

    @property
    def settled(self) -> int:
        """Exchanges that reached the writer and whose fate is in the file."""
        return self.captured + self.refused + total(self.skipped) + dict(self.dropped).get(NOT_STORED, 0)

    def since(self, start: Standing) -> Standing:
        """This recording's part of a file that held something before."""
        return Standing(
            self.captured - start.captured,
            counted(_less(self.refusals, start.refusals)),
            counted(_less(self.dropped, start.dropped)),
            counted(_less(self.skipped, start.skipped)),
        )

    def to_wire(self) -> dict[str, Any]:
        return {
            "captured": self.captured,
            "refusals": dict(self.refusals),
            "dropped": dict(self.dropped),
            "skipped": dict(self.skipped),
            "silent": list(self.silent_sources),
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Standing:
        """From what `to_wire` gave, through JSON or marshal."""
        refusals, dropped, skipped = (counted(wire[name]) for name in ("refusals", "dropped", "skipped"))
        return cls(wire["captured"], refusals, dropped, skipped, tuple(wire["silent"]))


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """seen = captured + skipped + refused + dropped. `is_complete` is False when the writer gave no final word."""

    seen: int
    captured: int
    refused: int
    dropped: Counts
    is_complete: bool = True
    skipped: Counts = ()
    silent_sources: tuple[str, ...] = ()  # stated in the configuration, and found in no exchange

    def sentence(self) -> str:
        lost = ", ".join(f"{count} {reason}" for reason, count in self.dropped) or "none"
        left = "".join(f", {count} {reason}" for reason, count in self.skipped)
        tail = "" if self.is_complete else "; the writer process did not answer, the capture may lack the last batch"
        if self.silent_sources and self.captured:
            tail += f"; no exchange has a {' or '.join(self.silent_sources)} where the configuration says"
        return f"captured {self.captured}, dropped {lost}, refused {self.refused}{left}{tail}"


def losses_so_far(slots: Iterable[SlotCounts], generation: int, settled_before: int) -> dict[str, int]:
    """Drops by reason while recording. `settled_before`: by earlier writers of this recording, as the file says."""
    slots = tuple(slots)
    drops = _counted_by_the_ledger(slots)
    drops["worker-dead"] = sum(one.worker_dead for one in slots)
    drops["writer-silent"] = sum(one.silent for one in slots)
    drops[QUEUE_LEFT] = sum(one.left for one in slots)
    drops["writer-dead"] = _died_with_writers(slots, generation, settled_before)
    return drops


def losses_at_end(slots: Iterable[SlotCounts], settled: int, died: int | None = None) -> dict[str, int]:
    """Drops by reason when nobody writes any more; `settled`: exchanges of this recording whose fate the file knows.

    `died`: said by a writer that could not read all it was handed; so many died with earlier ones, the rest is left.
    """
    slots = tuple(slots)
    drops = _counted_by_the_ledger(slots)
    lost = max(0, sum(one.seen for one in slots) - sum(drops.values()) - settled)
    # A worker that is killed between writing a frame and counting it looks a frame poorer: the sum rules, not its part.
    parts = {
        "worker-dead": sum(one.worker_dead + max(0, one.open) for one in slots),
        "writer-silent": sum(one.silent for one in slots),
        QUEUE_LEFT: sum(one.left for one in slots),
        "writer-dead": lost if died is None else died,
    }
    for reason, count in parts.items():
        drops[reason] = min(lost, count)
        lost -= drops[reason]
    drops[QUEUE_LEFT] += lost
    return drops


def losses_of_a_cut_end(
    slots: Iterable[SlotCounts], settled: int, generation: int, settled_before: int
) -> dict[str, int]:
    """As `losses_at_end`, from a writer whose time to end was over before it had read all it was handed."""
    slots = tuple(slots)
    return losses_at_end(slots, settled, _died_with_writers(slots, generation, settled_before))


def summary_of(
    slots: Iterable[SlotCounts], start: Standing, last: Standing | None, known: Standing | None
) -> RecordSummary:
    """The last sentence's figures. Without a `last` word, what the writer said before is `known` to be stored."""
    slots = tuple(slots)
    done = (last or known or start).since(start)
    drops = losses_at_end(slots, done.settled)
    if last is None:  # what no writer could be had for is lost for sure, of the rest some may be in the file
        nowhere = min(drops["writer-dead"], sum(one.gone for one in slots))
        drops["writer-silent"] += drops["writer-dead"] - nowhere
        drops["writer-dead"] = nowhere
    elif dict(last.dropped).get(QUEUE_LEFT):
        drops = _as_the_writer_says(drops, dict(done.dropped))
    drops[NOT_STORED] = dict(done.dropped).get(NOT_STORED, 0)
    seen = done.settled - drops[NOT_STORED] + sum(drops.values())
    silent = last.silent_sources if last else ()
    return RecordSummary(seen, done.captured, done.refused, counted(drops), last is not None, done.skipped, silent)


def counted(counts: Mapping[str, int]) -> Counts:
    """Those above 0, by reason."""
    return tuple(sorted((reason, count) for reason, count in counts.items() if count > 0))


def total(counts: Counts) -> int:
    return sum(count for _, count in counts)


def _counted_by_the_ledger(slots: tuple[SlotCounts, ...]) -> dict[str, int]:
    return {
        "queue-full": sum(one.full for one in slots),
        "hook-error": sum(one.errors for one in slots),
        "unfinished": sum(one.unfinished for one in slots),
    }


def _died_with_writers(slots: tuple[SlotCounts, ...], generation: int, settled_before: int) -> int:
    """What this writer's connections carried since it took them up is on its way; all else was given to dead ones."""
    to_the_dead = sum(one.welcomed if one.generation == generation else one.handed for one in slots)
    return sum(one.gone for one in slots) + max(0, to_the_dead - settled_before)


def _as_the_writer_says(drops: dict[str, int], said: Mapping[str, int]) -> dict[str, int]:
    """It told what died with earlier writers from what it left unread; the sum is ours."""
    left = max(drops[QUEUE_LEFT], min(said.get(QUEUE_LEFT, 0), drops[QUEUE_LEFT] + drops["writer-dead"]))
    return {**drops, QUEUE_LEFT: left, "writer-dead": drops["writer-dead"] + drops[QUEUE_LEFT] - left}


def _less(ours: Counts, theirs: Counts) -> dict[str, int]:
    before = dict(theirs)
    return {reason: count - before.get(reason, 0) for reason, count in ours}
