"""The script against abuse: three warnings, then a lawful end; and distress, which a person confirms or dismisses."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from dispatch.access import may_edit
from dispatch.actors import Actor
from dispatch.errors import NotAllowed, WrongState
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import State
from dispatch.tickets import edit_ticket
from hotline.calls import drafts
from hotline.calls.access import Seals, find_call, is_own
from hotline.calls.commands import conversation_of, give_command, present_leg
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call
from hotline.calls.outcomes import Outcome
from hotline.line import conversations
from hotline.line.models import Waiting
from hotline.line.waiting import IN_LINE

CRISIS: Final = "crisis"
"""The category of config/categories.yaml, and the call's own flag."""
_MAY_CONFIRM: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER, Role.COUNSELLOR})


def warn(session: Session, actor: Actor, sid: str, *, most: int, seals: Seals, now: datetime) -> Call:
    """Let the caller hear the next warning; raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "warn", seals=seals)
    _not_in_distress(call, "warn", seals)
    if call.warnings >= most:
        raise WrongState(sid, "warn", call.conversation_state, f"已经警告{most}次，可以结束通话")
    call.warnings += 1
    log(session, call, Verb.WARNING, now=now, user_id=actor.user_id, number=call.warnings)
    changed(session, call, now=now)
    give_command(session, call, "play_warning", {"call_id": call.id, "number": call.warnings}, now=now)
    return call


def end_for_abuse(
    session: Session, actor: Actor, sid: str, *, most: int, seals: Seals, now: datetime
) -> Call:
    """End the call after the last warning: the caller hears where help is, and the line closes.

    Raises NotFound, NotAllowed, WrongState.
    """
    call = conversation_of(session, actor, sid, "end_for_abuse", seals=seals)
    _not_in_distress(call, "end_for_abuse", seals)
    if call.warnings < most:
        raise NotAllowed("end_for_abuse", f"结束通话前须警告{most}次，现在是{call.warnings}次")
    call.outcome = Outcome.ABUSIVE.value
    log(session, call, Verb.ABUSE, now=now, user_id=actor.user_id, warnings=call.warnings)
    leg = present_leg(session, actor, call)
    if leg is not None:
        conversations.hang_up(session, leg, now=now)
    changed(session, call, now=now)
    return call


def judge_crisis(
    session: Session, actor: Actor, sid: str, *, confirmed: bool, seals: Seals, policy: Policy, now: datetime
) -> Call:
    """Say whether the caller is in distress: confirmed, he goes first, his story is sealed and no survey follows.

    Raises NotFound, NotAllowed.
    """
    call = find_call(session, actor, sid, seals=seals, lock=True)
    if not is_own(actor, call) and actor.role not in _MAY_CONFIRM:
        raise NotAllowed("crisis", "由接听人员、值班长或心理老师确认")
    call.crisis = "confirmed" if confirmed else "dismissed"
    log(session, call, Verb.CRISIS, now=now, user_id=actor.user_id, confirmed=confirmed)
    if confirmed:
        session.execute(
            update(Waiting).where(Waiting.call_id == call.id, Waiting.state.in_(IN_LINE)).values(priority=0)
        )
        if policy.category(CRISIS) is not None:
            call.category = CRISIS
            _seal_draft(session, actor, call, policy=policy, now=now)
    changed(session, call, now=now)
    return call


def why_resumed(call: Call) -> str:
    """Return what the flow should know about how a conversation ended: abuse, distress, or nothing special."""
    if call.outcome == Outcome.ABUSIVE.value:
        return "abuse"
    return "distress" if call.crisis == "confirmed" else ""


def _not_in_distress(call: Call, command: str, seals: Seals) -> None:
    if call.crisis in ("suspected", "confirmed") or call.line in seals.lines:
        raise NotAllowed(command, "来电人可能处于危机中，请安抚并转心理老师")


def _seal_draft(session: Session, actor: Actor, call: Call, *, policy: Policy, now: datetime) -> None:
    draft = drafts.draft_of(session, call)
    if draft is None or draft.state != State.DRAFT.value or not may_edit(actor, draft):
        return
    edit_ticket(
        session,
        actor,
        draft.number,
        version=draft.version,
        policy=policy,
        now=now,
        fields={"category": CRISIS},
    )
