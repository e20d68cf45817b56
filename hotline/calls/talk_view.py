"""What screens ask about a conversation that is going on: who is in it, what is under way, who could be brought in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.models.people import User
from dispatch.policy import Policy
from dispatch.rules.roles import CENTRE_ROLES, Role
from hotline.calls import help_requests
from hotline.calls.access import Seals, find_call
from hotline.calls.models import Call, Leg
from hotline.calls.numbers import masked, number_of
from hotline.calls.recording_policy import RecordingPolicy
from hotline.calls.talk_models import Transfer
from hotline.calls.talk_policy import TalkPolicy
from hotline.line import holding, legs, switches, transfers, waiting
from hotline.line import recording as recordings
from hotline.line.lines import Line, Lines
from hotline.line.models import Presence
from hotline.line.presence import LABELS, State


@dataclass(frozen=True, slots=True)
class PartyView:
    """One telephone of the conversation, the caller's left out."""

    id: int
    kind: str
    label: str
    mode: str | None
    present: bool


@dataclass(frozen=True, slots=True)
class TransferView:
    """The attempt that is under way, or the last one with what became of it."""

    id: int
    style: str
    target: str
    label: str
    state: str
    reason: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class TalkView:
    """A conversation as its operator's screen shows it."""

    sid: str
    conversation_state: str
    operator_id: int | None
    on_hold: bool
    muted: bool
    held_since: datetime | None
    recall_at: datetime | None
    recalls: int
    parties: list[PartyView]
    transfer: TransferView | None
    help: bool
    """Whether a request for help stands."""
    recording: str
    """off, recording, paused."""
    recording_why: str | None
    """Why it does not run (`hotline.line.recording.Why`)."""
    sends_digits: bool
    """Whether anybody is there who has keys to be pressed for."""
    version: int
    server_time: datetime


@dataclass(frozen=True, slots=True)
class ColleagueView:
    """Somebody who could be asked in."""

    user_id: int
    name: str
    role_label: str
    state: str
    state_label: str
    free: bool
    skills: list[str]


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """A line or somebody outside, by code."""

    code: str
    label: str
    open: bool
    """Whether it can be chosen: a line where somebody is on duty, a number that this carrier can dial."""


@dataclass(frozen=True, slots=True)
class TargetsView:
    """Whom an operator can bring in or hand the caller over to."""

    colleagues: list[ColleagueView]
    lines: list[ChoiceView]
    outside: list[ChoiceView]
    dials: bool
    """Whether a number may be typed."""


@dataclass(frozen=True, slots=True)
class RingView:
    """A colleague who asks one into his conversation."""

    id: int
    call_sid: str
    style: str
    by_name: str
    from_masked: str
    line_label: str | None
    category_name: str | None
    expires_at: datetime


def talk_of(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    policy: TalkPolicy,
    recording: RecordingPolicy,
    seals: Seals,
    now: datetime,
) -> TalkView:
    """Return the conversation as it is now; raises NotFound."""
    call = find_call(session, actor, sid, seals=seals)
    transfer = _latest(session, call)
    outside = legs.present(session, call, (legs.THIRD_PARTY,))
    recorded = recordings.state_of(session, call, policy=recording, confiding=seals.lines)
    return TalkView(
        sid=call.sid,
        conversation_state=call.conversation_state,
        operator_id=call.operator_id,
        on_hold=call.on_hold,
        muted=call.muted,
        held_since=call.held_since,
        recall_at=holding.held_too_long_at(call, policy),
        recalls=call.recalls,
        parties=_parties(session, call),
        transfer=transfer,
        help=help_requests.open_of(session, call) is not None,
        recording=recorded.state,
        recording_why=recorded.why.value if recorded.why is not None else None,
        sends_digits=bool(outside) or call.direction != "inbound",
        version=call.version,
        server_time=now,
    )


def targets_of(
    session: Session, actor: Actor, *, policy: TalkPolicy, lines: Lines, may_dial: bool, now: datetime
) -> TargetsView:
    """Return whom this operator can choose among."""
    duty, switched = waiting.on_duty(session, now=now), switches.switches(session)

    def takes(line: Line) -> bool:
        there, is_open = switches.in_force(switched, line, lines)
        return is_open and waiting.is_staffed(duty, there, lines)

    return TargetsView(
        colleagues=_colleagues(session, actor, now),
        lines=[ChoiceView(each.code, each.label, takes(each)) for each in lines],
        outside=[ChoiceView(each.code, each.label, may_dial) for each in policy.parties.values()],
        dials=may_dial,
    )


def ring_at(
    session: Session, user_id: int, *, policy: Policy, lines: Lines, now: datetime
) -> RingView | None:
    """Return the conversation into which this person is asked now."""
    row = session.execute(
        select(Transfer, Call, User.display_name)
        .join(Call, Call.id == Transfer.call_id)
        .join(User, User.id == Transfer.by_id)
        .where(Transfer.user_id == user_id, Transfer.state == "ringing", Transfer.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    transfer, call, name = row
    category = policy.category(call.category)
    return RingView(
        id=transfer.id,
        call_sid=call.sid,
        style=transfer.style,
        by_name=name,
        from_masked=masked(number_of(call)),
        line_label=lines.get(call.line).label if call.line else None,
        category_name=category.name if category is not None else None,
        expires_at=transfer.expires_at,
    )


def _parties(session: Session, call: Call) -> list[PartyView]:
    rows = session.execute(
        select(Leg, User.display_name)
        .outerjoin(User, User.id == Leg.user_id)
        .where(Leg.call_id == call.id, Leg.kind != legs.CALLER, Leg.left_at.is_(None))
        .order_by(Leg.id)
    )
    return [
        PartyView(leg.id, leg.kind, name or leg.label or leg.kind, leg.mode, leg.joined_at is not None)
        for leg, name in rows
    ]


def _latest(session: Session, call: Call) -> TransferView | None:
    query = select(Transfer).where(Transfer.call_id == call.id).order_by(Transfer.id.desc()).limit(1)
    found = session.scalars(query).first()
    if found is None:
        return None
    live = found.state in transfers.LIVE
    return TransferView(found.id, found.style, found.target, found.label, found.state, found.reason, live)


def _colleagues(session: Session, actor: Actor, now: datetime) -> list[ColleagueView]:
    rows = session.execute(
        select(User.id, User.display_name, User.role, User.skills, Presence.state, Presence.lease_until)
        .join(Presence, Presence.user_id == User.id)
        .where(
            Presence.state != State.OFFLINE.value,
            User.disabled_at.is_(None),
            User.id != actor.user_id,
            User.role.in_([each.value for each in CENTRE_ROLES]),
        )
        .order_by(User.display_name, User.id)
    )
    return [
        ColleagueView(
            user_id=row.id,
            name=row.display_name,
            role_label=Role(row.role).label,
            state=row.state,
            state_label=LABELS[row.state],
            free=row.state == State.READY.value and row.lease_until is not None and row.lease_until > now,
            skills=list(row.skills),
        )
        for row in rows
    ]
