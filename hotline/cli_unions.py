"""`hotline unions …` and `hotline route …`: files of the union tree and what belongs to it, and where tickets go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from config.load import ConfigError, load_policy, read_csv, read_text
from config.settings import Settings
from dispatch.actors import MACHINE
from dispatch.database import Database
from dispatch.errors import DispatchError, ImportRefused
from dispatch.events import By
from dispatch.import_tables import moment_of
from dispatch.places import nearest_points
from dispatch.regions import COLUMNS as REGION_COLUMNS
from dispatch.regions import bring_regions
from dispatch.rule_sets import versions
from dispatch.rules.policy import PolicyError
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.urgency import Urgency
from dispatch.tables import Sheet, export_sheet, import_sheet
from dispatch.union_tree import rebuild_tree
from hotline.configuration.commands import store_book
from hotline.configuration.trying import Trial
from hotline.preflight import read_settings
from hotline.route_trial import explain_route
from hotline.wiring import config_file, configuration_in_force, database_of, keys_of, now

unions_app = typer.Typer(no_args_is_help=True, help="工会组织")
route_app = typer.Typer(no_args_is_help=True, help="派单规则")

SheetOption = Annotated[Sheet, typer.Option("--table", help="哪一种文件")]


@unions_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV 文件，UTF-8 或 GBK")],
    table: SheetOption = Sheet.UNIONS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
) -> None:
    """从 CSV 导入工会、用人单位、服务点等；有一行错误就什么都不写。"""
    settings = read()
    try:
        with open_database(settings) as database, database.writing() as session:
            calendars = configuration_in_force(settings, keys_of(settings), session).policy.calendars
            done = import_sheet(
                session,
                table,
                file.read_bytes(),
                by=By("machine"),
                now=now(),
                dry_run=dry_run,
                calendars=calendars.keys(),
            )
    except ImportRefused as refused:
        for line, reason in refused.findings:
            print(f"{file}:{line}: {reason}", file=sys.stderr)
        fail(f"没有导入：{len(refused.findings)}处错误。")
    verb = "将" if dry_run else "已"
    print(f"{verb}新增{done.created}个，更新{done.updated}个，未变{done.unchanged}个。")


@unions_app.command("export")
def export_command(
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="写到哪里；不给则写到标准输出")] = None,
    table: SheetOption = Sheet.UNIONS,
) -> None:
    """导出 CSV，可以原样再导入。"""
    with open_database(read()) as database, database.reading("report") as session:
        parts = export_sheet(session, table)
        if file is None:
            for part in parts:
                sys.stdout.write(part)
            return
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(parts)
    print(f"已导出{table.label}到 {file}。")


@unions_app.command("regions")
def regions_command(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV 文件，列为 code,name,parent,level,pseudo")
    ],
) -> None:
    """装入新的行政区划：新增和改名，不删除旧的（旧工单还要用）。"""
    settings = read()
    try:
        rows = [row.values for row in read_csv(file, REGION_COLUMNS)]
    except ConfigError as error:
        fail(f"没有装入：{error}")
    with open_database(settings) as database, database.writing() as session:
        added, changed = bring_regions(session, rows)
    print(f"行政区划：新增{added}个，修改{changed}个。")


@unions_app.command("rebuild")
def rebuild_command() -> None:
    """按上级关系重建整棵树的路径和上下级表（手工改过数据库以后用）。"""
    with open_database(read()) as database, database.writing() as session:
        rebuild_tree(session)
    print("工会树已重建。")


@unions_app.command("points")
def points_command(
    region: Annotated[str, typer.Option(help="行政区划代码，如 370102001")],
    need: Annotated[str | None, typer.Option(help="需要的服务或设施，如 法律服务、劳动仲裁庭")] = None,
) -> None:
    """找最近的能办理的服务点。"""
    settings = read()
    try:
        with open_database(settings) as database, database.reading() as session:
            policy = configuration_in_force(settings, keys_of(settings), session).policy
            found = nearest_points(session, region=region, need=need, policy=policy, now=now())
    except DispatchError as error:
        fail(str(error))
    for place, point in enumerate(found, start=1):
        print(f"{place}. {point.name}（{point.kind_label}，{point.union_name}）：{'；'.join(point.reasons)}")
    if not found:
        print("附近没有能办理的服务点。")


@route_app.command("try")
def try_command(
    category: Annotated[str, typer.Option(help="诉求类别代码，如 wage_arrears")],
    region: Annotated[str, typer.Option(help="行政区划代码，如 370102")],
    employer: Annotated[str | None, typer.Option(help="用人单位名称或统一社会信用代码")] = None,
    urgency: Annotated[Urgency | None, typer.Option(help="紧急程度")] = None,
    headcount: Annotated[int | None, typer.Option(help="涉及人数")] = None,
    accused: Annotated[list[str] | None, typer.Option(help="被投诉工会的代码，可多次给出")] = None,
    consent: Annotated[bool, typer.Option("--consent", help="诉求人已书面同意不回避")] = False,
    at: Annotated[str | None, typer.Option(help="什么时候派，如 2026-11-25 08:00；默认现在")] = None,
) -> None:
    """试派一件诉求：推荐哪些工会，为什么，又回避了谁。什么都不保存。"""
    moment: datetime | None = now() if at is None else moment_of(at)
    if moment is None:
        fail("--at 应为时间，如 2026-11-25 08:00。")
    trial = Trial(
        category=category,
        region=region,
        employer=employer,
        urgency=urgency.value if urgency else None,
        headcount=headcount,
        accused=tuple(accused or ()),
        consent=consent,
    )
    try:
        for line in explain_route(read(), trial, moment):
            print(line)
    except DispatchError as error:
        fail(str(error))


@route_app.command("load")
def load_command(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="规则文件；不给则用在用的配置")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
) -> None:
    """检查派单规则并存为新版本；规则循环、没有的工会都按行指出。"""
    settings = read()
    path = file or config_file(settings, "routing_rules.yaml")

    def stored(data: object) -> tuple[RuleBook, bool]:
        book = RuleBook.from_mapping(data)
        with open_database(settings) as database, database.writing() as session:
            text, reason = read_text(path), f"hotline route load {path.name}"
            fresh = store_book(session, MACHINE, book, text, reason=reason, now=now())
            if dry_run:
                session.rollback()
        return book, fresh

    try:
        book, fresh = load_policy(path, stored)
    except (ConfigError, PolicyError) as error:
        fail(f"没有存入：{error}")
    if not fresh:
        print(f"版本 {book.version} 已在用，没有变化。")
        return
    print(f"{'将存入' if dry_run else '已存入'}版本 {book.version}：{len(book.rules)}条规则。")


@route_app.command("versions")
def versions_command() -> None:
    """列出存过的规则版本，最新的在前。"""
    with open_database(read()) as database, database.reading() as session:
        for each in versions(session):
            print(f"{each.version}  {each.stored_at:%Y-%m-%d %H:%M}  {each.dispatch_mode}  {each.rules}条")


def read() -> Settings:
    """Return the settings, or say what is wrong with them and stop."""
    settings, problems = read_settings()
    if settings is None:
        fail("\n".join(problem.what for problem in problems))
    return settings


def fail(message: str) -> NoReturn:
    """Say what is wrong and stop."""
    print(message, file=sys.stderr)
    raise typer.Exit(1)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Give the database, and close its pools afterwards."""
    database = database_of(settings)
    try:
        yield database
    finally:
        database.dispose()
