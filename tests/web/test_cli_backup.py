"""`hotline backup` and `hotline restore` as somebody types them: plain and with a passphrase, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from dispatch.database import Database
from dispatch.models.history import Event
from hotline.cli import app
from hotline.migrations.run import migrate
from tests.builders import build_world, make_ticket

PASSPHRASE = "mountain-river-lantern"  # only for this test


def hotline(*words: object, given: str = "") -> Result:
    return CliRunner().invoke(app, [str(each) for each in words], input=given)


def moved_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Let the commands work on another machine's folder; return its database."""
    folder.mkdir()
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(folder))
    return Database(f"sqlite:///{folder / 'hotline.db'}")


def events(database: Database) -> int:
    with database.reading() as session:
        found = session.scalar(select(func.count()).select_from(Event)) or 0
    database.dispose()
    return found


def test_a_backup_is_made_and_restored_at_the_machine_and_neither_is_lost_by_a_slip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    database = moved_to(tmp_path / "first", monkeypatch)
    migrate(database)
    world = build_world(database)
    with database.writing() as session:
        make_ticket(session, world)
    before = events(database)
    plain, sealed = tmp_path / "plain.tar", tmp_path / "sealed.bin"
    sound = tmp_path / "first" / "recordings" / "000000000001.enc"
    sound.parent.mkdir()
    sound.write_bytes(b"sound" * 100)

    made = hotline("backup", plain)
    assert (made.exit_code, "文件1个" in made.output, "密钥不在备份里" in made.output) == (0, True, True)
    again = hotline("backup", plain)
    assert (again.exit_code, "已存在" in again.output) == (1, True)
    short = hotline("backup", sealed, "--passphrase-stdin", given="short\n")
    assert (short.exit_code, "至少12位" in short.output, sealed.exists()) == (1, True, False)
    assert hotline("backup", sealed, "--passphrase-stdin", given=f"{PASSPHRASE}\n").exit_code == 0
    assert b"ustar" not in sealed.read_bytes()

    for number, words in enumerate(((plain, ""), (sealed, f"{PASSPHRASE}\n"))):
        file, given = words
        scratch = moved_to(tmp_path / f"scratch-{number}", monkeypatch)
        if given:
            assert "请用 --passphrase-stdin" in hotline("restore", file).output
            wrong = hotline("restore", file, "--passphrase-stdin", given="another passphrase\n")
            assert (wrong.exit_code, "口令不对" in wrong.output) == (1, True)
        done = hotline("restore", file, *(["--passphrase-stdin"] if given else []), given=given)
        assert (done.exit_code, "全部相符" in done.output) == (0, True), done.output
        assert events(scratch) == before > 0
        kept = tmp_path / f"scratch-{number}" / "recordings" / sound.name
        assert kept.read_bytes() == sound.read_bytes()
        twice = hotline("restore", file, *(["--passphrase-stdin"] if given else []), given=given)
        assert (twice.exit_code, "已有数据" in twice.output) == (1, True)
    # Nothing is left beside the backups of what they were made of.
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == ["plain.tar", "sealed.bin"]
