"""One `[[identity]]` table under examination: its keys are taken one by one, and what is left over is an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from replay.compose.identity_values import Reference, SecretReader, is_reference, parse_reference
from replay.compose.units import printable
from replay.identity.outfit import Templates
from replay.identity.template import Template, Templated, parse_tree
from replay.model.errors import ConfigError

_IN_CLEAR = 'stands there in clear: take it from { env = "NAME" }, { file = "PATH" } or a command'
_SECRET_VALUES = frozenset({"token", "key", "password", "secret", "client_secret", "refresh_token"})
_SECRET_FIELDS = frozenset({"password", "client_secret"})  # of a login's request as well


class IdentityTable:
    """`values` and `secret_names` grow while references are met. Every complaint is a ConfigError."""

    def __init__(self, where: str, table: dict[str, Any], reader: SecretReader) -> None:
        self.where = where
        self.reader = reader
        self.values: dict[str, str] = {}
        self.references: dict[str, Reference] = {}
        self.filled: dict[str, Template] = {}  # values that are made of others
        self._table = table
        self._taken: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self._table

    def raw(self, key: str, default: Any = None) -> Any:
        self._taken.add(key)
        return self._table.get(key, default)

    def fail(self, key: str, wants: str) -> ConfigError:
        return ConfigError(f"{self.where}: `{key}` {wants}.")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.raw(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise self.fail(key, "is missing" if key not in self._table else "takes a text")
        return value

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in tuple(choices):
            raise self.fail(key, f"takes one of {', '.join(choices)}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "takes true or false")
        return value

    def seconds(self, key: str, default: float) -> float:
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.fail(key, "takes seconds, 0 or more")
        return float(value)

    def texts(self, key: str) -> frozenset[str]:
        """A text or a list of texts; empty when the key is not there."""
        value = self.raw(key, [])
        many = [value] if isinstance(value, str) else value
        if not isinstance(many, list) or not all(isinstance(one, str) and one for one in many):
            raise self.fail(key, "takes a text or a list of texts")
        if self.has(key) and not many:
            raise self.fail(key, "names nobody")
        return frozenset(many)

    def statuses(self, key: str, default: Iterable[int]) -> frozenset[int]:
        value = self.raw(key, list(default))
        many = [value] if isinstance(value, int) and not isinstance(value, bool) else value
        good = isinstance(many, list) and all(type(one) is int and 100 <= one <= 599 for one in many)
        if not good:
            raise self.fail(key, "takes status codes")
        return frozenset(many)

    def table(self, key: str) -> dict[str, Any]:
        value = self.raw(key, {})
        if not isinstance(value, dict):
            raise self.fail(key, "takes a table")
        return value

    def secret(self, key: str) -> Template:
        """A value that must not stand in the file itself: a reference, or a template with nothing but names."""
        value = self.raw(key)
        if value is None:
            raise self.fail(key, "is missing")
        found = self.template(key, value)
        if not found.names or any(not is_name and text.strip() for is_name, text in found.parts):
            raise self.fail(key, _IN_CLEAR)
        if any(name in self.values and name not in self.references for name in found.names):
            raise self.fail(key, f"names one of [identity.values] that {_IN_CLEAR}")
        return found

    def plain(self, key: str) -> Template:
        """A text, a template, or a reference."""
        value = self.raw(key)
        if value is None:
            raise self.fail(key, "is missing")
        return self.template(key, value)

    def maybe(self, key: str, *, is_secret: bool = False) -> Template | None:
        if not self.has(key):
            return None
        return self.secret(key) if is_secret else self.plain(key)

    def template(self, key: str, value: Any) -> Template:
        if is_reference(value):
            self.refer(key, value)
            return Template.name(key)
        if not isinstance(value, str):
            raise self.fail(key, "takes a text, or a table with env, file or command")
        try:
            found = Template.parse(value)
        except ValueError as error:
            raise self.fail(key, str(error)) from None
        if key.rpartition(".")[2].lower() in _SECRET_FIELDS and value and not found.names:
            raise self.fail(key, _IN_CLEAR)
        return found

    def templates(self, key: str) -> Templates:
        return self.templates_of(key, self.table(key))

    def templates_of(self, key: str, table: dict[str, Any]) -> Templates:
        return tuple((name, self.template(f"{key}.{name}", value)) for name, value in table.items())

    def document(self, key: str, value: Any) -> Templated:
        """A JSON document; references in it are values, too."""
        if is_reference(value):
            return self.template(key, value)
        if isinstance(value, dict):
            return {name: self.document(f"{key}.{name}", one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.document(f"{key}.{i}", one) for i, one in enumerate(value)]
        if not isinstance(value, str | int | float | bool):
            raise self.fail(key, "takes texts, numbers, true, false, lists and tables")
        if isinstance(value, str):
            return self.template(key, value)
        try:
            return parse_tree(value)
        except ValueError as error:
            raise self.fail(key, str(error)) from None

    def refer(self, key: str, table: dict[str, Any]) -> None:
        """Read the value now, and know it by this key."""
        reference = parse_reference(f"{self.where}: `{printable(key)}`", table)
        self.references[key] = reference
        self.values[key] = self.reader.read(reference)

    def read_values(self) -> None:
        """`[identity.values]`: names for templates."""
        for name, value in self.table("values").items():
            if is_reference(value):
                self.refer(name, value)
            elif isinstance(value, str) and name.lower() in _SECRET_VALUES:
                raise self.fail(f"values.{name}", _IN_CLEAR)
            elif isinstance(value, str):
                self.values[name] = value
            else:
                raise self.fail(f"values.{printable(name)}", "takes a text, or a table with env, file or command")

    def finish(self, known: Iterable[str]) -> None:
        """Nothing may be left over."""
        for key in self._table:
            if key not in self._taken:
                there = ", ".join(sorted({*known, *self._taken}))
                raise ConfigError(f"{self.where}: `{printable(key)}` is unknown here. There are: {there}.")
