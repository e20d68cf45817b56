"""A draft becomes a case, an answer, or nothing."""

from __future__ import annotations

from dispatch import knowledge, linked
from dispatch.clocks import planned
from dispatch.errors import Invalid, NotAllowed
from dispatch.move import Move
from dispatch.rules.roles import Role
from dispatch.rules.ticket_fields import VoidReason
from dispatch.rules.ticket_state import ClockKind
from dispatch.seals import name_counsellors
from dispatch.tickets import missing_details


def accept(move: Move) -> None:
    """Take the request on; of a P0 the rest of the form is written within its own time."""
    left = missing_details(move.session, move.ticket)
    if left:
        move.notes["left_open"] = list(left.values())
    else:
        move.unstarted.add(ClockKind.DETAILS)
    if needs_follow_up(move):
        move.tell("follow_up", "危机来电，24至72小时内请心理老师跟进", role=Role.COUNSELLOR)
        if move.ticket.sealed:
            name_counsellors(move.session, move.ticket, by=move.actor, now=move.now)
    else:
        move.unstarted.add(ClockKind.FOLLOW_UP)
    linked.accepted(move)


def direct_answer(move: Move) -> None:
    """Answer at once; whoever called in a crisis is looked after instead."""
    if needs_follow_up(move):
        raise NotAllowed("direct_answer", "危机来电须受理并安排24至72小时内的心理跟进，不能直接答复办结")
    cited = knowledge.cite(
        move.session, move.ticket, move.data["knowledge_id"], by=move.actor.by, now=move.now
    )
    # In the chain of the ticket's history: what the answer rested on cannot be changed afterwards.
    move.notes |= {"knowledge_version": cited.n, "knowledge_fingerprint": cited.fingerprint}


def void(move: Move) -> None:
    """Keep a draft out of the count: silent, wrong number, prank, test, query only."""
    if move.data["reason_code"] not in set(VoidReason):
        raise Invalid({"reason_code": "没有这种原因"})


def needs_follow_up(move: Move) -> bool:
    """Whether the policy wants a counsellor after this call."""
    wanted = planned(
        move.session, move.ticket, ClockKind.FOLLOW_UP, union_id=None, policy=move.policy, now=move.now
    )
    return wanted is not None
