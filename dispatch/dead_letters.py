"""What a partner could not be told: listed with the reason, and sent again by a person; both are on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.history import Outbox
from dispatch.models.partners import Partner, PartnerEvent, PartnerLink
from dispatch.unit_of_work import wake_deliveries

DEAD: Final = ("failed", "unknown", "expired")
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that has not reached its partner."""

    id: int
    partner: str
    number: str
    kind: str
    state: str
    attempts: int
    error: str | None
    at: datetime
    facts: dict[str, Any]
    """What it says beside the case's own words; nothing of any person."""


def dead_letters(session: Session, *, before: int | None = None) -> tuple[Sequence[DeadLetter], int | None]:
    """Return a page of them, the newest first, and where the next page begins."""
    query = (
        select(PartnerEvent, PartnerLink.number, Partner.name, Outbox)
        .join(Outbox, Outbox.id == PartnerEvent.outbox_id)
        .join(PartnerLink, PartnerLink.id == PartnerEvent.link_id)
        .join(Partner, Partner.id == PartnerLink.partner_id)
        .where(Outbox.state.in_(DEAD), *([PartnerEvent.id < before] if before is not None else []))
        .order_by(PartnerEvent.id.desc())
        .limit(PAGE + 1)
    )
    found = [
        DeadLetter(
            event.id,
            name,
            number,
            event.kind,
            row.state,
            row.attempts,
            row.error,
            event.at,
            dict(event.facts),
        )
        for event, number, name, row in session.execute(query)
    ]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def resend(session: Session, actor: Actor, event_id: int, *, now: datetime) -> None:
    """Send one again, with as many tries as the first time; raises NotFound, WrongState."""
    event = session.get(PartnerEvent, event_id)
    if event is None or event.outbox_id is None:
        raise NotFound("partner_event", event_id)
    row = session.scalars(select(Outbox).where(Outbox.id == event.outbox_id).with_for_update()).one()
    if row.state not in DEAD:
        raise WrongState(event.uid, "resend", row.state, "只有没有送达的才重发")
    row.state, row.attempts, row.error = "pending", 0, None
    row.not_before, row.expires_at = now, None
    wake_deliveries(session)
    record(
        session,
        "PartnerEventResent",
        stream=ADMINISTRATION,
        by=actor.by,
        now=now,
        payload={"event": event.uid, "kind": event.kind},
    )
