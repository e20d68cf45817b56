"""`hotline simulate`: many callers and operators against a running server, and what came of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, NoReturn

import typer
from sqlalchemy import select, update

from agent_console.auth import COOKIE, begin_session
from config.settings import Settings
from dispatch.database import Database
from dispatch.models.people import User
from dispatch.rules.roles import Role
from hotline.calls.models import Call
from hotline.calls.outcomes import OWED_A_CALL
from hotline.line.models import ReturnCall
from hotline.line.presence import identity_of
from hotline.running import allow_many_files
from hotline.simulation import Measured, Plan, simulate
from hotline.wiring import database_of, now

NAME = "simulated-"
_OWED = tuple(each.value for each in OWED_A_CALL)


def run_simulation(
    settings: Settings,
    *,
    calls: int,
    per_second: float,
    operators: int,
    hold_s: float,
    talk_s: float,
    base: int,
) -> None:
    """Simulate a few callers, then all of them, and print both; ends with status 1 when a caller was lost."""
    if settings.carrier != "sandbox":
        _fail("演练只能在 HOTLINE_CARRIER=sandbox 下进行，不会呼叫真实号码。")
    allow_many_files()
    database = database_of(settings)
    lost = 0
    try:
        seats = _seats(database, operators)
        few = _run(settings, seats[: max(1, base // 2)], base, per_second, min(hold_s, 20.0), talk_s)
        lost += _report(database, few, base)
        many = _run(settings, seats, calls, per_second, hold_s, talk_s)
        lost += _report(database, many, calls)
        ratio = many.cpu_ms_per_turn / few.cpu_ms_per_turn if few.cpu_ms_per_turn else 0.0
        print(
            f"每轮CPU：{many.cpu_ms_per_turn:.1f} ms，{base}个来电时{few.cpu_ms_per_turn:.1f} ms，比值 {ratio:.2f}"
        )
    finally:
        _send_home(database)
        database.dispose()
    if lost:
        _fail(f"丢失来电{lost}个。")


def _run(
    settings: Settings,
    seats: Sequence[tuple[str, str]],
    calls: int,
    per_second: float,
    hold_s: float,
    talk_s: float,
) -> Measured:
    plan = Plan(
        url=f"http://127.0.0.1:{settings.port}",
        number=settings.numbers[0],
        calls=calls,
        per_second=per_second,
        hold_s=hold_s,
        talk_s=talk_s,
        seats=seats,
        cookie=COOKIE,
        # The second digit of a mobile is 3 to 9.
        run=30 + secrets.randbelow(70),
    )
    return asyncio.run(simulate(plan, say=print))


def _report(database: Database, measured: Measured, calls: int) -> int:
    """Print what was measured, and return how many callers neither reached a person nor are owed a call."""
    lost = _lost(database, measured)
    print(
        f"同时来电{measured.peak}（目标{calls}），共{len(measured.numbers)}个来电，接通{measured.served}个，"
        f"{len(measured.turns_ms)}轮，{measured.seconds:.0f} s"
    )
    print(
        f"  每轮用时 p50 {measured.quantile_ms(0.5):.0f} ms，p99 {measured.quantile_ms(0.99):.0f} ms，"
        f"最长 {max(measured.turns_ms, default=0.0):.0f} ms；服务进程CPU {measured.cpu_s:.1f} s"
    )
    print(f"  通话结束：{dict(measured.ends)}；丢失来电：{lost}")
    return lost


def _lost(database: Database, measured: Measured) -> int:
    with database.reading("report") as session:
        # As many statements as the numbers fit into.
        found: dict[str, tuple[str, str | None, str | None]] = {}
        for start in range(0, len(measured.numbers), 500):
            part = measured.numbers[start : start + 500]
            rows = session.execute(
                select(Call.from_raw, Call.conversation_state, Call.outcome, Call.from_key).where(
                    Call.from_raw.in_(part), Call.started_at > now() - timedelta(hours=6)
                )
            )
            found |= {row[0]: (row[1], row[2], row[3]) for row in rows}
        owed = set(session.scalars(select(ReturnCall.number_key)))
    return sum(
        number not in found
        or found[number][0] != "ended"
        or found[number][1] is None
        or (found[number][1] in _OWED and found[number][2] not in owed)
        for number in measured.numbers
    )


def _seats(database: Database, count: int) -> list[tuple[str, str]]:
    """Make (or wake) so many accounts without a password, and sign each in."""
    made = []
    with database.writing() as session:
        for n in range(count):
            name = f"{NAME}{n:03d}"
            user = session.scalar(select(User).where(User.name == name))
            if user is None:
                user = User(
                    name=name,
                    display_name=f"演练{n:03d}",
                    password_hash="!",  # noqa: S106  # no password opens it
                    role=Role.OPERATOR.value,
                    skills=["rights", "legal"],
                    created_at=now(),
                )
                session.add(user)
            user.disabled_at = None
            session.flush()
            token = begin_session(session, user.id, now=now(), user_agent="simulation", replaces=None)
            made.append((identity_of(user.id), token))
    return made


def _send_home(database: Database) -> None:
    with suppress(OSError), database.writing() as session:
        session.execute(update(User).where(User.name.startswith(NAME)).values(disabled_at=now()))


def simulate_command(
    calls: Annotated[int, typer.Option(min=1, help="同时来电")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="每秒新来电")] = 10.0,
    operators: Annotated[int, typer.Option(min=1, help="话务员")] = 100,
    hold: Annotated[float, typer.Option(min=1, help="满员后持续秒数")] = 60.0,
    talk: Annotated[float, typer.Option(min=1, help="每次通话的平均秒数")] = 60.0,
    base: Annotated[int, typer.Option(min=1, help="用来对比的来电数")] = 10,
) -> None:
    """演练：向正在运行的程序（sandbox）同时打入许多电话，报告每轮用时、CPU 和丢失的来电。"""
    run_simulation(
        Settings(), calls=calls, per_second=rate, operators=operators, hold_s=hold, talk_s=talk, base=base
    )


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
