"""Which probe a database URL names; nothing is connected, and no password is ever repeated."""

from __future__ import annotations

import pytest

from replay.model.errors import UsageError
from replay.probe.builtin import PROBES, open_probe

PASSWORD = "hunter2-s3cret"

GOOD = [
    ("sqlite:///qa.db", "sqlite", "relative path"),
    ("sqlite:////srv/qa/app.data", "sqlite", "absolute path, any ending"),
    ("/srv/qa/app.sqlite3", "sqlite", "a bare path"),
    ("shop.db", "sqlite", "a bare name"),
    (f"postgresql://qa:{PASSWORD}@db.test:5432/shop", "postgres", "the usual"),
    (f"postgres://qa:{PASSWORD}@db.test/shop", "postgres", "the older scheme"),
    (f"postgresql+psycopg://qa:{PASSWORD}@db.test/shop", "postgres", "as SQLAlchemy names the driver"),
]

BAD = [
    (f"mysql://qa:{PASSWORD}@db.test/shop", "mysql", "a scheme that no probe reads"),
    (f"qa:{PASSWORD}@db.test/shop", "no URL", "the scheme was forgotten"),
    ("sqlite://", "names no file", "no file"),
    (f"postgresql://qa:{PASSWORD}@db.test:port/shop", "does not read as", "no port number"),
]


@pytest.mark.parametrize(("url", "name", "remark"), GOOD)
async def test_a_scheme_opens_its_probe(url: str, name: str, remark: str) -> None:
    """The URL alone decides, and the probe's repr tells no password."""
    probe = open_probe(url)
    assert probe.name == name, remark
    assert PASSWORD not in repr(probe), remark
    assert PASSWORD not in str(vars(probe)), remark
    await probe.close()


@pytest.mark.parametrize(("url", "words", "remark"), BAD)
def test_a_wrong_url_is_told_without_its_password(url: str, words: str, remark: str) -> None:
    """One sentence that names what is valid."""
    with pytest.raises(UsageError) as raised:
        open_probe(url)
    assert words in str(raised.value), remark
    assert PASSWORD not in str(raised.value), remark


def test_an_unknown_scheme_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as raised:
        open_probe("oracle://db.test/x")
    assert all(f"{scheme}://" in str(raised.value) for schemes, _ in PROBES for scheme in schemes)


def test_missing_drivers_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's packages are an extra: who lacks them is told which to install."""
    import sys

    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "replay.probe.postgres", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'replay-proxy\[postgres\]'"):
        open_probe("postgresql://qa@db.test/shop")
