"""督办: reminders, the supervision flag, leaders who take hard cases, and the three letters with their answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dispatch import clocks
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.models.clocks import Clock
from dispatch.models.life import Letter
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.policy import CENTRE_CALENDAR
from dispatch.rules.roles import Role
from dispatch.rules.ticket_fields import LetterKind
from dispatch.rules.ticket_state import ClockKind


def nudge(move: Move) -> None:
    """Remind whoever has the ticket now; a caller who calls again is counted."""
    if move.data.get("repeat_request"):
        move.ticket.repeat_count += 1
        move.notes["repeats"] = move.ticket.repeat_count
    handling = move.handling
    if handling is not None:
        move.tell("nudge", "催办", union_id=handling.union_id, user_id=handling.handler_id)
    else:
        move.tell("nudge", "催办", role=Role.DISPATCHER)


def supervise(move: Move) -> None:
    """Flag the ticket as supervised; a flag, never a state."""
    move.ticket.supervised = True
    if move.handling is not None:
        move.tell("supervise", "督办", union_id=move.handling.union_id)


def leader_takes_case(move: Move) -> None:
    """Name the leader who takes a hard case (领导包案); only then it is dispatched again."""
    leader = move.session.get(User, move.data["leader_id"])
    if leader is None or leader.disabled_at is not None:
        raise NotFound("user", move.data["leader_id"])
    if leader.role not in (Role.UNION_LEADER.value, Role.DUTY_LEADER.value):
        raise NotAllowed(move.command.value, "包案的须是工会负责人或带班领导")
    move.ticket.leader_id = leader.id
    move.notes["person"] = leader.display_name
    move.tell("leader_takes_case", "由您包案", user_id=leader.id, union_id=leader.union_id)


def send_letter(move: Move) -> None:
    """Send a supervision letter to an employer or an authority; its answer has a clock of its own."""
    data = move.data
    if data["letter_kind"] not in set(LetterKind):
        raise Invalid({"letter_kind": "没有这种函件"})
    kind = LetterKind(data["letter_kind"])
    clock = clocks.start(
        move.session,
        move.ticket,
        ClockKind.LETTER,
        policy=move.policy,
        now=move.now,
        due_at=_answer_due(move, kind),
    )
    move.unstarted.add(ClockKind.LETTER)
    letter = Letter(
        ticket_id=move.ticket.id,
        kind=kind.value,
        reference=data["reference"],
        addressee=data["addressee"],
        text=data["text"],
        union_id=move.actor.union_id,
        at=move.now,
        by_id=move.need_user(),
        clock_id=clock.id if clock is not None else None,
    )
    move.session.add(letter)
    move.session.flush()
    move.notes |= {"letter_id": letter.id, "letter": kind.label}


def record_reply(move: Move) -> None:
    """Write down what the addressee answered; raises NotFound for a letter of another ticket."""
    letter = move.session.scalar(
        select(Letter).where(
            Letter.id == move.data["letter_id"],
            Letter.ticket_id == move.ticket.id,
            Letter.replied_at.is_(None),
        )
    )
    if letter is None:
        raise NotFound("letter", move.data["letter_id"])
    letter.replied_at, letter.reply = move.now, move.data["text"]
    clock = move.session.get(Clock, letter.clock_id) if letter.clock_id is not None else None
    if clock is not None:
        clocks.stop(move.session, [clock], policy=move.policy, now=move.now)
    move.notes["letter"] = LetterKind(letter.kind).label


def _answer_due(move: Move, kind: LetterKind) -> datetime:
    wanted: datetime | None = move.data.get("due_at")
    if wanted is not None:
        if wanted <= move.now:
            raise Invalid({"due_at": "期限须在当前时间之后"})
        return wanted
    limits = move.policy.sla.limits
    days = {
        LetterKind.REMINDER: limits.reminder_letter_wd,
        LetterKind.OPINION: limits.opinion_letter_wd,
        LetterKind.RECOMMENDATION: limits.recommendation_letter_wd,
    }[kind]
    code = CENTRE_CALENDAR
    if move.actor.union_id is not None:
        code = move.session.get_one(Union, move.actor.union_id).calendar
    return move.policy.calendar(code).add_working_days(move.now, days)
