"""Group signals: several different callers about one employer within some days are proposed as one collective request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.early_warning import warn
from dispatch.employers import name_key
from dispatch.models.history import Notice
from dispatch.models.signals import EmployerMention, GroupSignal, GroupSignalTicket, SignalCheck
from dispatch.models.tickets import Caller, Ticket, TicketEmployer
from dispatch.models.unions import Employer
from dispatch.policy import Policy
from dispatch.rules import uscc
from dispatch.rules.roles import Role
from dispatch.rules.sla_terms import Limits
from dispatch.rules.ticket_state import OPEN_STATES, State
from dispatch.unit_of_work import Fact, tell

OF_GROUP: Final = "群体诉求"
"""How an urgency's reason begins when a person has confirmed that it is not one worker's case alone."""

NO_REQUEST: Final = (State.VOID.value, State.DECLINED.value, State.WITHDRAWN.value)
SHORTEST_NAME: Final = 3
"""Signs of an employer's name that must be left to recognise it by: 工地 or 饭店 is nobody's name."""


@dataclass(frozen=True, slots=True)
class Group:
    """The tickets that name one employer, and how many different people are behind them."""

    tickets: tuple[int, ...]
    callers: int
    headcount: int


def watch_for_groups(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Have the ticket looked at soon; sealed ones never are."""
    if ticket.sealed or not ticket.rights_defence:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(SignalCheck).values(ticket_id=ticket.id, at=now).on_conflict_do_nothing())


def check_new(session: Session, *, policy: Policy, now: datetime, limit: int) -> int:
    """Look at tickets whose employers or callers are new and return how many; several processes share the work."""
    rows = session.scalars(
        select(SignalCheck)
        .order_by(SignalCheck.at, SignalCheck.ticket_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [row.ticket_id for row in rows]
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)).all():
        keys = _keys(session, ticket)
        if not keys and (ticket.headcount or 0) >= policy.sla.limits.headcount_warning:
            # So many people are a matter for the county even where nobody has named the employer yet.
            keys = {f"ticket:{ticket.id}"}
        _write_mentions(session, ticket, keys)
        for key in sorted(keys):
            _check(session, ticket, key, policy=policy, now=now)
    if ids:
        session.execute(delete(SignalCheck).where(SignalCheck.ticket_id.in_(ids)))
    return len(ids)


def group_of(
    session: Session, key: str, *, since: datetime, after: datetime | None = None, without: Iterable[int] = ()
) -> Group:
    """Count the different people behind the tickets that name an employer; one number counts once."""
    query = (
        select(Ticket.id, Ticket.headcount)
        .join(EmployerMention, EmployerMention.ticket_id == Ticket.id)
        .where(
            EmployerMention.key == key,
            EmployerMention.at >= max(since, after or since),
            Ticket.sealed.is_(False),
            Ticket.rights_defence.is_(True),
            Ticket.state.not_in(NO_REQUEST),
            Ticket.id.not_in(list(without)),
        )
        .order_by(Ticket.id)
    )
    rows = session.execute(query).all()
    ids = tuple(row.id for row in rows)
    callers = _callers(session, ids)
    told = max((row.headcount or 0 for row in rows), default=0)
    return Group(ids, callers, max(callers, told))


def _check(session: Session, ticket: Ticket, key: str, *, policy: Policy, now: datetime) -> None:
    limits = policy.sla.limits
    since = now - timedelta(days=limits.group_days)
    _lock(session, key)
    last = session.scalars(
        select(GroupSignal).where(GroupSignal.key == key).order_by(GroupSignal.id.desc()).limit(1)
    ).first()
    # What a person has looked at and dismissed does not count again.
    after = session.scalar(
        select(func.max(GroupSignal.decided_at)).where(
            GroupSignal.key == key, GroupSignal.state == "dismissed"
        )
    )
    collective_id: int | None = None
    if last is not None and last.state == "proposed":
        collective_id = last.collective_id
        before = _linked(session, collective_id)
        group = group_of(session, key, since=since, after=after, without=before)
    elif last is not None and last.state == "confirmed" and _is_open(session, last.collective_id):
        collective_id = last.collective_id
        before = _linked(session, collective_id)
        group = group_of(session, key, since=since, without=before)
        if not _strangers(session, group.tickets, before):
            return
    else:
        done = last.decided_at if last is not None else None
        after = max((each for each in (after, done) if each is not None), default=None)
        group = group_of(session, key, since=since, after=after)
    enough = group.callers >= limits.group_callers or group.headcount >= limits.headcount_warning
    if not group.tickets or not (enough or collective_id is not None):
        return
    _propose(
        session,
        ticket,
        key,
        group,
        last if last is not None and last.state == "proposed" else None,
        collective_id,
        policy=policy,
        now=now,
    )


def _propose(
    session: Session,
    ticket: Ticket,
    key: str,
    group: Group,
    signal: GroupSignal | None,
    collective_id: int | None,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    limits = policy.sla.limits
    before = signal.headcount if signal is not None else 0
    if signal is None:
        employer_id, name = _named(session, ticket, key)
        signal = GroupSignal(
            key=key,
            employer_id=employer_id,
            employer_name=name,
            region_code=ticket.region_code,
            state="proposed",
            at=now,
            callers=group.callers,
            headcount=group.headcount,
            collective_id=collective_id,
            version=1,
        )
        session.add(signal)
    elif (signal.callers, signal.headcount) != (group.callers, group.headcount):
        signal.callers, signal.headcount = group.callers, group.headcount
        signal.version += 1
    session.flush()
    session.execute(delete(GroupSignalTicket).where(GroupSignalTicket.signal_id == signal.id))
    session.execute(
        insert(GroupSignalTicket), [{"signal_id": signal.id, "ticket_id": each} for each in group.tickets]
    )
    if _crosses(before, group.headcount, limits):
        _tell_centre(session, signal, limits, now=now)
    if group.headcount >= limits.headcount_warning and signal.warned_at is None:
        signal.warned_at = now
        warn(session, signal, group.tickets, days=limits.group_days, now=now)
    session.flush()


def _crosses(before: int, after: int, limits: Limits) -> bool:
    marks = (1, limits.headcount_raise, limits.headcount_warning)
    return any(before < mark <= after for mark in marks)


def _tell_centre(session: Session, signal: GroupSignal, limits: Limits, *, now: datetime) -> None:
    text = (
        f"疑似群体诉求：{signal.employer_name}，{limits.group_days}天内{signal.callers}人来电"
        f"（涉及{signal.headcount}人），请核实"
    )
    for role in (Role.SUPERVISOR, Role.DISPATCHER):
        session.add(Notice(at=now, kind="group_signal", role=role.value, text=text[:300]))
    tell(session, Fact("notice", f"signal-{signal.id}", signal.version, now, ("centre",)))


def _keys(session: Session, ticket: Ticket) -> set[str]:
    told = session.scalars(select(TicketEmployer).where(TicketEmployer.ticket_id == ticket.id)).all()
    return {key for each in told if (key := _key(session, ticket, each)) is not None}


def _key(session: Session, ticket: Ticket, told: TicketEmployer) -> str | None:
    if told.employer_id is not None:
        return f"employer:{told.employer_id}"
    if told.uscc:
        return f"uscc:{uscc.normalise(told.uscc)}"
    name, city = name_key(told.name.strip()), (ticket.region_code or "")[:4]
    if len(name) < SHORTEST_NAME or not city:
        return None
    known = session.scalars(
        select(Employer.id).where(Employer.name_key == name, Employer.region_code.startswith(city)).limit(2)
    ).all()
    return f"employer:{known[0]}" if len(known) == 1 else f"name:{name}@{city}"


def _named(session: Session, ticket: Ticket, key: str) -> tuple[int | None, str]:
    """Return (employer id, name) for a key of this ticket."""
    if key.startswith("employer:"):
        employer = session.get_one(Employer, int(key.removeprefix("employer:")))
        return employer.id, employer.name
    told = session.scalars(
        select(TicketEmployer)
        .where(TicketEmployer.ticket_id == ticket.id, TicketEmployer.employer_id.is_(None))
        .order_by(TicketEmployer.ordinal)
    ).all()
    if not told or key.startswith("ticket:"):
        return None, "用人单位不详"
    match = next((each for each in told if _key(session, ticket, each) == key), None)
    return None, (match.name or match.uscc or key) if match is not None else key


def _write_mentions(session: Session, ticket: Ticket, keys: set[str]) -> None:
    session.execute(delete(EmployerMention).where(EmployerMention.ticket_id == ticket.id))
    if keys:
        session.execute(
            insert(EmployerMention),
            [{"ticket_id": ticket.id, "key": key, "at": ticket.created_at} for key in sorted(keys)],
        )


def _callers(session: Session, ticket_ids: Sequence[int]) -> int:
    """Count different numbers; whoever left none may be the same person each time, and counts as one in all."""
    known = session.scalar(
        select(func.count(Caller.phone_key.distinct())).where(Caller.ticket_id.in_(ticket_ids))
    )
    with_number = set(
        session.scalars(
            select(Caller.ticket_id).where(Caller.ticket_id.in_(ticket_ids), Caller.phone_key.is_not(None))
        )
    )
    return (known or 0) + (1 if set(ticket_ids) - with_number else 0)


def _strangers(session: Session, fresh: Sequence[int], linked: Sequence[int]) -> bool:
    """Whether somebody among the new tickets' callers is not among those of the linked ones."""
    keys = select(Caller.phone_key).where(Caller.phone_key.is_not(None))
    new = set(session.scalars(keys.where(Caller.ticket_id.in_(fresh))))
    return bool(new - set(session.scalars(keys.where(Caller.ticket_id.in_(linked)))))


def _linked(session: Session, collective_id: int | None) -> list[int]:
    if collective_id is None:
        return []
    query = select(Ticket.id).where(Ticket.parent_id == collective_id, Ticket.relation == "collective")
    return [collective_id, *session.scalars(query)]


def _is_open(session: Session, ticket_id: int | None) -> bool:
    state = session.scalar(select(Ticket.state).where(Ticket.id == ticket_id))
    return state is not None and State(state) in OPEN_STATES


def _lock(session: Session, key: str) -> None:
    """Let one process at a time judge an employer, also before there is a row to lock."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("group_signal"), func.hashtext(key))))
