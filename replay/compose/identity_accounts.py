"""Reads pools of QA accounts: a CSV file, JSON lines, or variables of the environment with one prefix.

    user,password,tenant      {"user": "qa-1", "password": "..."}      QA_ACCOUNT_1='{"user": ...}' or 'user:password'

Rule: a column is a name that templates may use; `tenant` is QA's name for the company of the account. No message holds
what stands in a row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from replay.compose.identity_values import SecretReader
from replay.compose.units import printable
from replay.identity.spec import Account
from replay.model.codec import UndecodableError, parse_json
from replay.model.errors import ConfigError
from replay.model.message import text_of

TENANT = "tenant"


def read_accounts(where: str, table: Any, reader: SecretReader) -> tuple[Account, ...]:
    """`table`: {file = NAME} or {env = PREFIX}. Raises ConfigError."""
    if not isinstance(table, dict) or len(table) != 1 or not {"file", "env"} & set(table):
        raise ConfigError(f'{where}: takes {{ file = "accounts.csv" }} (or .jsonl), or {{ env = "PREFIX_" }}.')
    ((way, name),) = table.items()
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: {way} takes a name.")
    if way == "env":
        rows = list(_from_environment(where, name, reader.environ))
    elif name.endswith(".csv"):
        rows = list(_from_csv(where, name, reader.text_of(where, name)))
    else:
        rows = [_row(where, f"line {n}", line) for n, line in _lines(reader.text_of(where, name))]
    if not rows:
        raise ConfigError(f"{where}: {printable(name)} holds no account.")
    first = set(rows[0])
    for n, row in enumerate(rows, 1):
        if set(row) != first:
            raise ConfigError(f"{where}: account {n} of {printable(name)} has other names than the first one.")
    return tuple(
        Account({key: value for key, value in row.items() if key != TENANT}, row.get(TENANT, "")) for row in rows
    )


def _from_csv(where: str, name: str, text: str) -> Iterable[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    heads = rows.fieldnames or []
    if not heads or any(not head.isidentifier() for head in heads):
        raise ConfigError(f"{where}: the first line of {printable(name)} must name its columns: user,password,tenant.")
    for n, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ConfigError(f"{where}: line {n} of {printable(name)} has not as many values as the first line.")
        yield dict(row)


def _lines(text: str) -> Iterable[tuple[int, str]]:
    return ((n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip())


def _from_environment(where: str, prefix: str, environ: Mapping[str, str]) -> Iterable[dict[str, str]]:
    for name in sorted(environ):
        if name.startswith(prefix) and environ[name]:
            value = environ[name]
            user, mark, password = value.partition(":")
            if value.lstrip().startswith("{"):
                yield _row(where, printable(name), value)
            elif mark:
                yield {"user": user, "password": password}
            else:
                raise ConfigError(f"{where}: {printable(name)} must hold a JSON object, or USER:PASSWORD.")


def _row(where: str, place: str, text: str) -> dict[str, str]:
    try:
        tree = parse_json(text.encode())
    except UndecodableError:
        tree = None
    if not isinstance(tree, dict) or not tree or any(isinstance(one, dict | list) for one in tree.values()):
        raise ConfigError(f"{where}: {place} must hold a JSON object of names and plain values.")
    return {key: text_of(value) for key, value in tree.items() if not isinstance(value, dict | list)}
