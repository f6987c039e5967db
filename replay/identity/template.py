"""Texts with `{names}`: what a configuration writes where a value of the account, of a login or of the actor goes.

    "Bearer {token}"      "{user}"      "tenant-{actor.tenant}"      "{{ is a brace }}"

Rule: a name that nobody gives is an error before anything is sent; a filled template is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from replay.model.tree import Tree

_TOKENS = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.-]*)\}|[{}]")

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """`parts` are pairs: (True, a name) or (False, text that stays)."""

    parts: tuple[tuple[bool, str], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises ValueError, which says in half a sentence what is wrong."""
        parts: list[tuple[bool, str]] = []
        at = 0
        for found in _TOKENS.finditer(text):
            parts.append((False, text[at : found.start()]))
            at = found.end()
            if found[1] is not None:
                parts.append((True, found[1]))
            elif found[0] in {"{{", "}}"}:
                parts.append((False, found[0][0]))
            else:
                raise ValueError(
                    "has a single brace: a name stands in {braces}, and a brace itself is written {{ or }}"
                )
        parts.append((False, text[at:]))
        return cls(tuple(part for part in parts if part[1]))

    @classmethod
    def name(cls, name: str) -> Template:
        """The value of that name and nothing else."""
        return cls(((True, name),))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(text for is_name, text in self.parts if is_name)

    def fill(self, values: Values) -> str:
        """Raises KeyError with the name that is missing."""
        return "".join(values[text] if is_name else text for is_name, text in self.parts)


Templated = Template | bool | int | float | list["Templated"] | dict[str, "Templated"] | None
"""A JSON document whose texts are templates."""


def parse_tree(tree: Tree) -> Templated:
    """Raises ValueError."""
    if isinstance(tree, str):
        return Template.parse(tree)
    if isinstance(tree, list):
        return [parse_tree(one) for one in tree]
    if isinstance(tree, dict):
        return {key: parse_tree(value) for key, value in tree.items()}
    return tree


def fill_tree(tree: Templated, values: Values) -> Tree:
    """Raises KeyError with the name that is missing."""
    if isinstance(tree, Template):
        return tree.fill(values)
    if isinstance(tree, list):
        return [fill_tree(one, values) for one in tree]
    if isinstance(tree, dict):
        return {key: fill_tree(value, values) for key, value in tree.items()}
    return tree


def names_in(tree: Templated) -> Iterator[str]:
    """Every name that a document asks for."""
    if isinstance(tree, Template):
        yield from tree.names
    elif isinstance(tree, list):
        for one in tree:
            yield from names_in(one)
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from names_in(value)
