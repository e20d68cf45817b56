"""`hotline users …`: accounts from the command line, for whoever keeps the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from pwdlib import PasswordHash
from sqlalchemy import select

from dispatch import account_views, accounts
from dispatch.actors import Actor
from dispatch.database import WritingSession
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.people import User
from dispatch.rules.roles import Role
from hotline.cli_unions import fail, read
from hotline.wiring import database_of, now

users_app = typer.Typer(no_args_is_help=True, help="账号")

AT_THE_MACHINE: Final = Actor(Role.ADMINISTRATOR)
"""Whoever may read the database may keep its accounts; history names no person."""
LEAST: Final = 12

NameArgument = Annotated[str, typer.Argument(help="登录名")]


@users_app.command("list")
def list_command(
    role: Annotated[Role | None, typer.Option(help="只列这个岗位")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="只列已停用的")] = False,
) -> None:
    """列出账号。"""
    after: int | None = None
    with _writing() as session:
        while page := account_views.accounts(
            session,
            AT_THE_MACHINE,
            role=role.value if role is not None else None,
            disabled=disabled,
            after=after,
            limit=200,
        ):
            for line in page:
                print(line.name, line.display_name, line.role_label, line.union_name or "中心", sep="\t")
            after = page[-1].id


@users_app.command("disable")
def disable_command(
    name: NameArgument, reason: Annotated[str, typer.Option(help="停用原因，记入审计日志")]
) -> None:
    """停用账号：会话立即结束。"""
    with _writing() as session:
        user = _user(session, name)
        accounts.disable_account(
            session, AT_THE_MACHINE, user.id, version=user.authority_version, reason=reason, now=now()
        )
    print(f"已停用“{name}”。")


@users_app.command("enable")
def enable_command(name: NameArgument) -> None:
    """恢复停用的账号。"""
    with _writing() as session:
        user = _user(session, name)
        accounts.enable_account(session, AT_THE_MACHINE, user.id, version=user.authority_version, now=now())
    print(f"已恢复“{name}”。")


@users_app.command("reset")
def reset_command(
    name: NameArgument,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读临时口令")] = False,
) -> None:
    """换成临时口令：本人首次登录须修改。"""
    if not password_stdin:
        fail("请用 --password-stdin 从标准输入给出口令。")
    password = sys.stdin.readline().rstrip("\n")
    if len(password) < LEAST:
        fail(f"口令至少{LEAST}位。")
    hashed = PasswordHash.recommended().hash(password)
    with _writing() as session:
        user = _user(session, name)
        accounts.reset_password(
            session,
            AT_THE_MACHINE,
            user.id,
            version=user.authority_version,
            password_hash=hashed,
            now=now(),
        )
    print(f"“{name}”的口令已换成临时口令。")


@contextmanager
def _writing() -> Iterator[WritingSession]:
    database = database_of(read())
    try:
        with database.writing() as session:
            yield session
    except NotAllowed as refused:
        fail(f"{refused.reason}。")
    except Invalid as wrong:
        fail("；".join(wrong.fields.values()))
    finally:
        database.dispose()


def _user(session: WritingSession, name: str) -> User:
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        fail(f"没有账号“{name}”。")
    return user
