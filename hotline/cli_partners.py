"""`hotline partners …`: who exchanges tickets with the centre, their secrets, files in place of a line, monthly tables."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from dispatch.acftu import monthly_table
from dispatch.errors import DispatchError, ImportRefused, Invalid, NotFound
from dispatch.events import By
from dispatch.exchange import Exchange
from dispatch.exchange_tables import export_exchange, import_cases
from dispatch.models.partners import Partner, PartnerSecret
from dispatch.partners import (
    PartnerDetails,
    Use,
    add_partner,
    disable_partner,
    partner_named,
    partners,
    set_secret,
)
from dispatch.rules.partner_terms import Act, PartnerKind, Speaks
from hotline.cli_unions import fail, open_database, read
from hotline.wiring import keys_of, now, partners_of, policy_of

partners_app = typer.Typer(no_args_is_help=True, help="协作单位：12345、12348、劳动监察、上级工会、其他中心")

MACHINE = By("machine")
Code = Annotated[str, typer.Argument(help="协作单位的代码")]
GivenSecret = Annotated[
    bool, typer.Option("--secret-stdin", help="密钥由对方给出，从标准输入读；不给则随机生成")
]


@partners_app.command("add")
def add_command(
    code: Code,
    name: Annotated[str, typer.Option(help="名称")],
    kind: Annotated[PartnerKind, typer.Option(help="哪一类")],
    region: Annotated[str | None, typer.Option(help="行政区划代码")] = None,
    union: Annotated[str | None, typer.Option(help="它代表本中心树上的哪个工会（代码）")] = None,
    code_map: Annotated[
        str | None, typer.Option(help="partners.yaml里的代码对照表；不给则用本中心代码")
    ] = None,
    may: Annotated[list[Act] | None, typer.Option(help="允许的动作，可多次给出；默认全部")] = None,
    speaks: Annotated[Speaks, typer.Option(help="怎样通知它")] = Speaks.NOTHING,
    endpoint: Annotated[str | None, typer.Option(help="通知的地址，或它的协作接口的地址")] = None,
    our_code: Annotated[str | None, typer.Option(help="它用什么代码称呼本中心（partner_api时）")] = None,
) -> None:
    """新增协作单位，并显示它签名用的密钥；密钥只显示这一次。"""
    settings = read()
    policy = partners_of(settings, policy_of(settings, keys_of(settings)).catalogue)
    if code_map is not None and code_map not in policy.code_maps:
        fail(f"partners.yaml里没有名为{code_map}的对照表。")
    details = PartnerDetails(
        code=code,
        name=name,
        kind=kind,
        region_code=region,
        union_code=union,
        may=frozenset(may or Act),
        code_map=code_map,
        speaks=speaks,
        endpoint=endpoint,
        our_code=our_code,
    )
    key = keys_of(settings).derive("partner-secrets")
    try:
        with open_database(settings) as database, database.writing() as session:
            partner = add_partner(session, details, by=MACHINE, now=now())
            secret = set_secret(
                session, partner, "inbound", key=key, by=MACHINE, now=now(), overlap=timedelta()
            )
    except Invalid as error:
        fail("；".join(error.fields.values()))
    print(f"已新增{name}（{kind.label}）。它的请求用这个密钥签名：\n{secret}")


@partners_app.command("rotate")
def rotate_command(
    code: Code,
    outbound: Annotated[bool, typer.Option("--outbound", help="换发往对方时用的密钥")] = False,
    overlap_h: Annotated[int | None, typer.Option(min=0, help="旧密钥还能用几小时")] = None,
    secret_stdin: GivenSecret = False,
) -> None:
    """换一个密钥；旧的在一段时间内仍然有效。"""
    settings = read()
    keys = keys_of(settings)
    policy = partners_of(settings, policy_of(settings, keys).catalogue)
    given = sys.stdin.readline().strip() if secret_stdin else None
    use: Use = "outbound" if outbound else "inbound"
    overlap = timedelta(hours=overlap_h) if overlap_h is not None else policy.rotation_overlap
    try:
        with open_database(settings) as database, database.writing() as session:
            secret = set_secret(
                session,
                partner_named(session, code),
                use,
                key=keys.derive("partner-secrets"),
                by=MACHINE,
                now=now(),
                overlap=overlap,
                given=given,
            )
    except NotFound:
        fail(f"没有代码为{code}的协作单位。")
    except Invalid as error:
        fail("；".join(error.fields.values()))
    print(f"新密钥已生效，旧的还能用{overlap}。" + ("" if given else f"\n{secret}"))


@partners_app.command("disable")
def disable_command(code: Code) -> None:
    """停用：不再放行它的请求，也不再通知它；已交换的保留。"""
    try:
        with open_database(read()) as database, database.writing() as session:
            name = disable_partner(session, code, by=MACHINE, now=now()).name
    except NotFound:
        fail(f"没有代码为{code}的协作单位。")
    print(f"已停用{name}。")


@partners_app.command("list")
def list_command() -> None:
    """列出协作单位。"""
    with open_database(read()) as database, database.reading() as session:
        moment = now()
        for each in partners(session):
            good = session.scalars(select(PartnerSecret).where(PartnerSecret.partner_id == each.id)).all()
            live = [one for one in good if one.expires_at is None or one.expires_at > moment]
            print(
                f"{each.code}  {each.name}  {PartnerKind(each.kind).label}  {_told(each)}"
                f"  密钥{len(live)}个  {'已停用' if each.disabled_at else '在用'}"
            )


@partners_app.command("import")
def import_command(
    code: Code,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV文件，UTF-8或GBK")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
) -> None:
    """没有接口时：导入对方的来单；有一行错误就什么都不写，登记过的编号不重复。"""
    settings = read()
    policy = policy_of(settings, keys_of(settings))
    codes = partners_of(settings, policy.catalogue)
    try:
        with open_database(settings) as database, database.writing() as session:
            partner = partner_named(session, code)
            here = Exchange(session, partner, codes.codes(partner.code_map), policy, now())
            done = import_cases(here, file.read_bytes())
            if dry_run:
                session.rollback()
    except NotFound:
        fail(f"没有代码为{code}的协作单位。")
    except ImportRefused as refused:
        for line, reason in refused.findings:
            print(f"{file}:{line}: {reason}", file=sys.stderr)
        fail(f"没有导入：{len(refused.findings)}处错误。")
    except DispatchError as error:
        fail(str(error))
    print(f"{'将' if dry_run else '已'}登记{done.created}件，{done.unchanged}件以前登记过。")


@partners_app.command("export")
def export_command(
    code: Code,
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="写到哪里；不给则写到标准输出")] = None,
    since: Annotated[str | None, typer.Option(help="从哪天起有变化的，如2026-11-25")] = None,
) -> None:
    """没有接口时：导出与对方交换的工单到了哪一步、结果如何。"""
    settings = read()
    policy = policy_of(settings, keys_of(settings))
    codes = partners_of(settings, policy.catalogue)
    try:
        first = date.fromisoformat(since) if since else None
    except ValueError:
        fail("--since 应为日期，如 2026-11-25。")
    try:
        with open_database(settings) as database, database.reading("report") as session:
            partner = partner_named(session, code)
            here = Exchange(session, partner, codes.codes(partner.code_map), policy, now())
            text = "".join(export_exchange(here, since=first))
    except NotFound:
        fail(f"没有代码为{code}的协作单位。")
    _write(text, file)


@partners_app.command("acftu")
def acftu_command(
    month: Annotated[str, typer.Argument(help="月份，如2026-11")],
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="写到哪里；不给则写到标准输出")] = None,
) -> None:
    """按partners.yaml的模板生成报全总的月报（CSV）。"""
    settings = read()
    policy = policy_of(settings, keys_of(settings))
    codes = partners_of(settings, policy.catalogue)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        fail("月份应为2026-11这样。")
    with open_database(settings) as database, database.reading("report") as session:
        _write("".join(monthly_table(session, first, template=codes.monthly, policy=policy)), file)


def _told(partner: Partner) -> str:
    return f"{partner.speaks} {partner.endpoint}" if partner.endpoint else partner.speaks


def _write(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(text)
        return
    file.write_text(text, encoding="utf-8", newline="")
    print(f"已写到 {file}。")
