"""Follow-up calls by machine (回访): who is due, when they may be called, and what becomes of each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch import callbacks, outbox
from dispatch.access import find_ticket
from dispatch.actors import MACHINE
from dispatch.commands import perform
from dispatch.errors import NotAllowed
from dispatch.models.history import Notice
from dispatch.models.tickets import Caller, Report, Ticket
from dispatch.policy import Policy
from dispatch.rules.calendar_policy import parse_span
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.rules.policy import Fields
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import FAILED_ATTEMPTS, Command, State
from dispatch.rules.working_time import SHANGHAI, Span
from dispatch.unit_of_work import Fact, tell
from hotline.calls.drafts import link
from hotline.calls.follow_up_models import FollowUp
from hotline.calls.log import Verb, log
from hotline.calls.models import Call
from hotline.calls.outbound import OutboundPolicy, check_call_out
from hotline.calls.outcomes import CALLBACK
from hotline.calls.status import Conversation

EXPIRES: Final = timedelta(minutes=10)
"""A call that an outage has held up so long is not made: the next attempt is planned instead."""
BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class FollowUpPolicy:
    """Whether the machine calls at all, in which local hours, how often and how many at once."""

    enabled: bool
    hours: tuple[Span, ...]
    attempts: int
    again_after: timedelta
    at_once: int

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> FollowUpPolicy:
        """Read the content of follow_up.yaml; raises PolicyError with the place of what cannot be read."""
        known = ("enabled", "hours", "attempts", "again_after_min", "at_once", "source")
        top = Fields.of(data, where=(), known=known)
        top.text("source")
        spans = tuple(sorted(parse_span(value, where=place) for place, value in top.each("hours")))
        if not spans:
            raise top.fail("hours", "nobody could ever be called")
        attempts = top.number("attempts", least=1)
        if attempts >= FAILED_ATTEMPTS:
            raise top.fail("attempts", f"must be less than {FAILED_ATTEMPTS}: the last attempt is a person's")
        return cls(
            enabled=top.flag("enabled"),
            hours=spans,
            attempts=attempts,
            again_after=timedelta(minutes=top.number("again_after_min", least=1)),
            at_once=top.number("at_once", least=1),
        )

    def next_moment(self, at: datetime) -> datetime:
        """Return `at` where people may be called then, else the next opening of the hours."""
        local = at.astimezone(SHANGHAI)
        minute = local.hour * 60 + local.minute
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        for opens, shuts in self.hours:
            if minute < opens:
                return midnight + timedelta(minutes=opens)
            if minute < shuts:
                return at
        return midnight + timedelta(days=1, minutes=self.hours[0][0])


def plan(session: Session, *, policy: FollowUpPolicy, now: datetime) -> int:
    """Write down who is to be called, and what follows from attempts that failed; return how many rows changed."""
    if not policy.enabled:
        return 0
    return _plan_new(session, policy, now) + _plan_again(session, policy, now)


def dial_due(
    session: Session,
    *,
    policy: FollowUpPolicy,
    outbound: OutboundPolicy,
    number: str,
    may_dial_mainland: bool,
    now: datetime,
) -> int:
    """Begin the calls that are due, as many as may be under way; return how many. Nobody is called outside the hours."""
    if not policy.enabled or policy.next_moment(now) > now:
        return 0
    under_way = session.scalar(select(func.count()).where(FollowUp.state == "calling")) or 0
    due = session.scalars(
        select(FollowUp)
        .where(FollowUp.state == "due", FollowUp.next_at <= now)
        .order_by(FollowUp.next_at, FollowUp.id)
        .limit(max(0, policy.at_once - under_way))
        .with_for_update(skip_locked=True)
    ).all()
    begun = 0
    for row in due:
        caller = _wanted(session, row)
        if caller is None or caller.phone is None:
            _settle(row, "void", now)
            continue
        try:
            check_call_out(
                session,
                caller.phone,
                number_key=caller.phone_key,
                user_id=None,
                outbound=outbound,
                may_dial_mainland=may_dial_mainland,
                now=now,
            )
        except NotAllowed as refused:
            _to_a_person(session, row, refused.reason, now)
            continue
        _dial(session, row, caller, number=number, now=now)
        begun += 1
    return begun


def answered(
    session: Session, call: Call, *, solved: str, satisfied: str, policy: Policy, now: datetime
) -> None:
    """Take down what was answered: a clear answer closes the ticket, everything else is a person's to decide."""
    row = _of_call(session, call)
    if row is None or row.state != "calling":
        return
    row.solved, row.satisfied = solved or None, satisfied or None
    log(session, call, Verb.FOLLOWUP, now=now, solved=solved, satisfied=satisfied)
    if solved not in ("solved", "partly"):
        _to_a_person(session, row, "诉求人表示没有解决", now)
    elif not satisfied:
        _to_a_person(session, row, "诉求人没有评价满意度", now)
    else:
        data = {"reached": True, "solved": solved, "satisfied": satisfied, "text": "机器回访，按键作答"}
        _record(session, row, data, policy, now)
        _settle(row, "done", now)
    row.attempts += 1


def leave_to_a_person(session: Session, ticket_id: int, reason: str, *, now: datetime) -> None:
    """Have a person call whoever has already said, on his page, that the case is not solved; the machine asks no more.

    A call of the machine's that is under way ends as it will.
    """
    round_ = session.scalars(select(Ticket.redo_count).where(Ticket.id == ticket_id)).one()
    _insert_due(session, ticket_id, round_, next_at=now, now=now)
    row = session.scalars(
        select(FollowUp).where(FollowUp.ticket_id == ticket_id, FollowUp.round == round_).with_for_update()
    ).one()
    _to_a_person(session, row, reason, now)


def ended(session: Session, call: Call, *, rung: bool, policy: Policy, now: datetime) -> None:
    """The call is over: without an answer it was an attempt, and the next one is planned; `rung` is False when the
    telephone never rang, which is nobody's failed attempt."""
    row = _of_call(session, call)
    if row is None or row.state != "calling":
        return
    if rung:
        row.attempts += 1
        ticket = session.get_one(Ticket, row.ticket_id)
        if callbacks.attempts(session, ticket) + 1 < FAILED_ATTEMPTS:
            _record(session, row, {"reached": False, "text": "机器回访未接通"}, policy, now)
    _settle(row, "missed", now)


def _plan_new(session: Session, policy: FollowUpPolicy, now: datetime) -> int:
    planned = exists().where(FollowUp.ticket_id == Ticket.id, FollowUp.round == Ticket.redo_count)
    rows = session.execute(
        select(Ticket.id, Ticket.redo_count)
        .where(_may_be_called(), ~planned)
        .order_by(Ticket.id)
        .limit(BATCH)
    ).all()
    for ticket_id, round_ in rows:
        next_at = policy.next_moment(_paid_by(session, ticket_id, now))
        _insert_due(session, ticket_id, round_, next_at=next_at, now=now)
    return len(rows)


def _insert_due(session: Session, ticket_id: int, round_: int, *, next_at: datetime, now: datetime) -> None:
    """Write down who is to be called, once a round."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(FollowUp)
        .values(
            ticket_id=ticket_id,
            round=round_,
            state="due",
            attempts=0,
            next_at=next_at,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=["ticket_id", "round"])
    )


def _plan_again(session: Session, policy: FollowUpPolicy, now: datetime) -> int:
    missed = session.scalars(
        select(FollowUp).where(FollowUp.state == "missed").limit(BATCH).with_for_update(skip_locked=True)
    ).all()
    for row in missed:
        if row.attempts >= policy.attempts:
            _to_a_person(session, row, f"机器回访{row.attempts}次未接通", now)
        else:
            row.next_at = policy.next_moment(now + policy.again_after)
            _settle(row, "due", now)
    return len(missed)


def _may_be_called() -> ColumnElement[bool]:
    """Tickets whose callers the machine may ask: never a sealed one, never against the caller's wish."""
    return and_(
        Ticket.state == State.PENDING_CALLBACK.value,
        Ticket.sealed.is_(False),
        Ticket.callback_wanted.is_(True),
        or_(Ticket.contact_mode.is_(None), Ticket.contact_mode == "phone"),
    )


def _wanted(session: Session, row: FollowUp) -> Caller | None:
    """Return whom to call, or None when the ticket has moved on or has no telephone."""
    still = select(Ticket.id).where(
        Ticket.id == row.ticket_id, Ticket.redo_count == row.round, _may_be_called()
    )
    if session.scalar(still) is None:
        return None
    callers = session.scalars(
        select(Caller).where(Caller.ticket_id == row.ticket_id).order_by(Caller.ordinal)
    )
    known = (PhoneKind.MOBILE, PhoneKind.FIXED)
    return next((each for each in callers if normalise(each.phone).kind in known), None)


def _paid_by(session: Session, ticket_id: int, now: datetime) -> datetime:
    """Return now, or the day after the money was to be paid: before that nobody can say whether it came."""
    query = select(Report.payment_on).where(Report.ticket_id == ticket_id).order_by(Report.id.desc())
    day = session.scalars(query.limit(1)).first()
    if day is None:
        return now
    after = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1)
    return max(now, after)


def _dial(session: Session, row: FollowUp, caller: Caller, *, number: str, now: datetime) -> None:
    phone = normalise(caller.phone)
    call = Call(
        sid=f"out-{uuid4().hex}",
        direction=CALLBACK,
        from_raw=number,
        from_key=caller.phone_key,
        to_raw=phone.e164 or phone.raw,
        carrier_status="queued",
        conversation_state=Conversation.IN_MENU.value,
        started_at=now,
        path=[],
        said=[],
    )
    session.add(call)
    session.flush()
    link(session, call, session.get_one(Ticket, row.ticket_id), relation="callback", now=now)
    row.call_id = call.id
    _settle(row, "calling", now)
    outbox.put(
        session,
        "live",
        "originate_follow_up",
        {"call_id": call.id},
        now=now,
        key=f"call:{call.id}:follow_up",
        expires_at=now + EXPIRES,
        ticket_id=row.ticket_id,
    )


def _record(
    session: Session, row: FollowUp, data: Mapping[str, object], policy: Policy, now: datetime
) -> None:
    """Give the command, unless a person was faster."""
    number = session.scalars(select(Ticket.number).where(Ticket.id == row.ticket_id)).one()
    ticket = find_ticket(session, MACHINE, number, lock=True)
    if ticket.state != State.PENDING_CALLBACK.value or ticket.redo_count != row.round:
        return
    perform(
        session,
        MACHINE,
        number,
        Command.RECORD_CALLBACK,
        data,
        version=ticket.version,
        policy=policy,
        now=now,
    )


def _to_a_person(session: Session, row: FollowUp, reason: str, now: datetime) -> None:
    row.reason = reason[:300]
    _settle(row, "person", now)
    number = session.scalars(select(Ticket.number).where(Ticket.id == row.ticket_id)).one()
    session.add(
        Notice(
            at=now,
            kind="callback",
            role=Role.CALLBACK_OPERATOR.value,
            ticket_id=row.ticket_id,
            text=f"{number} 需要人工回访：{reason}",
        )
    )
    tell(session, Fact("notice", f"follow_up:{row.id}", int(now.timestamp() * 1000), now, ("centre",)))


def _settle(row: FollowUp, state: str, now: datetime) -> None:
    row.state, row.updated_at = state, now


def _of_call(session: Session, call: Call) -> FollowUp | None:
    return session.scalar(select(FollowUp).where(FollowUp.call_id == call.id).with_for_update())
