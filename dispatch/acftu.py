"""The monthly table for the upper union, by the template of partners.yaml: one row a place or kind, counted in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from dispatch.import_files import write_rows
from dispatch.models.clocks import Clock
from dispatch.models.life import Payment
from dispatch.models.tickets import CallbackAttempt, Ticket
from dispatch.models.unions import Region
from dispatch.policy import Policy
from dispatch.rules.partner_policy import Measure, Monthly, RowsBy
from dispatch.rules.ticket_state import ClockKind, State
from dispatch.rules.urgency import Nature
from dispatch.timeline import CHANNELS

Counts = dict[Measure, int]
UNKNOWN: Final = "未填"
SATISFIED: Final = ("satisfied", "basically")

_KEYS: Final[Mapping[RowsBy, Any]] = {
    RowsBy.CITY: func.substr(func.coalesce(Ticket.region_code, ""), 1, 4),
    RowsBy.CATEGORY_GROUP: func.coalesce(Ticket.category, ""),
    RowsBy.NATURE: func.coalesce(Ticket.nature, ""),
    RowsBy.CHANNEL: Ticket.channel,
}


def monthly_table(session: Session, month: date, *, template: Monthly, policy: Policy) -> Iterator[str]:
    """Yield the lines of a CSV file about the requests that came in the month of this first day (Shanghai time)."""
    counts = _counted(session, month, template.rows_by)
    name = _namer(session, template.rows_by, policy)
    rows: dict[str, Counts] = defaultdict(lambda: defaultdict(int))
    for key, found in counts.items():
        for measure, value in found.items():
            rows[name(key)][measure] += value
    lines = [_line(template, title, rows[title]) for title in sorted(rows)]
    if template.total is not None:
        whole: Counts = defaultdict(int)
        for found in rows.values():
            for measure, value in found.items():
                whole[measure] += value
        lines.append(_line(template, template.total, whole))
    yield from write_rows([title for title, _ in template.columns], lines)


def _counted(session: Session, month: date, rows_by: RowsBy) -> dict[str, Counts]:
    key = _KEYS[rows_by].label("key")
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    # The day of a number is Shanghai's, and its index finds a month.
    wanted = (
        Ticket.day >= f"{month:%Y%m%d}",
        Ticket.day < f"{following:%Y%m%d}",
        or_(Ticket.outcome.is_(None), Ticket.outcome != State.VOID.value),
    )
    found: dict[str, Counts] = defaultdict(dict)
    plain = {
        Measure.RECEIVED: func.count(),
        Measure.PEOPLE: func.sum(func.coalesce(Ticket.headcount, 1)),
        Measure.ACCEPTED: _how_many(Ticket.accepted_at.is_not(None)),
        Measure.ANSWERED: _how_many(Ticket.outcome == State.ANSWERED.value),
        Measure.ENDED: _how_many(Ticket.closed_at.is_not(None)),
        Measure.SOLVED: _how_many(Ticket.outcome == "solved"),
        Measure.AMOUNT_YUAN: func.sum(func.coalesce(Ticket.amount_cents, 0)),
    }
    for row in session.execute(select(key, *plain.values()).where(*wanted).group_by(key)):
        found[row[0]] |= {measure: int(value or 0) for measure, value in zip(plain, row[1:], strict=True)}
    beside = {
        Measure.SATISFIED: (
            select(key, func.count(Ticket.id.distinct()))
            .join(CallbackAttempt, CallbackAttempt.ticket_id == Ticket.id)
            .where(CallbackAttempt.satisfied.in_(SATISFIED))
        ),
        Measure.RECEIVED_YUAN: select(key, func.sum(Payment.amount_cents)).join(
            Payment, Payment.ticket_id == Ticket.id
        ),
        Measure.LATE: (
            select(key, func.count(Ticket.id.distinct()))
            .join(Clock, Clock.ticket_id == Ticket.id)
            .where(Clock.kind == ClockKind.RESOLVE.value, Clock.card != "none")
        ),
    }
    for measure, query in beside.items():
        for row in session.execute(query.where(*wanted).group_by(key)):
            found[row[0]][measure] = int(row[1] or 0)
    return found


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _namer(session: Session, rows_by: RowsBy, policy: Policy) -> Callable[[str], str]:
    if rows_by is RowsBy.CITY:
        names = dict(session.execute(select(Region.code, Region.name)).all())
        return lambda key: names.get(key) or names.get(key[:2]) or UNKNOWN
    if rows_by is RowsBy.CATEGORY_GROUP:
        return lambda key: found.group_name if (found := policy.category(key)) is not None else UNKNOWN
    if rows_by is RowsBy.NATURE:
        return lambda key: Nature(key).label if key in set(Nature) else UNKNOWN
    return lambda key: CHANNELS.get(key, key)


def _line(template: Monthly, title: str, counts: Counts) -> list[object]:
    line: list[object] = []
    for _, measure in template.columns:
        if measure is Measure.ROW:
            line.append(title)
        elif measure in (Measure.AMOUNT_YUAN, Measure.RECEIVED_YUAN):
            line.append(f"{counts.get(measure, 0) / 100:.2f}")
        else:
            line.append(counts.get(measure, 0))
    return line
