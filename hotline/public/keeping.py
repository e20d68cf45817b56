"""What the public pages keep only for a while: drafts, opened tickets and counts go when their time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from hotline.public import limits, openings, requests


def forget_old(session: Session, *, now: datetime) -> int:
    """Erase what is over and return how much there was."""
    return sum(each.forget_old(session, now=now) for each in (requests, openings, limits))
