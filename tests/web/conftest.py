"""Running houses: one engine where the web is the matter, both where the database is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.database import Database
from hotline.migrations.metadata import metadata
from tests.web.house import House, furnish, running_house


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database file with the demonstration world, to be copied and never opened."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    database = Database(f"sqlite:///{path}")
    metadata.create_all(database.engine())
    furnish(database)
    with database.engine().connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture
def house(furnished_file: Path, tmp_path: Path) -> Iterator[House]:
    """Give a running house on SQLite."""
    shutil.copy(furnished_file, tmp_path / "hotline.db")
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    with running_house(database, tmp_path) as running:
        yield running
    database.dispose()


@pytest.fixture
def house_on_each_engine(database: Database, tmp_path: Path) -> Iterator[House]:
    """Give a running house on SQLite and on PostgreSQL in turn."""
    furnish(database)
    with running_house(database, tmp_path) as running:
        yield running
