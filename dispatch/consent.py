"""The caller's recorded word that his employer's own union may see his case: given, shown, taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.access import find_ticket, may_edit
from dispatch.actors import Actor
from dispatch.errors import Missing, NotAllowed
from dispatch.models.tickets import Ticket
from dispatch.tickets import log, require_version

MEANS: Final = ("recording", "paper", "message")
"""How the word was kept: on the call's recording, on paper, in a message of the caller's own."""


def record_consent(
    session: Session,
    actor: Actor,
    number: str,
    *,
    waives: bool,
    means: str,
    words: str,
    version: int,
    now: datetime,
) -> Ticket:
    """Write down that the caller waives recusal, or no longer does; raises NotFound, NotAllowed, Missing.

    Only the centre asks for it: a union never records a word in its own favour. It never covers a complaint about a
    union itself.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    if not actor.of_centre or not may_edit(actor, ticket):
        raise NotAllowed("consent", "回避的豁免只能由热线中心向诉求人核实后登记")
    require_version(session, ticket, version)
    if not words.strip() or means not in MEANS:
        raise Missing("consent", {"words": "请写明诉求人的原话，以及同意留存在录音、书面或短信中"})
    ticket.recusal_waived = waives
    ticket.version += 1
    log(
        session,
        ticket,
        "RecusalWaived" if waives else "RecusalRestored",
        by=actor.by,
        now=now,
        payload={"means": means},
        personal={"text": words.strip()},
    )
    scope.rewrite(session, ticket, now=now)
    return ticket
