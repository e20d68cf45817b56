"""Numbers that want no more short messages (退订); their own questions are still answered."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hotline.public.models import QuietNumber

STOP: Final = frozenset({"退订", "TD", "T", "STOP", "UNSUBSCRIBE"})
START: Final = frozenset({"恢复", "恢复短信", "HF", "START", "UNSTOP"})


def silence(session: Session, phone_key: str, *, now: datetime) -> None:
    """Send this number nothing more by ourselves."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(QuietNumber).values(phone_key=phone_key, at=now).on_conflict_do_nothing())


def resume(session: Session, phone_key: str) -> None:
    """Send this number messages again."""
    session.execute(delete(QuietNumber).where(QuietNumber.phone_key == phone_key))


def is_quiet(session: Session, phone_key: str | None) -> bool:
    """Whether this number has asked for no messages."""
    if phone_key is None:
        return False
    return session.scalar(select(QuietNumber.phone_key).where(QuietNumber.phone_key == phone_key)) is not None
