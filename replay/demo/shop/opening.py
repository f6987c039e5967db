"""Opens the database that a name stands for: a SQLite file, or PostgreSQL for whoever has a driver for it."""

from __future__ import annotations

from replay.demo.shop.database import Database, SqliteDatabase


async def open_database(target: str, *, unique_enrolments: bool, id_offset: int) -> Database:
    """Opens and prepares the SQLite file or the PostgreSQL database that `target` names."""
    database: Database
    if target.startswith(("postgresql://", "postgres://")):
        from replay.demo.shop.postgres import connect  # psycopg is wanted only by those who use PostgreSQL

        database = await connect(target)
    else:
        database = SqliteDatabase(target)
    try:
        await database.prepare(unique_enrolments=unique_enrolments, id_offset=id_offset)
    except BaseException:
        await database.close()
        raise
    return database
