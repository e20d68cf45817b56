"""Taking a call for the time of one transaction: its row lock orders everything that happens to one caller.

Order of locks everywhere: the call, then presence. `Waiting`, `Offer`, `Leg` and `Turn` have no lock of their own.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.calls.models import Call


def lock_by_sid(session: Session, sid: str) -> Call | None:
    """Return the carrier's call, locked until commit; None when we know no such call."""
    query = select(Call).where(Call.sid == sid).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def lock_by_id(session: Session, call_id: int, *, skip_locked: bool = False) -> Call | None:
    """Return the call, locked until commit; with `skip_locked` None also when somebody else has it now."""
    query = select(Call).where(Call.id == call_id).with_for_update(skip_locked=skip_locked)
    return session.scalar(query.execution_options(populate_existing=True))
