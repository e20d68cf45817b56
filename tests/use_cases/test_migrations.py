"""Migrations alone make exactly the tables that the code declares, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dispatch.database import Database
from hotline.migrations.run import differences, is_current, migrate


def test_migrations_make_the_tables_that_the_code_declares(database_url: str) -> None:
    database = Database(database_url)
    assert not is_current(database)
    migrate(database)
    assert is_current(database)
    assert differences(database) == []
    database.dispose()


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    database = Database(database_url)
    if database.on_sqlite:
        # One process only; a second start of the same one changes nothing.
        migrate(database)
        migrate(database)
    else:
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(migrate, database) for _ in range(3)]:
                done.result()
    assert differences(database) == []
    database.dispose()
