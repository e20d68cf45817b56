"""Why a call that made no ticket is no lost call: the recorded outcome of each one that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.calls.drafts import is_linked
from hotline.calls.log import Verb
from hotline.calls.models import Call, CallLog


class Outcome(StrEnum):
    TICKET = "ticket"
    VOICEMAIL = "voicemail"
    RETURN_CALL = "return_call"
    CONVERSATION = "conversation"
    ABANDONED = "abandoned"
    MISSED = "missed"
    NO_MESSAGE = "no_message"
    COMPLETED = "completed"
    NOT_REACHED = "not_reached"
    FAILED = "failed"
    ABUSIVE = "abusive"
    BLOCKED = "blocked"
    # What an operator records of a conversation that needs no ticket.
    ANSWERED = "answered"
    SILENT = "silent"
    WRONG_NUMBER = "wrong_number"
    PRANK = "prank"
    TEST = "test"
    QUERY_ONLY = "query_only"


LABELS: Final[Mapping[str, str]] = {
    Outcome.TICKET: "已登记工单",
    Outcome.VOICEMAIL: "已留言",
    Outcome.RETURN_CALL: "已登记回电",
    Outcome.CONVERSATION: "已通话，待登记",
    Outcome.ABANDONED: "排队中挂机",
    Outcome.MISSED: "未接通人工",
    Outcome.NO_MESSAGE: "未留言",
    Outcome.COMPLETED: "自助完成",
    Outcome.NOT_REACHED: "回电未接通",
    Outcome.FAILED: "通话中断",
    Outcome.ABUSIVE: "三次警告后结束",
    Outcome.BLOCKED: "号码受限",
    Outcome.ANSWERED: "已当场解答",
    Outcome.SILENT: "无声",
    Outcome.WRONG_NUMBER: "打错",
    Outcome.PRANK: "骚扰",
    Outcome.TEST: "测试",
    Outcome.QUERY_ONLY: "仅查询",
}

CALLBACK: Final = "callback"
"""The direction of calls by which the machine follows up (`hotline.line.follow_ups`)."""
BY_OPERATOR: Final = frozenset(
    {
        Outcome.ANSWERED,
        Outcome.SILENT,
        Outcome.WRONG_NUMBER,
        Outcome.PRANK,
        Outcome.TEST,
        Outcome.QUERY_ONLY,
    }
)
"""What a person may record; the others are facts of the line."""

OWED_A_CALL: Final[Mapping[Outcome, str]] = {
    Outcome.ABANDONED: "abandoned",
    Outcome.MISSED: "missed",
    Outcome.NO_MESSAGE: "missed",
    Outcome.FAILED: "failed",
}
"""Outcomes after which we owe a call, with the reason of that task."""


def outcome_of(session: Session, call: Call, *, was_waiting: bool) -> Outcome:
    """Return how a call that is over ended; a ticket says more than anything else, then what a person recorded."""
    if call.outcome == Outcome.ABUSIVE and not is_linked(session, call):
        return Outcome.ABUSIVE
    if call.direction == CALLBACK:
        return _follow_up_outcome(session, call)
    if is_linked(session, call):
        voicemail = _chosen(call) == Outcome.VOICEMAIL
        return Outcome.VOICEMAIL if voicemail and not had_conversation(session, call) else Outcome.TICKET
    if call.outcome in {each.value for each in BY_OPERATOR}:
        return Outcome(call.outcome)
    if had_conversation(session, call):
        return Outcome.CONVERSATION
    if call.direction != "inbound":
        return Outcome.NOT_REACHED
    if was_waiting:
        return Outcome.ABANDONED
    return _chosen(call) or _told_by_the_machine(session, call)


def _follow_up_outcome(session: Session, call: Call) -> Outcome:
    """Return how a call by the machine ended; its ticket is there before it, so that a link says nothing."""
    if had_conversation(session, call):
        return Outcome.CONVERSATION
    if _has(session, call, Verb.FOLLOWUP):
        return Outcome.COMPLETED
    return _chosen(call) or Outcome.NOT_REACHED


def _told_by_the_machine(session: Session, call: Call) -> Outcome:
    """Return how a call ended whose caller hung up in the menu: who was told what he asked for is owed no call."""
    if _was_told(session, call):
        return Outcome.QUERY_ONLY
    return Outcome.BLOCKED if _has(session, call, Verb.BLOCKED) else Outcome.MISSED


def _was_told(session: Session, call: Call) -> bool:
    """Whether the caller asked for the progress of a request and heard it."""
    query = select(CallLog.data).where(CallLog.call_id == call.id, CallLog.verb == Verb.QUERY.value)
    return any(data.get("result") in ("found", "sealed") for data in session.scalars(query))


def had_conversation(session: Session, call: Call) -> bool:
    """Return whether the caller ever spoke with a person."""
    return _has(session, call, Verb.CONNECT)


def _has(session: Session, call: Call, verb: Verb) -> bool:
    query = select(CallLog.id).where(CallLog.call_id == call.id, CallLog.verb == verb.value)
    return session.scalar(query.limit(1)) is not None


def _chosen(call: Call) -> Outcome | None:
    """Return the end to which the caller's own keys led in the flow."""
    ended = (call.flow_state or {}).get("ended") or ""
    return Outcome(ended) if ended in set(Outcome) else None
