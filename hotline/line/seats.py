"""What a person at the desk does with his own seat, each step with what follows for those who wait."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.rules.phones import normalise
from dispatch.unit_of_work import tell
from hotline.calls.outbound import OutboundPolicy
from hotline.line import breaks, offers
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.models import Presence
from hotline.line.presence import State

LONGEST_REASON: Final = 60


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
            presence.lease_until = presences.lease_of(presence, now)
            return presence
        raise WrongState(str(user_id), state, presence.state, "来电正在接入，请稍候")
    if state is State.ON_BREAK:
        reason = breaks.require_break(session, presence, reason, lines=lines, now=now)
    presences.choose(session, presence, state, now=now, reason=reason)
    if state is State.ON_BREAK:
        presence.break_until = breaks.end_of(reason, lines=lines, now=now)
    if state is State.READY:
        offers.offer_waiting(session, lines=lines, now=now)
    return presence


def set_state(
    session: Session, actor: Actor, user_id: int, state: State, *, reason: str, lines: Lines, now: datetime
) -> Presence:
    """Let a supervisor take somebody else's seat to a state; raises NotFound, NotAllowed, Invalid, WrongState.

    Nobody can be made ready whose browser is silent: it would ring at an empty chair.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Invalid({"reason": f"请写明原因，不超过{LONGEST_REASON}字"})
    if state is not State.READY:
        offers.stop_ringing(session, user_id, now=now, lines=lines)
    presence = presences.lock(session, user_id, now=now)
    if presence.state == State.RESERVED.value:
        raise WrongState(str(user_id), state, presence.state, "来电正在接入，请稍候")
    silent = presence.lease_until is None or presence.lease_until <= now
    if silent and state is not State.OFFLINE:
        raise WrongState(str(user_id), state, presence.state, "该话务员的终端没有响应，不能改为这个状态")
    before = presence.state
    presences.choose(session, presence, state, now=now, reason=reason.strip())
    if state is State.ON_BREAK:
        presence.break_until = breaks.end_of(reason, lines=lines, now=now)
    payload = {"user": user_id, "from": before, "to": state.value, "reason": reason.strip()}
    record(session, "SeatStateSet", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    if state is State.READY:
        offers.offer_waiting(session, lines=lines, now=now)
    return presence


def use_telephone(
    session: Session,
    actor: Actor,
    number: str | None,
    *,
    outbound: OutboundPolicy,
    may_dial_mainland: bool,
    now: datetime,
) -> Presence:
    """Answer on an ordinary telephone from now on, or (None) in the browser again; raises Invalid, WrongState.

    The number goes by the rules for every number that the centre calls.
    """
    endpoint = presences.endpoint_of(seat_of(actor))
    if number is not None:
        refusal = outbound.why_refused(number)
        if refusal is None and not may_dial_mainland:
            refusal = "当前线路不能拨打内地号码，请用浏览器接听"
        if refusal is not None:
            raise Invalid({"number": refusal})
        endpoint = normalise(number).e164 or endpoint
    presence = presences.lock(session, seat_of(actor), now=now)
    if State(presence.state) in (State.RESERVED, State.TALKING):
        raise WrongState(str(presence.user_id), "use_telephone", presence.state, "通话结束后才能更换接听方式")
    presence.endpoint = endpoint
    if presence.state not in (State.OFFLINE.value, State.UNREACHABLE.value):
        presence.lease_until = presences.lease_of(presence, now)
    presence.version += 1
    payload = {"user": presence.user_id, "by_telephone": number is not None}
    record(session, "SeatEndpointChanged", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    tell(session, presences.fact_of(presence, now))
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
