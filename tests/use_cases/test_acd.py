"""The waiting line on both engines: order and ageing, switched lines, breaks, and seats that a supervisor sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, VersionConflict, WrongState
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from hotline.calls.incoming import find_or_make
from hotline.calls.models import Call
from hotline.calls.status import Conversation, move
from hotline.line import breaks, leases, offers, presence, seats, switches, waiting
from hotline.line.lines import Lines, Order
from hotline.line.models import LineSwitch, Offer, Presence, Waiting
from hotline.line.presence import State
from tests.builders import NOW, World, build_world

LINES = load_policy(SHIPPED_CONFIG / "lines.yaml", Lines.from_mapping)


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def caller(session: Session, world: World, sid: str, line: str = "general", *, ago: int = 0) -> Waiting:
    """Let somebody stand in a line since `ago` seconds."""
    since = NOW - timedelta(seconds=ago)
    call = find_or_make(session, sid, from_raw="", to_raw="12351", policy=world.policy, now=since)
    row = waiting.enter(session, call, LINES.get(line), skill=None, policy=world.policy, now=since)
    move(call, Conversation.WAITING)
    session.flush()
    return row


def sit(session: Session, world: World, name: str, *, now: datetime = NOW) -> int:
    """Make somebody ready, and ring nobody yet."""
    user_id = world.actor(name).user_id or 0
    presence.choose(session, presence.lock(session, user_id, now=now), State.READY, now=now)
    session.flush()
    return user_id


def order(session: Session, lines: Lines = LINES) -> list[str]:
    query = select(Call.sid).join(Waiting, Waiting.call_id == Call.id)
    return list(session.scalars(query.order_by(*waiting.serving_order(lines, NOW))))


def switch(
    session: Session,
    world: World,
    code: str,
    *,
    is_open: bool = True,
    to: str | None = None,
    version: int | None = None,
) -> LineSwitch:
    return switches.set_line(
        session,
        world.actor("supervisor"),
        code,
        is_open=is_open,
        divert_to=to,
        reason="专席开会",
        version=version,
        lines=LINES,
        now=NOW,
    )


def rest(session: Session, world: World, name: str, reason: str | None = None) -> Presence:
    return seats.choose_state(session, world.actor(name), State.ON_BREAK, reason=reason, lines=LINES, now=NOW)


def test_urgency_goes_first_rises_with_the_wait_and_never_passes_danger_to_life(
    session: Session, world: World
) -> None:
    caller(session, world, "general-new", "general", ago=10)
    caller(session, world, "rights", "rights", ago=20)
    caller(session, world, "care", "care", ago=1)
    aged = caller(session, world, "general-old", "general", ago=2 * 240)
    pure = replace(LINES, order=Order.LONGEST_WAITING)
    # Twice the longest wait has made it one of class 1.
    assert order(session) == ["care", "general-old", "rights", "general-new"]
    aged.entered_at = NOW - timedelta(seconds=250)
    session.flush()
    assert order(session) == ["care", "rights", "general-old", "general-new"]
    assert order(session, pure) == ["care", "general-old", "rights", "general-new"]


def test_the_place_and_the_expected_wait_follow_who_is_before_and_who_is_there(
    session: Session, world: World
) -> None:
    rows = [caller(session, world, f"c{n}", ago=60 - n) for n in range(3)]
    ahead = [waiting.ahead_of(session, row, lines=LINES, now=NOW) for row in rows]
    assert ahead == [0, 1, 2]
    sit(session, world, "operator")
    assert waiting.expected_wait_s(session, rows[2], 2, lines=LINES, now=NOW) == 3 * 360
    sit(session, world, "other-operator")
    assert waiting.expected_wait_s(session, rows[2], 2, lines=LINES, now=NOW) == 3 * 360 // 2


def test_after_a_miss_the_deputy_is_rung_and_the_caller_keeps_the_time(
    session: Session, world: World
) -> None:
    row = caller(session, world, "c1", ago=30)
    deputy = world.actor("supervisor").user_id or 0
    first = sit(session, world, "operator")
    session.execute(update(User).where(User.id == first).values(deputy_id=deputy))
    offers.offer_waiting(session, lines=LINES, now=NOW)
    # The other has been idle longer than the deputy, and still it is the deputy's turn.
    sit(session, world, "other-operator", now=NOW + timedelta(seconds=1))
    sit(session, world, "supervisor", now=NOW + timedelta(seconds=5))
    leases.expire_due(session, lines=LINES, now=NOW + timedelta(seconds=20))
    assert list(session.scalars(select(Offer.user_id).order_by(Offer.id))) == [first, deputy]
    assert row.entered_at == NOW - timedelta(seconds=30)


def test_two_misses_make_an_operator_unreachable_and_he_is_rung_no_more(
    session: Session, world: World
) -> None:
    caller(session, world, "c1")
    user_id = sit(session, world, "operator")
    offers.offer_waiting(session, lines=LINES, now=NOW)
    for n in (1, 2, 3):
        leases.expire_due(session, lines=LINES, now=NOW + timedelta(seconds=20 * n))
    assert session.get_one(Presence, user_id).state == State.UNREACHABLE
    assert len(session.scalars(select(Offer.id)).all()) == 2


def test_a_diverted_line_takes_its_callers_along_with_their_places(session: Session, world: World) -> None:
    row = caller(session, world, "c1", "legal", ago=90)
    switch(session, world, "legal", to="rights")
    session.refresh(row)
    assert (row.line, row.entered_at) == ("rights", NOW - timedelta(seconds=90))
    line, is_open = switches.line_in_force(session, "legal", LINES)
    assert (line.code, is_open) == ("rights", True)
    with pytest.raises(Invalid, match="转回自己"):
        switch(session, world, "rights", to="legal")
    with pytest.raises(Invalid, match="心理老师"):
        switch(session, world, "care", to="general")
    with pytest.raises(VersionConflict):
        switch(session, world, "legal", version=0)
    switch(session, world, "legal", version=1)
    assert switches.line_in_force(session, "legal", LINES)[0].code == "legal"
    written = session.scalars(select(Event.payload).where(Event.kind == "LineSwitched").order_by(Event.id))
    assert [each["divert_to"] for each in written] == ["rights", None]


def test_a_closed_line_takes_nobody_and_the_supervisor_sees_why(session: Session, world: World) -> None:
    sit(session, world, "operator")
    switch(session, world, "general", is_open=False)
    assert switches.line_in_force(session, "general", LINES)[1] is False
    seen = {each.code: each for each in switches.line_states(session, lines=LINES, now=NOW)}
    assert (seen["general"].is_open, seen["general"].reason) == (False, "专席开会")
    assert (seen["general"].ready, seen["legal"].ready) == (1, 0)


def test_a_break_has_a_reason_a_limit_and_a_place_in_the_row(session: Session, world: World) -> None:
    sit(session, world, "operator")
    sit(session, world, "other-operator")
    away = rest(session, world, "operator", "meal")
    assert (away.reason, away.break_until) == ("用餐", NOW + timedelta(minutes=45))
    with pytest.raises(NotAllowed, match="已有1人在小休"):
        rest(session, world, "other-operator")
    late = NOW + timedelta(minutes=45)
    away.lease_until = late + timedelta(seconds=1)
    leases.expire_due(session, lines=LINES, now=late)
    assert (away.state, away.reason, away.break_until) == (State.NOT_READY, breaks.OVER, None)
    assert "小休超时" in session.scalars(select(Notice.text)).one()
    sit(session, world, "other-operator")
    assert rest(session, world, "other-operator", "rest").state == State.ON_BREAK


def test_a_break_after_a_crisis_call_is_offered_to_its_operator_alone(session: Session, world: World) -> None:
    user_id = sit(session, world, "operator")
    with pytest.raises(NotAllowed, match="危机来电之后"):
        rest(session, world, "operator", "after_crisis")
    call = session.get_one(Call, caller(session, world, "c1").call_id)
    call.operator_id, call.crisis, call.ended_at = user_id, "confirmed", NOW - timedelta(minutes=1)
    session.flush()
    assert rest(session, world, "operator", "after_crisis").break_until == NOW + timedelta(minutes=30)
    # It takes nobody else's turn to rest.
    sit(session, world, "other-operator")
    assert rest(session, world, "other-operator").state == State.ON_BREAK


def test_a_supervisor_sets_a_seat_and_never_an_empty_chair_to_ready(session: Session, world: World) -> None:
    boss = world.actor("supervisor")
    row = caller(session, world, "c1")
    user_id = sit(session, world, "operator")
    offers.offer_waiting(session, lines=LINES, now=NOW)

    def set_to(state: State, now: datetime = NOW) -> str:
        return seats.set_state(session, boss, user_id, state, reason="支援现场", lines=LINES, now=now).state

    assert set_to(State.NOT_READY) == State.NOT_READY
    session.refresh(row)
    assert row.state == "waiting"
    set_to(State.READY)
    assert session.get_one(Presence, user_id).state == State.RESERVED
    assert set_to(State.OFFLINE) == State.OFFLINE
    with pytest.raises(WrongState, match="没有响应"):
        set_to(State.READY, NOW + timedelta(minutes=5))
    assert len(session.scalars(select(Event.id).where(Event.kind == "SeatStateSet")).all()) == 3


def test_time_after_a_call_ends_by_itself_can_be_extended_and_has_a_limit(
    session: Session, world: World
) -> None:
    user_id = sit(session, world, "operator")
    row = session.get_one(Presence, user_id)
    presence.wrap_up(session, row, seconds=60, now=NOW)
    assert row.wrap_up_until == NOW + timedelta(seconds=60)
    presence.extend_wrap_up(session, user_id, seconds=900, now=NOW + timedelta(seconds=30))
    assert row.wrap_up_until == NOW + presence.MAX_WRAP_UP
    row.lease_until = NOW + timedelta(hours=1)
    leases.expire_due(session, lines=LINES, now=NOW + presence.MAX_WRAP_UP)
    assert row.state == State.READY
