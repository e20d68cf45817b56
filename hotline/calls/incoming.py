"""A call's first row: made by whatever tells of the call first, a turn, a status report or the reconciler."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.policy import Policy
from dispatch.rules.phones import normalise
from dispatch.tickets import phone_key
from hotline.calls.locks import lock_by_sid
from hotline.calls.models import Call
from hotline.calls.status import Conversation
from hotline.carriers.base import CarrierStatus

LONGEST_NUMBER = 200


def find_or_make(
    session: Session, sid: str, *, from_raw: str, to_raw: str, policy: Policy, now: datetime
) -> Call:
    """Return the call with this SID, locked; of two first reports at once both return the same row."""
    call = lock_by_sid(session, sid)
    if call is not None:
        return call
    phone = normalise(from_raw)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Call)
        .values(
            sid=sid,
            direction="inbound",
            from_raw=phone.raw,
            from_e164=phone.e164,
            from_key=phone_key(policy.secret, phone.identity) if phone.identity else None,
            to_raw=normalise(to_raw).raw[:LONGEST_NUMBER],
            carrier_status=CarrierStatus.QUEUED.value,
            conversation_state=Conversation.IN_MENU.value,
            started_at=now,
            language="zh-CN",
            path=[],
            said=[],
            on_hold=False,
            muted=False,
            next_turn=0,
            version=1,
        )
        .on_conflict_do_nothing(index_elements=["sid"])
    )
    made = lock_by_sid(session, sid)
    if made is None:
        raise LookupError(f"call {sid} was written and is not there")
    return made
