"""Carries out one delivery: what each kind asks of the carrier, and what follows when the carrier says no."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from dispatch import exchange_intake
from hotline.calls.locks import lock_by_id
from hotline.calls.log import changed
from hotline.calls.models import Call, Leg, Recording
from hotline.calls.status import Conversation, is_talking
from hotline.carriers.base import CallGone, CarrierError, CarrierStatus
from hotline.jobs import notices, recording, relay_calls, sms
from hotline.jobs.partner_files import fetch_file
from hotline.jobs.partner_intake import apply_events
from hotline.jobs.partners import tell_partner
from hotline.jobs.work import work
from hotline.line import conversations, legs, listening, offers
from hotline.line.endings import caller_gone
from hotline.line.models import Offer
from hotline.services import Services
from hotline.voice.twiml import Addresses

RING_S: Final = 20
RETURN_CALL_RING_S: Final = 30

logger = structlog.get_logger(__name__)


class NotYet(Exception):
    """Too early: what the delivery needs is still on its way."""


Payload = Mapping[str, Any]


def deliver(services: Services, kind: str, payload: Payload) -> None:
    """Carry out one delivery outside any transaction; raises CarrierError, NotYet. Unknown kinds raise KeyError."""
    _KINDS[kind](services, payload)


def _originate_operator(services: Services, payload: Payload) -> None:
    def is_wanted(session: Session, leg: Leg) -> bool:
        offer = session.get(Offer, payload["offer_id"])
        return offer is not None and offer.state == "accepted" and leg.left_at is None

    def on_refusal(session: Session, call: Call, now: datetime) -> None:
        offer = session.get_one(Offer, payload["offer_id"], populate_existing=True)
        if offer.state == "accepted":
            offers.fail(session, call, offer, reason="carrier", now=now)

    _ring_operator(services, payload["leg_id"], is_wanted, on_refusal)


def _originate_phone_offer(services: Services, payload: Payload) -> None:
    """Ring an operator's ordinary telephone for a caller whom nobody has accepted yet."""

    def is_wanted(session: Session, leg: Leg) -> bool:
        offer = session.get(Offer, payload["offer_id"])
        return offer is not None and offer.state == "ringing" and leg.left_at is None

    def on_refusal(session: Session, call: Call, now: datetime) -> None:
        offer = session.get_one(Offer, payload["offer_id"], populate_existing=True)
        if offer.state in offers.LIVE:
            offers.fail(session, call, offer, reason="carrier", now=now)
            offers.offer_waiting(session, lines=services.lines, now=now)

    ring_s = services.lines.phone_offer_s
    _ring_operator(services, payload["leg_id"], is_wanted, on_refusal, ring_s=ring_s)


def _reconnect_operator(services: Services, payload: Payload) -> None:
    def is_wanted(session: Session, leg: Leg) -> bool:
        call = session.get(Call, leg.call_id)
        return call is not None and is_talking(call) and leg.left_at is None

    def on_refusal(session: Session, call: Call, now: datetime) -> None:
        leg = session.get_one(Leg, payload["leg_id"], populate_existing=True)
        conversations.leg_ended(session, call, leg, status="failed", lines=services.lines, now=now)

    _ring_operator(services, payload["leg_id"], is_wanted, on_refusal)


def _originate_return_call(services: Services, payload: Payload) -> None:
    def is_wanted(session: Session, leg: Leg) -> bool:
        call = session.get(Call, leg.call_id)
        over = call is None or call.conversation_state == Conversation.ENDED.value
        return not over and leg.left_at is None

    def on_refusal(session: Session, call: Call, now: datetime) -> None:
        caller_gone(session, call, policy=services.policy, lines=services.lines, now=now)

    _ring_operator(services, payload["leg_id"], is_wanted, on_refusal)


def _originate_party(services: Services, payload: Payload) -> None:
    """Ring whoever was asked into a conversation: a colleague, a supervisor, somebody outside."""

    def is_wanted(session: Session, leg: Leg) -> bool:
        call = session.get(Call, leg.call_id)
        return call is not None and is_talking(call) and leg.left_at is None

    def on_refusal(session: Session, call: Call, now: datetime) -> None:
        leg = session.get_one(Leg, payload["leg_id"], populate_existing=True)
        conversations.leg_ended(session, call, leg, status="failed", lines=services.lines, now=now)

    with services.database.reading() as session:
        outside = session.get_one(Leg, payload["leg_id"]).kind == legs.THIRD_PARTY
    ring_s = services.talk.outside_s if outside else services.talk.colleague_s
    _ring_operator(services, payload["leg_id"], is_wanted, on_refusal, ring_s=ring_s)


def _ring_operator(
    services: Services,
    leg_id: int,
    is_wanted: Callable[[Session, Leg], bool],
    on_refusal: Callable[[Session, Call, datetime], None],
    *,
    ring_s: int = RING_S,
) -> None:
    addresses = Addresses(services.public_url)
    with services.database.reading() as session:
        leg = session.get(Leg, leg_id)
        if leg is None or leg.sid is not None or not is_wanted(session, leg):
            return
        endpoint = leg.endpoint
    try:
        made = services.carrier.originate(
            endpoint,
            from_=services.numbers[0],
            url=addresses.operator(leg_id),
            status_callback=addresses.leg_status(leg_id),
            timeout_s=ring_s,
        )
    except CarrierError as error:
        if not error.unknown_outcome and not error.retryable:
            _after(services, leg_id, on_refusal)
        raise
    with work(services) as session:
        leg = session.get_one(Leg, leg_id, populate_existing=True)
        lock_by_id(session, leg.call_id)
        leg.sid = leg.sid or made.call_sid


def _after(services: Services, leg_id: int, on_refusal: Callable[[Session, Call, datetime], None]) -> None:
    with work(services) as session:
        call = lock_by_id(session, session.get_one(Leg, leg_id).call_id)
        if call is not None:
            on_refusal(session, call, services.now())


def _redirect_caller(services: Services, payload: Payload) -> None:
    addresses = Addresses(services.public_url)
    mark = payload["to"]
    with services.database.reading() as session:
        call = session.get_one(Call, payload["call_id"])
        if call.conversation_state == Conversation.ENDED.value:
            return
        sid, direction, conference, n = call.sid, call.direction, call.conference, call.next_turn
        if mark == "join" and conversations.caller_is_in(session, call):
            # A turn of the caller's own was quicker: fetching again would throw the caller out and in.
            return
    if direction == "return_call" and sid.startswith("out-"):
        _call_number(services, payload["call_id"])
        return
    try:
        if mark == "join" and conference is not None:
            services.carrier.join(sid, conference=conference, url=addresses.turn(max(n, 1), mark))
        else:
            services.carrier.redirect(sid, url=addresses.turn(max(n, 1), mark))
    except CallGone:
        # The caller hung up while it rang: ABANDON, whoever reports it first.
        _settle_gone(services, payload["call_id"])


def _originate_follow_up(services: Services, payload: Payload) -> None:
    _call_number(services, payload["call_id"], detect_machine=True)


def _call_number(services: Services, call_id: int, *, detect_machine: bool = False) -> None:
    """Ring the number we owe a call, its operator being in the conversation already; or the one to follow up."""
    addresses = Addresses(services.public_url)
    with services.database.reading() as session:
        call = session.get_one(Call, call_id)
        if not call.sid.startswith("out-") or call.conversation_state == Conversation.ENDED.value:
            return
        number = call.to_raw
    try:
        made = services.carrier.originate(
            number,
            from_=services.numbers[0],
            url=addresses.outbound(call_id),
            status_callback=addresses.call_status(call_id),
            timeout_s=RETURN_CALL_RING_S,
            detect_machine=detect_machine,
        )
    except CarrierError as error:
        if not error.unknown_outcome:
            _settle_gone(services, call_id)
        raise
    with work(services) as session:
        locked = lock_by_id(session, call_id)
        if locked is not None and locked.sid.startswith("out-"):
            locked.sid = made.call_sid
            locked.carrier_status = CarrierStatus.RINGING.value
            changed(session, locked, now=services.now())


def _settle_gone(services: Services, call_id: int) -> None:
    with work(services) as session:
        call = lock_by_id(session, call_id)
        if call is not None:
            caller_gone(session, call, policy=services.policy, lines=services.lines, now=services.now())


def _hang_up(services: Services, payload: Payload) -> None:
    with services.database.reading() as session:
        leg = session.get_one(Leg, payload["leg_id"])
        sid, created_at = leg.sid, leg.created_at
    if sid is not None:
        services.carrier.hangup(sid)
        return
    if services.now() - created_at < timedelta(seconds=RING_S):
        raise NotYet("the telephone is still being rung")


def _hold(services: Services, payload: Payload) -> None:
    addresses = Addresses(services.public_url)
    with services.database.reading() as session:
        call = session.get_one(Call, payload["call_id"])
        sid, conference = call.sid, call.conference
    if conference is None:
        return
    try:
        services.carrier.hold(sid, conference=conference, on=bool(payload["on"]), music_url=addresses.hold)
    except CallGone:
        logger.info("hold came too late", call_id=payload["call_id"])


def _mute(services: Services, payload: Payload) -> None:
    with services.database.reading() as session:
        call = session.get_one(Call, payload["call_id"])
        leg = session.get_one(Leg, payload["leg_id"])
        sid, conference = leg.sid, call.conference
    if conference is None or sid is None:
        return
    try:
        services.carrier.mute(sid, conference=conference, on=bool(payload["on"]))
    except CallGone:
        logger.info("mute came too late", call_id=payload["call_id"])


def _supervise(services: Services, payload: Payload) -> None:
    """Let a supervisor be heard by whom he should be heard now; nobody hears him in between."""
    with services.database.reading() as session:
        leg = session.get_one(Leg, payload["leg_id"])
        call = session.get_one(Call, leg.call_id)
        sid, conference = leg.sid, call.conference
        muted, coached = listening.heard_by(session, call, leg)
    if conference is None or sid is None:
        return
    try:
        if muted:
            services.carrier.mute(sid, conference=conference, on=True)
        services.carrier.coach(sid, conference=conference, coached_call_sid=coached)
        if not muted:
            services.carrier.mute(sid, conference=conference, on=False)
    except CallGone:
        logger.info("a supervisor had gone", leg_id=payload["leg_id"])


def _recall(services: Services, payload: Payload) -> None:
    addresses = Addresses(services.public_url)
    _to_leg(
        services,
        payload,
        lambda sid, name: services.carrier.play_to(sid, conference=name, url=addresses.recall),
    )


def _send_digits(services: Services, payload: Payload) -> None:
    keys = str(payload["digits"])
    url = Addresses(services.public_url).digits(keys)
    _to_leg(
        services,
        payload,
        lambda sid, name: services.carrier.send_digits(sid, keys, conference=name, url=url),
    )


def _to_leg(services: Services, payload: Payload, act: Callable[[str, str], None]) -> None:
    """Do something to one leg of a conversation that is still going on."""
    with services.database.reading() as session:
        leg = session.get_one(Leg, payload["leg_id"])
        sid, conference = leg.sid, session.get_one(Call, leg.call_id).conference
    if conference is None or sid is None:
        return
    try:
        act(sid, conference)
    except CallGone:
        logger.info("it came too late", leg_id=payload["leg_id"])


def _play_warning(services: Services, payload: Payload) -> None:
    addresses = Addresses(services.public_url)
    with services.database.reading() as session:
        call = session.get_one(Call, payload["call_id"])
        sid, conference = call.sid, call.conference
    if conference is None:
        return
    try:
        services.carrier.play_to(sid, conference=conference, url=addresses.warning(payload["number"]))
    except CallGone:
        logger.info("the warning came too late", call_id=payload["call_id"])


def _record(services: Services, payload: Payload) -> None:
    try:
        recording.bring_about(services, payload["call_id"])
    except recording.StillAsked as error:
        raise NotYet("the carrier was asked to record") from error


def _end_conference(services: Services, payload: Payload) -> None:
    services.carrier.end_conference(payload["conference"])


def _fetch_recording(services: Services, payload: Payload) -> None:
    """Bring a recording home: checksummed, encrypted, and then deleted at the carrier."""
    with services.database.reading() as session:
        kept = session.get_one(Recording, payload["recording_id"])
        sid, state = kept.sid, kept.state
    if state == "at_carrier":
        media = services.carrier.fetch_recording(sid)
        folder = services.data_dir / "recordings"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{payload['recording_id']:012d}.enc"
        key_id, sealed = services.recording_keys.seal(media.content, name)
        aside = folder / f".{name}"
        aside.write_bytes(sealed)
        aside.replace(folder / name)
        with work(services) as session:
            row = session.get_one(Recording, payload["recording_id"], with_for_update=True)
            wanted = row.state == "at_carrier"
            if wanted:
                row.path, row.sha256 = name, hashlib.sha256(media.content).hexdigest()
                row.state, row.fetched_at, row.key_id = "fetched", services.now(), key_id
        if not wanted:
            # Declined while it was on its way.
            (folder / name).unlink(missing_ok=True)
    services.carrier.delete_recording(sid)


_KINDS: Final[Mapping[str, Callable[[Services, Payload], None]]] = {
    "originate_operator": _originate_operator,
    "originate_phone_offer": _originate_phone_offer,
    "reconnect_operator": _reconnect_operator,
    "originate_return_call": _originate_return_call,
    "originate_follow_up": _originate_follow_up,
    "redirect_caller": _redirect_caller,
    "originate_party": _originate_party,
    "supervise": _supervise,
    "recall": _recall,
    "send_digits": _send_digits,
    "hang_up": _hang_up,
    "hold": _hold,
    "mute": _mute,
    "play_warning": _play_warning,
    "send_sms": sms.send_sms,
    "send_public_text": sms.send_public_text,
    "end_conference": _end_conference,
    "record": _record,
    "fetch_recording": _fetch_recording,
    "send_notice": notices.send_notice,
    "ring_for_notice": notices.ring_for_notice,
    "relay_ring_union": relay_calls.ring_union,
    "relay_ring_caller": relay_calls.ring_caller,
    "relay_end": relay_calls.end,
    "partner_event": tell_partner,
    "fetch_partner_file": fetch_file,
    exchange_intake.DELIVERY: apply_events,
}
CREATES: Final = frozenset(
    {
        *("originate_operator", "reconnect_operator", "originate_return_call", "originate_follow_up"),
        "originate_party",
        *("send_sms", "send_public_text"),
        *("send_notice", "ring_for_notice", "relay_ring_union", "relay_ring_caller"),
        "originate_phone_offer",
    }
)
"""What makes a call or a message: never repeated blindly after an unknown outcome (docs/telephony.md, rule 10)."""
