"""Keeps the lists true: who sees a ticket, where it stands in each list, and who is told that it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from dispatch.kinship import kin, with_branches
from dispatch.models.base import Base
from dispatch.models.clocks import Clock
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketEmployer, TicketScope
from dispatch.models.unions import Employer, EmployerTie, Union
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import EmployerView, UnionView, corporate_unions, recused
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, State
from dispatch.unit_of_work import Fact, tell

NEVER: Final = 9_999_999_999_999
"""Sort key of an open ticket without a running clock: after all the others."""

_AT_ONCE: Final = 500

UNION_CLOCKS: Final = frozenset(
    kind.value
    for kind in (
        ClockKind.SIGN,
        ClockKind.FIRST_CONTACT,
        ClockKind.PROGRESS,
        ClockKind.RESOLVE,
        ClockKind.AWAIT_CALLER,
        ClockKind.PAYMENT,
        ClockKind.STATUTORY,
        ClockKind.LETTER,
        ClockKind.PETITION_NOTICE,
        ClockKind.PETITION,
        ClockKind.PETITION_REVIEW,
    )
)
"""Deadlines which a union answers for; the others are the centre's own."""


def rewrite(session: Session, ticket: Ticket, *, now: datetime, begins: bool = False) -> None:
    """Write the ticket's list rows anew and tell everyone who may see it; call it after every change.

    `begins` says that this transaction has just made the ticket: there is nothing yet to take away.
    """
    session.flush()
    connection = session.connection()
    bucket = "open" if State(ticket.state) in OPEN_STATES else "closed"
    running = connection.execute(_RUNNING, {"ticket": ticket.id}).all()
    centre_key = _sort_key(ticket, bucket, (due for _, due in running))
    union_key = _sort_key(ticket, bucket, (due for kind, due in running if kind in UNION_CLOCKS))
    line = {"ticket": ticket.id, "new_bucket": bucket, "new_key": centre_key}
    if begins or connection.execute(_MOVE_LINE, line).rowcount == 0:
        connection.execute(_ADD_LINE, {"ticket_id": ticket.id, "bucket": bucket, "sort_key": centre_key})
    scope = _scope(session, ticket, begins=begins)
    before = _rewrite_scope(
        connection,
        ticket.id,
        {union: (role, bucket, union_key) for union, role in scope.items()},
        begins=begins,
    )
    _rewrite_recusals(session, ticket, begins=begins)
    if bucket == "open" and not begins:
        _tell_recused(session, ticket, scope, now)
    centre = "sealed" if ticket.sealed else "centre"
    rooms = (centre, *(f"union:{union}" for union in sorted(before | scope.keys())))
    tell(session, Fact("ticket", ticket.number, ticket.version, now, rooms))


def mention(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Tell everyone who may see the ticket that something was added; who they are, and its place, have not changed."""
    session.flush()
    unions = sorted(row[0] for row in session.connection().execute(_SCOPE, {"ticket": ticket.id}))
    centre = "sealed" if ticket.sealed else "centre"
    rooms = (centre, *(f"union:{union}" for union in unions))
    tell(session, Fact("ticket", ticket.number, ticket.version, now, rooms))


def _rewrite_scope(
    connection: Connection, ticket_id: int, wanted: Mapping[int, tuple[str, str, int]], *, begins: bool
) -> set[int]:
    """Write what differs and return the unions that could see the ticket before."""
    found = (
        {}
        if begins
        else {row[0]: tuple(row[1:]) for row in connection.execute(_SCOPE, {"ticket": ticket_id})}
    )
    gone = [union for union, row in found.items() if wanted.get(union) != row]
    if gone:
        connection.execute(_DROP_SCOPE, [{"ticket": ticket_id, "union": union} for union in gone])
    rows = [
        {"ticket_id": ticket_id, "union_id": union, "role": role, "bucket": bucket, "sort_key": key}
        for union, (role, bucket, key) in wanted.items()
        if found.get(union) != (role, bucket, key)
    ]
    if rows:
        connection.execute(_ADD_SCOPE, rows)
    return set(found)


def rewrite_all(session: Session, ticket_ids: Iterable[int], *, now: datetime) -> None:
    """Settle anew who sees these tickets: a union that moved, or an employer's new union, may not see them now."""
    wanted = sorted(ticket_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Ticket).where(Ticket.id.in_(wanted[start : start + _AT_ONCE])).order_by(Ticket.id)
        for ticket in session.scalars(query.with_for_update(of=Ticket, key_share=True)).all():
            rewrite(session, ticket, now=now)


def reorder(session: Session, tickets: Sequence[Ticket], *, now: datetime) -> None:
    """Put tickets whose deadlines moved where they now belong in each list; who sees them has not changed."""
    ids = [ticket.id for ticket in tickets]
    if not ids:
        return
    session.flush()
    dues: dict[int, list[tuple[str, datetime | None]]] = {ticket: [] for ticket in ids}
    rows = session.execute(
        select(Clock.ticket_id, Clock.kind, Clock.due_at).where(
            Clock.ticket_id.in_(ids), Clock.state == "running"
        )
    )
    for ticket_id, kind, due in rows:
        dues[ticket_id].append((kind, due))
    seen: dict[int, list[int]] = {ticket: [] for ticket in ids}
    scopes = session.execute(
        select(TicketScope.ticket_id, TicketScope.union_id).where(TicketScope.ticket_id.in_(ids))
    )
    for ticket_id, union_id in scopes:
        seen[ticket_id].append(union_id)
    centre, unions = [], []
    for ticket in tickets:
        bucket = "open" if State(ticket.state) in OPEN_STATES else "closed"
        found = dues[ticket.id]
        own = _sort_key(ticket, bucket, (due for kind, due in found if kind in UNION_CLOCKS))
        centre.append({"key": ticket.id, "at": _sort_key(ticket, bucket, (due for _, due in found))})
        unions += [{"key": ticket.id, "union": union, "at": own} for union in seen[ticket.id]]
        room = "sealed" if ticket.sealed else "centre"
        rooms = (room, *(f"union:{union}" for union in sorted(seen[ticket.id])))
        tell(session, Fact("ticket", ticket.number, ticket.version, now, rooms))
    list_row, scope_row = CentreList.__table__, TicketScope.__table__
    session.execute(
        update(list_row)  # type: ignore[arg-type]  # declared as FromClause
        .where(list_row.c.ticket_id == bindparam("key"))
        .values(sort_key=bindparam("at")),
        centre,
    )
    if unions:
        session.execute(
            update(scope_row)  # type: ignore[arg-type]  # the same
            .where(scope_row.c.ticket_id == bindparam("key"), scope_row.c.union_id == bindparam("union"))
            .values(sort_key=bindparam("at")),
            unions,
        )


def employers_of(session: Session, ticket_id: int) -> tuple[EmployerView, ...]:
    """Return the ticket's employers as the rules see them, known and merely told ones."""
    rows = session.execute(_EMPLOYERS, {"ticket": ticket_id})
    return tuple(_employer_view(name, uscc, known) for name, uscc, known in rows)


def _employer_view(name: str, uscc: str | None, known: Employer | None) -> EmployerView:
    if known is None:
        return EmployerView(id=None, name=name, uscc=uscc or "")
    return EmployerView(
        id=known.id,
        name=known.name,
        uscc=known.uscc or "",
        union_id=known.union_id,
        group_code=known.group_code or "",
        industry=known.industry or "",
        region_code=known.region_code or "",
    )


def view_of(union: Union) -> UnionView:
    """Return a union as the rules see it."""
    return UnionView(
        id=union.id,
        code=union.code,
        name=union.name,
        level=Level(union.level),
        kind=UnionKind(union.kind),
        region_code=union.region_code or "",
        parent_id=union.parent_id,
        group_code=union.group_code or "",
        industry=union.industry or "",
        can_receive=union.can_receive and union.closed_at is None,
        path=union.ancestor_ids(),
    )


def corporate_of(session: Session, employers: tuple[EmployerView, ...]) -> frozenset[int]:
    """Return the unions at whose subtrees recusal starts: the employers' own, their groups', those above."""
    known = {each.id for each in employers if each.id is not None}
    own = {each.union_id for each in employers if each.union_id is not None}
    groups = {each.group_code for each in employers if each.group_code}
    if not known and not own and not groups:
        return frozenset()
    family = kin(session, known, own, groups)
    first = session.scalars(select(Union).where(Union.id.in_(family.unions))).all()
    wanted = {ancestor for union in first for ancestor in union.ancestor_ids()}
    found = session.scalars(select(Union).where(Union.id.in_(wanted))).all()
    return corporate_unions(employers, map(view_of, found), own=family.unions, groups=family.groups)


def _scope(session: Session, ticket: Ticket, *, begins: bool) -> dict[int, str]:
    """Map each union that may see the ticket to its role: ancestors-or-self of the handlers, less the recused."""
    handlers: Sequence[Union] = () if begins else session.scalars(_HANDLERS, {"ticket": ticket.id}).all()
    if ticket.origin_union_id is not None:
        origin = session.get(Union, ticket.origin_union_id)
        handlers = [*handlers, *([origin] if origin is not None else [])]
    if ticket.relation == "child":
        # The union at home keeps watch over what another province does for its caller.
        handlers = [*handlers, *_watchers(session, ticket)]
    if not handlers:
        return {}
    ids = {ancestor for union in handlers for ancestor in union.ancestor_ids()}
    employers = employers_of(session, ticket.id)
    corporate = corporate_of(session, employers)
    accused = accused_of(session, ticket)
    handling = {union.id for union in handlers}
    return {
        union.id: "handler" if union.id in handling else "ancestor"
        for union in unions_of(session, ids)
        if recused(
            view_of(union),
            employers,
            rights_defence=ticket.rights_defence,
            consent=ticket.recusal_waived,
            accused=accused,
            corporate=corporate,
        )
        is None
    }


def accused_of(session: Session, ticket: Ticket) -> tuple[int, ...]:
    """Return the unions that the caller complains about: those he named, and those where the persons he named sit."""
    if not ticket.accused_user_ids:
        return tuple(ticket.accused_union_ids)
    sit = select(User.union_id).where(User.id.in_(ticket.accused_user_ids), User.union_id.is_not(None))
    found = [each for each in session.scalars(sit.order_by(User.id)) if each is not None]
    return tuple(dict.fromkeys([*ticket.accused_union_ids, *found]))


def _watchers(session: Session, child: Ticket) -> Sequence[Union]:
    return session.scalars(
        select(Union)
        .join(Handling, Handling.union_id == Union.id)
        .where(Handling.ticket_id == child.parent_id, Handling.role == "lead", Handling.ended_at.is_(None))
    ).all()


def _rewrite_recusals(session: Session, ticket: Ticket, *, begins: bool) -> None:
    connection = session.connection()
    rows: dict[int, str] = {}
    if ticket.rights_defence and not ticket.recusal_waived:
        rows = _tied(session, ticket)
    # No consent covers what is complained of oneself.
    rows |= dict.fromkeys(ticket.accused_user_ids, "被投诉人")
    found: dict[int, str] = {}
    if not begins:
        found = {row.user_id: row.reason for row in connection.execute(_RECUSED, {"ticket": ticket.id})}
    if found == rows:
        return
    connection.execute(_DROP_RECUSED, {"ticket": ticket.id})
    if rows:
        wanted = [{"ticket_id": ticket.id, "user_id": user, "reason": why} for user, why in rows.items()]
        connection.execute(_ADD_RECUSED, wanted)


def _tied(session: Session, ticket: Ticket) -> dict[int, str]:
    """Return who is tied to one of the ticket's employers or to a branch of one, with the reason."""
    named = [row.employer_id for row in session.connection().execute(_NAMED, {"ticket": ticket.id})]
    employers = with_branches(session, named) if named else []
    if not employers:
        return {}
    tied = select(EmployerTie.user_id, EmployerTie.reason).where(EmployerTie.employer_id.in_(employers))
    return {row.user_id: row.reason for row in session.execute(tied)}


def unions_of(session: Session, ids: Collection[int]) -> list[Union]:
    """Return these unions; those which the transaction has read already are not read again."""
    # The session itself forgets what nobody holds; one that was changed or expired meanwhile is still the same object.
    kept: dict[int, Union] = session.info.setdefault("unions", {})
    missing = set(ids) - kept.keys()
    if missing:
        kept |= {union.id: union for union in session.scalars(_UNIONS, {"ids": sorted(missing)})}
    return [kept[each] for each in ids if each in kept]


def union_by_id(session: Session, union_id: int) -> Union | None:
    """Return one union, as `unions_of` does."""
    return next(iter(unions_of(session, [union_id])), None)


def _tell_recused(session: Session, ticket: Ticket, scope: Mapping[int, str], now: datetime) -> None:
    """Tell the dispatchers of a lead union that may not see its ticket any more: somebody else must have it."""
    if ticket.lead_union_id is None or ticket.lead_union_id in scope:
        return
    lead = session.scalars(
        select(Union.name)
        .join(Handling, Handling.union_id == Union.id)
        .where(
            Handling.ticket_id == ticket.id,
            Handling.role == "lead",
            Handling.union_id == ticket.lead_union_id,
            Handling.ended_at.is_(None),
        )
        .limit(1)
    ).first()
    if lead is None:
        return
    open_notice = select(Notice.id).where(
        Notice.ticket_id == ticket.id, Notice.kind == "recused", Notice.seen_at.is_(None)
    )
    if session.scalar(open_notice.limit(1)) is None:
        text = f"{ticket.number} 的办理工会{lead}须回避，请改派"
        session.add(
            Notice(at=now, kind="recused", ticket_id=ticket.id, role=Role.DISPATCHER.value, text=text)
        )


def _sort_key(ticket: Ticket, bucket: str, dues: Iterable[datetime | None]) -> int:
    if bucket == "closed":
        # The newest end first.
        return -int((ticket.closed_at or ticket.created_at).timestamp() * 1000)
    moments = [due for due in dues if due is not None]
    return int(min(moments).timestamp() * 1000) if moments else NEVER


# Built once: building a statement takes as long as executing it.
_LIST: Final = Base.metadata.tables["centre_list"]
_VIEW: Final = Base.metadata.tables["ticket_scope"]
_RECUSALS: Final = Base.metadata.tables["ticket_recusal"]
_TICKET: Final[BindParameter[int]] = bindparam("ticket")
_RUNNING: Final = select(Clock.kind, Clock.due_at).where(Clock.ticket_id == _TICKET, Clock.state == "running")
_ADD_LINE: Final = insert(_LIST)
_MOVE_LINE: Final = (
    update(_LIST)
    .where(_LIST.c.ticket_id == _TICKET)
    .values(bucket=bindparam("new_bucket"), sort_key=bindparam("new_key"))
)
_SCOPE: Final = select(_VIEW.c.union_id, _VIEW.c.role, _VIEW.c.bucket, _VIEW.c.sort_key).where(
    _VIEW.c.ticket_id == _TICKET
)
_DROP_SCOPE: Final = delete(_VIEW).where(_VIEW.c.ticket_id == _TICKET, _VIEW.c.union_id == bindparam("union"))
_ADD_SCOPE: Final = insert(_VIEW)
_RECUSED: Final = select(_RECUSALS.c.user_id, _RECUSALS.c.reason).where(_RECUSALS.c.ticket_id == _TICKET)
_DROP_RECUSED: Final = delete(_RECUSALS).where(_RECUSALS.c.ticket_id == _TICKET)
_ADD_RECUSED: Final = insert(_RECUSALS)
_NAMED: Final = select(TicketEmployer.employer_id).where(
    TicketEmployer.ticket_id == _TICKET, TicketEmployer.employer_id.is_not(None)
)
_HANDLERS: Final = (
    select(Union)
    .join(Handling, Handling.union_id == Union.id)
    .where(Handling.ticket_id == _TICKET, Handling.state != "ended")
)
_UNIONS: Final = select(Union).where(Union.id.in_(bindparam("ids", expanding=True)))
_EMPLOYERS: Final = (
    select(TicketEmployer.name, TicketEmployer.uscc, Employer)
    .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
    .where(TicketEmployer.ticket_id == _TICKET)
    .order_by(TicketEmployer.ordinal)
)
