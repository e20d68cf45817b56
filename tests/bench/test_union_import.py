"""How fast a file of unions is imported, beside the bare rows of the same tree by the fastest way of each engine.

`HOTLINE_BENCH_UNIONS` says how many; the goal of docs/quality.md is for 200,000.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from dispatch.database import Database
from dispatch.events import By
from dispatch.models.unions import Union, UnionClosure
from dispatch.unions import COLUMNS, import_unions
from tests.builders import NOW

UNIONS = int(os.environ.get("HOTLINE_BENCH_UNIONS", "20000"))

pytestmark = pytest.mark.bench


def file_of(count: int) -> bytes:
    """A province, 16 cities, 160 counties, 1,600 towns, and basic unions below them."""
    rows = [",".join(COLUMNS), "37,山东省总工会,province,territory,,37,,,,"]
    rows += [f"37{c:02d},第{c}市总工会,city,territory,37,37{c:02d},,,," for c in range(1, 17)]
    counties = [f"37{c:02d}{d:02d}" for c in range(1, 17) for d in range(1, 11)]
    rows += [f"{each},{each}区总工会,county,territory,{each[:4]},{each},,,," for each in counties]
    towns = [f"{each}{t:03d}" for each in counties for t in range(1, 11)]
    rows += [f"{each},{each}街道总工会,town,territory,{each[:6]},{each},,,," for each in towns]
    for number in range(count - len(rows) + 1):
        town = towns[number % len(towns)]
        rows.append(f"B{number},第{number}号企业工会,enterprise,enterprise,{town},{town},G{number % 999},,,")
    return "\n".join((*rows, "")).encode()


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def copy_rows(database: Database, table: str, rows: list[tuple[object, ...]], names: list[str]) -> None:
    """Write rows by COPY or by executemany, with nothing around them."""
    with database.writing() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        if database.on_sqlite:
            places = ",".join("?" * len(names))
            driver.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({places})", rows)
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def test_import_beside_bare_rows(database: Database) -> None:
    data = file_of(UNIONS)

    def load() -> None:
        with database.writing() as session:
            import_unions(session, data, by=By("machine"), now=NOW)

    took = {"import": timed(load), "again, unchanged": timed(load)}
    unions, closure = Union.__table__, UnionClosure.__table__
    with database.reading() as reading:
        union_rows = [tuple(row) for row in reading.execute(select(unions).order_by(unions.c.id))]
        pairs = [tuple(row) for row in reading.execute(select(closure))]
    assert len(union_rows) == UNIONS
    with database.writing() as session:
        session.execute(text("DELETE FROM union_closure"))
        session.execute(text("UPDATE union_org SET parent_id = NULL"))
        session.execute(text("DELETE FROM union_org"))

    def bare() -> None:
        copy_rows(database, "union_org", union_rows, [column.name for column in unions.columns])
        copy_rows(database, "union_closure", pairs, [column.name for column in closure.columns])

    took["bare rows"] = timed(bare)
    with database.reading() as reading:
        assert reading.scalar(select(func.count()).select_from(UnionClosure)) == len(pairs)
    engine = "sqlite" if database.on_sqlite else "postgresql"
    for name, seconds in took.items():
        print(f"\n{engine:<11}{name:<18}{UNIONS:>8} unions, {len(pairs):>8} pairs {seconds:8.2f} s", end="")
    print(f"\n{engine:<11}ratio import/bare {took['import'] / took['bare rows']:.2f}")
