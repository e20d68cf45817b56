"""Relay calls (工单联系号): the handler's telephone is rung, then the caller's, and both see the centre's number only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.callbacks import callers_of_case
from dispatch.errors import Invalid, NotAllowed, NotFound, WrongState
from dispatch.events import By
from dispatch.inbox import own_turn
from dispatch.models.people import User
from dispatch.models.tickets import Caller, Ticket
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES
from dispatch.rules.working_time import SHANGHAI
from dispatch.telling import dialled_of
from dispatch.tickets import log
from hotline.calls.outbound import OutboundPolicy, over_the_centres_cap
from hotline.calls.relay_models import RelayCall

RINGS: Final = timedelta(seconds=40)
"""A ring that an outage has held up so long would surprise people."""
STUCK: Final = timedelta(hours=2)
"""A call of which nothing was heard so long is over, whatever became of its last report [D]."""
OUTCOMES: Final = {
    "reached": "已接通",
    "no_answer": "诉求人未接听",
    "machine": "诉求人未接听（语音信箱）",
    "union_absent": "您的电话未接听",
    "failed": "线路未能接通",
}


@dataclass(frozen=True, slots=True)
class RelayLine:
    """How far a relay call has got, as its handler sees it."""

    id: int
    state: str
    outcome: str | None
    outcome_label: str | None
    created_at: datetime
    ended_at: datetime | None


def begin_relay(
    session: Session,
    actor: Actor,
    number: str,
    *,
    caller_id: int | None,
    outbound: OutboundPolicy,
    may_dial_mainland: bool,
    now: datetime,
) -> RelayCall:
    """Ring the actor's own registered telephone, then a caller's of his ticket.

    Raises NotFound, NotAllowed (not his to handle, over a cap, a number that may not be called), WrongState, Invalid.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    _require_handler(session, actor, ticket)
    caller = _caller(session, ticket, caller_id)
    user = session.get_one(User, actor.user_id)
    own = dialled_of(user)
    if own is None:
        raise Invalid({"phone": "您的账号没有登记电话，请管理员补充后再拨打"})
    for phone in (own, caller.phone or ""):
        refusal = outbound.why_refused(phone)
        if refusal is None and not may_dial_mainland:
            refusal = "当前线路不能拨打内地号码"
        if refusal is not None:
            raise NotAllowed("relay_call", refusal)
    _end_stuck(session, user, now)
    if _under_way(session, user) is not None:
        raise WrongState(number, "relay_call", "ringing", "您有一通中转电话正在进行")
    whole = over_the_centres_cap(session, outbound, now=now)
    if whole is not None:
        raise NotAllowed("relay_call", whole)
    if _today(session, RelayCall.user_id == user.id, now) >= outbound.per_operator_a_day:
        raise NotAllowed("relay_call", f"今天已拨打{outbound.per_operator_a_day}次，达到上限")
    if _today(session, RelayCall.caller_id == caller.id, now) >= outbound.per_number_a_day:
        raise NotAllowed("relay_call", f"今天已拨打这位诉求人{outbound.per_number_a_day}次，不再拨打")
    call = RelayCall(
        ticket_id=ticket.id, caller_id=caller.id, user_id=user.id, state="ringing_union", created_at=now
    )
    session.add(call)
    session.flush()
    outbox.put(
        session,
        "live",
        "relay_ring_union",
        {"relay_id": call.id},
        now=now,
        key=f"relay:{call.id}:union",
        expires_at=now + RINGS,
        ticket_id=ticket.id,
    )
    return call


def relay_calls(session: Session, actor: Actor, number: str) -> list[RelayLine]:
    """Return the actor's own relay calls about a ticket, newest first; raises NotFound."""
    ticket = find_ticket(session, actor, number)
    rows = session.scalars(
        select(RelayCall)
        .where(RelayCall.ticket_id == ticket.id, RelayCall.user_id == actor.user_id)
        .order_by(RelayCall.id.desc())
        .limit(20)
    )
    return [
        RelayLine(
            row.id, row.state, row.outcome, OUTCOMES.get(row.outcome or ""), row.created_at, row.ended_at
        )
        for row in rows
    ]


def lock(session: Session, relay_id: int) -> RelayCall | None:
    """Return a relay call for change; None for an unknown one."""
    query = select(RelayCall).where(RelayCall.id == relay_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def union_ready(session: Session, call: RelayCall, *, sid: str, now: datetime) -> bool:
    """The handler has pressed the key: the caller is rung now. False for a call that is not in that state."""
    if call.state not in ("ringing_union", "ringing_caller") or call.union_sid not in (None, sid):
        return False
    call.union_sid = sid
    if call.state == "ringing_union":
        call.state = "ringing_caller"
        outbox.put(
            session,
            "live",
            "relay_ring_caller",
            {"relay_id": call.id},
            now=now,
            key=f"relay:{call.id}:caller",
            expires_at=now + RINGS,
            ticket_id=call.ticket_id,
        )
    return True


def caller_answered(session: Session, call: RelayCall, *, sid: str, is_machine: bool, now: datetime) -> bool:
    """The caller has taken the call; False where nobody waits for him any more, or a machine did."""
    if call.state == "talking" and call.caller_sid == sid:
        return True
    if call.state != "ringing_caller" or call.caller_sid not in (None, sid):
        return False
    call.caller_sid = sid
    if is_machine:
        end(session, call, "machine", now=now)
        return False
    call.state, call.talking_at = "talking", now
    return True


def side_ended(session: Session, call: RelayCall, *, side: str, now: datetime) -> None:
    """One telephone is down: what the call has come to, and nobody is left ringing or waiting."""
    if call.state == "ended":
        return
    if call.state == "talking":
        end(session, call, "reached", now=now)
    elif side == "union":
        end(session, call, "union_absent", now=now)
    else:
        end(session, call, "no_answer", now=now)


def end(session: Session, call: RelayCall, outcome: str, *, now: datetime) -> None:
    """Write down how it ended, in the ticket's history too, and let both telephones go."""
    call.state, call.outcome, call.ended_at = "ended", outcome, now
    ticket = session.get_one(Ticket, call.ticket_id)
    talk_s = int((now - call.talking_at).total_seconds()) if call.talking_at is not None else 0
    user = session.get_one(User, call.user_id)
    payload = {"outcome": outcome, "talk_s": talk_s, "caller": call.caller_id}
    log(session, ticket, "RelayCalled", by=By("user", user.id), now=now, payload=payload)
    outbox.put(session, "live", "relay_end", {"relay_id": call.id}, now=now, key=f"relay:{call.id}:end")


def conference_of(call_id: int) -> str:
    """Return the name of the conversation in which the two meet."""
    return f"relay-{call_id}"


def number_of_union(session: Session, call: RelayCall) -> str | None:
    """Return the handler's telephone, read when it is rung."""
    user = session.get(User, call.user_id)
    return dialled_of(user) if user is not None and user.disabled_at is None else None


def number_of_caller(session: Session, call: RelayCall) -> str | None:
    """Return the caller's telephone, read when it is rung: a ticket that was sealed or ended meanwhile rings nobody."""
    caller = session.get(Caller, call.caller_id)
    ticket = session.get(Ticket, call.ticket_id)
    if caller is None or ticket is None or ticket.sealed or ticket.state not in _OPEN:
        return None
    phone = normalise(caller.phone)
    return phone.e164 if phone.kind in (PhoneKind.MOBILE, PhoneKind.FIXED) else None


_OPEN: Final = frozenset(state.value for state in OPEN_STATES)


def _require_handler(session: Session, actor: Actor, ticket: Ticket) -> None:
    turn = own_turn(session, actor, ticket.id)
    if turn is None or turn.signed_at is None or actor.user_id is None:
        raise NotAllowed("relay_call", "签收之后由本会经办人联系诉求人")
    if actor.user_id not in (turn.handler_id, turn.deputy_id) and actor.role is not Role.UNION_LEADER:
        raise NotAllowed("relay_call", "只有本单经办人、B岗或本会负责人可以联系诉求人")
    if ticket.sealed:
        raise NotAllowed("relay_call", "密件由指定人员联系诉求人")
    if ticket.contact_mode == "anonymous":
        raise NotAllowed("relay_call", "诉求人不接受联系，请以现场核查代替")
    if ticket.state not in _OPEN:
        raise WrongState(ticket.number, "relay_call", ticket.state, "工单已经结束")


def _caller(session: Session, ticket: Ticket, caller_id: int | None) -> Caller:
    callers = callers_of_case(session, ticket)
    known = [
        each
        for each in callers
        if normalise(each.phone).kind in (PhoneKind.MOBILE, PhoneKind.FIXED)
        and (caller_id is None or each.id == caller_id)
    ]
    if caller_id is not None and caller_id not in {each.id for each in callers}:
        raise NotFound("caller", caller_id)
    if not known:
        raise NotAllowed("relay_call", "这位诉求人没有可以拨打的电话")
    return known[0]


def _under_way(session: Session, user: User) -> int | None:
    query = select(RelayCall.id).where(RelayCall.user_id == user.id, RelayCall.state != "ended")
    return session.scalar(query.limit(1))


def _end_stuck(session: Session, user: User, now: datetime) -> None:
    stuck = select(RelayCall).where(
        RelayCall.user_id == user.id, RelayCall.state != "ended", RelayCall.created_at < now - STUCK
    )
    for call in session.scalars(stuck.with_for_update()):
        side_ended(session, call, side="union", now=now)


def _today(session: Session, whose: object, now: datetime) -> int:
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count(RelayCall.id)).where(RelayCall.created_at >= midnight, whose)  # type: ignore[arg-type]  # a condition
    return session.scalar(query) or 0
