"""What the public pages keep only for a while: drafts, opened tickets, tries and counts go when their time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch import progress
from dispatch.vault import Vault
from hotline.public import limits, openings, requests


def forget_old(session: Session, *, vault: Vault, now: datetime) -> int:
    """Erase what is over and return how much there was."""
    drafts = requests.forget_old(session, vault=vault, now=now)
    opened = openings.forget_old(session, now=now)
    counts = limits.forget_old(session, now=now)
    return drafts + opened + counts + progress.forget_tries(session, now=now)
