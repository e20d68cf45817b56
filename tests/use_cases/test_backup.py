"""A backup restores on either engine: every row, every file, every chain; a damaged one leaves nothing behind."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import func, null, select

from dispatch.audit import verify
from dispatch.database import Database
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from hotline.backup import BackupRefused, back_up, restore
from hotline.migrations.metadata import metadata
from hotline.migrations.run import migrate
from hotline.sealed_files import WrongPassphrase, is_sealed, seal, unseal
from tests.builders import NOW, World, build_world, make_policy, make_ticket

NULLS = "events without anything personal"
PASSPHRASE = "mountain-river-lantern"  # only for this test


def counts(database: Database) -> dict[str, int]:
    """Return the rows of each table, and how many events say nothing personal: NULL must not become JSON's null."""
    with database.reading() as session:
        found = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
        return found | {NULLS: session.scalar(select(func.count()).where(Event.personal.is_(null()))) or 0}


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> tuple[Path, dict[str, int]]:
    """Give a backup of a centre with a ticket and two kept files, made on this engine."""
    database = Database(database_url)
    migrate(database)
    world = build_world(database)
    with database.writing() as session:
        make_ticket(session, world)
    for name in ("recordings/000000000001.enc", "attachments/ab/cd_1"):
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode() * 100)
    before = counts(database)
    target = tmp_path / "backup.tar"
    done = back_up(database, tmp_path / "from", target, now=NOW)
    assert (done.rows, done.files) == (sum(before.values()) - before[NULLS], 2)
    database.dispose()
    return target, before


def test_a_backup_fills_an_empty_database_and_every_chain_holds(
    archive: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    source, before = archive
    scratch = Database(f"sqlite:///{tmp_path / 'scratch.db'}")
    restore(scratch, tmp_path / "to", source)
    assert counts(scratch) == before
    with scratch.writing() as session:
        assert list(verify(session)) == []
        assert session.scalar(select(func.count()).select_from(Event)) == before["event"] > 0
        # New rows are numbered after the old ones.
        assert make_ticket(session, World(scratch, make_policy())).id > (
            session.scalar(select(func.min(Ticket.id))) or 0
        )
    for name in ("recordings/000000000001.enc", "attachments/ab/cd_1"):
        assert (tmp_path / "to" / name).read_bytes() == name.encode() * 100
    with pytest.raises(BackupRefused, match="已有数据"):
        restore(scratch, tmp_path / "to", source)
    scratch.dispose()


def test_a_backup_of_sqlite_fills_the_other_engine(tmp_path: Path, database_url: str) -> None:
    small = Database(f"sqlite:///{tmp_path / 'small.db'}")
    migrate(small)
    world = build_world(small)
    with small.writing() as session:
        first = make_ticket(session, world).id
    back_up(small, tmp_path / "none", tmp_path / "b.tar", now=NOW)
    before = counts(small)
    small.dispose()
    scratch = Database(database_url)
    restore(scratch, tmp_path / "to", tmp_path / "b.tar")
    assert counts(scratch) == before
    with scratch.writing() as session:
        assert make_ticket(session, world).id == first + 1
    scratch.dispose()


def test_a_damaged_backup_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(database)
    back_up(database, tmp_path, tmp_path / "a.tar", now=NOW)
    database.dispose()
    with tarfile.open(tmp_path / "a.tar") as whole, tarfile.open(tmp_path / "b.tar", "w") as bent:
        for entry in whole:
            file = whole.extractfile(entry)
            content = file.read() if file is not None else b""
            if entry.name == "tables/union_org.jsonl":
                content += b"{}\n"
            entry.size = len(content)
            bent.addfile(entry, io.BytesIO(content))
    scratch = Database(f"sqlite:///{tmp_path / 'scratch.db'}")
    with pytest.raises(BackupRefused, match="已损坏：union_org"):
        restore(scratch, tmp_path / "to", tmp_path / "b.tar")
    scratch.dispose()


def test_a_sealed_file_opens_with_its_passphrase_and_only_whole(tmp_path: Path) -> None:
    plain, sealed, opened = (tmp_path / name for name in ("plain", "sealed", "opened"))
    plain.write_bytes(bytes(range(256)) * 10_000)
    seal(plain, sealed, PASSPHRASE)
    assert is_sealed(sealed)
    unseal(sealed, opened, PASSPHRASE)
    assert opened.read_bytes() == plain.read_bytes()
    with pytest.raises(WrongPassphrase):
        unseal(sealed, opened, "another passphrase")
    sealed.write_bytes(sealed.read_bytes()[: 16 + 16 + (1 << 20) + 16])
    with pytest.raises(WrongPassphrase):
        unseal(sealed, opened, PASSPHRASE)
