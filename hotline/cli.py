"""The command line of the programme; `hotline --help` lists what it can do."""

from __future__ import annotations

import sys
from itertools import chain, combinations
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pwdlib import PasswordHash
from sqlalchemy import func, select

from config.load import ConfigError
from config.settings import Settings
from dispatch.audit import verify
from dispatch.errors import NotFound
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.history import StreamHead
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.rules.roles import ACCOUNT_ROLES, CENTRE_ROLES, UNION_ROLES, Role
from dispatch.rules.ticket_diagram import to_svg as ticket_states_svg
from dispatch.seal_chain import newest_seal, public_key, verify_seals
from dispatch.search import rebuild
from dispatch.signatures import require_signature
from hotline.calendar_commands import calendar_app
from hotline.cli_backup import add_backup_commands
from hotline.cli_carrier import carrier_app
from hotline.cli_knowledge import knowledge_app
from hotline.cli_line import line_app
from hotline.cli_partners import partners_app
from hotline.cli_recordings import recordings_app
from hotline.cli_simulate import simulate_command
from hotline.cli_unions import route_app, unions_app
from hotline.cli_users import users_app
from hotline.jobs.sealing import anchor_of, noted_seal
from hotline.preflight import check_all, read_settings
from hotline.rehearsal.run import LEAST_UNIONS, NotEmpty, rehearse
from hotline.running import openapi_document, prepare, run_background, serve
from hotline.wiring import database_of, flow_files, keys_of, now
from ivr_flows.check import check as check_flow
from ivr_flows.diagram import to_mermaid, to_svg
from ivr_flows.model import Flow
from ivr_flows.parse import FlowError, load_flow
from ivr_flows.trying import Walk

MIN_PASSWORD = 8

app = typer.Typer(no_args_is_help=True, add_completion=False, help="12351 工会服务职工热线")
flows_app = typer.Typer(no_args_is_help=True, help="语音流程")
tickets_app = typer.Typer(no_args_is_help=True, help="工单")
audit_app = typer.Typer(no_args_is_help=True, help="审计")
search_app = typer.Typer(no_args_is_help=True, help="检索")
app.add_typer(unions_app, name="unions")
app.add_typer(users_app, name="users")
app.add_typer(flows_app, name="flows")
app.add_typer(audit_app, name="audit")
app.add_typer(tickets_app, name="tickets")
app.add_typer(route_app, name="route")
app.add_typer(calendar_app, name="calendar")
app.add_typer(search_app, name="search")
app.add_typer(line_app, name="line")
app.add_typer(carrier_app, name="carrier")
app.add_typer(recordings_app, name="recordings")
app.add_typer(knowledge_app, name="knowledge")
add_backup_commands(app)
app.command("simulate")(simulate_command)
app.add_typer(partners_app, name="partners")


@app.command("run")
def run_command(
    demo: Annotated[bool, typer.Option("--demo", help="数据库为空时装入演示数据")] = False,
) -> None:
    """一个进程运行全部：网站、时钟和外发。"""
    settings = _settings()
    if demo:
        settings = settings.model_copy(update={"demo": True})
    serve(settings, deliver=True, clock=True)


@app.command("web")
def web_command() -> None:
    """只运行网站；时钟和外发由其他进程负责。"""
    serve(_split(_settings()), deliver=False, clock=False)


@app.command("worker")
def worker_command() -> None:
    """只运行外发。"""
    run_background(_split(_settings()), deliver=True, clock=False)


@app.command("clock")
def clock_command() -> None:
    """只运行时钟：时限、排队和对账。"""
    run_background(_split(_settings()), deliver=False, clock=True)


@app.command("openapi")
def openapi_command() -> None:
    """输出接口说明（OpenAPI，JSON）。"""
    print(openapi_document(), end="")


@app.command("migrate")
def migrate_command() -> None:
    """把数据库结构升级到最新。"""
    settings = _settings()
    database = database_of(settings)
    prepare(settings, database)
    database.dispose()
    print("数据库结构已是最新。")


@app.command("seed", hidden=True)
def seed_command(
    unions: Annotated[int, typer.Option(min=LEAST_UNIONS, help="工会个数，含全部行政区划的工会")] = 200_000,
    tickets: Annotated[int, typer.Option(min=0, help="工单件数")] = 1_000_000,
) -> None:
    """演练：在空数据库里造出全国的工会和各种状态的工单；不是空库就拒绝。"""
    settings = _settings()
    try:
        done, password = rehearse(settings, unions=unions, tickets=tickets, say=print)
    except NotEmpty as refused:
        _fail(f"数据库里已有数据（{refused}），演练只能用空数据库。")
    print(f"已造工会{done.unions}个，工单{done.tickets}件。演练账号的口令在{password}。")


@app.command("check")
def check_command() -> None:
    """检查设置、配置、数据库和运营商，指出问题和办法。"""
    settings, problems = read_settings()
    if settings is not None:
        problems = check_all(settings)
    for problem in problems:
        print(
            f"{'提醒' if problem.warning else '错误'} [{problem.code}] {problem.what}\n    办法：{problem.remedy}"
        )
    errors = [problem for problem in problems if not problem.warning]
    if errors:
        _fail(f"有{len(errors)}处错误。")
    print("可以运行。")


@unions_app.command("leader-signs")
def leader_signs_command(
    code: Annotated[str, typer.Argument(help="工会代码")],
    off: Annotated[bool, typer.Option("--off", help="不再要求")] = False,
) -> None:
    """规定某工会的反馈须由负责人签发后才报中心。"""
    database = database_of(_settings())
    try:
        with database.writing() as session:
            name = require_signature(session, code, wanted=not off, by=By("machine"), now=now())
    except NotFound:
        _fail(f"没有代码为{code}的工会。")
    finally:
        database.dispose()
    print(f"{name}：反馈{'不再' if off else ''}须由负责人签发。")


@tickets_app.command("draw")
def draw_tickets_command() -> None:
    """画出工单的状态与命令（SVG）。"""
    print(ticket_states_svg(), end="")


@users_app.command("add")
def add_user_command(
    name: Annotated[str, typer.Argument(help="登录名")],
    role: Annotated[Role, typer.Option(help="岗位")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读口令")] = False,
    union: Annotated[str | None, typer.Option(help="所属工会的代码")] = None,
    display_name: Annotated[str | None, typer.Option(help="显示名")] = None,
) -> None:
    """新建账号。"""
    if role not in ACCOUNT_ROLES:
        _fail(f"{role.label}不能建账号。")
    if not password_stdin:
        _fail("请用 --password-stdin 从标准输入给出口令。")
    password = sys.stdin.readline().rstrip("\n")
    if len(password) < MIN_PASSWORD:
        _fail(f"口令至少{MIN_PASSWORD}位。")
    if role in UNION_ROLES and union is None:
        _fail("工会账号须用 --union 指明所属工会。")
    if role in CENTRE_ROLES and union is not None:
        _fail("中心账号不属于某个工会。")
    hashed = PasswordHash.recommended().hash(password)
    database = database_of(_settings())
    with database.writing() as session:
        if session.scalar(select(User.id).where(User.name == name)) is not None:
            _fail(f"已有账号“{name}”。")
        union_id = session.scalar(select(Union.id).where(Union.code == union)) if union else None
        if union and union_id is None:
            _fail(f"没有代码为“{union}”的工会。")
        user = User(
            name=name,
            display_name=display_name or name,
            password_hash=hashed,
            role=role.value,
            union_id=union_id,
            skills=[],
            created_at=now(),
        )
        session.add(user)
        session.flush()
        record(
            session,
            "UserAdded",
            stream=ADMINISTRATION,
            by=By("machine"),
            now=now(),
            payload={"user": user.id, "name": name, "role": role.value},
        )
    database.dispose()
    print(f"已新建账号“{name}”（{role.label}）。")


@flows_app.command("check")
def check_flows_command(
    files: Annotated[list[Path] | None, typer.Argument(help="流程文件；不给则检查全部")] = None,
) -> None:
    """检查语音流程：没有死路、死循环和缺少的提示语。"""
    wrong = 0
    for path in files or flow_files(_settings()):
        findings = _findings(path)
        for place, reason in findings:
            print(f"{place}: {reason}", file=sys.stderr)
        wrong += len(findings)
        if not findings:
            print(f"{path}: 通过")
    if wrong:
        _fail(f"{wrong}处问题。")


@flows_app.command("draw")
def draw_flow_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    svg: Annotated[bool, typer.Option("--svg", help="输出 SVG；默认 Mermaid")] = False,
) -> None:
    """画出语音流程。"""
    flow = _flow(file)
    print(to_svg(flow) if svg else to_mermaid(flow), end="")


@flows_app.command("draw-all")
def draw_all_command(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="放图的目录，如 docs/flows")],
) -> None:
    """把全部语音流程画成 SVG。"""
    folder.mkdir(parents=True, exist_ok=True)
    for path in flow_files(_settings()):
        drawn = folder / f"{path.stem}.svg"
        drawn.write_text(to_svg(_flow(path)), encoding="utf-8")
        print(drawn)


@flows_app.command("try")
def try_flow_command(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """在终端里走一遍语音流程：输入按键或说的话，空行表示不出声。"""
    walk = Walk(_flow(file))
    print("\n".join(walk.begin()))
    while not walk.ended:
        try:
            word = input("诉求人> ")
        except EOFError:
            return
        print("\n".join(walk.take(word.strip())))


@search_app.command("rebuild")
def rebuild_search_command() -> None:
    """重建检索索引；运行中的程序可以继续工作，重建期间检索结果不全。"""
    database = database_of(_settings())
    done = 0
    for done in rebuild(database):  # noqa: B007  # the last count is what is said
        pass
    database.dispose()
    print(f"已为{done}张工单重建索引。")


@audit_app.command("verify")
def verify_command(
    noted: Annotated[str | None, typer.Option("--seal", help="另处记下的封印：序号:哈希")] = None,
) -> None:
    """核对全部历史记录的哈希链，以及时钟每分钟加盖的封印。"""
    settings = _settings()
    database, key = database_of(settings), keys_of(settings).derive("audit-seals")
    try:
        anchor = noted_seal(settings.data_dir) if noted is None else anchor_of(noted)
    except ValueError:
        _fail("封印应写作“序号:哈希”。")
    broken = 0
    with database.reading("report") as session:
        chains = session.scalar(select(func.count()).select_from(StreamHead)) or 0
        newest = newest_seal(session)
        for stream, seq, what in chain(verify(session), verify_seals(session, key=key, anchor=anchor)):
            print(f"{stream}#{seq}: {what}", file=sys.stderr)
            broken += 1
    database.dispose()
    if broken:
        _fail(f"{broken}处不符。")
    print(f"{chains}条记录链全部相符。")
    if newest is not None:
        seal, at = newest
        print(f"最新封印 {seal.n}:{seal.hash}（{at:%Y-%m-%d %H:%M} UTC），验签公钥 {public_key(key)}")


def _split(settings: Settings) -> Settings:
    if not settings.database_url or settings.effective_database_url.startswith("sqlite"):
        _fail("多进程运行需要 PostgreSQL：请设置 HOTLINE_DATABASE_URL，或使用 hotline run。")
    return settings


def _settings() -> Settings:
    settings, problems = read_settings()
    if settings is None:
        _fail("\n".join(problem.what for problem in problems))
    return settings


def _findings(path: Path) -> list[tuple[str, str]]:
    """Return (place, reason) of everything wrong with a flow, whatever the centre has or has not."""
    try:
        known = load_flow(path).features
        every = [chosen for size in range(len(known) + 1) for chosen in combinations(known, size)]
        found = [
            (f"{path.parent / each.part if each.part else path}:{each.line}", f"{each.node} {each.reason}")
            for features in every
            for each in check_flow(load_flow(path, features=features))
        ]
    except FlowError as error:
        found = [(f"{path}:{each.line}", each.reason) for each in error.problems]
    return list(dict.fromkeys(found))


def _flow(file: Path) -> Flow:
    try:
        return load_flow(file)
    except (FlowError, ConfigError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
