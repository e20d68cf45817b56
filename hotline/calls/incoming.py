"""A call's first row: made by whatever tells of the call first, a turn, a status report or the reconciler."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached

from dispatch.policy import Policy
from dispatch.rules.phones import normalise
from dispatch.tickets import phone_key
from hotline.calls.locks import lock_by_sid
from hotline.calls.models import Call
from hotline.calls.status import Conversation
from hotline.carriers.base import CarrierStatus

LONGEST_NUMBER: Final = 200


def find_or_make(
    session: Session,
    sid: str,
    *,
    from_raw: str,
    to_raw: str,
    policy: Policy,
    now: datetime,
    expect_new: bool = False,
) -> Call:
    """Return the call with this SID, locked; of two first reports at once both return the same row.

    `expect_new` spares a caller's first turn the look for what is hardly ever there.
    """
    call = None if expect_new else lock_by_sid(session, sid)
    call = call or _make(session, sid, from_raw=from_raw, to_raw=to_raw, policy=policy, now=now)
    call = call or lock_by_sid(session, sid)
    if call is None:
        raise LookupError(f"call {sid} was written and is not there")
    return call


def _make(
    session: Session, sid: str, *, from_raw: str, to_raw: str, policy: Policy, now: datetime
) -> Call | None:
    """Write the call; None when somebody else already has."""
    phone = normalise(from_raw)
    values: dict[str, Any] = {
        **_UNKNOWN,
        "sid": sid,
        "direction": "inbound",
        "from_raw": phone.raw,
        "from_e164": phone.e164,
        "from_key": phone_key(policy.secret, phone.identity) if phone.identity else None,
        "to_raw": normalise(to_raw).raw[:LONGEST_NUMBER],
        "carrier_status": CarrierStatus.QUEUED.value,
        "conversation_state": Conversation.IN_MENU.value,
        "started_at": now,
        "language": "zh-CN",
        "path": [],
        "said": [],
        "on_hold": False,
        "muted": False,
        "next_turn": 0,
        "version": 1,
    }
    made = session.connection().execute(_INSERT[session.get_bind().dialect.name], values).scalar()
    if made is None:
        return None
    call = Call(id=made, **values)
    # The row is exactly what was just written: it need not be read to be known.
    make_transient_to_detached(call)
    session.add(call)
    return call


_UNKNOWN: Final[Mapping[str, None]] = {
    column.key: None for column in Call.__table__.columns if column.nullable and column.key != "id"
}
_INSERT: Final[Mapping[str, Executable]] = {
    dialect.dialect.name: dialect.insert(Call.__table__)
    .on_conflict_do_nothing(index_elements=["sid"])
    .returning(Call.__table__.c.id)
    for dialect in (postgresql, sqlite)
}
"""Built once: building so wide a statement takes as long as executing it."""
