"""What a reset takes from its URL, and the time that a script has in SQLite."""

import asyncio
import sqlite3
from contextlib import closing

import psycopg
import pytest

from replay.model.errors import ResetError, UsageError
from replay.probe.reset_sql import require_near, run_script


async def test_a_script_in_sqlite_ends_with_its_time(tmp_path):
    """Nothing goes on in a thread while the run ends: not one statement, nor the next one."""
    path = tmp_path / "qa.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE note (id int)")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;"
    for script in (endless, "INSERT INTO note VALUES (1);" * 20_000):
        before = asyncio.get_running_loop().time()
        with pytest.raises(ResetError, match=r"did not end within 0\.05 seconds"):
            await run_script(f"sqlite:///{path}", script, 0.05)
        assert asyncio.get_running_loop().time() < before + 1, "the thread ended by itself, nobody stopped waiting"
    await run_script(f"sqlite:///{path}", "DELETE FROM note;", 5)


async def test_what_a_url_says_of_tls_is_kept(monkeypatch):
    """`sslmode=verify-full` that is dropped in silence is a connection that nobody verified."""
    told = {}

    def connect(**options):
        told.update(options)
        raise psycopg.OperationalError

    monkeypatch.setattr(psycopg, "connect", connect)
    url = "postgresql://ann@127.0.0.1:1/qa?sslmode=verify-full&sslrootcert=ca.pem"
    with pytest.raises(ResetError, match="in connecting"):
        await run_script(url, "SELECT 1", 1)
    assert (told["sslmode"], told["sslrootcert"], told["hostaddr"]) == ("verify-full", "ca.pem", "127.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1/qa?options=-csearch_path%3Dx",
        "postgresql://127.0.0.1/qa?sslmod=verify-full",
        "postgresql://127.0.0.1/qa?sslmode=disable&sslmode=verify-full",
        "sqlite:///qa.db?mode=ro",
    ],
)
def test_an_option_that_would_be_ignored_is_refused(url):
    """In one sentence, before anything is opened, and without the URL."""
    with pytest.raises(UsageError, match="takes no option") as caught:
        require_near(url)
    assert "127.0.0.1" not in str(caught.value)
