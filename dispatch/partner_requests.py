"""Requests that a partner has made: a number used once is refused the second time, a repeated key gets the first answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.errors import DispatchError
from dispatch.models.partners import PartnerRequest


class KeyReused(DispatchError):
    """The idempotency key was used for another request."""


class Replayed(DispatchError):
    """The nonce was used before: somebody repeats a signed request."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One signed request, as it is remembered."""

    partner_id: int
    nonce: str
    key: str | None
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first request of this key was answered."""

    status: int
    answer: dict[str, Any]


def answered(session: Session, asked: Asked) -> Answered | None:
    """Return the first answer of a repeated key; raises Replayed, KeyReused."""
    rows = session.execute(
        select(
            PartnerRequest.nonce,
            PartnerRequest.key,
            PartnerRequest.request_sha256,
            PartnerRequest.status,
            PartnerRequest.answer,
        ).where(
            PartnerRequest.partner_id == asked.partner_id,
            or_(PartnerRequest.nonce == asked.nonce, PartnerRequest.key == asked.key)
            if asked.key is not None
            else PartnerRequest.nonce == asked.nonce,
        )
    ).all()
    if any(row.nonce == asked.nonce for row in rows):
        raise Replayed(asked.nonce)
    for row in rows:
        if row.request_sha256 != asked.sha256:
            raise KeyReused(asked.key)
        return Answered(row.status, row.answer)
    return None


def remember(
    session: Session, asked: Asked, *, status: int | None = None, answer: dict[str, Any] | None = None
) -> bool:
    """Keep a request, with its answer where its key is to be answered again; False when it is known already.

    Call it last in the transaction: of two at once the second then finds that it must not have happened.
    """
    values = {
        "partner_id": asked.partner_id,
        "nonce": asked.nonce,
        "key": asked.key if answer is not None else None,
        "request_sha256": asked.sha256,
        "status": status,
        "answer": answer,
        "at": asked.at,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = dialect.insert(PartnerRequest).values(values).on_conflict_do_nothing().returning(PartnerRequest.id)
    return session.scalar(made) is not None


def forget(session: Session, *, now: datetime, window: timedelta, keep: timedelta) -> int:
    """Forget numbers too old to be taken again, and answers that nobody asks for any more; return how many."""
    done = session.execute(
        delete(PartnerRequest)
        .where(
            or_(
                PartnerRequest.at < now - keep,
                (PartnerRequest.key.is_(None)) & (PartnerRequest.at < now - 2 * window),
            )
        )
        .returning(PartnerRequest.id)
    ).all()
    return len(done)
