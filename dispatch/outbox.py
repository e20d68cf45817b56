"""What must leave the house, written in the transaction that wants it; jobs deliver it later (DESIGN rule 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.models.history import Outbox
from dispatch.unit_of_work import wake_deliveries

Queue: TypeAlias = Literal["live", "slow"]
"""`live`: carrier commands, woken at commit; `slow`: messages and partners."""


def put(
    session: Session,
    queue: Queue,
    kind: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    key: str | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    ticket_id: int | None = None,
) -> int | None:
    """Write one delivery and return its id; None when `key` was used before (the effect is wanted once).

    `payload` holds ids only, never personal data: whoever delivers re-reads what it needs.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    delivery_id: int | None = session.scalar(
        dialect.insert(Outbox)
        .values(
            queue=queue,
            kind=kind,
            key=key,
            payload=dict(payload),
            ticket_id=ticket_id,
            state="pending",
            created_at=now,
            not_before=not_before or now,
            expires_at=expires_at,
            attempts=0,
        )
        # Of two who want the same effect at once, the second waits for the first and then finds it there.
        .on_conflict_do_nothing(index_elements=[Outbox.key])
        .returning(Outbox.id)
    )
    if delivery_id is None:
        return None
    wake_deliveries(session)
    return delivery_id


def cancel(session: Session, key: str) -> bool:
    """Withdraw a delivery that nobody has begun; False when it is too late or was never wanted."""
    done = session.execute(
        update(Outbox)
        .where(Outbox.key == key, Outbox.state == "pending")
        .values(state="cancelled")
        .returning(Outbox.id)
    )
    return done.first() is not None
