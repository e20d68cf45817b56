"""The floor as supervisors see it: who is there and on what, who waits and for how long, who asks for help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.models.people import User
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from hotline.calls import help_requests
from hotline.calls.access import Seals, sealed_calls
from hotline.calls.models import Call, Leg
from hotline.calls.status import IN_CONVERSATION
from hotline.line import legs
from hotline.line.lines import Lines
from hotline.line.models import Presence, Waiting
from hotline.line.presence import LABELS, State
from hotline.line.waiting import IN_LINE

MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class ListenerView:
    """A supervisor in a conversation."""

    user_id: int
    name: str
    mode: str
    present: bool


@dataclass(frozen=True, slots=True)
class TalkingView:
    """What an operator is on; of a conversation in which somebody confides only that it is one."""

    sid: str | None
    line_label: str | None
    conversation_state: str
    since: datetime
    on_hold: bool
    open: bool
    """Whether a supervisor may come in."""
    listeners: list[ListenerView]


@dataclass(frozen=True, slots=True)
class OperatorView:
    """One person of the floor."""

    user_id: int
    name: str
    role: str
    role_label: str
    state: str
    label: str
    reason: str | None
    since: datetime
    talking: TalkingView | None


@dataclass(frozen=True, slots=True)
class WaitingView:
    """One caller in a line; nothing of who he is."""

    id: int
    line: str
    line_label: str
    priority: int
    category_name: str | None
    entered_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class HelpView:
    """A request for help that nobody has answered."""

    id: int
    user_id: int
    name: str
    reason: str
    text: str
    at: datetime
    call_sid: str | None


@dataclass(frozen=True, slots=True)
class FloorView:
    """Everything on one page."""

    operators: list[OperatorView]
    waiting: list[WaitingView]
    longest_since: datetime | None
    help: list[HelpView]
    server_time: datetime


def floor_now(session: Session, actor: Actor, *, policy: Policy, lines: Lines, now: datetime) -> FloorView:
    """Return the floor at this moment, in a handful of queries however many operators there are."""
    seals = Seals.of(policy, lines)
    line = _waiting(session, policy, lines)
    return FloorView(
        operators=_operators(session, actor, seals, lines),
        waiting=line,
        longest_since=min((each.entered_at for each in line), default=None),
        help=help_now(session, seals=seals),
        server_time=now,
    )


def help_now(session: Session, *, seals: Seals) -> list[HelpView]:
    """Return the requests that stand; where somebody confides, who asks but not about which call."""
    asked = help_requests.standing(session)
    if not asked:
        return []
    ids = [each.call_id for each in asked]
    calls = session.execute(
        select(Call.id, Call.sid, case((sealed_calls(seals), 1), else_=0)).where(Call.id.in_(ids))
    )
    sids = {call_id: None if sealed else sid for call_id, sid, sealed in calls}
    users = [each.user_id for each in asked]
    names = dict(session.execute(select(User.id, User.display_name).where(User.id.in_(users))).all())
    return [
        HelpView(
            each.id,
            each.user_id,
            names.get(each.user_id, ""),
            each.reason,
            each.text if sids[each.call_id] is not None else "",
            each.at,
            sids[each.call_id],
        )
        for each in asked
    ]


def _operators(session: Session, actor: Actor, seals: Seals, lines: Lines) -> list[OperatorView]:
    rows = session.execute(
        select(User, Presence)
        .join(Presence, Presence.user_id == User.id)
        .where(Presence.state != State.OFFLINE.value, User.disabled_at.is_(None))
        .order_by(User.display_name, User.id)
    ).all()
    talks = _conversations(session, actor, [user.id for user, _ in rows], seals, lines)
    return [
        OperatorView(
            user_id=user.id,
            name=user.display_name,
            role=user.role,
            role_label=Role(user.role).label,
            state=presence.state,
            label=LABELS[presence.state],
            reason=presence.reason,
            since=presence.since,
            talking=talks.get(user.id),
        )
        for user, presence in rows
    ]


def _conversations(
    session: Session, actor: Actor, users: Sequence[int], seals: Seals, lines: Lines
) -> Mapping[int, TalkingView]:
    rows = session.execute(
        select(Call, Presence.since, case((sealed_calls(seals), 1), else_=0))
        .join(Presence, Presence.call_id == Call.id)
        .where(
            Call.operator_id.in_(users),
            Presence.user_id == Call.operator_id,
            Call.conversation_state.in_([each.value for each in IN_CONVERSATION]),
        )
    ).all()
    listeners = _listeners(session, [call.id for call, _, _ in rows])
    return {
        call.operator_id: TalkingView(
            sid=None if sealed else call.sid,
            line_label=lines.get(call.line).label if call.line else None,
            conversation_state=call.conversation_state,
            since=since,
            on_hold=call.on_hold,
            open=not sealed and call.operator_id != actor.user_id,
            listeners=listeners.get(call.id, []),
        )
        for call, since, sealed in rows
        if call.operator_id is not None
    }


def _listeners(session: Session, call_ids: Sequence[int]) -> dict[int, list[ListenerView]]:
    found: dict[int, list[ListenerView]] = {}
    if not call_ids:
        return found
    rows = session.execute(
        select(Leg, User.display_name)
        .join(User, User.id == Leg.user_id)
        .where(Leg.kind == legs.SUPERVISOR, Leg.left_at.is_(None), Leg.call_id.in_(call_ids))
        .order_by(Leg.id)
    )
    for leg, name in rows:
        view = ListenerView(leg.user_id or 0, name, leg.mode or "", leg.joined_at is not None)
        found.setdefault(leg.call_id, []).append(view)
    return found


def _waiting(session: Session, policy: Policy, lines: Lines) -> list[WaitingView]:
    rows = session.execute(
        select(Waiting, Call.category)
        .join(Call, Call.id == Waiting.call_id)
        .where(Waiting.state.in_(IN_LINE))
        .order_by(Waiting.priority, Waiting.entered_at, Waiting.id)
        .limit(MOST_WAITING)
    )
    found = []
    for row, code in rows:
        category = policy.category(code)
        found.append(
            WaitingView(
                id=row.id,
                line=row.line,
                line_label=lines.get(row.line).label,
                priority=row.priority,
                category_name=category.name if category is not None else None,
                entered_at=row.entered_at,
                state=row.state,
            )
        )
    return found
