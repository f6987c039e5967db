"""Rows of a table with the stand-ins that a capture of the same key has: so that QA's database knows its ids and names.

Rows go through the policy as a JSON answer would, so every rule, name and class holds that holds for a recording:
`$..email` means the column `email`.

Rule: fail closed. A row that the policy refuses is an error for its user, never passed on as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from replay.model.body import Body
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Exchange, Request, Response
from replay.model.tree import Scalar, Tree
from replay.redact.policy import Policy, Refused

Row = Sequence[Scalar]
_AS_THEY_ARE = frozenset(("t", "f"))  # how PostgreSQL writes booleans; one letter tells nobody from another
_JSON = "application/json"


class RowRefusedError(Exception):
    """One row cannot be mapped. `index` counts from 0 among the rows that were given; the text holds no value."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"row {index}: {reason}")
        self.index, self.reason = index, reason


class RowMapper:
    """Maps the rows of one table. `columns` are its names, each once; those in `wanted` change (None: all)."""

    def __init__(
        self,
        policy: Policy,
        columns: Sequence[str],
        wanted: frozenset[str] | None = None,
        before: RowMapper | None = None,
    ) -> None:
        """`before`: who mapped other columns of the same table until now; its counts are taken over."""
        self._policy = policy
        self.columns = tuple(columns)
        self._places = [i for i, name in enumerate(columns) if wanted is None or name in wanted]
        self.changed: Counter[str] = before.changed if before else Counter()  # by column
        self.rows: int = before.rows if before else 0

    def mapped(self, rows: Sequence[Row]) -> list[list[Scalar]]:
        """The rows in their order. Raises RowRefusedError."""
        out = [list(row) for row in rows]
        for row, fresh in zip(out, self._fresh(rows, 0) if self._places else rows, strict=True):
            for i, value in zip(self._places, fresh, strict=True):
                if value != row[i]:
                    self.changed[self.columns[i]] += 1
                    row[i] = value
        self.rows += len(out)
        return out

    def _fresh(self, rows: Sequence[Row], first: int) -> list[list[Scalar]]:
        """New values of the wanted columns; what is too much at once is halved."""
        if not rows:
            return []
        try:
            return self._redacted(rows)
        except Refused as refused:
            reason = refused.reason
        if len(rows) == 1:
            raise RowRefusedError(first, reason)
        half = len(rows) // 2
        return [*self._fresh(rows[:half], first), *self._fresh(rows[half:], first + half)]

    def _redacted(self, rows: Sequence[Row]) -> list[list[Scalar]]:
        names = [self.columns[i] for i in self._places]
        document = [dict(zip(names, (row[i] for i in self._places), strict=True)) for row in rows]
        tree: Tree = [dict(row) for row in document]
        answer = Response(200, body=Body(dump_json(tree), _JSON))
        redacted = self._policy.redact(Exchange("e0", Request("GET", "/"), answer)).exchange
        body = redacted.response.body if redacted.response else Body()
        if body.truncated or not body.data:
            raise Refused("not-understood")
        found = parse_json(body.data)
        out: list[list[Scalar]] = []
        for row, one in zip(document, found if isinstance(found, list) else (), strict=True):
            values = list(one.values()) if isinstance(one, dict) else []
            if len(values) != len(names):
                raise Refused("names-collide")
            out.append([_kept(old, new) for old, new in zip(row.values(), values, strict=True)])
        return out


def _kept(old: Scalar, new: object) -> Scalar:
    if isinstance(old, str) and old in _AS_THEY_ARE:
        return old
    if new is None or isinstance(new, bool | int | float | str):
        return new
    raise Refused("not-a-value")
