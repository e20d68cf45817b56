"""`hotline line`: what is open, and opening, closing and diverting lines from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from config.load import load_policy
from config.settings import Settings
from dispatch.actors import MACHINE
from dispatch.database import Database, WritingSession
from dispatch.errors import Invalid, NotFound
from hotline.line.lines import Lines
from hotline.line.switches import line_states, set_line
from hotline.preflight import read_settings
from hotline.wiring import config_file, database_of, now

line_app = typer.Typer(no_args_is_help=True, help="排队线路")
Code = Annotated[str, typer.Argument(help="线路代码，如 legal")]
Reason = Annotated[str, typer.Option(help="原因，记入管理记录")]


@line_app.command("list")
def list_command() -> None:
    """列出全部线路的开关、转线和排队人数。"""
    database, lines = _open()
    with database.reading() as session:
        for each in line_states(session, lines=lines, now=now()):
            state = "开" if each.is_open else "关"
            towards = f" → {each.divert_to}" if each.divert_to else ""
            print(f"{each.code:<12}{state}{towards}  排队{each.waiting}人  {each.label}  {each.reason}")
    database.dispose()


@line_app.command("open")
def open_command(code: Code, reason: Reason) -> None:
    """开放一条线路，并取消转线。"""
    _set(code, is_open=True, divert_to=None, reason=reason)


@line_app.command("close")
def close_command(code: Code, reason: Reason) -> None:
    """关闭一条线路：已在排队的继续接听，新来电可以留言或登记回电。"""
    _set(code, is_open=False, divert_to=None, reason=reason)


@line_app.command("divert")
def divert_command(
    code: Code, to: Annotated[str, typer.Option("--to", help="转往的线路代码")], reason: Reason
) -> None:
    """把一条线路的来电转到另一条，排队的人保留位置。"""
    _set(code, is_open=True, divert_to=to, reason=reason)


def _set(code: str, *, is_open: bool, divert_to: str | None, reason: str) -> None:
    database, lines = _open()
    try:
        with _writing(database) as session:
            set_line(
                session,
                MACHINE,
                code,
                is_open=is_open,
                divert_to=divert_to,
                reason=reason,
                version=None,
                lines=lines,
                now=now(),
            )
    except NotFound:
        _fail(f"没有代码为“{code}”的线路。")
    except Invalid as error:
        _fail("；".join(error.fields.values()))
    finally:
        database.dispose()
    print(
        f"线路“{lines.by_code[code].label}”已{'转往' + divert_to if divert_to else '开放' if is_open else '关闭'}。"
    )


@contextmanager
def _writing(database: Database) -> Iterator[WritingSession]:
    # Facts reach open screens through the running programme's own reads; nothing is published from here.
    with database.writing() as session:
        yield session


def _open() -> tuple[Database, Lines]:
    settings = _settings()
    return database_of(settings), load_policy(config_file(settings, "lines.yaml"), Lines.from_mapping)


def _settings() -> Settings:
    settings, problems = read_settings()
    if settings is None:
        _fail("\n".join(problem.what for problem in problems))
    return settings


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
