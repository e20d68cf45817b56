"""Figures of the telephone against calls counted by hand, and the same day as it stands on the wall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.database import Database
from dispatch.reports.report import figure_rows
from dispatch.rules.report_terms import Grain, Period
from dispatch.rules.ticket_state import Command
from hotline.calls.log import Verb, log
from hotline.calls.models import Call, TicketCall
from hotline.line import presence as presences
from hotline.line.call_figures import CALL_FIGURES, call_sums
from hotline.line.centre_report import centre_report
from hotline.line.models import Waiting
from hotline.line.presence import State
from hotline.line.wallboard import Day, Hour, wallboard
from hotline.line.wrap_up_models import WrapUp
from tests.builders import NOW, World, give, make_ticket
from tests.life import people_world

TODAY = Period(date(2026, 11, 23), date(2026, 11, 23), Grain.DAY)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


class Telephone:
    """Calls as the carrier's reports would leave them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._made = 0

    def call(
        self,
        *,
        at: datetime = NOW,
        key: str | None = None,
        waits: float | None = None,
        answered: bool = True,
        talks: int = 60,
        gives_up: bool = False,
        outcome: str | None = None,
        direction: str = "inbound",
        by: int | None = None,
    ) -> Call:
        """Make one call; `waits` is None for one that never stood in the line."""
        self._made += 1
        call = Call(
            sid=f"CA{self._made:032d}",
            direction=direction,
            started_at=at,
            from_key=key or f"key {self._made}",
            outcome=outcome,
            operator_id=by,
            conversation_state="ended",
            path=[],
            said=[],
        )
        self._session.add(call)
        self._session.flush()
        if waits is not None:
            log(self._session, call, Verb.ENTERQUEUE, now=at)
            if answered:
                log(self._session, call, Verb.CONNECT, now=at + s(waits), user_id=by, waited_s=int(waits))
                log(self._session, call, Verb.COMPLETE, now=at + s(waits + talks), user_id=by, talk_s=talks)
            elif gives_up:
                log(self._session, call, Verb.ABANDON, now=at + s(waits), reason="abandoned")
            else:
                log(self._session, call, Verb.EXITWITHKEY, now=at + s(waits), reason="return_call")
        return call


def day_of_calls(session: Session, world: World) -> None:
    """Ten calls that came in on one day, one of them after midnight in UTC's eyes the day before, and one call back."""
    line = Telephone(session)
    line.call(waits=15, talks=100, outcome="answered", key="the first")
    line.call(waits=15.5, talks=200, outcome="ticket")
    line.call(waits=20, outcome="ticket")
    line.call(waits=21, outcome="answered", key="again")
    # Half past one in the night in Shanghai is the day before in UTC.
    line.call(at=NOW - timedelta(hours=8, minutes=30), waits=90, answered=False, gives_up=True)
    line.call(waits=40, answered=False)
    line.call(outcome="completed")
    line.call(waits=3, outcome="prank")
    direct = line.call(waits=4, outcome="ticket")
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.DIRECT_ANSWER, answer="请申请仲裁", knowledge_id="k1")
    session.add(TicketCall(call_id=direct.id, ordinal=1, ticket_id=ticket.id, relation="origin"))
    # The same caller again, two days later; and another one after eight days, which counts against nobody.
    line.call(at=NOW + timedelta(days=2), key="again")
    line.call(at=NOW + timedelta(days=8), key="the first")
    # In the day, and never in the line; the call back to somebody talks as well.
    line.call(at=NOW - timedelta(days=1), waits=1)
    back = line.call(direction="return_call", key="somebody")
    log(session, back, Verb.COMPLETE, now=NOW + s(700), talk_s=40)


def wrote(session: Session, world: World, seconds: int) -> None:
    """Let the operator write for so long after a conversation."""
    user = world.actor("operator").user_id or 0
    presence = presences.lock(session, user, now=NOW)
    presences.wrap_up(session, presence, seconds=600, now=NOW)
    presences.finish_wrap_up(session, user, now=NOW + s(seconds))


def test_a_day_of_calls_is_what_was_counted_by_hand(session: Session, world: World) -> None:
    day_of_calls(session, world)
    wrote(session, world, 50)
    wrote(session, world, 75)
    assert session.scalars(select(WrapUp.seconds).order_by(WrapUp.id)).all() == [50, 75]
    rows = figure_rows(CALL_FIGURES, TODAY, call_sums(session, TODAY), {}, least=1)
    assert {row.figure.key: (row.total.numerator, row.total.base) for row in rows} == {
        "calls": (9, 9),
        "queued": (8, 8),
        "answer_rate": (6, 8),
        "answer_rate_15s": (3, 8),
        "answer_rate_20s": (5, 8),
        "abandon_rate": (1, 8),
        # Six conversations and one call back.
        "conversations": (7, 7),
        "talk_s": (100 + 200 + 60 * 4 + 40, 7),
        "wrap_up_s": (125, 2),
        "handling_s": (580 + 125, 7),
        # The first one, and the one that was answered directly; he who called again was not settled, the prank is none.
        "first_call_resolution": (2, 5),
    }
    values = {row.figure.key: row.total.value for row in rows}
    assert (values["answer_rate_15s"], values["wrap_up_s"]) == (0.375, 62.5)
    week = Period(date(2026, 11, 16), date(2026, 12, 6), Grain.WEEK)
    (calls,) = figure_rows(CALL_FIGURES[:1], week, call_sums(session, week), {}, least=1)
    assert [cell.base for cell in calls.cells] == [1, 10, 1]


def test_who_sits_at_a_telephone_reads_his_own_conversations_and_nothing_else(
    session: Session, world: World
) -> None:
    day_of_calls(session, world)
    line = Telephone(session)
    line._made = 100
    me, other = (world.actor(name).user_id for name in ("operator", "other-operator"))
    line.call(waits=5, talks=30, outcome="answered", by=me)
    line.call(waits=5, talks=50, outcome="ticket", by=me)
    line.call(waits=5, talks=600, outcome="answered", by=other)
    wrote(session, world, 20)
    found = centre_report(session, world.actor("operator"), TODAY, policy=world.policy, now=NOW)
    assert {row.figure.key: (row.total.numerator, row.total.base) for row in found.figures} == {
        "conversations": (2, 2),
        "talk_s": (80, 2),
        "wrap_up_s": (20, 1),
        "handling_s": (100, 2),
        "first_call_resolution": (1, 2),
    }
    assert (found.hot, found.left_out) == ([], [])
    theirs = centre_report(session, world.actor("other-operator"), TODAY, policy=world.policy, now=NOW)
    assert {row.figure.key: row.total.base for row in theirs.figures}["wrap_up_s"] == 0


def test_the_wall_says_how_today_stands_and_names_nobody(session: Session, world: World) -> None:
    day_of_calls(session, world)
    waiting = Telephone(session)
    waiting._made = 100
    call = waiting.call(waits=2, answered=False)
    session.add(Waiting(call_id=call.id, line="legal", priority=2, entered_at=NOW + s(9), state="waiting"))
    for name, state in (("operator", State.READY), ("other-operator", State.ON_BREAK)):
        presence = presences.lock(session, world.actor(name).user_id or 0, now=NOW)
        presences.enter(session, presence, state, now=NOW)
    late = make_ticket(session, world, now=NOW - timedelta(days=1))
    give(session, world, "operator", late, Command.ACCEPT, now=NOW - timedelta(days=1))
    wall = wallboard(session, world.actor("supervisor"), now=NOW + timedelta(hours=9))
    assert (wall.waiting, wall.longest_since) == (1, NOW + s(9))
    assert (wall.ready, wall.talking, wall.signed_in) == (1, 0, 2)
    assert (wall.calls, wall.queued, wall.answered_in_15s) == (10, 9, 3)
    assert [each.hour for each in wall.hours] == list(range(20))
    busy = [each for each in wall.hours if each.answered or each.abandoned]
    assert busy == [Hour(1, 0, 1), Hour(10, 6, 0)]
    assert (wall.received, wall.open, wall.overdue, wall.more) == (1, 1, 1, False)
    assert wall.days[-2:] == [Day("2026-11-22", 1, 0), Day("2026-11-23", 1, 0)]
    assert len(wall.days) == 7
