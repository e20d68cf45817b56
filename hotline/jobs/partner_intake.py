"""Does what partners sent in bursts: one event after the other, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.exc import DataError, SQLAlchemyError

from dispatch import exchange_intake
from dispatch.database import Busy, WritingSession
from dispatch.errors import DispatchError
from dispatch.exchange import Exchange
from dispatch.models.history import Notice
from dispatch.models.partners import Partner
from dispatch.rules.roles import Role
from hotline.errors import cause_of, problem_of
from hotline.jobs.again import Again, OutOfTurn
from hotline.jobs.work import work
from hotline.services import Services

AT_ONCE: Final = 50
"""Then others have their turn."""
LATER: Final = timedelta(seconds=2)

logger = structlog.get_logger(__name__)


def apply_events(services: Services, payload: Mapping[str, Any]) -> None:
    """Do what waits of one partner, in order; raises OutOfTurn while more waits."""
    partner_id = int(payload["partner_id"])
    for _ in range(AT_ONCE):
        if not _apply_one(services, partner_id):
            return
    raise OutOfTurn(after=timedelta(0))


def _apply_one(services: Services, partner_id: int) -> bool:
    event_id = 0
    try:
        with work(services) as session:
            event = exchange_intake.waiting(session, partner_id)
            partner = session.get_one(Partner, partner_id)
            if event is None or partner.disabled_at is not None:
                return False
            event_id = event.id
            exchange_intake.apply(_exchange(services, session, partner), event)
    except Exception as error:
        cause = cause_of(error)
        if isinstance(cause, SQLAlchemyError | Busy) and not isinstance(cause, DataError):
            # It waits where it is: nothing after it may overtake it.
            raise Again(type(cause).__name__, after=LATER) from error
        is_ours = not isinstance(cause, DispatchError | DataError | OverflowError)
        if is_ours:
            logger.exception("an event of a partner failed", intake=event_id)
        _refuse(services, event_id, cause, alarm=is_ours)
    return True


def _refuse(services: Services, event_id: int, error: Exception, *, alarm: bool = False) -> None:
    with work(services) as session:
        exchange_intake.refuse(session, event_id, problem_of(error).body(), now=services.now())
        if alarm:
            text = "协作单位的一个事件没有处理成功，请管理员查看日志"
            session.add(Notice(at=services.now(), kind="alarm", role=Role.SUPERVISOR.value, text=text))


def _exchange(services: Services, session: WritingSession, partner: Partner) -> Exchange:
    codes = services.partners.codes(partner.code_map)
    return Exchange(session, partner, codes, services.policy, services.now())
