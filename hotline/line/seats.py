"""What a person at the desk does with his own seat, each step with what follows for those who wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotAllowed, WrongState
from hotline.line import offers
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.models import Presence
from hotline.line.presence import State


def choose_state(
    session: Session, actor: Actor, state: State, *, reason: str | None, lines: Lines, now: datetime
) -> Presence:
    """Take the chosen state; whoever goes away while it rings has declined, whoever is ready may be rung at once.

    Raises WrongState during a call, and NotAllowed for whoever has no seat.
    """
    user_id = seat_of(actor)
    if state is not State.READY:
        # The call is locked before the presence.
        offers.stop_ringing(session, user_id, now=now, lines=lines)
    presence = presences.lock(session, user_id, now=now)
    if presence.state == State.RESERVED.value:
        if state is State.READY and offers.live_offer_of(session, user_id) is not None:
            presence.lease_until = now + presences.LEASE
            return presence
        raise WrongState(str(user_id), state, presence.state, "来电正在接入，请稍候")
    presences.choose(session, presence, state, now=now, reason=reason)
    if state is State.READY:
        offers.offer_waiting(session, lines=lines, now=now)
    return presence


def finish_wrap_up(session: Session, actor: Actor, *, lines: Lines, now: datetime) -> Presence:
    """End the time after a call and take the next one; raises WrongState outside wrap-up."""
    presence = presences.finish_wrap_up(session, seat_of(actor), now=now)
    offers.offer_waiting(session, lines=lines, now=now)
    return presence


def seat_of(actor: Actor) -> int:
    """Return whose seat it is; raises NotAllowed for the machine and for callers."""
    if actor.user_id is None:
        raise NotAllowed("seat", "只有登录的人员可以这样操作")
    return actor.user_id
