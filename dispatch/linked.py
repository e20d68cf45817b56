"""Tickets that come out of another one: child tickets across provinces, what follows a P0, reviews of a petition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.actors import MACHINE
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.tickets import Caller, Ticket, TicketEmployer
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, Command, State
from dispatch.tickets import PLAIN_FIELDS, log, open_ticket

CHILD: Final = "child"
LINKED: Final = "linked"


def offer_child(move: Move, union: Union) -> Ticket:
    """Offer the matter to another province's union; it becomes its ticket once that side accepts as well."""
    if move.ticket.relation == CHILD:
        raise NotAllowed(move.command.value, "子工单不再分出子工单")
    there = move.session.scalar(
        select(Ticket.id).where(
            Ticket.parent_id == move.ticket.id,
            Ticket.relation == CHILD,
            Ticket.origin_union_id == union.id,
            Ticket.state.in_([state.value for state in OPEN_STATES]),
        )
    )
    if there is not None:
        raise Invalid({"union_id": f"{union.name}已有未办结的子工单"})
    child = _open(move, CHILD, {}, state=State.DRAFT)
    # The other side's acceptance is a command of its own; until then it is a draft in that union's hands.
    child.origin_union_id = union.id
    # Who lives here is called back from here.
    child.callback_wanted = False
    scope.rewrite(move.session, child, now=move.now)
    move.notes |= {"union": union.name, "child": child.number}
    move.tell("dispatched", f"跨省协作：请确认是否受理子工单{child.number}", union_id=union.id)
    return child


def children(session: Session, ticket: Ticket) -> list[int]:
    """Return the ids of the open child tickets in other provinces."""
    query = select(Ticket.id).where(
        Ticket.parent_id == ticket.id,
        Ticket.relation == CHILD,
        Ticket.state.in_([state.value for state in OPEN_STATES]),
    )
    return list(session.scalars(query))


def accepted(move: Move) -> None:
    """Both sides have accepted a child ticket: it is dispatched to the union that took it."""
    if move.ticket.relation != CHILD or move.ticket.origin_union_id is None:
        return
    move.notes["both_sides"] = True
    move.then.append(
        (
            MACHINE,
            Command.DISPATCH,
            {"union_id": move.ticket.origin_union_id, "reason": "两地均已受理的跨省子工单"},
        )
    )


def open_linked(move: Move, spec: Mapping[str, Any]) -> Ticket:
    """Open what remains to be done after a P0 was stabilised, ready to be dispatched."""
    if spec.get("urgency") not in ("P1", "P2"):
        raise Invalid({"linked": "后续工单为P1或P2"})
    fields = {name: spec[name] for name in ("urgency", "category", "wish") if spec.get(name)}
    follower = _open(move, LINKED, fields, state=State.PENDING_DISPATCH)
    move.notes["linked"] = [*move.notes.get("linked", ()), follower.number]
    move.tell("dispatched", f"后续工单{follower.number}待派单", role=Role.DISPATCHER)
    return follower


def open_review(move: Move) -> Ticket:
    """Open the review (复查), or the review of the review (复核), of an answered petition."""
    again = move.ticket.relation == "petition_review"
    relation = "petition_re_review" if again else "petition_review"
    review = _open(move, relation, {}, state=State.PENDING_DISPATCH)
    move.notes["linked"] = [review.number]
    move.tell("dispatched", f"信访{'复核' if again else '复查'}{review.number}待派单", role=Role.DISPATCHER)
    return review


def _open(move: Move, relation: str, fields: Mapping[str, Any], *, state: State) -> Ticket:
    session, parent = move.session, move.ticket
    own = {name: getattr(parent, name) for name in PLAIN_FIELDS if name != "urgency"}
    made = open_ticket(
        session,
        move.actor,
        channel=parent.channel,
        policy=move.policy,
        now=move.now,
        fields={**own, "urgency": parent.urgency, **fields},
    )
    made.parent_id, made.relation = parent.id, relation
    made.recusal_waived = parent.recusal_waived
    made.state = state.value
    if state is State.PENDING_DISPATCH:
        made.accepted_at = move.now
    _copy_people(move, parent, made)
    made.rights_defence |= parent.rights_defence
    log(
        session,
        made,
        "TicketLinked",
        by=move.actor.by,
        now=move.now,
        payload={"parent": parent.number, "relation": relation, "state": made.state},
    )
    scope.rewrite(session, made, now=move.now)
    return made


def _copy_people(move: Move, parent: Ticket, made: Ticket) -> None:
    session = move.session
    for caller in session.scalars(
        select(Caller).where(Caller.ticket_id == parent.id).order_by(Caller.ordinal)
    ):
        session.add(
            Caller(
                ticket_id=made.id,
                ordinal=caller.ordinal,
                name=caller.name,
                phone=caller.phone,
                phone_key=caller.phone_key,
                member_card_no=caller.member_card_no,
                relay_no=f"{made.day[2:]}{made.sequence:06d}{caller.ordinal}",
            )
        )
    for told in session.scalars(select(TicketEmployer).where(TicketEmployer.ticket_id == parent.id)):
        session.add(
            TicketEmployer(
                ticket_id=made.id,
                ordinal=told.ordinal,
                employer_id=told.employer_id,
                name=told.name,
                uscc=told.uscc,
                role=told.role,
            )
        )
    session.flush()
