"""Brings a database to the newest schema, one process at a time."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from dispatch.database import Database
from dispatch.models.search import is_index_table
from dispatch.search import fill

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_KEY = 12351
"""PostgreSQL advisory lock: two processes that start at once do not migrate twice."""

SEARCH_SINCE = "0006"


def is_ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Whether a table is one of the metadata's kind; the search index is made of the engine's own."""
    return not (kind == "table" and is_index_table(name))


def migrate(database: Database) -> None:
    """Bring the database to the newest revision; does nothing where it is there already."""
    # Here and below: a start that has nothing to migrate is spared the loading of Alembic.
    from alembic import command

    with database.engine().connect() as connection:
        before = _revision(connection)
        if before == newest():
            return
    with database.engine().begin() as connection:
        if not database.on_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_KEY})"))
        command.upgrade(_config(connection), "head")
    if before is not None and before < SEARCH_SINCE:
        # What was written before there was an index is found as well.
        deque(fill(database), maxlen=0)


def is_current(database: Database) -> bool:
    """True when the database has the newest schema."""
    with database.engine().connect() as connection:
        return _revision(connection) == newest()


def newest() -> str:
    """Return the newest revision that this programme knows: its file's number."""
    return max(path.name for path in (Path(__file__).parent / "versions").glob("[0-9]*.py")).split("_")[0]


def differences(database: Database) -> list[object]:
    """Return how the database differs from the tables in the code; empty when migrations are complete."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from hotline.migrations.metadata import metadata

    with database.engine().connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        return list(compare_metadata(context, metadata))


def write_revision(database: Database, *, message: str, revision: str) -> None:
    """Write a new revision file from the differences (for developers)."""
    from alembic import command

    with database.engine().connect() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=revision)


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
