"""Backup and restore: every row and every kept file in one archive that either engine can be filled from.

The archive is a tar of `tables/NAME.jsonl`, the sealed files as they lie on the disk, and `manifest.json` with the
count and the SHA-256 of each. The programme's secret is not in it: without it recordings and attachments stay sealed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import JSON, Connection, Table, func, insert, null, select, text

from dispatch.audit import verify
from dispatch.database import Database
from dispatch.models.base import UtcDateTime
from dispatch.search import rebuild
from hotline.migrations.metadata import metadata
from hotline.migrations.run import is_current, migrate, newest

MANIFEST: Final = "manifest.json"
FOLDERS: Final = ("recordings", "attachments")
_FILE = re.compile(r"(?:recordings|attachments)(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+")
_AT_ONCE: Final = 500
_EMPTY: Final = "is_null:"
_CHUNK: Final = 1 << 20


class BackupRefused(Exception):  # the fact
    """A backup cannot be made or taken; the message is a Chinese sentence for whoever runs the command."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup holds, or a restore has brought back."""

    rows: int
    tables: int
    files: int


def back_up(database: Database, data_dir: Path, target: Path, *, now: datetime) -> Copied:
    """Write everything into `target` as of one moment; raises BackupRefused."""
    if not is_current(database):
        raise BackupRefused("数据库结构不是最新，请先运行 hotline migrate。")
    manifest: dict[str, Any] = {"revision": newest(), "at": now.isoformat(), "tables": {}, "files": {}}
    unfinished = target.with_name(f".{target.name}.part")
    with tempfile.TemporaryDirectory(dir=target.parent) as aside, tarfile.open(unfinished, "w") as archive:
        with database.engine("report").connect() as plain:
            connection = plain
            if not database.on_sqlite:
                # Every table as of the same moment; SQLite's read transactions are so by themselves.
                connection = plain.execution_options(isolation_level="REPEATABLE READ")
            for table in metadata.sorted_tables:
                path = Path(aside) / table.name
                count = _write_rows(connection, table, path)
                manifest["tables"][table.name] = {"rows": count, "sha256": _digest(path)}
                archive.add(path, f"tables/{table.name}.jsonl")
                path.unlink()
        for name, path in _kept_files(data_dir):
            content = path.read_bytes()
            manifest["files"][name] = hashlib.sha256(content).hexdigest()
            _add(archive, name, content)
        _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False).encode())
    unfinished.chmod(0o600)
    unfinished.replace(target)
    return _copied(manifest)


def restore(database: Database, data_dir: Path, source: Path) -> Copied:
    """Fill an empty database and data folder from a backup, and prove it; raises BackupRefused.

    The rows come in one transaction: a backup that is damaged leaves nothing behind.
    """
    with tarfile.open(source) as archive:
        manifest = _checked(archive)
        migrate(database)
        with database.engine("report").begin() as connection:
            _require_empty(connection)
            _fill(connection, archive, manifest, on_sqlite=database.on_sqlite)
        for name in manifest["files"]:
            path = data_dir / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(_read(archive, name))
    for _ in rebuild(database):
        pass
    _prove(database)
    return _copied(manifest)


def _write_rows(connection: Connection, table: Table, path: Path) -> int:
    count = 0
    # Of a JSON column both NULL and the JSON value null are read as None; queries tell them apart.
    empty = [
        column.is_(null()).label(_EMPTY + column.name)
        for column in table.columns
        if isinstance(column.type, JSON) and column.nullable
    ]
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(select(table, *empty))
    with path.open("w", encoding="utf-8") as file:
        for row in rows.mappings():
            written = {name: _plain(value) for name, value in row.items()}
            file.write(json.dumps(written, ensure_ascii=False) + "\n")
            count += 1
    return count


def _fill(
    connection: Connection, archive: tarfile.TarFile, manifest: Mapping[str, Any], *, on_sqlite: bool
) -> None:
    links: list[tuple[str, str, str]] = []
    if on_sqlite:
        # Rows of one table point at each other, and tables do: whether each link holds is asked at the end.
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    else:
        found = connection.execute(text(_LINKS))
        links = [(owner, name, definition) for owner, name, definition in found]
        for owner, name, _ in links:
            connection.execute(text(f'ALTER TABLE {owner} DROP CONSTRAINT "{name}"'))
    for table in metadata.sorted_tables:
        _fill_table(connection, table, archive)
    for owner, name, definition in links:
        connection.execute(text(f'ALTER TABLE {owner} ADD CONSTRAINT "{name}" {definition}'))
    if not on_sqlite:
        _advance_sequences(connection)
    counted = {
        table.name: connection.scalar(select(func.count()).select_from(table))
        for table in metadata.sorted_tables
    }
    wrong = [name for name, each in manifest["tables"].items() if counted.get(name) != each["rows"]]
    if wrong:
        raise BackupRefused(f"恢复后的行数不符：{'、'.join(wrong)}。")


_LINKS: Final = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"""


def _fill_table(connection: Connection, table: Table, archive: tarfile.TarFile) -> None:
    file = archive.extractfile(f"tables/{table.name}.jsonl")
    if file is None:
        raise BackupRefused(f"备份里没有 {table.name}。")
    readers = {column.name: _reader(column.type) for column in table.columns}
    batch: list[dict[str, Any]] = []
    for line in io.TextIOWrapper(file, encoding="utf-8"):
        row = json.loads(line)
        read = {name: readers[name](value) for name, value in row.items() if name in readers}
        batch.append(read | {name: null() for name in readers if row.get(_EMPTY + name)})
        if len(batch) == _AT_ONCE:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _advance_sequences(connection: Connection) -> None:
    """Let new rows be numbered after those that were brought back."""
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or keys[0].name != "id":
            continue
        sequence = connection.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": f'"{table.name}"', "column": keys[0].name},
        )
        last = connection.scalar(select(func.max(keys[0])))
        if sequence is not None and last is not None:
            connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def _checked(archive: tarfile.TarFile) -> dict[str, Any]:
    """Return the manifest of a backup whose every part is as it was written; raises BackupRefused."""
    try:
        manifest: dict[str, Any] = json.loads(_read(archive, MANIFEST))
    except (KeyError, ValueError) as error:
        raise BackupRefused("这不是完整的备份文件。") from error
    if manifest["revision"] != newest():
        raise BackupRefused(
            f"备份的数据库结构是 {manifest['revision']}，本程序是 {newest()}：请用当时的版本恢复，再升级。"
        )
    for name, each in manifest["tables"].items():
        if _digest_of(archive, f"tables/{name}.jsonl") != each["sha256"]:
            raise BackupRefused(f"备份已损坏：{name}。")
    for name, digest in manifest["files"].items():
        if not _FILE.fullmatch(name) or ".." in name or _digest_of(archive, name) != digest:
            raise BackupRefused(f"备份已损坏：{name}。")
    return manifest


def _require_empty(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise BackupRefused(f"数据库里已有数据（{table.name}），只能恢复到空数据库。")


def _prove(database: Database) -> None:
    """Verify every chain of the history that was restored."""
    with database.reading("report") as session:
        broken = [f"{stream}#{seq}: {what}" for stream, seq, what in verify(session)]
    if broken:
        raise BackupRefused(f"恢复后的历史记录不符：{broken[0]}（共{len(broken)}处）。")


def _kept_files(data_dir: Path) -> Iterator[tuple[str, Path]]:
    for folder in FOLDERS:
        for path in sorted((data_dir / folder).rglob("*")):
            name = path.relative_to(data_dir).as_posix()
            if path.is_file() and _FILE.fullmatch(name) and path.suffix != ".part":
                yield name, path


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _reader(kind: Any) -> Any:
    python = datetime if isinstance(kind, UtcDateTime) else _python_type(kind)
    if python is datetime:
        return lambda value: None if value is None else datetime.fromisoformat(value)
    if python is date:
        return lambda value: None if value is None else date.fromisoformat(value)
    if python is bytes:
        return lambda value: None if value is None else base64.b64decode(value)
    if python is Decimal:
        return lambda value: None if value is None else Decimal(value)
    return lambda value: value


def _python_type(kind: Any) -> type | None:
    try:
        found: type = kind.python_type
    except NotImplementedError:
        return None
    return found


def _copied(manifest: Mapping[str, Any]) -> Copied:
    tables = manifest["tables"]
    return Copied(sum(each["rows"] for each in tables.values()), len(tables), len(manifest["files"]))


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(archive: tarfile.TarFile, name: str) -> str | None:
    try:
        file = archive.extractfile(name)
    except KeyError:
        return None
    if file is None:
        return None
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
