"""`hotline backup` and `hotline restore`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from hotline.backup import BackupRefused, back_up, restore
from hotline.preflight import read_settings
from hotline.sealed_files import WrongPassphrase, is_sealed, seal, unseal
from hotline.wiring import database_of, now

MIN_PASSPHRASE = 12
Given = Annotated[bool, typer.Option("--passphrase-stdin", help="从标准输入读备份口令，备份加密保存")]


def add_backup_commands(app: typer.Typer) -> None:
    """Add both commands to the programme's."""
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)


def backup_command(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="备份文件")], passphrase_stdin: Given = False
) -> None:
    """备份全部数据、录音和附件；程序可以继续运行。"""
    if file.exists():
        _fail(f"{file} 已存在。")
    passphrase = _passphrase() if passphrase_stdin else None
    settings = _settings()
    database = database_of(settings)
    try:
        with tempfile.TemporaryDirectory(dir=file.absolute().parent) as aside:
            made = Path(aside) / "backup.tar"
            done = back_up(database, settings.data_dir, made, now=now())
            if passphrase is None:
                made.replace(file)
            else:
                seal(made, file, passphrase)
    except BackupRefused as refused:
        _fail(str(refused))
    finally:
        database.dispose()
    print(f"已备份{done.tables}张表{done.rows}行、文件{done.files}个：{file}")
    print(
        "密钥不在备份里：请另外妥善保存 HOTLINE_SECRET_KEY（或数据目录里的 secret.key），否则录音和附件无法打开。"
    )


def restore_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="备份文件")],
    passphrase_stdin: Given = False,
) -> None:
    """恢复到空数据库，并核对行数和历史记录。"""
    if is_sealed(file) and not passphrase_stdin:
        _fail("备份已加密，请用 --passphrase-stdin 从标准输入给出口令。")
    settings = _settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = database_of(settings)
    try:
        with tempfile.TemporaryDirectory(dir=settings.data_dir) as aside:
            source = file
            if is_sealed(file):
                source = Path(aside) / "backup.tar"
                unseal(file, source, _passphrase())
            done = restore(database, settings.data_dir, source)
    except WrongPassphrase:
        _fail("口令不对，或备份已损坏。")
    except BackupRefused as refused:
        _fail(str(refused))
    except SQLAlchemyError as error:
        _fail(f"数据库拒绝了备份：{str(error).splitlines()[0]}")
    finally:
        database.dispose()
    print(f"已恢复{done.tables}张表{done.rows}行、文件{done.files}个；行数和历史记录全部相符。")


def _passphrase() -> str:
    passphrase = sys.stdin.readline().rstrip("\n")
    if len(passphrase) < MIN_PASSPHRASE:
        _fail(f"备份口令至少{MIN_PASSPHRASE}位。")
    return passphrase


def _settings() -> Settings:
    settings, problems = read_settings()
    if settings is None:
        _fail("\n".join(problem.what for problem in problems))
    return settings


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
