"""A probe that counts: every changed row once, by table, and what a reset did is forgotten."""

from replay.model.reading import Operation, Reading, RowChange
from replay.probe.counting import CountingProbe


def change(entity, operation):
    return RowChange(entity, operation, (("id", 1),))


class Scripted:
    """Answers one reading after the other."""

    name = "scripted"

    def __init__(self, *readings):
        self._readings = list(readings)

    async def read(self):
        return self._readings.pop(0)

    async def settle(self, quiet_seconds, limit_seconds):
        return quiet_seconds < limit_seconds

    async def close(self):
        self._readings.clear()


async def test_rows_are_counted_and_handed_on():
    told = []
    insert, delete = change("note", Operation.INSERT), change("note", Operation.DELETE)
    first = Reading((insert, insert, change("user", Operation.UPDATE)))
    probe = CountingProbe(Scripted(first, Reading((delete,)), Reading(())), told.append)
    assert await probe.read() is first
    await probe.read()
    await probe.read()
    assert told == [3, 1, 0]
    assert (probe.inserted, probe.deleted) == ({"note": 2}, {"note": 1})
    assert probe.name == "scripted"
    assert await probe.settle(1.0, 2.0)
    probe.forget()
    assert not probe.inserted
