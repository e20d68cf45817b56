"""Reports against cases counted by hand: what is counted of what, what leaves the denominator, what a union never sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.actors import MACHINE, Actor
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.models.unions import Employer
from dispatch.reports.hot import Axis
from dispatch.reports.reach import reach_of
from dispatch.reports.report import Report, report
from dispatch.rules.report_terms import Grain, Period, Reason
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.tickets import ToldEmployer
from tests.builders import NOW, World, give, make_ticket
from tests.life import RESULT, accepted, dispatched, people, people_world, signed
from tests.life import report as reported

DAY = timedelta(days=1)
MONTH = Period(date(2026, 11, 1), date(2026, 11, 30), Grain.MONTH)
DAYS = Period(date(2026, 11, 23), date(2026, 11, 29), Grain.DAY)
END = NOW + timedelta(days=20)
"""When everything that runs has run out."""
PLEASED: dict[str, Any] = {"reached": True, "solved": "solved", "satisfied": "basically"}
CROSS: dict[str, Any] = {"reached": True, "solved": "unsolved", "satisfied": "dissatisfied"}
CONTACT: dict[str, Any] = {"means": "phone", "outcome": "已联系"}


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def read(session: Session, world: World, who: str, period: Period) -> Report:
    reach = reach_of(session, world.actor(who))
    return report(session, reach, period, policy=world.policy, now=END)


def totals(found: Report) -> dict[str, tuple[int | None, int | None]]:
    """Return numerator and base of each figure in all."""
    return {row.figure.key: (row.total.numerator, row.total.base) for row in found.figures}


def left(found: Report) -> dict[tuple[str, Reason], int]:
    return {(each.cohort, each.reason): each.count for each in found.left_out}


def asked(session: Session, world: World, ticket: Ticket, answer: dict[str, Any], **more: Any) -> None:
    """Report on a ticket in Lixia's hands the next day, and ask its caller."""
    reported(session, world, ticket, now=NOW + DAY, **more)
    give(session, world, "dispatcher", ticket, Command.REVIEW, now=NOW + DAY, approved=True)
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, now=NOW + DAY, **answer)


def story(session: Session, world: World) -> None:
    """Eleven tickets, ten of them plain to see: what becomes of each is in its line."""
    employer = session.get_one(Employer, world.employer())
    told = (ToldEmployer(name=employer.name, employer_id=employer.id),)
    # 1: everything in time, paid, solved.
    paid = {"amount_cents": 900_000, "amount_state": "paid"}
    good = signed(session, world, employers=told, headcount=3)
    give(session, world, "lixia", good, Command.RECORD_FIRST_CONTACT, now=NOW, at=NOW, **CONTACT)
    asked(session, world, good, PLEASED | {"money_received": True}, **paid)
    # 2: signed two working days late, contacted late, reported in time; the caller is cross.
    late = dispatched(session, world, employers=told)
    give(session, world, "lixia", late, Command.SIGN_FOR, now=NOW + 3 * DAY, **people(world))
    at = NOW + 7 * DAY
    give(session, world, "lixia", late, Command.RECORD_FIRST_CONTACT, now=at, at=at, **CONTACT)
    reported(session, world, late, now=at)
    give(session, world, "dispatcher", late, Command.REVIEW, now=at, approved=True)
    give(session, world, "callback", late, Command.RECORD_CALLBACK, now=at, **CROSS)
    # 3: in time, and unfounded; the caller is cross.
    baseless = signed(session, world)
    give(session, world, "lixia", baseless, Command.RECORD_FIRST_CONTACT, now=NOW, at=NOW, **CONTACT)
    asked(session, world, baseless, CROSS, **{**RESULT, "true_claim": False, "solved": "unsolved"})
    # 4: sent to the wrong union, which says so; the right one never signs.
    wrong = dispatched(session, world)
    back: dict[str, Any] = {"reason_code": "wrong_region", "basis": "用人单位在市中区"}
    right = world.union("370103")
    give(session, world, "lixia", wrong, Command.RETURN_TICKET, union_id=right, **back)
    give(
        session,
        world,
        "dispatcher",
        wrong,
        Command.DECIDE_OBJECTION,
        upheld=True,
        reason="属实",
        union_id=right,
    )
    # 5: ended, because the law has another way for it.
    barred = signed(session, world)
    statute: dict[str, Any] = {
        "reason_code": "statutory_procedure",
        "reason": "已申请仲裁",
        "basis": "受理通知书",
    }
    give(session, world, "lixia", barred, Command.TERMINATE, **statute)
    give(session, world, "dispatcher", barred, Command.TERMINATE, approved=True, reason="属实")
    # 6: done again, and then solved.
    again = signed(session, world)
    reported(session, world, again)
    give(session, world, "dispatcher", again, Command.REVIEW, approved=True)
    give(session, world, "callback", again, Command.REOPEN, reason="钱没有到账")
    give(session, world, "dispatcher", again, Command.DISPATCH, union_id=world.union("370102"))
    give(session, world, "lixia", again, Command.SIGN_FOR, **people(world))
    give(session, world, "lixia", again, Command.RECORD_FIRST_CONTACT, at=NOW, **CONTACT)
    asked(session, world, again, PLEASED)
    # 7: answered at once. 8: void. 9: left in the pool. 10: sealed, and left there. 11: a draft.
    seventh = make_ticket(session, world)
    give(session, world, "operator", seventh, Command.DIRECT_ANSWER, answer="请申请仲裁", knowledge_id="k1")
    give(session, world, "operator", make_ticket(session, world), Command.VOID, reason_code="prank")
    accepted(session, world, region_code="370202", category="joining")
    accepted(session, world, category="sexual_harassment", headcount=1)
    make_ticket(session, world)


def test_a_week_is_what_was_counted_by_hand_and_fair_to_unions(session: Session, world: World) -> None:
    story(session, world)
    found = read(session, world, "supervisor", DAYS)
    assert totals(found) == {
        # 1–7 and 9; not the void one, the draft, nor the sealed one.
        "received": (8, 8),
        "direct_answer_rate": (1, 8),
        # 1–6 went out at once, 6 a second time; 7 was answered; 9 waited out its time.
        "dispatch_on_time": (8, 9),
        # 1, 2, 3, 4 twice, 5, 6 twice.
        "return_rate": (1, 8),
        "misdirected_rate": (1, 8),
        "dispatched": (8, 8),
        # 1, 2 (late), the right union of 4 (never), 6 twice.
        "sign_on_time": (3, 5),
        # 1, 2 (late), 6 twice: a report in time is an answer as well. Nobody signed the right one of 4.
        "response_rate": (3, 4),
        "response_rate_unfounded": (1, 1),
        # 1, 2 (on its last day), the right union of 4 (never), 6 twice.
        "resolve_on_time": (4, 5),
        # 1, 3, 5, 6; the second was closed in the next week.
        "closed": (4, 4),
        "resolution_rate": (2, 2),
        "resolution_rate_unfounded": (0, 1),
        "satisfaction_rate": (2, 2),
        "satisfaction_rate_unfounded": (0, 1),
        "redo_rate": (1, 4),
        "recovered_cents": (900_000, 1),
        "recovered_workers": (3, 1),
    }
    assert left(found) == {
        ("handling", Reason.MISDIRECTED): 1,
        ("handling", Reason.UNFOUNDED): 1,
        ("handling", Reason.BARRED): 1,
        ("closed", Reason.UNFOUNDED): 1,
        ("closed", Reason.BARRED): 1,
    }
    rows = {row.figure.key: row for row in found.figures}
    assert [cell.base for cell in rows["closed"].cells] == [1, 3, 0, 0, 0, 0, 0]
    assert rows["resolution_rate"].cells[0].value is None, "nobody was asked on that day"
    assert all(row.figure.definition.endswith("。") for row in found.figures)
    # A month has the second one's cross caller as well.
    month = totals(read(session, world, "supervisor", MONTH))
    assert (month["resolution_rate"], month["satisfaction_rate"]) == ((2, 3), (2, 3))
    december = read(session, world, "supervisor", Period(date(2026, 12, 1), date(2026, 12, 31), Grain.MONTH))
    growth = {row.figure.key: (row.previous.base, row.growth) for row in december.figures}
    assert growth["received"] == (8, -1.0)


def test_what_is_asked_about_most_and_how_it_has_grown(session: Session, world: World) -> None:
    story(session, world)
    earlier = NOW - 31 * DAY
    for _ in range(2):
        accepted(session, world, now=earlier)
    hot = {each.axis: each.rows for each in read(session, world, "supervisor", MONTH).hot}
    assert [(row.key, row.count, row.previous) for row in hot[Axis.CATEGORY]] == [
        ("wage_arrears", 7, 2),
        ("joining", 1, 0),
    ]
    assert [row.growth for row in hot[Axis.CATEGORY]] == [2.5, None]
    assert [(row.name, row.count) for row in hot[Axis.REGION]] == [("历下区", 7), ("市南区", 1)]
    assert [(row.key, row.count) for row in hot[Axis.EMPLOYER]] == [(str(world.employer()), 2)]


def test_a_union_reads_its_own_subtree_by_whole_months_and_nothing_small(
    session: Session, world: World
) -> None:
    for number in range(6):
        ticket = signed(session, world, headcount=number + 1)
        if number < 3:
            asked(session, world, ticket, PLEASED)
    # What another union has, what the province itself has, and what was sealed, are not Lixia's.
    dispatched(session, world, to="370103")
    dispatched(session, world, to="37")
    mine = read(session, world, "lixia-leader", MONTH)
    assert {row.figure.group.value for row in mine.figures} == {"handling", "results"}
    seen = totals(mine)
    assert (seen["dispatched"], seen["sign_on_time"]) == ((6, 6), (6, 6))
    assert seen["closed"] == (None, None), "three closed tickets are too few"
    hidden = next(row for row in mine.figures if row.figure.key == "closed")
    assert (hidden.total.hidden, [cell.hidden for cell in hidden.cells]) == (True, [True])
    assert mine.note is not None
    assert "少于5件" in mine.note
    # Jinan stands above both, and not above the province.
    assert totals(read(session, world, "jinan", MONTH))["dispatched"] == (7, 7)
    assert totals(read(session, world, "supervisor", MONTH))["dispatched"] == (8, 8)
    assert totals(read(session, world, "qingdao", MONTH))["dispatched"] == (0, 0)
    # Whoever is tied to an employer learns no number in which its ticket is.
    leader = world.actor("lixia-leader")
    barred = [TicketRecusal(ticket_id=1, user_id=leader.user_id, reason="测试")]
    session.add_all([*barred, TicketRecusal(ticket_id=2, user_id=leader.user_id, reason="测试")])
    session.flush()
    assert totals(read(session, world, "lixia-leader", MONTH))["dispatched"] == (None, None)
    for grain, last in ((Grain.DAY, 30), (Grain.WEEK, 30), (Grain.MONTH, 29)):
        with pytest.raises(Invalid, match="整月"):
            read(session, world, "lixia-leader", Period(MONTH.first, date(2026, 11, last), grain))


def test_who_may_read_which_figures_and_how_long_a_report_may_be(session: Session, world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.PARTNER, Role.CALLER):
        with pytest.raises(NotAllowed):
            reach_of(session, Actor(role, user_id=1))
    # Whoever sits at a telephone reads his own conversations, which are no tickets.
    for who in ("operator", "callback", "counsellor"):
        mine = read(session, world, who, MONTH)
        assert (mine.figures, mine.hot, mine.left_out) == ([], [], [])
    groups = {row.figure.group.value for row in read(session, world, "dispatcher", MONTH).figures}
    assert groups == {"dispatch", "handling"}
    assert reach_of(session, MACHINE).least == 1
    with pytest.raises(Invalid, match="93天"):
        read(session, world, "supervisor", Period(date(2026, 1, 1), date(2026, 11, 30), Grain.DAY))
    with pytest.raises(Invalid, match="早于"):
        read(session, world, "supervisor", Period(date(2026, 11, 2), date(2026, 11, 1), Grain.DAY))
    week = Period(date(2026, 10, 29), date(2026, 11, 10), Grain.WEEK)
    assert [each.isoformat() for each in week.columns()] == ["2026-10-26", "2026-11-02", "2026-11-09"]
    assert len(read(session, world, "supervisor", week).columns) == 3
    quarter = Period(date(2026, 10, 1), date(2026, 12, 31), Grain.MONTH)
    assert (quarter.before().first, quarter.before().last) == (date(2026, 7, 1), date(2026, 9, 30))
