"""信访: the flag with its three kinds, whose time replaces the hotline's own, reviews, and who stands for the caller."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from dispatch import clocks, linked
from dispatch.clock_moves import is_petition
from dispatch.errors import Invalid, WrongState
from dispatch.models.life import PetitionAgency
from dispatch.move import Move
from dispatch.rules.petition import CHANNELS, DISCIPLINE, PetitionKind
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import PETITION_CLOCKS, ClockKind
from dispatch.rules.working_time import SHANGHAI


def petition(move: Move) -> None:
    """Flag a petition, record its written notice, or open its review."""
    outcome = move.transition.outcome
    if outcome == "noticed":
        if move.data["at"] > move.now:
            raise Invalid({"at": "时间不能晚于现在"})
        return
    if outcome == "review_asked":
        _open_review(move)
        return
    if is_petition(move.ticket):
        raise WrongState(
            move.ticket.number, move.command.value, move.ticket.state, "已按信访程序计时，不能再改信访种类"
        )
    kind = move.data["petition_kind"]
    if kind not in set(PetitionKind):
        raise Invalid({"petition_kind": "没有这种信访种类"})
    article = move.data.get("article") if kind == PetitionKind.CLAIM.value else None
    if kind == PetitionKind.CLAIM.value and article not in CHANNELS:
        raise Invalid({"article": "第三十一条只有第一至第六项"})
    move.ticket.petition = True
    move.ticket.petition_kind, move.ticket.petition_article = kind, article
    move.notes["petition"] = PetitionKind(kind).label
    if article is not None:
        move.notes["channel_to"] = CHANNELS[article]
    if outcome == "to_discipline":
        # Whoever reports an official is protected: named people only, from now on.
        move.ticket.sealed = True
        move.notes["channel_to"] = DISCIPLINE
        move.tell("alarm", f"检举控告，须转{DISCIPLINE}", role=Role.DUTY_LEADER)


def petition_agency(move: Move) -> None:
    """Record who stands for the caller on what signed authority; a new authority ends the one before."""
    signed_on: date = move.data["signed_on"]
    if signed_on > move.now.astimezone(SHANGHAI).date():
        raise Invalid({"signed_on": "签署日期不能晚于今天"})
    union_id = move.handling.union_id if move.handling is not None else None
    agent = move.colleague("handler_id", move.actor.union_id if move.actor.of_union else union_id)
    for earlier in move.session.scalars(
        select(PetitionAgency).where(
            PetitionAgency.ticket_id == move.ticket.id, PetitionAgency.revoked_at.is_(None)
        )
    ):
        earlier.revoked_at = move.now
    move.session.add(
        PetitionAgency(
            ticket_id=move.ticket.id,
            agent_id=agent.id,
            reference=move.data["reference"],
            signed_on=signed_on,
            at=move.now,
            by_id=move.need_user(),
        )
    )
    move.notes["person"] = agent.display_name


def _open_review(move: Move) -> None:
    review = linked.open_review(move)
    review.petition = True
    review.petition_kind, review.petition_article = move.ticket.petition_kind, move.ticket.petition_article
    left = clocks.live(move.session, review.id, PETITION_CLOCKS)
    clocks.stop(move.session, left, policy=move.policy, now=move.now, cancelled=True)
    clocks.start(move.session, review, ClockKind.PETITION_REVIEW, policy=move.policy, now=move.now)
