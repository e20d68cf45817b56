"""What a person at the desk does with a call: hold, mute, hang up, and write down what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, WrongState
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.repeats import repeat_request
from dispatch.rules.roles import Role
from dispatch.tickets import CallerDetails, ToldEmployer, edit_ticket
from hotline.calls import drafts
from hotline.calls.access import Seals, find_call, is_own
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.outcomes import BY_OPERATOR, Outcome
from hotline.calls.status import Conversation, is_talking, move
from hotline.line import conversations, endings, legs, reconnect
from hotline.line.lines import Lines

CHANNEL: Final = "phone"
NUDGE: Final = "nudge"
_WATCHING: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
_DESK: Final = _WATCHING | {Role.OPERATOR}


def hold(session: Session, actor: Actor, sid: str, *, on: bool, seals: Seals, now: datetime) -> Call:
    """Keep the caller apart with music, or bring him back; raises NotFound, NotAllowed, WrongState."""
    command = "hold" if on else "unhold"
    call = conversation_of(session, actor, sid, command, seals=seals)
    if call.conversation_state == Conversation.CONSULTING.value:
        raise WrongState(sid, command, call.conversation_state, "正在咨询，请先完成或取消转接")
    if call.on_hold == on:
        return call
    move(call, Conversation.ON_HOLD if on else Conversation.CONNECTED)
    log(session, call, Verb.HOLD if on else Verb.UNHOLD, now=now, user_id=actor.user_id)
    changed(session, call, now=now)
    legs.hold(session, call, on=on, now=now)
    return call


def mute(session: Session, actor: Actor, sid: str, *, on: bool, seals: Seals, now: datetime) -> Call:
    """Let the caller hear the operator no more, or again; raises NotFound, NotAllowed, WrongState."""
    command = "mute" if on else "unmute"
    call = conversation_of(session, actor, sid, command, seals=seals)
    leg = present_leg(session, actor, call)
    if leg is None:
        raise WrongState(sid, command, call.conversation_state, "您的话机不在通话中")
    if call.muted == on:
        return call
    call.muted = on
    changed(session, call, now=now)
    give_command(session, call, "mute", {"call_id": call.id, "leg_id": leg.id, "on": on}, now=now)
    return call


def hang_up(session: Session, actor: Actor, sid: str, *, seals: Seals, lines: Lines, now: datetime) -> Call:
    """Put the operator's telephone down; what follows for the caller follows from the carrier's report of it.

    An operator who has fallen out of the conversation, and is just being rung back, ends it at once.

    Raises NotFound, NotAllowed, WrongState. Hanging up twice is no error.
    """
    call = conversation_of(session, actor, sid, "hang_up", seals=seals)
    leg = present_leg(session, actor, call)
    if leg is not None:
        conversations.hang_up(session, leg, now=now)
        changed(session, call, now=now)
    elif reconnect.is_awaited(session, call):
        conversations.operator_gone(session, call, lines=lines, now=now)
    return call


def open_call_ticket(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    seals: Seals,
    policy: Policy,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
    caller: CallerDetails | None = None,
    employers: Sequence[ToldEmployer] | None = None,
) -> Ticket:
    """Open the call's ticket with the call's own number, or return the one there is, as it is.

    Raises NotFound, NotAllowed, Invalid.
    """
    call = find_call(session, actor, sid, seals=seals, lock=True)
    _require_own(actor, call, "open_ticket")
    found = drafts.draft_of(session, call)
    if found is not None:
        return found
    ticket = drafts.open_draft(session, call, actor, channel=CHANNEL, policy=policy, now=now, fields=fields)
    if caller is None and employers is None:
        return ticket
    told = None if caller is None else CallerDetails(name=caller.name, member_card_no=caller.member_card_no)
    return edit_ticket(
        session,
        actor,
        ticket.number,
        version=ticket.version,
        policy=policy,
        now=now,
        fields={},
        caller=told,
        employers=employers,
    )


def join_ticket(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    number: str,
    version: int,
    text: str,
    seals: Seals,
    policy: Policy,
    now: datetime,
) -> Ticket:
    """Let a repeat caller's call join the open ticket with a nudge; the draft that the call began goes with it.

    Raises NotFound, NotAllowed, VersionConflict, WrongState.
    """
    call = find_call(session, actor, sid, seals=seals, lock=True)
    _require_own(actor, call, "repeat_request")
    draft = drafts.draft_of(session, call)
    ticket = repeat_request(
        session, actor, number, text=text, version=version, policy=policy, now=now, draft=draft
    )
    drafts.link(session, call, ticket, relation=NUDGE, now=now)
    return ticket


def record_outcome(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    outcome: str,
    note: str | None,
    seals: Seals,
    now: datetime,
) -> Call:
    """Record what came of a call that needs no ticket; raises NotFound, NotAllowed, Invalid, WrongState."""
    call = find_call(session, actor, sid, seals=seals, lock=True)
    _require_own(actor, call, "record_outcome")
    if outcome not in {each.value for each in BY_OPERATOR}:
        raise Invalid({"outcome": "不在可选范围内"})
    if drafts.is_linked(session, call):
        raise WrongState(sid, "record_outcome", call.conversation_state, "这通电话已有工单，请在工单中处理")
    endings.record_outcome(session, call, Outcome(outcome), note=note, now=now)
    return call


def conversation_of(session: Session, actor: Actor, sid: str, command: str, *, seals: Seals) -> Call:
    """Return the actor's own conversation, locked; raises NotFound, NotAllowed, WrongState."""
    call = find_call(session, actor, sid, seals=seals, lock=True)
    if not is_own(actor, call):
        raise NotAllowed(command, "只有正在接听的人员可以操作这通电话")
    if not is_talking(call):
        raise WrongState(sid, command, call.conversation_state, "通话尚未接通，或者已经结束")
    return call


def _require_own(actor: Actor, call: Call, command: str) -> None:
    """Raise NotAllowed unless the call is the actor's to write down; one that reached nobody is anybody's at the desk."""
    if is_own(actor, call) or actor.role in _WATCHING:
        return
    if call.operator_id is None and actor.role in _DESK:
        return
    raise NotAllowed(command, "只有接听这通电话的人员可以登记")


def present_leg(session: Session, actor: Actor, call: Call) -> Leg | None:
    """Return the actor's own telephone in the conversation."""
    query = select(Leg).where(
        Leg.call_id == call.id,
        Leg.user_id == actor.user_id,
        Leg.joined_at.is_not(None),
        Leg.left_at.is_(None),
    )
    return session.scalars(query.order_by(Leg.id.desc())).first()


def give_command(
    session: Session, call: Call, kind: str, payload: dict[str, object], *, now: datetime
) -> None:
    """Ask the carrier for what a button of the call bar does."""
    # The version makes each press of the button an effect of its own.
    conversations.command(session, kind, payload, key=f"call:{call.id}:{kind}:{call.version}", now=now)
