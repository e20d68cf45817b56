"""Sealed tickets: naming who may read one, and breaking the seal for a while with a reason that others hear of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can, find_ticket
from dispatch.actors import Actor
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import SealedAccess, Ticket, TicketRecusal
from dispatch.rules.permissions import Action
from dispatch.rules.roles import Role
from dispatch.tickets import log
from dispatch.unit_of_work import Fact, tell

OPEN_FOR: Final = timedelta(hours=1)
"""How long a broken seal stays open to whoever broke it [D]."""

SEAL_BROKEN: Final = "seal_broken"
"""The notice by which other leaders hear of it, though they may not open the ticket themselves."""

WATCHING: Final = (Role.DUTY_LEADER, Role.SUPERVISOR, Role.AUDITOR)
"""Who hears of a broken seal: the first of these posts that somebody else holds, and always the auditors."""

NAMEABLE: Final = frozenset(
    {
        Role.COUNSELLOR,
        Role.LAWYER,
        Role.CALLBACK_OPERATOR,
        Role.SUPERVISOR,
        Role.DUTY_LEADER,
        Role.UNION_HANDLER,
        Role.UNION_LEADER,
    }
)


def break_seal(session: Session, actor: Actor, number: str, *, reason: str, now: datetime) -> datetime:
    """Open a sealed ticket to the actor and return until when; raises NotFound, NotAllowed, Missing, Invalid.

    Written down with the reason, and told to another leader before the actor can read a word.
    """
    if actor.user_id is None or not can(session, actor, Action.SEAL_BREAK):
        raise NotAllowed("break_glass", f"“{actor.role.label}”不能启封密件")
    if not reason.strip():
        raise Missing("break_glass", {"reason": "请填写启封的理由"})
    ticket = session.scalar(select(Ticket).where(Ticket.number == number).with_for_update(of=Ticket))
    if ticket is None or (not can(session, actor, Action.SEAL_BREAK, ticket) and ticket.sealed):
        raise NotFound("ticket", number)
    if not ticket.sealed:
        raise Invalid({"number": "这张工单不是密件"})
    until = now + OPEN_FOR
    _grant(session, ticket, actor.user_id, by=actor.user_id, reason=reason.strip(), now=now, until=until)
    log(
        session,
        ticket,
        "SealedOpened",
        by=actor.by,
        now=now,
        payload={"until": until.isoformat()},
        personal={"reason": reason.strip()},
    )
    _tell_others(session, actor, ticket, now=now)
    tell(session, Fact("ticket", number, ticket.version, now, (f"user:{actor.user_id}",)))
    return until


def name_reader(
    session: Session, actor: Actor, number: str, user_id: int, *, reason: str, now: datetime
) -> None:
    """Name a person who may read the sealed ticket from now on; raises NotFound, NotAllowed, Missing, Invalid."""
    ticket = find_ticket(session, actor, number, lock=True)
    if not reason.strip():
        raise Missing("name_reader", {"reason": "请填写指定的理由"})
    if not can(session, actor, Action.SEAL_NAME, ticket):
        raise NotAllowed("name_reader", "只有密件的知情人员可以指定密件人员")
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise Invalid({"user_id": "没有这个在用账号"})
    if Role(user.role) not in NAMEABLE:
        raise Invalid({"user_id": f"“{Role(user.role).label}”不能查阅密件"})
    tied = select(TicketRecusal).where(TicketRecusal.ticket_id == ticket.id, TicketRecusal.user_id == user.id)
    if session.scalar(tied) is not None:
        raise Invalid({"user_id": "此人须回避这张工单"})
    _grant(session, ticket, user.id, by=actor.user_id, reason=reason.strip(), now=now, until=None)
    payload = {"person": user.display_name, "user_id": user.id}
    log(session, ticket, "SealedAssigned", by=actor.by, now=now, payload=payload, personal={"reason": reason})
    session.add(
        Notice(
            at=now, kind="sealed_assigned", ticket_id=ticket.id, user_id=user.id, text=f"{number} 指定您办理"
        )
    )
    for kind in ("ticket", "notice"):
        tell(session, Fact(kind, number, ticket.version, now, (f"user:{user.id}",)))


def name_counsellors(session: Session, ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """Name the centre's counsellors on a sealed crisis: whoever took the call, one of them looks after the caller."""
    tied = select(TicketRecusal.user_id).where(TicketRecusal.ticket_id == ticket.id)
    counsellors = session.scalars(
        select(User)
        .where(User.role == Role.COUNSELLOR.value, User.disabled_at.is_(None), User.id.not_in(tied))
        .order_by(User.id)
    ).all()
    reason = "危机来电，须由心理老师跟进"
    for user in counsellors:
        _grant(session, ticket, user.id, by=by.user_id, reason=reason, now=now, until=None)
    if counsellors:
        log(
            session,
            ticket,
            "SealedAssigned",
            by=by.by,
            now=now,
            payload={"person": "、".join(user.display_name for user in counsellors)},
            personal={"reason": reason},
        )
    for user in counsellors:
        tell(session, Fact("ticket", ticket.number, ticket.version, now, (f"user:{user.id}",)))


def _grant(
    session: Session,
    ticket: Ticket,
    user_id: int,
    *,
    by: int | None,
    reason: str,
    now: datetime,
    until: datetime | None,
) -> None:
    known = session.get(SealedAccess, (ticket.id, user_id))
    if known is None:
        known = SealedAccess(ticket_id=ticket.id, user_id=user_id, at=now, reason=reason, until=until)
        session.add(known)
    elif known.until is None:
        # Whoever is named for good does not lose that by breaking the seal besides.
        return
    known.granted_by_id, known.reason, known.at, known.until = by, reason, now, until
    session.flush()


def _tell_others(session: Session, actor: Actor, ticket: Ticket, *, now: datetime) -> None:
    people = session.execute(
        select(User.id, User.role)
        .outerjoin(TicketRecusal, (TicketRecusal.user_id == User.id) & (TicketRecusal.ticket_id == ticket.id))
        .where(
            User.role.in_([role.value for role in WATCHING]),
            User.disabled_at.is_(None),
            User.id != actor.user_id,
            TicketRecusal.user_id.is_(None),
        )
        .order_by(User.id)
    ).all()
    by_role = {role: [user for user, of in people if of == role.value] for role in WATCHING}
    leaders = next((found for found in (by_role[Role.DUTY_LEADER], by_role[Role.SUPERVISOR]) if found), [])
    for user_id in dict.fromkeys([*leaders, *by_role[Role.AUDITOR]]):
        text = f"{ticket.number} 密件由{actor.role.label}{actor.name}启封查看"
        session.add(Notice(at=now, kind=SEAL_BROKEN, ticket_id=ticket.id, user_id=user_id, text=text))
        tell(session, Fact("notice", ticket.number, ticket.version, now, (f"user:{user_id}",)))
