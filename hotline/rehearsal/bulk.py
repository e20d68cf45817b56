"""Writes millions of rows in one transaction: COPY on PostgreSQL, executemany on SQLite, indexes built afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

from sqlalchemy import JSON, Connection, Integer, Table, text

from dispatch.database import Database
from dispatch.models.base import UtcDateTime

Row = Sequence[Any]
"""Values in the order of the table's columns, as the driver takes them."""

_FOREIGN_KEYS: Final = text(
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
)
_INDEXES: Final = text(
    "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"
)


class Bulk(Protocol):
    """Where rows go; the transaction is the caller's."""

    connection: Connection

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Append rows."""

    def finish(self, tables: Sequence[Table]) -> None:
        """Let the next ids follow the highest ones written, and gather statistics."""


def literal_of(database: Database, kind: Any) -> Callable[[Any], Any]:
    """Return what makes a column type's Python value into what `Bulk.write` takes."""
    if isinstance(kind, JSON):
        return _json
    if not database.on_sqlite:
        return _same
    return _moment if isinstance(kind, UtcDateTime) else _plain


@contextmanager
def bulk(database: Database) -> Iterator[Bulk]:
    """Open one transaction without secondary indexes and foreign keys; all of them are there again at its end."""
    opened = _sqlite(database) if database.on_sqlite else _postgresql(database)
    with opened as found:
        yield found


class _Copy:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        driver = self.connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection was lost")
        with (
            driver.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
        ):
            write = copy.write_row
            for row in rows:
                write(row)

    def finish(self, tables: Sequence[Table]) -> None:
        for table in tables:
            key = table.primary_key.columns.values()[0]
            if key.name == "id" and isinstance(key.type, Integer):
                self.connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'),"  # noqa: S608  # our own tables
                        f' COALESCE((SELECT max(id) FROM "{table.name}"), 0) + 1, false)'
                    )
                )


class _Many:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def write(self, table: Table, rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        driver = self.connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection was lost")
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # noqa: S608  # our own tables

    def finish(self, tables: Sequence[Table]) -> None:
        """Nothing: SQLite counts on from the highest id."""


@contextmanager
def _postgresql(database: Database) -> Iterator[Bulk]:
    with database.engine().begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        keys = connection.execute(_FOREIGN_KEYS).all()
        indexes = connection.execute(_INDEXES).all()
        for table, name, _ in keys:
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        yield _Copy(connection)
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
        for table, name, definition in keys:
            connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


@contextmanager
def _sqlite(database: Database) -> Iterator[Bulk]:
    with database.engine().connect() as connection:
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection was lost")
        # Without effect inside a transaction, so before it.
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA cache_size=-400000")
        try:
            with connection.execution_options(hotline_mode="write").begin():
                indexes = connection.exec_driver_sql(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                ).all()
                for name, _ in indexes:
                    connection.exec_driver_sql(f'DROP INDEX "{name}"')
                yield _Many(connection)
                for _, definition in indexes:
                    connection.exec_driver_sql(definition)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise RuntimeError(f"a row of {broken[0]} refers to nothing in {broken[2]}")
            driver.execute("ANALYZE")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
            driver.execute("PRAGMA cache_size=-32000")


def _same(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _json(value: Any) -> str | None:
    # Rows of a mould carry their JSON as text already.
    if value is None or isinstance(value, str):
        return value
    return canonical(value)


def canonical(value: Any) -> str:
    """Return JSON as history hashes it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
