"""Who signs out goes home: without a session nobody rings a browser, whatever credential it still has."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.people import Session as BrowserSession
from hotline.line import offers
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.presence import LEASED, State

REASON: Final = "已退出登录"


def signed_out(session: Session, user_id: int, *, lines: Lines, now: datetime) -> None:
    """Take somebody off duty who has no session left; a conversation that is going on is not cut off."""
    live = select(BrowserSession.token_sha256).where(
        BrowserSession.user_id == user_id,
        BrowserSession.revoked_at.is_(None),
        BrowserSession.expires_at > now,
    )
    if session.scalar(live.limit(1)) is not None:
        return
    # The call is locked before the presence.
    offers.stop_ringing(session, user_id, now=now, lines=lines)
    presence = presences.find(session, user_id)
    by_browser = presence is not None and (presence.endpoint or presences.BROWSER).startswith(
        presences.BROWSER
    )
    if presence is not None and by_browser and State(presence.state) in LEASED:
        presences.enter(session, presence, State.OFFLINE, now=now, reason=REASON)
