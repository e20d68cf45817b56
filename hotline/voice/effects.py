"""Answers a flow's effects: each calls one use case of the line or the record, in the transaction of the turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from dispatch import progress
from dispatch.actors import CALLER
from dispatch.models.history import Notice
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, tell
from hotline.calls import notes
from hotline.calls.access import COUNSELLING
from hotline.calls.drafts import open_draft
from hotline.calls.log import Verb, log
from hotline.calls.models import Call
from hotline.calls.status import Conversation, move
from hotline.line import follow_ups, offers, return_calls, switches, waiting
from hotline.services import Services
from hotline.voice.opening import DAY, hours
from hotline.voice.spoken import spoken_wait
from ivr_flows.outputs import Effect, EffectDone
from ivr_flows.state import FlowState

SHORTEST_MESSAGE_S: Final = 1
_IN_MENU_FROM: Final = frozenset({Conversation.WAITING, Conversation.OFFERED})

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """One effect on its way: whose, where in the flow, and when."""

    session: Session
    services: Services
    call: Call
    state: FlowState
    now: datetime

    @property
    def is_being_connected(self) -> bool:
        """Whether an operator has taken the call already, so that a late key is void."""
        offer = offers.live_offer_for(self.session, self.call)
        return offer is not None and offer.state == "accepted"


Answer = tuple[str, Mapping[str, str]]


def answer(asking: Asking, effect: Effect) -> EffectDone:
    """Return what the world says to an effect; an unknown name is answered so that the flow goes to its rescue."""
    known = _ANSWERS.get(effect.name)
    if known is None:
        logger.error("unknown effect", effect=effect.name, call=asking.call.sid)
        return EffectDone(effect.name, "unknown")
    result, values = known(asking, effect.arguments)
    return EffectDone(effect.name, result, dict(values))


def _enter_line(asking: Asking, given: Mapping[str, str]) -> Answer:
    session, services, call, now = asking.session, asking.services, asking.call, asking.now
    if asking.is_being_connected:
        return "connecting", {}
    lines = services.lines
    wanted = services.called.line_for(call.called, given.get("line"), fallback=lines.fallback)
    line, is_open = switches.line_in_force(session, wanted, lines)
    call.category = given.get("category") or call.category
    row = waiting.waiting_of(session, call)
    waits = row is not None and row.state in waiting.IN_LINE
    if row is not None and waits and row.line != line.code:
        # What rings for the old line rings in vain: nobody there may be able to help with the new matter.
        offers.cancel(session, call, now=now)
        if call.conversation_state == Conversation.OFFERED.value:
            move(call, Conversation.WAITING)
    if row is not None and waits and row.line == line.code:
        # Who stands in a line that is being closed is still served.
        is_open = True
    if not is_open or not waiting.is_staffed(waiting.on_duty(session, now=now), line, services.lines):
        _leave(asking, "closed", Verb.EXITWITHTIMEOUT)
        call.line = line.code
        return "closed", {}
    if not waits and waiting.in_line(session, line) >= line.max_waiting:
        call.line = line.code
        return "full", {}
    if not waits or (row is not None and row.line != line.code):
        row = waiting.enter(
            session, call, line, skill=given.get("skill") or None, policy=services.policy, now=now
        )
        log(session, call, Verb.ENTERQUEUE, now=now, line=line.code, priority=row.priority)
    if call.conversation_state != Conversation.OFFERED.value:
        move(call, Conversation.WAITING)
    session.flush()
    offers.offer_waiting(session, lines=services.lines, now=now)
    return "waiting", _place(asking)


def _line_status(asking: Asking, given: Mapping[str, str]) -> Answer:
    if asking.is_being_connected:
        return "connecting", {}
    row = waiting.waiting_of(asking.session, asking.call)
    diverted = (
        row is not None
        and switches.line_in_force(asking.session, row.line, asking.services.lines)[0].code
        != asking.services.lines.get(row.line).code
    )
    if row is None or row.state not in waiting.IN_LINE or diverted:
        # An operator lost the call, or the line has been diverted: the caller stands in line again.
        line = row.line if row is not None else asking.call.line or ""
        return _enter_line(asking, {**given, "line": line})
    offers.offer_waiting(asking.session, lines=asking.services.lines, now=asking.now)
    return "waiting", _place(asking)


def _leave_line(asking: Asking, given: Mapping[str, str]) -> Answer:
    if asking.is_being_connected:
        return "connecting", {}
    reason = given.get("reason", "hang_up")
    _leave(asking, reason, Verb.EXITWITHKEY if reason == "voicemail" else Verb.EXITWITHTIMEOUT)
    return "left", {}


def _request_return_call(asking: Asking, _: Mapping[str, str]) -> Answer:
    session, services, call, now = asking.session, asking.services, asking.call, asking.now
    if asking.is_being_connected:
        return "connecting", {}
    task = return_calls.book(
        session,
        call,
        reason="requested",
        phone_key=call.from_key,
        policy=services.policy,
        lines=services.lines,
        now=now,
    )
    if task is None:
        return "no_number", {}
    if COUNSELLING in services.lines.get(call.line).skills:
        _alarm(session, "心理关怀来电没有接通，请马上安排专人回电", now)
    _leave(asking, "return_call", Verb.EXITWITHKEY)
    by = return_calls.spoken_time(task.due_at, now=now, language=asking.state.language)
    return "booked", {"by": by}


def _save_voicemail(asking: Asking, given: Mapping[str, str]) -> Answer:
    sid, seconds = given.get("recording_sid", ""), given.get("duration_s", "0")
    duration_s = int(seconds) if seconds.isascii() and seconds.isdecimal() else 0
    if not sid or duration_s < SHORTEST_MESSAGE_S:
        return "empty", {}
    about = given.get("about", "")
    if about.isdecimal() and notes.save_note(
        asking.session,
        asking.call,
        int(about),
        sid=sid,
        duration_s=duration_s,
        policy=asking.services.policy,
        now=asking.now,
    ):
        return "saved", {}
    save_voicemail(
        asking.session, asking.services, asking.call, sid=sid, duration_s=duration_s, now=asking.now
    )
    return "saved", {}


def save_voicemail(
    session: Session, services: Services, call: Call, *, sid: str, duration_s: int, now: datetime
) -> None:
    """Keep a message: its recording is fetched, a draft is opened, and we owe the caller a call. Idempotent."""
    if notes.keep_recording(session, call, sid=sid, kind="voicemail", duration_s=duration_s, now=now) is None:
        return
    said = "；".join(call.said)
    text = f"语音留言，{duration_s}秒，请收听录音。" + (f"来电中说：{said}" if said else "")
    open_draft(
        session,
        call,
        CALLER,
        channel="voicemail",
        policy=services.policy,
        now=now,
        fields={"wish": "语音留言，待收听", "text": text[:20_000]},
    )
    return_calls.book(
        session,
        call,
        reason="voicemail",
        phone_key=call.from_key,
        policy=services.policy,
        lines=services.lines,
        now=now,
    )


def _flag_crisis(asking: Asking, _: Mapping[str, str]) -> Answer:
    session, call, now = asking.session, asking.call, asking.now
    log(session, call, Verb.CRISIS, now=now)
    if call.crisis is None:
        # The machine only suspects: a person confirms or dismisses (`hotline.calls.abuse`).
        call.crisis = "suspected"
    _alarm(session, "来电人可能处于危机中，请立即关注并由人工确认", now)
    tell(session, Fact("notice", f"crisis:{call.sid}", int(now.timestamp() * 1000), now, ("centre",)))
    return "ok", {}


def _alarm(session: Session, text: str, now: datetime) -> None:
    for role in (Role.SUPERVISOR, Role.COUNSELLOR):
        session.add(Notice(at=now, kind="alarm", role=role.value, text=text))


def _record_survey(asking: Asking, given: Mapping[str, str]) -> Answer:
    log(
        asking.session,
        asking.call,
        Verb.SURVEY,
        now=asking.now,
        user_id=asking.call.operator_id,
        satisfied=given.get("satisfied", ""),
    )
    return "ok", {}


def _opening_hours(asking: Asking, _: Mapping[str, str]) -> Answer:
    when, opens = hours(asking.services.policy, asking.services.service, asking.now)
    if when == DAY:
        return when, {}
    return when, {"opens": return_calls.spoken_time(opens, now=asking.now, language=asking.state.language)}


def _find_ticket(asking: Asking, given: Mapping[str, str]) -> Answer:
    session, call, now = asking.session, asking.call, asking.now
    looked = progress.look_up(
        session,
        number=given.get("number", ""),
        code=given.get("code", ""),
        # A hidden number has this one call to be wrong in.
        caller=call.from_key or f"call-{call.id}",
        policy=asking.services.policy,
        now=now,
    )
    found = {} if looked.ticket_id is None else {"ticket": str(looked.ticket_id)}
    log(session, call, Verb.QUERY, now=now, result=looked.result.value, ticket=looked.ticket_id)
    return looked.result.value, found


def _nudge_ticket(asking: Asking, given: Mapping[str, str]) -> Answer:
    done = notes.nudge(
        asking.session,
        asking.call,
        int(given.get("ticket") or 0),
        policy=asking.services.policy,
        now=asking.now,
    )
    return "ok" if done else "refused", {}


def _record_follow_up(asking: Asking, given: Mapping[str, str]) -> Answer:
    follow_ups.answered(
        asking.session,
        asking.call,
        solved=given.get("solved", ""),
        satisfied=given.get("satisfied", ""),
        policy=asking.services.policy,
        now=asking.now,
    )
    return "ok", {}


def _open_draft(asking: Asking, given: Mapping[str, str]) -> Answer:
    fields = {name: value for name, value in given.items() if value}
    open_draft(
        asking.session,
        asking.call,
        CALLER,
        channel="phone",
        policy=asking.services.policy,
        now=asking.now,
        fields=fields,
    )
    return "ok", {}


def _leave(asking: Asking, reason: str, verb: Verb) -> None:
    session, call, now = asking.session, asking.call, asking.now
    row = waiting.waiting_of(session, call)
    if row is not None and row.state in waiting.IN_LINE:
        offers.leave_line(session, call, row, reason=reason, verb=verb, now=now)
        if Conversation(call.conversation_state) in _IN_MENU_FROM:
            move(call, Conversation.IN_MENU)
        # Whoever was ringing for this caller is free for the next one.
        offers.offer_waiting(session, lines=asking.services.lines, now=now)


def _place(asking: Asking) -> Mapping[str, str]:
    """Return what the caller hears of his place: how many are before him, and how long that will take."""
    row, lines, now = waiting.waiting_of(asking.session, asking.call), asking.services.lines, asking.now
    ahead = waiting.ahead_of(asking.session, row, lines=lines, now=now) if row is not None else 0
    if row is None or ahead == 0:
        return {"ahead": "0", "wait": ""}
    seconds = waiting.expected_wait_s(asking.session, row, ahead, lines=lines, now=now)
    return {"ahead": str(ahead), "wait": spoken_wait(seconds, language=asking.state.language)}


_ANSWERS: Final[Mapping[str, Callable[[Asking, Mapping[str, str]], Answer]]] = {
    "enter_line": _enter_line,
    "line_status": _line_status,
    "leave_line": _leave_line,
    "request_return_call": _request_return_call,
    "save_voicemail": _save_voicemail,
    "flag_crisis": _flag_crisis,
    "record_survey": _record_survey,
    "open_draft": _open_draft,
    "opening_hours": _opening_hours,
    "find_ticket": _find_ticket,
    "nudge_ticket": _nudge_ticket,
    "record_follow_up": _record_follow_up,
}
"""docs/flows.md, what the telephone answers."""
