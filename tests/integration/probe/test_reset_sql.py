"""A reset script in a real PostgreSQL: several statements, its errors without its words, and its time."""

import pytest

from replay.model.errors import ResetError
from replay.probe.reset_sql import require_near, run_script


async def test_a_script_of_several_statements_runs_in_one_go(postgres_url, pg_owner):
    pg_owner.execute("CREATE TABLE note (id int)")
    require_near(postgres_url)
    await run_script(postgres_url, "INSERT INTO note VALUES (1), (2); DELETE FROM note WHERE id = 1;", 10)
    assert pg_owner.execute("SELECT id FROM note").fetchall() == [(2,)]


async def test_a_script_that_fails_changes_nothing_and_is_not_quoted(postgres_url, pg_owner):
    pg_owner.execute("CREATE TABLE note (id int)")
    with pytest.raises(ResetError, match="PostgreSQL error 42P01") as caught:
        await run_script(postgres_url, "INSERT INTO note VALUES (1); DELETE FROM secret_4711;", 10)
    assert "4711" not in str(caught.value)
    assert pg_owner.execute("SELECT count(*) FROM note").fetchone() == (0,)


async def test_a_script_that_takes_too_long_is_ended_by_the_server(postgres_url):
    with pytest.raises(ResetError, match="PostgreSQL error 57014"):
        await run_script(postgres_url, "SELECT pg_sleep(30);", 0.2)
