"""Seats on ordinary telephones: whoever picks up is asked to press 1, and only then is the caller brought in.

An answering machine presses nothing, so it never swallows a caller.
"""

from __future__ import annotations

from typing import Final

from dispatch.unit_of_work import unit_of_work
from hotline.calls.locks import lock_by_id
from hotline.calls.models import Leg
from hotline.calls.status import Conversation
from hotline.line import offers
from hotline.line.presence import is_telephone
from hotline.services import Services

ACCEPT: Final = "1"
_OFFERED: Final = "这里是12351热线，{line}有来电。接听请按1，不能接听请挂断。"
_RETURN_CALL: Final = "这里是12351热线，您登记的回电即将接通。接通请按1。"


def question(services: Services, leg_id: int, *, sid: str) -> str | None:
    """Return what an operator's ordinary telephone is asked; None for a browser, or when nothing is to be asked."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        leg = session.get(Leg, leg_id)
        if leg is None or leg.kind != "operator" or not is_telephone(leg.endpoint) or leg.left_at is not None:
            return None
        call = lock_by_id(session, leg.call_id)
        session.refresh(leg)
        leg.sid = leg.sid or sid
        if call is None or leg.sid != sid or call.conversation_state == Conversation.ENDED.value:
            return None
        if call.direction == "return_call":
            return _RETURN_CALL if leg.joined_at is None else None
        offer = offers.live_offer_for(session, call)
        if offer is None or offer.state != "ringing" or offer.user_id != leg.user_id:
            return None
        return _OFFERED.format(line=services.lines.get(call.line).label)


def pressed(services: Services, leg_id: int, *, sid: str, digits: str) -> bool:
    """Return whether the key that was pressed takes the call; a repeated key does so again."""
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        leg = session.get(Leg, leg_id)
        call = lock_by_id(session, leg.call_id) if leg is not None else None
        if leg is None or call is None or digits != ACCEPT or not is_telephone(leg.endpoint):
            return False
        session.refresh(leg)
        if leg.sid != sid:
            return False
        if call.direction == "return_call":
            return call.conversation_state != Conversation.ENDED.value
        return offers.accept_by_phone(session, call, leg, now=now)
