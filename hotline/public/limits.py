"""Upper ends of what strangers may use, counted by hour and day without keeping an address or a number."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.rules.working_time import SHANGHAI
from hotline.public.errors import TooMany
from hotline.public.models import PublicUse
from hotline.public.policy import PublicPolicy


def address_key(secret: bytes, address: str) -> str:
    """Return the keyed digest of a network address; of IPv6 of its /64, which is one household."""
    network = ":".join(address.split(":")[:4]) if ":" in address else address
    return hmac.digest(secret, b"address|" + network.encode(), hashlib.sha256).hex()


def use(session: Session, policy: PublicPolicy, limit: str, subject: str, *, now: datetime) -> None:
    """Count one use of `limit`, a name of `policy.LIMITS`; raises TooMany, and the count then stays as it is.

    The row stays locked until commit: a hundred at once are counted one by one.
    """
    hourly = limit.endswith("_hour")
    local = now.astimezone(SHANGHAI)
    used = _count(session, f"{limit}:{subject}", f"{local:%Y%m%d%H}" if hourly else f"{local:%Y%m%d}")
    if used > policy.limits[limit]:
        raise TooMany(limit, _left_s(local, hourly=hourly))


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete the counts of days that are over and return how many there were."""
    day = f"{(now - timedelta(days=1)).astimezone(SHANGHAI):%Y%m%d}"
    gone = session.execute(delete(PublicUse).where(PublicUse.period < day).returning(PublicUse.subject))
    return len(gone.all())


def _count(session: Session, subject: str, period: str) -> int:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(PublicUse)
        .values(subject=subject, period=period, used=1)
        .on_conflict_do_update(index_elements=["subject", "period"], set_={"used": PublicUse.used + 1})
        .returning(PublicUse.used)
    )
    return int(session.execute(statement).scalar_one())


def _left_s(local: datetime, *, hourly: bool) -> int:
    begun = local.replace(minute=0, second=0, microsecond=0)
    ends = begun + timedelta(hours=1) if hourly else begun.replace(hour=0) + timedelta(days=1)
    return max(1, int((ends - local).total_seconds()))
