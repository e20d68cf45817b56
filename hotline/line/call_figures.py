"""Figures of the telephone for reports: answered in time, abandoned, handled, settled at the first call."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from dispatch.models.tickets import Ticket
from dispatch.reports.days import Sums, add, column_of, counted, seconds_between, shanghai_day
from dispatch.rules.report_terms import Figure, Group, Period, Unit
from dispatch.rules.small_cells import Tally
from dispatch.rules.ticket_state import State
from hotline.calls.log import Verb
from hotline.calls.models import Call, CallLog, TicketCall
from hotline.calls.outcomes import Outcome
from hotline.line.wrap_up_models import WrapUp

AGAIN_WITHIN: Final = timedelta(days=7)
"""A caller who calls again so soon was not settled [D]."""
NO_REQUEST: Final = (Outcome.SILENT, Outcome.WRONG_NUMBER, Outcome.PRANK, Outcome.TEST)
SETTLED: Final = (Outcome.ANSWERED, Outcome.QUERY_ONLY)

CALL_FIGURES: Final = (
    Figure("calls", "来电", Group.CALLS, Unit.COUNT, "期内打进的来电数，含自助和未接通人工的。"),
    Figure("queued", "请求人工", Group.CALLS, Unit.COUNT, "期内打进并进入人工排队的来电数。"),
    Figure(
        "answer_rate", "接通率", Group.CALLS, Unit.RATE, "期内进入人工排队的来电中，与话务员通上话的÷请求人工。"
    ),
    Figure(
        "answer_rate_15s", "15秒接通率", Group.CALLS, Unit.RATE,
        "期内进入人工排队的来电中，排队15秒内与话务员通上话的÷请求人工。",
    ),
    Figure(
        "answer_rate_20s", "20秒接通率", Group.CALLS, Unit.RATE,
        "期内进入人工排队的来电中，排队20秒内与话务员通上话的÷请求人工。",
    ),
    Figure(
        "abandon_rate", "弃呼率", Group.CALLS, Unit.RATE,
        "期内进入人工排队的来电中，未通话即挂机的÷请求人工；按键留言或登记回电的不算弃呼。",
    ),
    Figure("conversations", "通话", Group.CALLS, Unit.COUNT, "期内结束的通话数，含回电；转接后记在最后一位话务员名下。"),
    Figure("talk_s", "平均通话时长", Group.CALLS, Unit.SECONDS, "期内结束的通话的总时长÷通话数，含回电。"),
    Figure("wrap_up_s", "平均话后整理", Group.CALLS, Unit.SECONDS, "期内结束的话后整理的总时长÷次数。"),
    Figure(
        "handling_s", "平均处理时长", Group.CALLS, Unit.SECONDS, "期内通话与话后整理的总时长÷期内结束的通话数。"
    ),
    Figure(
        "first_call_resolution", "首次来电解决率", Group.CALLS, Unit.RATE,
        "期内与话务员通话的来电中，当场答复且同一号码七天内未再来电的÷全部；无号码的和无诉求的（无声、打错、骚扰、测试）不计。",
    ),
)  # fmt: skip


OF_ONE: Final = frozenset({"conversations", "talk_s", "wrap_up_s", "handling_s", "first_call_resolution"})
"""Figures of one person's own work; the line is everybody's."""


def call_sums(session: Session, period: Period, *, user_id: int | None = None) -> Sums:
    """Return the figures of a period, without any content: of one person, or of the whole centre with all its lines."""
    own = _handling(session, period, user_id) | _settled(session, period, user_id)
    return own if user_id is not None else own | _line(session, period)


def each_call(period: Period) -> Subquery:
    """Return one row a call that came in: its day, when it stood in the line and was answered, how long it waited."""
    entered = func.min(case((CallLog.verb == Verb.ENTERQUEUE.value, CallLog.at)))
    answered = func.min(case((CallLog.verb == Verb.CONNECT.value, CallLog.at)))
    told = (Verb.ENTERQUEUE.value, Verb.CONNECT.value, Verb.ABANDON.value)
    return (
        select(
            Call.started_at,
            entered.label("entered_at"),
            answered.label("answered_at"),
            seconds_between(entered, answered).label("waited_s"),
            func.max(case((CallLog.verb == Verb.ABANDON.value, 1), else_=0)).label("gave_up"),
        )
        .outerjoin(CallLog, and_(CallLog.call_id == Call.id, CallLog.verb.in_(told)))
        .where(_came_in(period))
        # The time first: SQLite walks along what it groups by, and must not walk through all calls of all years.
        .group_by(Call.started_at, Call.id)
        .subquery()
    )


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows fulfil a condition."""
    return func.sum(case((condition, 1), else_=0))


def _came_in(period: Period) -> ColumnElement[bool]:
    return and_(Call.started_at >= period.since, Call.started_at < period.until, Call.direction == "inbound")


def _line(session: Session, period: Period) -> Sums:
    each = each_call(period)
    day = shanghai_day(each.c.started_at).label("day")
    queued, answered = each.c.entered_at.is_not(None), each.c.answered_at.is_not(None)
    rows = session.execute(
        select(
            day,
            func.count().label("calls"),
            how_many(queued).label("queued"),
            how_many(and_(queued, answered)).label("answered"),
            how_many(and_(queued, answered, each.c.waited_s <= 15)).label("in_15s"),
            how_many(and_(queued, answered, each.c.waited_s <= 20)).label("in_20s"),
            how_many(and_(queued, ~answered, each.c.gave_up == 1)).label("abandoned"),
        ).group_by(day)
    )
    return counted(
        rows,
        period,
        {
            "calls": ("calls", "calls"),
            "queued": ("queued", "queued"),
            "answer_rate": ("answered", "queued"),
            "answer_rate_15s": ("in_15s", "queued"),
            "answer_rate_20s": ("in_20s", "queued"),
            "abandon_rate": ("abandoned", "queued"),
        },
    )


def _handling(session: Session, period: Period, user_id: int | None) -> Sums:
    talked = true() if user_id is None else CallLog.user_id == user_id
    wrote = true() if user_id is None else WrapUp.user_id == user_id
    day = shanghai_day(CallLog.at).label("day")
    talks = session.execute(
        select(day, func.count().label("n"), func.sum(CallLog.data["talk_s"].as_integer()).label("seconds"))
        .where(CallLog.at >= period.since, CallLog.at < period.until, CallLog.verb == Verb.COMPLETE.value)
        .where(talked)
        .group_by(day)
    ).all()
    day = shanghai_day(WrapUp.ended_at).label("day")
    written = session.execute(
        select(day, func.count().label("n"), func.sum(WrapUp.seconds).label("seconds"))
        .where(WrapUp.ended_at >= period.since, WrapUp.ended_at < period.until, wrote)
        .group_by(day)
    ).all()
    sums = counted(
        talks,
        period,
        {"conversations": ("n", "n"), "talk_s": ("seconds", "n"), "handling_s": ("seconds", "n")},
    )
    sums |= counted(written, period, {"wrap_up_s": ("seconds", "n")})
    for row in written:
        add(sums, "handling_s", column_of(row.day, period.grain), Tally(int(row.seconds or 0), 0))
    return sums


def _settled(session: Session, period: Period, user_id: int | None) -> Sums:
    later = aliased(Call)
    gap = seconds_between(Call.started_at, later.started_at)
    again = exists().where(
        later.from_key == Call.from_key,
        later.direction == "inbound",
        later.id != Call.id,
        gap > 0,
        gap <= AGAIN_WITHIN.total_seconds(),
    )
    answered_at_once = exists().where(
        TicketCall.call_id == Call.id,
        TicketCall.relation == "origin",
        Ticket.id == TicketCall.ticket_id,
        Ticket.outcome == State.ANSWERED.value,
        Ticket.lead_union_id.is_(None),
    )
    spoke = exists().where(CallLog.call_id == Call.id, CallLog.verb == Verb.CONNECT.value)
    settled = and_(or_(Call.outcome.in_(SETTLED), answered_at_once), ~again)
    day = shanghai_day(Call.started_at).label("day")
    rows = session.execute(
        select(day, func.count().label("whole"), how_many(settled).label("settled"))
        .where(_came_in(period), spoke, Call.from_key.is_not(None))
        .where(or_(Call.outcome.is_(None), Call.outcome.not_in(NO_REQUEST)))
        .where(true() if user_id is None else Call.operator_id == user_id)
        .group_by(day)
    )
    return counted(rows, period, {"first_call_resolution": ("settled", "whole")})
