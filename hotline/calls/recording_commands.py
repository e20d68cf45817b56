"""What an operator does with the recording of his conversation: pause it, go on, and end it at the caller's wish."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotAllowed, WrongState
from hotline.calls.access import Seals, find_call, is_own
from hotline.calls.commands import conversation_of
from hotline.calls.models import Call
from hotline.calls.status import Conversation, is_talking
from hotline.line import recording


def pause(session: Session, actor: Actor, sid: str, *, on: bool, seals: Seals, now: datetime) -> Call:
    """Pause the recording, or go on; raises NotFound, NotAllowed, WrongState. Pressed twice it is one."""
    call = conversation_of(session, actor, sid, "pause_recording" if on else "resume_recording", seals=seals)
    recording.pause(session, call, on=on, now=now)
    return call


def hide_identity(session: Session, actor: Actor, sid: str, *, on: bool, seals: Seals, now: datetime) -> None:
    """Pause while an identity or card number is being written down; raises NotFound, NotAllowed.

    A field may be entered a moment after the conversation, or left when a colleague has the caller: no error then.
    """
    call = find_call(session, actor, sid, seals=seals, lock=True)
    if not is_own(actor, call) and not on:
        return
    _require_own(actor, call, "pause_recording")
    if is_talking(call):
        recording.hide_identity(session, call, on=on, now=now)


def decline(session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime) -> Call:
    """Write down that the caller wants no recording; raises NotFound, NotAllowed, WrongState. For good.

    Also on hold, in the survey, while he waits for another operator: as long as the call lasts.
    """
    call = find_call(session, actor, sid, seals=seals, lock=True)
    _require_own(actor, call, "decline_recording")
    if call.conversation_state == Conversation.ENDED.value:
        raise WrongState(sid, "decline_recording", call.conversation_state, "通话已经结束")
    recording.decline(session, call, actor, now=now)
    return call


def _require_own(actor: Actor, call: Call, command: str) -> None:
    if not is_own(actor, call):
        raise NotAllowed(command, "只有正在接听的人员可以操作这通电话")
