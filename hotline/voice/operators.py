"""What telephones hear that we have called ourselves, and what the fallback document leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.unit_of_work import unit_of_work
from hotline.calls.health import note_fault
from hotline.calls.incoming import find_or_make
from hotline.calls.locks import lock_by_id, lock_by_sid
from hotline.calls.log import Verb, changed
from hotline.calls.models import Call, Leg
from hotline.calls.outcomes import CALLBACK
from hotline.calls.status import Conversation, advance, is_talking, move
from hotline.carriers.base import CarrierStatus
from hotline.line import legs, listening, offers, recording, waiting
from hotline.services import Services
from hotline.voice.effects import save_voicemail
from hotline.voice.events import CallEvent
from hotline.voice.opening import DAY, FOLLOW_UP
from hotline.voice.turns import Answered, answer_turn
from ivr_flows.outputs import JoinConference, Recorded, Started


@dataclass(frozen=True, slots=True)
class Entrance:
    """How a telephone that we have rung comes into a conversation."""

    conference: str
    muted: bool = False
    coached: str | None = None
    """The only leg that hears this one."""
    greeting: str | None = None
    """Said to it first."""


def answer_operator(services: Services, leg_id: int, *, sid: str) -> Entrance | None:
    """Return the way into the conversation for which a telephone was rung; None when it rang for nothing."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        leg = session.get(Leg, leg_id)
        call = lock_by_id(session, leg.call_id) if leg is not None else None
        if leg is None or call is None:
            return None
        session.refresh(leg)
        leg.sid = leg.sid or sid
        if leg.sid != sid or leg.left_at is not None:
            return None
        if call.conversation_state == Conversation.ENDED.value or call.conference is None:
            return None
        return _entrance(session, services, call, leg)


def _entrance(session: Session, services: Services, call: Call, leg: Leg) -> Entrance | None:
    conference = call.conference or ""
    if leg.kind == legs.OPERATOR:
        return Entrance(conference) if leg.user_id == call.operator_id else None
    if not is_talking(call):
        return None
    if leg.kind == legs.SUPERVISOR:
        muted, coached = listening.heard_by(session, call, leg)
        return Entrance(conference, muted=muted, coached=coached)
    return Entrance(conference, greeting=services.talk.greeting if leg.kind == legs.THIRD_PARTY else None)


def answer_outbound(
    services: Services, call_id: int, *, sid: str, is_machine: bool = False
) -> Answered | None:
    """Return what somebody hears whom we have called: the operator, who is there already, or the follow-up flow.

    `is_machine` when the carrier thinks that no person has answered.
    """
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = lock_by_id(session, call_id)
        if call is None or call.direction == "inbound":
            return None
        if call.sid.startswith("out-"):
            call.sid = sid
        if call.sid != sid or call.conversation_state == Conversation.ENDED.value:
            return None
        if call.direction == CALLBACK:
            if is_machine:
                # Nobody is told anything by way of an answering machine: it is an attempt that failed.
                advance(call, CarrierStatus.IN_PROGRESS, at=now)
                return None
            call.flow = call.flow or FOLLOW_UP
            event = CallEvent(sid, call.from_raw, call.to_raw, 0, Started())
            return answer_turn(session, services, call, event, now)
        if not call.conference:
            return None
        advance(call, CarrierStatus.IN_PROGRESS, at=now)
        call.flow = call.flow or DAY
        changed(session, call, now=now)
        notice = services.recording.outbound_notice if services.recording.conversations else None
        if notice is not None:
            recording.told(session, call, now=now)
        into = (JoinConference(call.conference),)
        return Answered(0, services.flows[DAY], call.language, into, notice)


def note_failed_turn(services: Services, sid: str) -> None:
    """Write down that a caller heard the apology instead of an answer."""
    with unit_of_work(services.database, publish=services.publish, purpose="webhook") as session:
        note_fault(session, "turn", sid=sid, code="", now=services.now())


def release_by_fallback(services: Services, sid: str, *, code: str = "") -> None:
    """Take a caller out of the line whom the carrier has sent to the fallback: nobody rings for him any more."""
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        note_fault(session, "fallback", sid=sid, code=code, now=now)
        call = lock_by_sid(session, sid)
        if call is not None:
            _release(session, services, call)
            changed(session, call, now=now)


def keep_fallback_message(services: Services, event: CallEvent) -> None:
    """Keep the message of a caller who met the fallback, as if the machine had taken it in the ordinary way."""
    now = services.now()
    given = event.given
    if not isinstance(given, Recorded) or given.duration_s < 1:
        return
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = find_or_make(
            session,
            event.sid,
            from_raw=event.from_raw,
            to_raw=event.to_raw,
            policy=services.policy,
            now=now,
        )
        save_voicemail(session, services, call, sid=given.recording_sid, duration_s=given.duration_s, now=now)
        if call.conversation_state == Conversation.ENDED.value:
            call.outcome = "voicemail"
        changed(session, call, now=now)


def _release(session: Session, services: Services, call: Call) -> None:
    now = services.now()
    row = waiting.waiting_of(session, call)
    if row is None or row.state not in waiting.IN_LINE:
        return
    offers.leave_line(session, call, row, reason="voicemail", verb=Verb.EXITWITHTIMEOUT, now=now)
    if call.conversation_state in (Conversation.WAITING.value, Conversation.OFFERED.value):
        move(call, Conversation.IN_VOICEMAIL)
    offers.offer_waiting(session, lines=services.lines, now=now)
