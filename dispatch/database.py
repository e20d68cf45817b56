"""Engines and pools by purpose, and the discipline that lets SQLite lose no update."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

Purpose: TypeAlias = Literal["webhook", "command", "report", "clock", "number"]
"""Who asks: a caller's turn, a person's command, a slow report, the ticker; none waits behind another.

`number` commits each statement by itself: whoever holds one of its connections waits for nobody.
"""

POOL_SIZES: Final[Mapping[Purpose, int]] = {
    "webhook": 16,
    "command": 16,
    "report": 4,
    "clock": 4,
    "number": 2,
}
"""Connections a purpose; the web gives each purpose exactly as many threads (docs/adr/0002)."""

POOL_TIMEOUT_S: Final = 3.0

RESTED_S: Final = 1.0
"""A database that was restarted in the meantime has been away for longer."""


class ReadingSession(Session):
    """A session that cannot write: on SQLite it begins deferred, on PostgreSQL its transaction is read-only."""


class WritingSession(Session):
    """A session that may write; on SQLite it holds the one writer's turn from begin to end."""


class FifoLock:
    """A mutual exclusion that serves in order of arrival, so that no writer starves under load."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._held = False

    def acquire(self, timeout_s: float) -> bool:
        """Wait for the turn; False when it did not come in time."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            ticket = threading.Lock()
            ticket.acquire()
            self._queue.append(ticket)
        if ticket.acquire(timeout=timeout_s):
            return True
        with self._guard:
            if ticket in self._queue:
                self._queue.remove(ticket)
                return False
        # The turn was handed over between the time-out and the guard: it is ours after all.
        return True

    def release(self) -> None:
        """Hand the turn to the longest waiting, or free it."""
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._held = False


class Busy(RuntimeError):
    """The writer's turn did not come within the time a caller can wait."""


class Database:
    """One database with a pool for each purpose; `writing` and `reading` open sessions of different types."""

    def __init__(self, url: str, *, pool_sizes: Mapping[Purpose, int] = POOL_SIZES) -> None:
        self.url: Final = make_url(url)
        self.on_sqlite: Final = self.url.get_backend_name() == "sqlite"
        self._writer = FifoLock()
        self._engines: dict[Purpose, Engine] = {
            purpose: self._engine(size, alone=purpose == "number") for purpose, size in pool_sizes.items()
        }

    def engine(self, purpose: Purpose = "command") -> Engine:
        """Return the engine whose pool serves this purpose."""
        return self._engines[purpose]

    @contextmanager
    def writing(self, purpose: Purpose = "command") -> Iterator[WritingSession]:
        """Open a transaction that may write; commits at the end, rolls back on any exception."""
        if self.on_sqlite and not self._writer.acquire(timeout_s=30.0):
            raise Busy("the writer's turn did not come within 30 s")
        try:
            session = _WRITING(bind=self._engines[purpose], info={"writes": True, "database": self})
            try:
                # The connection opens its transaction here, BEGIN IMMEDIATE on SQLite.
                session.connection(execution_options={"hotline_mode": "write"})
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.close()
        finally:
            if self.on_sqlite:
                self._writer.release()

    @contextmanager
    def reading(self, purpose: Purpose = "command") -> Iterator[ReadingSession]:
        """Open a transaction that only reads; always rolled back."""
        session = _READING(bind=self._engines[purpose])
        try:
            mode = {"hotline_mode": "read"} if self.on_sqlite else {"postgresql_readonly": True}
            session.connection(execution_options=mode)
            yield session
        finally:
            session.rollback()
            session.close()

    def is_up(self) -> bool:
        """True when the database answers."""
        with self._engines["command"].connect() as connection:
            return bool(connection.scalar(text("SELECT 1")) == 1)

    def dispose(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            engine.dispose()

    def _engine(self, size: int, *, alone: bool) -> Engine:
        if self.on_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(
                self.url,
                poolclass=QueuePool,
                pool_size=size,
                max_overflow=0,
                pool_timeout=POOL_TIMEOUT_S,
                # A fault of the database must not print names and texts into a log.
                hide_parameters=True,
                connect_args={"timeout": 30.0, "check_same_thread": False},
            )
            event.listen(engine, "connect", _on_sqlite_connect)
            event.listen(engine, "begin", _on_sqlite_begin)
            return engine
        engine = create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            # A fault of the database must not print names and texts into a log.
            hide_parameters=True,
            isolation_level="AUTOCOMMIT" if alone else None,
            # Prepared generic plans cost seconds on text search (docs/adr/0002).
            connect_args={"options": "-c plan_cache_mode=force_custom_plan -c timezone=UTC"},
        )
        event.listen(engine, "checkin", _on_checkin)
        event.listen(engine, "checkout", _on_checkout)
        return engine


_WRITING = sessionmaker(class_=WritingSession, expire_on_commit=False)
_READING = sessionmaker(class_=ReadingSession, expire_on_commit=False, autoflush=False)


def _on_checkin(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _on_checkout(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that has rested whether it is still there; under load none rests so long."""
    if time.monotonic() - record.info.get("used_at", math.inf) < RESTED_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        # The pool throws it away with all others of its age and opens a new one.
        raise DisconnectionError from error


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # Python's driver would begin transactions by itself, too late: after the read that the write depends on.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA cache_size=-32000")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("hotline_mode")
    query_only = "ON" if mode == "read" else "OFF"
    if connection.info.get("query_only") != query_only:
        connection.exec_driver_sql(f"PRAGMA query_only={query_only}")
        connection.info["query_only"] = query_only
    connection.exec_driver_sql("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")


def database_now(session: Session) -> datetime:
    """Return the database's own time: what deadlines are measured by, whatever this machine's clock says.

    SQLite lives inside the process, so there it is the process's.
    """
    if session.get_bind().dialect.name != "postgresql":
        return datetime.now(UTC)
    moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def wait_until_up(database: Database, *, seconds: float) -> bool:
    """Return whether the database answered within `seconds` (a server that is still starting)."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return database.is_up()
        except Exception:  # noqa: BLE001  # any driver error means: not yet
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
