"""Databases that many tests begin with, filled once and copied: filling takes longer than most tests."""

from __future__ import annotations

import atexit
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from dispatch.database import Database

_kept: dict[str, str] = {}
"""Engine and purpose → a file, or the name of a database on the same server."""


def keep(database: Database, name: str) -> None:
    """Keep a copy of the database as it is now under this name."""
    database.dispose()
    if database.on_sqlite:
        folder = Path(tempfile.mkdtemp(prefix="hotline-pristine-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _kept[_key(database, name)] = str(folder / "hotline.db")
        _copy_file(str(database.url.database), _kept[_key(database, name)])
        return
    copy = f"pristine_{secrets.token_hex(6)}"
    _on_server(database.url, f"CREATE DATABASE {copy} TEMPLATE {database.url.database} STRATEGY file_copy")
    _kept[_key(database, name)] = copy


def restore(database: Database, name: str) -> bool:
    """Make the database what was kept under this name; False when nothing was."""
    kept = _kept.get(_key(database, name))
    if kept is None:
        return False
    database.dispose()
    if database.on_sqlite:
        _copy_file(kept, str(database.url.database))
        return True
    mine = database.url.database
    _on_server(
        database.url,
        f"DROP DATABASE {mine} WITH (FORCE)",
        f"CREATE DATABASE {mine} TEMPLATE {kept} STRATEGY file_copy",
    )
    return True


def _key(database: Database, name: str) -> str:
    where = "sqlite" if database.on_sqlite else f"{database.url.host}:{database.url.port}"
    return f"{where}/{name}"


def _copy_file(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as from_file, closing(sqlite3.connect(target)) as to_file:
        from_file.backup(to_file)


def _on_server(url: URL, *statements: str) -> None:
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()
