"""`hotline calendar show | change | confirm-year | recompute`: working time from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Annotated, NoReturn

import typer
from sqlalchemy.orm import Session

from config.load import ConfigError
from config.settings import Settings
from dispatch import recompute
from dispatch.actors import MACHINE
from dispatch.calendar_views import overview
from dispatch.calendars import DayChange, change_days, read_stored
from dispatch.errors import Invalid
from dispatch.policy import Policy
from dispatch.rules.working_time import SHANGHAI
from hotline.preflight import read_settings
from hotline.wiring import configuration_in_force, database_of, keys_of, now

calendar_app = typer.Typer(no_args_is_help=True, help="工作日历")
Reason = Annotated[str, typer.Option("--reason", help="依据，如放假通知的文号")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只看会改变什么，不写入")]


@calendar_app.command("show")
def show_command() -> None:
    """列出日历、已改的日期、未公布的年份和重算进度。"""
    with _working(writes=False) as (session, policy):
        found = overview(session, policy=policy, now=now())
    for calendar in found.calendars:
        print(f"{calendar.code}  {calendar.name}  版本 {calendar.version}")
    for day in found.days:
        hours = "、".join(day.hours)
        print(f"  {day.day} {day.calendar} {'上班' if day.working else '休息'} {hours} {day.source}".rstrip())
    for year in found.missing_years:
        print(f"提醒：{year}年放假安排尚未公布或补录，暂按周末休息计算")
    for job in found.recomputes[:5]:
        state = "完成" if job.state == "done" else "进行中"
        print(
            f"重算{job.id}：{state}，{job.tickets}张工单，{job.clocks}个时限，其中{job.moved}个有变动（{job.reason}）"
        )


@calendar_app.command("change")
def change_command(
    day: Annotated[str, typer.Argument(help="日期，如 2026-10-01")],
    reason: Reason,
    rest: Annotated[bool, typer.Option("--rest", help="休息")] = False,
    work: Annotated[bool, typer.Option("--work", help="上班")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="取消先前的改动")] = False,
    hours: Annotated[list[str] | None, typer.Option(help="时段，如 09:00-12:00；不给则按平时")] = None,
    calendar: Annotated[str, typer.Option(help="日历代码；* 为全部")] = "*",
    dry_run: DryRun = False,
) -> None:
    """改一天：休息、上班或取消改动；在办工单的时限随后分批重算。"""
    if rest + work + undo != 1:
        _fail("请在 --rest、--work、--undo 中选一个。")
    changed = DayChange(calendar, _day(day), None if undo else work, tuple(hours or ()), source=reason)
    _change([changed], (), reason=reason, dry_run=dry_run)


@calendar_app.command("confirm-year")
def confirm_year_command(year: Annotated[int, typer.Argument(min=2020, max=2100)], reason: Reason) -> None:
    """确认某年的放假安排已经补录完毕，不再提醒。"""
    _change([], [year], reason=reason, dry_run=False)


@calendar_app.command("recompute")
def recompute_command(reason: Reason) -> None:
    """让在办工单改按 sla.yaml 现在的规定计时；不运行则各按受理时的规定。"""
    with _working(writes=True) as (session, _):
        job = recompute.begin(session, MACHINE, kind="sla", reason=reason, now=now())
        number = job.id
    print(f"已安排重算{number}，由时钟进程分批执行；进度见 hotline calendar show。")


def _change(changes: Sequence[DayChange], years: Sequence[int], *, reason: str, dry_run: bool) -> None:
    try:
        with _working(writes=not dry_run) as (session, policy):
            found = (
                recompute.preview(session, MACHINE, changes, policy=policy, now=now()) if changes else None
            )
            if not dry_run:
                revision = read_stored(session).revision
                change_days(
                    session,
                    MACHINE,
                    changes,
                    years=years,
                    reason=reason,
                    revision=revision,
                    policy=policy,
                    now=now(),
                )
                recompute.begin(session, MACHINE, kind="calendar", reason=reason, now=now())
    except Invalid as invalid:
        _fail("\n".join(f"{name}：{why}" for name, why in invalid.fields.items()))
    verb = "将" if dry_run else "已"
    if found is not None:
        print(
            f"{verb}改变{found.moved}个时限（延后{found.later}个，提前{found.earlier}个，"
            f"其中{found.overdue_again}个因此逾期），涉及{found.clocks}个在办时限。"
        )
    print("没有写入。" if dry_run else "已记录；时限由时钟进程分批重算。")


@contextmanager
def _working(*, writes: bool) -> Iterator[tuple[Session, Policy]]:
    settings = _settings()
    database = database_of(settings)
    try:
        with database.writing() if writes else database.reading() as session:
            yield session, configuration_in_force(settings, keys_of(settings), session).policy
    except ConfigError as error:
        _fail(str(error))
    finally:
        database.dispose()


def _settings() -> Settings:
    settings, problems = read_settings()
    if settings is None:
        _fail("\n".join(problem.what for problem in problems))
    return settings


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _fail(f"“{text}”不是日期，请写成 {now().astimezone(SHANGHAI):%Y-%m-%d} 的样子。")


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
