"""The two traps of the database layer: lost updates on SQLite, and one kind of work that starves another."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import Executable, literal, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from dispatch.database import Database, FifoLock
from dispatch.models.base import UtcDateTime
from hotline.errors import INTERNAL, problem_of

THREADS, ROUNDS = 16, 60


def test_sixteen_threads_that_read_then_write_lose_no_update(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("CREATE TABLE tally (n INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO tally VALUES (0)"))

    def add_one_many_times() -> None:
        for _ in range(ROUNDS):
            with database.writing() as session:
                # PostgreSQL needs the row lock; SQLite ignores it and relies on the one writer's turn.
                lock = "" if database.on_sqlite else " FOR UPDATE"
                n = session.scalar(text(f"SELECT n FROM tally{lock}"))
                session.execute(text("UPDATE tally SET n = :n"), {"n": n + 1})

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(add_one_many_times) for _ in range(THREADS)]:
            done.result()

    with database.reading() as reader:
        assert reader.scalar(text("SELECT n FROM tally")) == THREADS * ROUNDS


def test_a_reading_session_cannot_write(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("CREATE TABLE tally (n INTEGER NOT NULL)"))
    with database.reading() as session, pytest.raises(DBAPIError, match=r"read-?only"):
        session.execute(text("INSERT INTO tally VALUES (1)"))


def test_an_exception_rolls_back_and_frees_the_writers_turn(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("CREATE TABLE tally (n INTEGER NOT NULL)"))

    def write_and_break() -> None:
        with database.writing() as session:
            session.execute(text("INSERT INTO tally VALUES (1)"))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        write_and_break()
    with database.writing() as session:
        assert session.scalar(text("SELECT count(*) FROM tally")) == 0


def test_reports_that_hold_every_connection_of_theirs_leave_webhooks_alone(database: Database) -> None:
    release, held = threading.Event(), threading.Barrier(5)

    def hold_a_report() -> None:
        with database.reading("report") as session:
            session.execute(text("SELECT 1"))
            held.wait(timeout=60)
            release.wait(timeout=60)

    with ThreadPoolExecutor(4) as pool:
        reports = [pool.submit(hold_a_report) for _ in range(4)]
        held.wait(timeout=60)
        try:
            # Sharing their pool, the webhook would wait for the pool's own 3 s and then fail.
            with database.reading("webhook") as session:
                assert session.scalar(text("SELECT 1")) == 1
        finally:
            release.set()
        for report in reports:
            report.result()


def test_the_writers_turn_goes_to_the_one_who_waited_longest() -> None:
    lock, served = FifoLock(), list[int]()
    assert lock.acquire(1)

    def wait_for_it(n: int) -> None:
        assert lock.acquire(60)
        served.append(n)
        lock.release()

    threads = []
    for n in range(8):
        thread = threading.Thread(target=wait_for_it, args=(n,))
        thread.start()
        while len(lock._queue) <= n:
            time.sleep(0.001)
        threads.append(thread)
    lock.release()
    for thread in threads:
        thread.join(timeout=60)
    assert served == list(range(8))


def test_a_turn_that_does_not_come_in_time_is_given_up_and_not_leaked() -> None:
    lock = FifoLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0.01)


def test_a_connection_that_died_while_it_rested_is_replaced_unnoticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.on_sqlite:
        # There is no server that could have gone away.
        return
    monkeypatch.setattr("dispatch.database.RESTED_S", 0.0)
    with database.writing() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with database.engine("report").connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with database.writing() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid


def test_only_a_value_that_no_database_keeps_is_the_askers_fault(database: Database) -> None:
    def answered(sql: Executable) -> int:
        with pytest.raises(StatementError) as caught, database.reading() as session:
            session.execute(sql)
        return problem_of(caught.value).answer.status

    beyond = datetime.fromisoformat("9999-12-31T23:59:59-14:00")
    assert answered(select(literal(beyond, UtcDateTime()))) == 422
    naive = datetime.fromisoformat("2026-11-25T09:00:00")
    assert answered(select(literal(naive, UtcDateTime()))) == INTERNAL.status
    assert answered(text("SELECT nothing FROM nowhere")) == INTERNAL.status
    with database.writing() as session:
        session.execute(text("CREATE TABLE one (n INTEGER PRIMARY KEY)"))
        session.execute(text("INSERT INTO one VALUES (1)"))
    with pytest.raises(IntegrityError) as twice, database.writing() as session:
        session.execute(text("INSERT INTO one VALUES (1)"))
    assert problem_of(twice.value).answer is INTERNAL
