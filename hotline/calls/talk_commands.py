"""What an operator does with others in a conversation: ask, hand over, bring together, send away, press keys for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.people import User
from dispatch.rules.phones import normalise
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.rules.working_time import SHANGHAI
from hotline.calls.access import COUNSELLING, Seals, find_call
from hotline.calls.commands import conversation_of, give_command, present_leg
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.numbers import masked
from hotline.calls.outbound import OutboundPolicy, check_call_out
from hotline.calls.status import Conversation, move
from hotline.calls.talk_models import Transfer
from hotline.calls.talk_policy import TalkPolicy
from hotline.line import legs, recording, switches, transfers, waiting
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.offers import CONNECT_S, OfferGone

Style = Literal["warm", "cold", "three_way"]
MOST_PARTIES: Final = 4
"""In one conversation, the caller and his operator included."""
DIGITS: Final = re.compile(r"[0-9*#]{1,16}")
_LEADERS: Final = frozenset({Role.SUPERVISOR.value, Role.DUTY_LEADER.value})


@dataclass(frozen=True, slots=True)
class Target:
    """Who is wanted: exactly one of the four."""

    user_id: int | None = None
    line: str | None = None
    party: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the centre's configuration says about bringing somebody in."""

    talk: TalkPolicy
    outbound: OutboundPolicy
    lines: Lines
    seals: Seals
    may_dial_mainland: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A target that may be asked."""

    kind: Literal["operator", "line", "outside"]
    label: str
    user_id: int | None = None
    line: str | None = None
    party: str | None = None
    number: str | None = None


def begin(
    session: Session, actor: Actor, sid: str, *, style: Style, target: Target, rules: Rules, now: datetime
) -> Call:
    """Bring somebody in, or hand the caller over at once. Raises NotFound, NotAllowed, WrongState, Invalid."""
    call = conversation_of(session, actor, sid, "transfer", seals=rules.seals)
    if transfers.live_of(session, call) is not None:
        raise WrongState(sid, "transfer", call.conversation_state, "已有一次转接在进行，请先完成或取消")
    if present_leg(session, actor, call) is None:
        raise WrongState(sid, "transfer", call.conversation_state, "您的话机不在通话中")
    wanted = _wanted(session, actor, call, target, rules=rules, now=now)
    if wanted.kind == "line" and style != "cold":
        raise Invalid({"target": "专线只能直接转接"})
    if style != "cold" and len(legs.open_legs(session, call)) + 2 > MOST_PARTIES:
        raise WrongState(sid, "transfer", call.conversation_state, f"一次通话最多{MOST_PARTIES}方")
    made = _write_down(session, actor, call, wanted, style=style, now=now)
    payload = {"call": call.sid, "style": style, "to": wanted.kind, "party": wanted.party}
    record(session, "TransferBegan", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    if style == "cold":
        _leave_at_once(session, call, made, rules=rules, now=now)
    else:
        _ask_in(session, call, made, rules=rules, now=now)
    return call


def complete(session: Session, actor: Actor, sid: str, *, seals: Seals, lines: Lines, now: datetime) -> Call:
    """Leave the caller with whoever was asked in. Raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "complete", seals=seals)
    transfer = transfers.live_of(session, call)
    if transfer is not None and transfer.state != "talking":
        raise WrongState(sid, "complete", transfer.state, "对方还没有接听")
    if transfer is not None:
        transfers.complete(session, call, transfer, lines=lines, now=now)
        changed(session, call, now=now, user_id=actor.user_id)
        return call
    others = legs.present(session, call, legs.INVITED)
    if not others:
        raise WrongState(sid, "complete", call.conversation_state, "现在没有可以转接的对方")
    log(session, call, Verb.TRANSFER, now=now, user_id=actor.user_id, style="three_way", result="done")
    colleague = next((each for each in others if each.kind == legs.CONSULTED), None)
    if colleague is not None:
        transfers.hand_over(session, call, colleague, lines=lines, now=now)
    else:
        transfers.release(session, call, lines=lines, now=now)
        transfers.bring_back(session, call, now=now)
        recording.follow(session, call, now=now)
    changed(session, call, now=now, user_id=actor.user_id)
    return call


def merge(session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime) -> Call:
    """Let the caller, his operator and whoever was asked in talk together. Raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "merge", seals=seals)
    transfer = transfers.live_of(session, call)
    if transfer is None or transfer.state != "talking":
        raise WrongState(sid, "merge", call.conversation_state, "对方还没有接听")
    transfer.style = "three_way"
    transfers.settle_done(session, call, transfer, now=now)
    transfers.bring_back(session, call, now=now)
    return call


def cancel(session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime) -> Call:
    """Take the transfer back; one that is over is no error. Raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "cancel", seals=seals)
    transfer = transfers.live_of(session, call)
    if transfer is not None:
        transfers.cancel(session, call, transfer, now=now)
    return call


def go_out(session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime) -> None:
    """Leave a conversation into which one was asked; who is out already is no error. Raises NotFound."""
    call = find_call(session, actor, sid, seals=seals, lock=True)
    for leg in legs.present(session, call, (legs.CONSULTED,)):
        if leg.user_id == actor.user_id:
            legs.hang_up(session, leg, now=now)


def remove(session: Session, actor: Actor, sid: str, leg_id: int, *, seals: Seals, now: datetime) -> Call:
    """Send somebody away who was brought in. Raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "remove", seals=seals)
    leg = session.get(Leg, leg_id)
    if leg is None or leg.call_id != call.id or leg.kind not in legs.INVITED:
        raise NotFound("leg", leg_id)
    transfer = transfers.live_of(session, call)
    if transfer is not None and transfer.leg_id == leg.id:
        transfers.cancel(session, call, transfer, now=now)
    elif leg.left_at is None:
        log(session, call, Verb.CONFERENCE, now=now, user_id=actor.user_id, result="removed")
        legs.hang_up(session, leg, now=now)
        changed(session, call, now=now)
    return call


def send_digits(
    session: Session, actor: Actor, sid: str, digits: str, *, seals: Seals, now: datetime
) -> Call:
    """Press keys for somebody outside who has a menu. Raises NotFound, NotAllowed, WrongState, Invalid."""
    if DIGITS.fullmatch(digits) is None:
        raise Invalid({"digits": "只能是0-9、*、#，一次最多16个"})
    call = conversation_of(session, actor, sid, "digits", seals=seals)
    outside = legs.present(session, call, (legs.THIRD_PARTY,))
    hears = outside or (legs.present(session, call, (legs.CALLER,)) if call.direction != "inbound" else [])
    if not hears:
        raise WrongState(sid, "digits", call.conversation_state, "没有可以按键的对方")
    log(session, call, Verb.CONFERENCE, now=now, user_id=actor.user_id, digits=len(digits))
    changed(session, call, now=now)
    give_command(session, call, "send_digits", {"leg_id": hears[-1].id, "digits": digits}, now=now)
    return call


def accept(session: Session, transfer_id: int, *, user_id: int, now: datetime) -> Call:
    """Go into a conversation that one is asked into. Raises NotFound, OfferGone."""
    call, transfer = _lock(session, transfer_id, user_id)
    if transfer.state == "accepted":
        return call
    if transfer.state != "ringing" or transfer.expires_at <= now:
        raise OfferGone(transfer_id, transfer.state)
    presence = presences.lock(session, user_id, now=now)
    presence.lease_until = max(presence.lease_until or now, now + presences.LEASE)
    endpoint = presence.endpoint or presences.endpoint_of(user_id)
    transfer.state, transfer.expires_at = "accepted", transfers.expiry(now, CONNECT_S)
    _ring(session, call, transfer, kind=legs.CONSULTED, endpoint=endpoint, now=now)
    transfers.tell_ring(session, transfer, now)
    changed(session, call, now=now, user_id=user_id)
    return call


def decline(session: Session, transfer_id: int, *, user_id: int, lines: Lines, now: datetime) -> None:
    """Refuse to come in; raises NotFound. What rings no more is no error."""
    call, transfer = _lock(session, transfer_id, user_id)
    if transfer.state == "ringing":
        transfers.give_up(session, call, transfer, reason="declined", missed=False, lines=lines, now=now)


def _ask_in(session: Session, call: Call, made: Transfer, *, rules: Rules, now: datetime) -> None:
    if made.style == "warm":
        move(call, Conversation.CONSULTING)
        if not call.on_hold:
            log(session, call, Verb.HOLD, now=now, user_id=made.by_id)
            changed(session, call, now=now)
            legs.hold(session, call, on=True, now=now)
    if made.target == "outside":
        _dial(session, call, made, rules=rules, now=now)
    else:
        made.expires_at = transfers.expiry(now, rules.talk.colleague_s)
        transfers.tell_ring(session, made, now)
    changed(session, call, now=now)


def _leave_at_once(session: Session, call: Call, made: Transfer, *, rules: Rules, now: datetime) -> None:
    if made.target == "outside":
        if not call.on_hold:
            move(call, Conversation.ON_HOLD)
            log(session, call, Verb.HOLD, now=now, user_id=made.by_id)
            changed(session, call, now=now)
            legs.hold(session, call, on=True, now=now)
        call.held_since = None
        _dial(session, call, made, rules=rules, now=now)
        transfers.release(session, call, lines=rules.lines, now=now)
        recording.follow(session, call, now=now)
        changed(session, call, now=now, user_id=made.by_id)
        return
    transfers.settle_done(session, call, made, now=now)
    transfers.back_to_line(
        session,
        call,
        rules.lines.get(made.line or call.line),
        lines=rules.lines,
        now=now,
        ring=made.user_id,
    )


def _write_down(
    session: Session, actor: Actor, call: Call, wanted: _Wanted, *, style: Style, now: datetime
) -> Transfer:
    if wanted.user_id is not None and not _takes(session, call, wanted.user_id, style=style, now=now):
        raise WrongState(call.sid, "transfer", call.conversation_state, f"{wanted.label}现在不空闲")
    made = Transfer(
        call_id=call.id,
        by_id=actor.user_id,
        style=style,
        target=wanted.kind,
        user_id=wanted.user_id,
        line=wanted.line,
        party=wanted.party,
        number=wanted.number,
        label=wanted.label[:60],
        state="ringing",
        created_at=now,
        expires_at=now,
    )
    session.add(made)
    session.flush()
    verb = Verb.CONFERENCE if style == "three_way" else Verb.TRANSFER
    told = {"line": wanted.line} if wanted.line is not None else {}
    log(
        session,
        call,
        verb,
        now=now,
        user_id=actor.user_id,
        style=style,
        to=wanted.kind,
        result="ringing",
        **told,
    )
    return made


def _takes(session: Session, call: Call, user_id: int, *, style: Style, now: datetime) -> bool:
    """Whether a colleague can be rung; one who is asked in is kept for this call."""
    if style == "cold":
        return transfers.is_ready(presences.lock(session, user_id, now=now), now)
    return transfers.reserve(session, call, user_id, now=now) is not None


def _dial(session: Session, call: Call, made: Transfer, *, rules: Rules, now: datetime) -> None:
    made.expires_at = transfers.expiry(now, rules.talk.outside_s + CONNECT_S)
    _ring(session, call, made, kind=legs.THIRD_PARTY, endpoint=made.number or "", now=now)


def _ring(session: Session, call: Call, made: Transfer, *, kind: str, endpoint: str, now: datetime) -> None:
    leg = Leg(
        call_id=call.id,
        kind=kind,
        user_id=made.user_id,
        endpoint=endpoint,
        label=made.label,
        status="queued",
        created_at=now,
    )
    session.add(leg)
    session.flush()
    made.leg_id = leg.id
    legs.command(session, "originate_party", {"leg_id": leg.id}, key=f"leg:{leg.id}:originate", now=now)


def _wanted(
    session: Session, actor: Actor, call: Call, target: Target, *, rules: Rules, now: datetime
) -> _Wanted:
    given = [each for each in (target.user_id, target.line, target.party, target.number) if each is not None]
    if len(given) != 1:
        raise Invalid({"target": "请选择一个转接对象"})
    confided = call.line in rules.seals.lines or call.crisis == "confirmed"
    if target.user_id is not None:
        return _colleague(session, actor, target.user_id, confided=confided)
    if target.line is not None:
        return _line(session, target.line, confided=confided, lines=rules.lines, now=now)
    if target.party is not None:
        return _named(target.party, confided=confided, rules=rules)
    return _typed(session, actor, target.number or "", confided=confided, rules=rules, now=now)


def _colleague(session: Session, actor: Actor, user_id: int, *, confided: bool) -> _Wanted:
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None or Role(user.role) not in CENTRE_ROLES:
        raise NotFound("user", user_id)
    if user.id == actor.user_id:
        raise Invalid({"target": "不能转给自己"})
    if confided and COUNSELLING not in user.skills and user.role not in _LEADERS:
        raise NotAllowed("transfer", "心理关怀来电只能转给心理老师或值班长")
    return _Wanted("operator", user.display_name, user_id=user.id)


def _line(session: Session, code: str, *, confided: bool, lines: Lines, now: datetime) -> _Wanted:
    wanted = lines.by_code.get(code)
    if wanted is None:
        raise NotFound("line", code)
    line, is_open = switches.line_in_force(session, code, lines)
    if not is_open:
        diverted = "" if line is wanted else f"{wanted.label}已转到{line.label}，"
        raise NotAllowed("transfer", f"{diverted}{line.label}已关闭，不能转入")
    if confided and COUNSELLING not in line.skills:
        raise NotAllowed("transfer", "心理关怀来电只能转到心理关怀专线")
    if not waiting.is_staffed(waiting.on_duty(session, now=now), line, lines):
        raise NotAllowed("transfer", f"{line.label}现在没有人值守")
    return _Wanted("line", line.label, line=line.code)


def _named(code: str, *, confided: bool, rules: Rules) -> _Wanted:
    party = rules.talk.parties.get(code)
    if party is None:
        raise NotFound("party", code)
    if confided and not party.restricted:
        raise NotAllowed("transfer", "心理关怀来电不能接入这个单位")
    if not rules.may_dial_mainland:
        raise NotAllowed("transfer", "当前线路不能拨打内地号码，请用话机联系")
    return _Wanted("outside", party.label, party=party.code, number=party.number)


def _typed(
    session: Session, actor: Actor, number: str, *, confided: bool, rules: Rules, now: datetime
) -> _Wanted:
    if confided:
        raise NotAllowed("transfer", "心理关怀来电不能转到外部号码")
    check_call_out(
        session,
        number,
        number_key=None,
        user_id=actor.user_id,
        outbound=rules.outbound,
        may_dial_mainland=rules.may_dial_mainland,
        now=now,
    )
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    dialled = normalise(number).e164
    own = select(Transfer.number).where(
        Transfer.created_at >= midnight, Transfer.target == "outside", Transfer.by_id == actor.user_id
    )
    today = session.scalars(own).all()
    if len(today) >= rules.outbound.per_operator_a_day:
        raise NotAllowed("transfer", f"您今天已外呼{rules.outbound.per_operator_a_day}次，达到上限")
    if today.count(dialled) >= rules.outbound.per_number_a_day:
        raise NotAllowed("transfer", f"今天已拨打这个号码{today.count(dialled)}次，不再拨打")
    return _Wanted("outside", masked(number), number=dialled)


def _lock(session: Session, transfer_id: int, user_id: int) -> tuple[Call, Transfer]:
    """Return the transfer with its call locked; one at somebody else is one that does not exist."""
    transfer = session.get(Transfer, transfer_id)
    if transfer is None or transfer.user_id != user_id:
        raise NotFound("transfer", transfer_id)
    call = lock_by_id(session, transfer.call_id)
    if call is None:
        raise NotFound("call", transfer.call_id)
    session.refresh(transfer)
    return call, transfer
