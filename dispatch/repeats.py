"""重复诉求: a caller who calls again about an open ticket joins it, with a nudge, and opens no second one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.commands import perform
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.rules.ticket_state import Command, State


def repeat_request(
    session: Session,
    actor: Actor,
    number: str,
    *,
    text: str,
    version: int,
    policy: Policy,
    now: datetime,
    draft: Ticket | None = None,
) -> Ticket:
    """Join an open ticket: who has it is nudged with what was said, and the new call's draft is merged into it.

    Raises what `perform` raises.
    """
    data = {"text": text, "repeat_request": True}
    ticket = perform(session, actor, number, Command.NUDGE, data, version=version, policy=policy, now=now)
    if draft is not None and draft.id != ticket.id and draft.state == State.DRAFT.value:
        perform(
            session,
            actor,
            draft.number,
            Command.MERGE,
            {"parent_number": number, "reason": "重复诉求"},
            version=draft.version,
            policy=policy,
            now=now,
        )
    return ticket
