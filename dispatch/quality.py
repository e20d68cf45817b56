"""Quality checks: ended tickets are drawn, an inspector scores them, whoever was scored may appeal once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.commands import EVENTS
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.quality import QualityAppeal, QualitySample, QualityScore
from dispatch.models.tickets import CallbackAttempt, Handling, Ticket, TicketRecusal
from dispatch.rules.permissions import ALLOWED, Action
from dispatch.rules.roles import Role
from dispatch.rules.score_sheets import FULL, QualityPolicy
from dispatch.rules.ticket_state import State
from dispatch.rules.working_time import SHANGHAI

LONGEST: Final = timedelta(days=31)
"""Days of tickets that one draw looks at."""
_ENDED: Final = (
    *(State.ANSWERED, State.VOID, State.DECLINED),
    *(State.CLOSED, State.TERMINATED, State.WITHDRAWN),
)
_TAKEN: Final = ("TicketAccepted", "TicketAnswered", "TicketVoided", "TicketDeclined")
"""By whom a request was taken on or settled at the desk: his conversation is what is scored."""
_AT_DESK: Final = sorted(role.value for role in ALLOWED[Action.QUALITY_OWN])
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Draw:
    """What a draw looked at, and what it added; the same draw again adds nothing."""

    looked_at: int
    drawn: int


def draw(
    session: Session, actor: Actor, *, first: date, last: date, policy: QualityPolicy, now: datetime
) -> Draw:
    """Draw from the ended tickets that were opened on these days (Shanghai); raises NotAllowed, Invalid.

    Sealed tickets are never drawn. Whoever draws cannot choose: the number of a ticket decides.
    """
    _require(session, actor, Action.QUALITY_SCORE)
    if last < first or last - first >= LONGEST:
        raise Invalid({"last": f"起止日期须先后正确，且不超过{LONGEST.days}天"})
    begin, end = (datetime.combine(day, time(), SHANGHAI) for day in (first, last + timedelta(days=1)))
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Ticket.created_by_id, Ticket.closed_at).where(
            Ticket.state.in_([state.value for state in _ENDED]),
            Ticket.created_at >= begin,
            Ticket.created_at < end,
            Ticket.sealed.is_(False),
            Ticket.closed_at.is_not(None),
        )
    ).all()
    chosen = {row.id: row for row in rows if policy.draws(row.number, State(row.state))}
    subjects = _subjects(session, {each: row.created_by_id for each, row in chosen.items()})
    added = 0
    for ticket_id, subject in subjects.items():
        values = {
            "ticket_id": ticket_id,
            "subject_id": subject,
            "ended_at": chosen[ticket_id].closed_at,
            "drawn_at": now,
            "drawn_by_id": actor.user_id,
        }
        added += _keep(session, values)
    payload = {"first": first.isoformat(), "last": last.isoformat(), "looked_at": len(rows), "drawn": added}
    record(session, "QualityDrawn", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return Draw(len(rows), added)


def score(
    session: Session,
    actor: Actor,
    sample_id: int,
    *,
    points: Mapping[str, int],
    remarks: Mapping[str, str],
    vetoes: Mapping[str, str],
    remark: str,
    sheet_version: str,
    version: int,
    policy: QualityPolicy,
    now: datetime,
) -> QualitySample:
    """Score a drawn ticket by the form in force; raises NotAllowed, NotFound, VersionConflict, WrongState, Invalid."""
    _require(session, actor, Action.QUALITY_SCORE)
    sample = find_sample(session, actor, sample_id, version=version)
    if sample.state != "open":
        raise WrongState(str(sample_id), "score", sample.state, "已经评过分")
    sheet = policy.sheet
    if sheet_version != sheet.version:
        raise Invalid({"sheet_version": "评分表已经更新，请按新表打分"})
    faults = sheet.faults(points, vetoes)
    if remarks.keys() - {item.code for item in sheet.items}:
        faults["remarks"] = "评分表里没有这一项"
    if faults:
        raise Invalid(faults)
    total = sheet.total(points, vetoes)
    session.add(
        QualityScore(
            sample_id=sample.id,
            sheet_version=sheet.version,
            sheet=sheet.as_mapping(),
            points=dict(points),
            remarks={code: text for code, text in remarks.items() if text.strip()},
            vetoes=dict(vetoes),
            remark=remark,
            given_total=total,
            total=total,
            vetoed=bool(vetoes),
            by_id=_user(actor),
            at=now,
        )
    )
    payload = {"total": total, "vetoes": sorted(vetoes), "sheet": sheet.version}
    _move(session, actor, sample, "scored", "QualityScored", payload=payload, now=now)
    _tell(session, sample, f"质检结果：{total}分", user_id=sample.subject_id, now=now)
    return sample


def appeal(
    session: Session,
    actor: Actor,
    sample_id: int,
    *,
    reason: str,
    version: int,
    policy: QualityPolicy,
    now: datetime,
) -> QualitySample:
    """Appeal against one's own score, once and in time; raises NotFound, WrongState, Missing, VersionConflict."""
    _require(session, actor, Action.QUALITY_OWN)
    sample = _locked(session, sample_id, version=version, subject_id=_user(actor))
    if sample.state != "scored":
        raise WrongState(str(sample_id), "appeal", sample.state, "每次评分只能申诉一次")
    given = session.get_one(QualityScore, sample.id)
    if now > given.at + policy.appeal_for:
        raise WrongState(
            str(sample_id), "appeal", sample.state, f"评分后{policy.appeal_for.days}天内可以申诉，已经过期"
        )
    if not reason.strip():
        raise Missing("appeal", {"reason": "请写明申诉的理由"})
    session.add(QualityAppeal(sample_id=sample.id, reason=reason, at=now))
    _move(session, actor, sample, "appealed", "QualityAppealed", personal={"reason": reason}, now=now)
    _tell(session, sample, "质检评分被申诉，待复核", role=Role.SUPERVISOR, now=now)
    return sample


def decide(
    session: Session,
    actor: Actor,
    sample_id: int,
    *,
    upheld: bool,
    total: int | None,
    decision: str,
    version: int,
    now: datetime,
) -> QualitySample:
    """Decide on an appeal: `total` is what counts once it is upheld.

    Raises NotAllowed, NotFound, VersionConflict, WrongState, Missing, Invalid.
    """
    _require(session, actor, Action.QUALITY_DECIDE)
    sample = find_sample(session, actor, sample_id, version=version)
    if sample.state != "appealed":
        raise WrongState(str(sample_id), "decide", sample.state, "没有等待复核的申诉")
    given = session.get_one(QualityScore, sample.id)
    if given.by_id == actor.user_id:
        raise NotAllowed("decide_appeal", "自己评的分须由他人复核")
    if not decision.strip():
        raise Missing("decide_appeal", {"decision": "请写明复核意见"})
    if upheld:
        if total is None or not given.total < total <= FULL:
            raise Invalid({"total": f"申诉成立时须给出高于{given.total}分的新分数"})
        given.total, given.vetoed = total, False
    row = session.get_one(QualityAppeal, sample.id)
    row.decided_by_id, row.decided_at, row.upheld, row.decision = actor.user_id, now, upheld, decision
    payload = {"upheld": upheld, "total": given.total, "was": given.given_total}
    _move(
        session,
        actor,
        sample,
        "settled",
        "QualityAppealDecided",
        payload=payload,
        personal={"decision": decision},
        now=now,
    )
    said = f"质检申诉{'成立' if upheld else '不成立'}：{given.total}分"
    for user_id in (sample.subject_id, given.by_id):
        _tell(session, sample, said, user_id=user_id, now=now)
    return sample


def find_sample(
    session: Session, actor: Actor, sample_id: int, *, version: int | None = None
) -> QualitySample:
    """Return a drawn ticket that this actor may judge; raises NotFound, and NotAllowed where he had a hand in it."""
    sample = _locked(session, sample_id, version=version)
    if session.scalar(select(Ticket.id).where(Ticket.id == sample.ticket_id, judgeable(actor))) is None:
        raise NotFound("quality sample", sample_id)
    own = sample.subject_id == actor.user_id
    if own or session.scalar(select(Ticket.id).where(Ticket.id == sample.ticket_id, had_a_hand(actor))):
        raise NotAllowed("judge", "不能评判自己或自己经办过的工单")
    return sample


def judgeable(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Ticket for what may be judged at all: nothing sealed, nothing of one's own employer."""
    tied = exists().where(TicketRecusal.ticket_id == Ticket.id, TicketRecusal.user_id == actor.user_id)
    return Ticket.sealed.is_(False) & ~tied


def had_a_hand(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Ticket that holds where this actor took it, handled it or gave a command on it."""
    me = actor.user_id
    handled = exists().where(
        Handling.ticket_id == Ticket.id,
        or_(Handling.handler_id == me, Handling.deputy_id == me, Handling.dispatched_by_id == me),
    )
    called = exists().where(CallbackAttempt.ticket_id == Ticket.id, CallbackAttempt.by_id == me)
    acted = exists().where(
        Event.ticket_id == Ticket.id,
        Event.actor_kind == "user",
        Event.actor_id == me,
        Event.kind.in_([*EVENTS.values(), "TicketOpened", "TicketEdited"]),
    )
    return or_(Ticket.created_by_id == me, handled, called, acted)


def is_drawn_for(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether the ticket was drawn and this inspector may judge it: then he may hear its conversations too."""
    query = (
        select(QualitySample.id)
        .join(Ticket, Ticket.id == QualitySample.ticket_id)
        .where(
            Ticket.id == ticket_id,
            QualitySample.subject_id != actor.user_id,
            judgeable(actor),
            ~had_a_hand(actor),
        )
    )
    return session.scalar(query) is not None


def _subjects(session: Session, opened_by: Mapping[int, int | None]) -> dict[int, int]:
    """Return for each ticket the person at the desk who took it; what no person took is nobody's work."""
    found: dict[int, int] = {}
    ids = sorted(opened_by)
    for start in range(0, len(ids), _AT_ONCE):
        portion = ids[start : start + _AT_ONCE]
        rows = session.execute(
            select(Event.ticket_id, Event.actor_id)
            .where(Event.ticket_id.in_(portion), Event.kind.in_(_TAKEN), Event.actor_kind == "user")
            .order_by(Event.ticket_id, Event.seq)
        )
        for ticket_id, user_id in rows:
            if ticket_id is not None and user_id is not None:
                found.setdefault(ticket_id, user_id)
    for ticket_id, opener in opened_by.items():
        if ticket_id not in found and opener is not None:
            found[ticket_id] = opener
    desk = set(
        session.scalars(select(User.id).where(User.id.in_(set(found.values())), User.role.in_(_AT_DESK)))
    )
    return {ticket_id: user_id for ticket_id, user_id in sorted(found.items()) if user_id in desk}


def _keep(session: Session, values: Mapping[str, Any]) -> int:
    """Add a sample unless the ticket has one; two draws at once add it once."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = maker(QualitySample).values(state="open", version=1, **values)
    made = session.execute(
        statement.on_conflict_do_nothing(index_elements=["ticket_id"]).returning(QualitySample.id)
    )
    return len(made.all())


def _locked(
    session: Session, sample_id: int, *, version: int | None, subject_id: int | None = None
) -> QualitySample:
    query = select(QualitySample).where(QualitySample.id == sample_id)
    if subject_id is not None:
        query = query.where(QualitySample.subject_id == subject_id)
    if version is not None:
        query = query.with_for_update().execution_options(populate_existing=True)
    sample = session.scalar(query)
    if sample is None:
        raise NotFound("quality sample", sample_id)
    if version is not None and sample.version != version:
        raise VersionConflict(str(sample_id), version, sample.version, {"state": sample.state})
    return sample


def _move(
    session: Session,
    actor: Actor,
    sample: QualitySample,
    state: str,
    kind: str,
    *,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> None:
    sample.state = state
    sample.version += 1
    session.flush()
    body = {"sample": sample.id, "ticket": sample.ticket_id, "subject": sample.subject_id, **(payload or {})}
    record(session, kind, stream=ADMINISTRATION, by=actor.by, now=now, payload=body, personal=personal)


def _tell(
    session: Session,
    sample: QualitySample,
    text: str,
    *,
    now: datetime,
    user_id: int | None = None,
    role: Role | None = None,
) -> None:
    number = session.scalar(select(Ticket.number).where(Ticket.id == sample.ticket_id))
    session.add(
        Notice(
            at=now,
            kind="quality",
            user_id=user_id,
            role=role.value if role is not None else None,
            text=f"{number} {text}",
        )
    )


def _user(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("quality", "须由登录用户操作")
    return actor.user_id


def _require(session: Session, actor: Actor, action: Action) -> None:
    if not can(session, actor, action):
        raise NotAllowed(action.value, f"“{actor.role.label}”没有这项权限")
