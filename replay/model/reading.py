"""What changed in the target's database between two looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Cell: TypeAlias = "None | bool | int | float | str"
"""A column's value as text or number; bytes and long text arrive as `<N bytes, digest …>` marks (see probe room)."""


class Operation(StrEnum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, repr=False)
class RowChange:
    """One row that appeared, changed or went. `before` is empty for inserts, `after` for deletes."""

    entity: str  # table
    operation: Operation
    key: tuple[tuple[str, Cell], ...]  # primary key columns; all columns when the table has none
    before: tuple[tuple[str, Cell], ...] = ()
    after: tuple[tuple[str, Cell], ...] = ()

    @property
    def row(self) -> dict[str, Cell]:
        """The row as it stands now, or as it stood before a delete."""
        return dict(self.after or self.before)

    def __repr__(self) -> str:
        return f"RowChange({self.operation} {self.entity})"


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything committed since the previous reading of the same probe (the first one is empty).

    `generated` names columns per entity that the catalogue says the database fills in itself.
    """

    changes: tuple[RowChange, ...]
    generated: tuple[tuple[str, tuple[str, ...]], ...] = ()
