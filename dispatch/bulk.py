"""Writes many rows at once, by the fastest way that each engine has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatch.models.base import Base


def insert_many(
    session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of plain numbers, texts and flags: COPY on PostgreSQL, the driver's executemany on SQLite.

    Values go to the driver as they are, past the column types: no times and no JSON here.
    """
    session.flush()
    table, names = model.__tablename__, ", ".join(columns)
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" * len(columns))
    # Table and column names are the code's own; the values are bound.
    driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608  # see above


def new_ids(session: Session, model: type[Base], count: int) -> list[int]:
    """Return ids that no row has and none will get; on SQLite the writer's turn keeps them ours."""
    table = model.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
        return list(session.scalars(query, {"table": table, "count": count}))
    last = session.scalar(text(f"SELECT coalesce(max(id), 0) FROM {table}")) or 0  # noqa: S608  # the code's own name
    return list(range(last + 1, last + 1 + count))
