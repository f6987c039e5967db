"""The probes by the scheme of their URL: a new one is one file and one line in PROBES.

Rule: a URL may hold a password; no message here quotes more of it than the scheme.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from replay.model.errors import UsageError
from replay.probe.contract import Probe
from replay.probe.sqlite import SqliteProbe

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_FILE_ENDINGS = (".db", ".sqlite", ".sqlite3")


Known = Sequence[tuple[tuple[str, ...], Callable[[str], Probe]]]
"""URL schemes and what makes their probe."""


def open_probe(url: str, known: Known = ()) -> Probe:
    """`sqlite:///FILE`, a path that ends in .db, .sqlite or .sqlite3, or `postgresql://…`. Nothing is connected yet."""
    known = known or PROBES
    match = _SCHEME.match(url)
    if match is None:
        if url.endswith(_FILE_ENDINGS):
            return SqliteProbe(url)
        raise UsageError(f"The database is no URL and no file named {', '.join(_FILE_ENDINGS)}; {_expected(known)}.")
    scheme = match[1].lower()
    for schemes, factory in known:
        if scheme in schemes:
            return factory(url)
    raise UsageError(f"No probe reads {scheme} databases; {_expected(known)}.")


def _sqlite(url: str) -> Probe:
    """As SQLAlchemy writes it: three slashes before a relative path, four before an absolute one."""
    path = url.partition("://")[2].partition("?")[0].removeprefix("/")
    if not path:
        raise UsageError("The database URL names no file: write sqlite:///FILE or sqlite:////absolute/FILE.")
    return SqliteProbe(unquote(path))


def _postgres(url: str) -> Probe:
    try:
        from replay.probe.postgres import PostgresProbe  # drivers are an extra

        return PostgresProbe(url)
    except ModuleNotFoundError as missing:
        if missing.name in {"sqlalchemy", "psycopg"}:
            raise UsageError(
                "Reading PostgreSQL needs two more packages: pip install 'replay-proxy[postgres]'."
            ) from None
        raise


PROBES: Known = (
    (("sqlite",), _sqlite),
    (("postgresql", "postgres", "postgresql+psycopg"), _postgres),
)


def _expected(known: Known) -> str:
    return "expected " + ", ".join(f"{scheme}://" for schemes, _ in known for scheme in schemes)
