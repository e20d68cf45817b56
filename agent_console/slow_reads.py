"""Runs reports, exports and figures on threads and connections of their own, so that no command waits behind one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from psycopg.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dispatch.database import POOL_SIZES, Busy, Database, ReadingSession

LONGEST_QUEUE: Final = 32
"""Reads that may wait; one more is refused at once, which is kinder than a page that loads for minutes."""

T = TypeVar("T")


class SlowReads:
    """The threads of one process for slow reads: as many as the report pool has connections."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._limiter: CapacityLimiter | None = None
        self._waiting = 0

    async def run(self, read: Callable[[ReadingSession], T], *, within_s: float | None = None) -> T:
        """Return what `read` finds in a transaction of the report pool.

        Raises Busy when too many wait already, and on PostgreSQL when a statement takes longer than `within_s`.
        """
        if self._limiter is None:
            # Made here: a limiter belongs to the event loop that first uses it.
            self._limiter = CapacityLimiter(POOL_SIZES["report"])
        if self._waiting >= LONGEST_QUEUE + POOL_SIZES["report"]:
            raise Busy("too many slow reads are waiting")
        self._waiting += 1
        try:
            return await run_sync(self._read, read, within_s, limiter=self._limiter)
        finally:
            self._waiting -= 1

    def _read(self, read: Callable[[ReadingSession], T], within_s: float | None) -> T:
        with self._database.reading("report") as session:
            if within_s is not None and not self._database.on_sqlite:
                session.execute(text(f"SET LOCAL statement_timeout = {int(within_s * 1000)}"))
            try:
                return read(session)
            except OperationalError as error:
                if isinstance(error.orig, QueryCanceled):
                    raise Busy(f"a statement took longer than {within_s} s") from error
                raise
