"""The two status columns of a call: the carrier's only moves forward, the conversation's follows a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.calls.models import Call
from hotline.carriers.base import CarrierStatus

_RANK: Final[Mapping[CarrierStatus, int]] = {
    CarrierStatus.QUEUED: 0,
    CarrierStatus.RINGING: 1,
    CarrierStatus.IN_PROGRESS: 2,
}
_TERMINAL_RANK: Final = 3


class Conversation(StrEnum):
    IN_MENU = "in_menu"
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTED = "connected"
    ON_HOLD = "on_hold"
    CONSULTING = "consulting"
    IN_VOICEMAIL = "in_voicemail"
    IN_SURVEY = "in_survey"
    ENDED = "ended"


IN_CONVERSATION: Final = frozenset({Conversation.CONNECTED, Conversation.ON_HOLD, Conversation.CONSULTING})
_AFTERWARDS = frozenset({Conversation.IN_SURVEY, Conversation.IN_MENU, Conversation.IN_VOICEMAIL})

MOVES: Final[Mapping[Conversation, frozenset[Conversation]]] = {
    Conversation.IN_MENU: frozenset({Conversation.WAITING, Conversation.IN_VOICEMAIL}),
    Conversation.WAITING: frozenset({Conversation.IN_MENU, Conversation.OFFERED, Conversation.IN_VOICEMAIL}),
    # An offer that nobody takes puts the caller back; a key pressed meanwhile takes him out of the line.
    Conversation.OFFERED: frozenset(
        {
            Conversation.WAITING,
            Conversation.CONNECTED,
            Conversation.IN_MENU,
            Conversation.IN_VOICEMAIL,
        }
    ),
    # A transfer that leads to a line, or to nobody, puts the caller back into one.
    Conversation.CONNECTED: frozenset({Conversation.ON_HOLD, Conversation.CONSULTING, Conversation.WAITING})
    | _AFTERWARDS,
    Conversation.ON_HOLD: frozenset({Conversation.CONNECTED, Conversation.CONSULTING, Conversation.WAITING})
    | _AFTERWARDS,
    Conversation.CONSULTING: frozenset({Conversation.CONNECTED, Conversation.ON_HOLD, Conversation.WAITING})
    | _AFTERWARDS,
    Conversation.IN_VOICEMAIL: frozenset({Conversation.IN_MENU, Conversation.WAITING}),
    # In distress a caller may go to a counsellor even from the survey.
    Conversation.IN_SURVEY: frozenset(
        {Conversation.IN_MENU, Conversation.WAITING, Conversation.IN_VOICEMAIL}
    ),
    Conversation.ENDED: frozenset(),
}
"""From each state to the next ones; every state may end, and only `ended` is final."""


class WrongMove(RuntimeError):
    """The table knows no such step: a fault of ours, never of a caller."""


def is_talking(call: Call) -> bool:
    """Return whether the caller is in a conversation with a person."""
    return Conversation(call.conversation_state) in IN_CONVERSATION


def move(call: Call, to: Conversation) -> bool:
    """Take the conversation to its next state; False when it is there already. Raises WrongMove."""
    now = Conversation(call.conversation_state)
    if now is to:
        return False
    if to is not Conversation.ENDED and to not in MOVES[now]:
        raise WrongMove(f"call {call.sid}: {now} → {to}")
    call.conversation_state = to.value
    return True


def later(one: CarrierStatus, other: CarrierStatus) -> CarrierStatus:
    """Return which of two reports about one leg is further on; of two ends the first counts."""
    return other if _rank(other) > _rank(one) else one


def advance(call: Call, reported: CarrierStatus, *, at: datetime) -> bool:
    """Take in one report of the carrier; False when it says nothing new. A terminal status is never left."""
    before = CarrierStatus(call.carrier_status)
    if before.is_terminal:
        if call.ended_at is None:
            call.ended_at = at
        return False
    after = later(before, reported)
    if after is before:
        return False
    call.carrier_status = after.value
    if after is CarrierStatus.IN_PROGRESS and call.answered_at is None:
        call.answered_at = at
    if after.is_terminal and call.ended_at is None:
        call.ended_at = at
    return True


def _rank(status: CarrierStatus) -> int:
    return _RANK.get(status, _TERMINAL_RANK)
