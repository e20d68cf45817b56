"""Lists, pages and previews: in order, without gaps, and cut to what each reader may know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from agent_console.api.schemas import RankingOut, TicketOut, TicketPage, UnionPreview
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.identity import reveal
from dispatch.models.tickets import Ticket
from dispatch.queries import callbacks_due, list_tickets, tickets_of_phone
from dispatch.recommendations import preview, ranked_unions
from dispatch.rules.ticket_state import Command
from dispatch.ticket_filters import TicketFilter
from dispatch.ticket_views import TicketDetail, ticket_detail
from tests.builders import NOW, PHONE, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _numbers(session: Session, world: World, who: str, **wanted: Any) -> list[str]:
    page = list_tickets(session, world.actor(who), TicketFilter(**wanted), policy=world.policy, now=NOW)
    return [line.number for line in page.items]


def _dispatched(session: Session, world: World, *, to: str = "370102", **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, **fields)
    give(session, world, "operator", ticket, Command.ACCEPT)
    return give(
        session,
        world,
        "operator",
        ticket,
        Command.DISPATCH,
        union_id=world.union(to),
        override_reason="测试指定",
    )


def _detail(session: Session, world: World, who: str, ticket: Ticket) -> TicketDetail:
    return ticket_detail(session, world.actor(who), ticket.number, policy=world.policy, now=NOW)


def test_the_list_begins_with_the_nearest_deadline(session: Session, world: World) -> None:
    calm = make_ticket(session, world, category="joining")
    urgent = make_ticket(session, world, category="construction_wage_arrears")
    usual = make_ticket(session, world)
    order = _numbers(session, world, "dispatcher")
    assert order == [urgent.number, usual.number, calm.number]


def test_pages_join_without_gap_or_repeat_across_open_and_closed(session: Session, world: World) -> None:
    numbers = {make_ticket(session, world).number for _ in range(5)}
    closed = make_ticket(session, world)
    give(session, world, "operator", closed, Command.VOID, reason_code="silent")
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = list_tickets(
            session,
            world.actor("dispatcher"),
            TicketFilter(bucket="all"),
            policy=world.policy,
            now=NOW,
            cursor=cursor,
            limit=2,
        )
        assert len(page.items) <= 2
        seen += [line.number for line in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen[-1] == closed.number
    assert len(seen) == 6
    assert set(seen) == numbers | {closed.number}


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10=", "eyJhIjoxfQ==", "WyJvcGVuIiwgMSwgMmUzMF0=", "密件", "Ww=="]
)
def test_a_bad_cursor_is_refused(session: Session, world: World, cursor: str) -> None:
    with pytest.raises(Invalid, match="翻页"):
        list_tickets(
            session,
            world.actor("dispatcher"),
            TicketFilter(),
            policy=world.policy,
            now=NOW,
            cursor=cursor,
        )


@pytest.mark.parametrize("wanted", [{"bucket": "x"}, {"due": "soon"}, {"state": "odd"}, {"urgency": "P9"}])
def test_an_unknown_filter_is_refused(session: Session, world: World, wanted: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        _numbers(session, world, "dispatcher", **wanted)


def test_filters_cut_the_list(session: Session, world: World) -> None:
    wages = make_ticket(session, world)
    joining = make_ticket(session, world, category="joining", wish="想加入工会")
    assert _numbers(session, world, "dispatcher", category="joining") == [joining.number]
    assert _numbers(session, world, "dispatcher", q="加入工会") == [joining.number]
    assert _numbers(session, world, "dispatcher", q=wages.number) == [wages.number]
    assert _numbers(session, world, "dispatcher", q=f"1123{wages.sequence:06d}") == [wages.number]
    assert _numbers(session, world, "dispatcher", q="%") == []
    assert _numbers(session, world, "operator", mine=True, q="13800000001") != []
    assert _numbers(session, world, "other-operator", mine=True) == []


def test_only_those_who_answer_people_find_tickets_by_telephone_number(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world)
    assert _numbers(session, world, "operator", q="138 0000 0001") == [ticket.number]
    assert _numbers(session, world, "dispatcher", q="138 0000 0001") == []


def test_the_board_cuts_by_time_left(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="construction_wage_arrears")
    actor, wanted = world.actor("supervisor"), TicketFilter(due="1h")
    # P1: half an hour to dispatch.
    assert [
        [
            line.number
            for line in list_tickets(session, actor, TicketFilter(due=due), policy=world.policy, now=at).items
        ]
        for due, at in (
            ("15m", NOW),
            ("1h", NOW),
            ("overdue", NOW),
            ("15m", NOW + timedelta(minutes=20)),
            ("overdue", NOW + timedelta(minutes=31)),
        )
    ] == [[], [ticket.number], [], [ticket.number], [ticket.number]]
    late = list_tickets(session, actor, wanted, policy=world.policy, now=NOW + timedelta(minutes=31))
    assert late.items == []


def test_a_union_lists_its_subtree_and_an_invisible_ticket_changes_nothing(
    session: Session, world: World
) -> None:
    ours = _dispatched(session, world)
    before = list_tickets(session, world.actor("lixia"), TicketFilter(), policy=world.policy, now=NOW)
    _dispatched(session, world, to="3702", region_code="370202")
    after = list_tickets(session, world.actor("lixia"), TicketFilter(), policy=world.policy, now=NOW)
    assert before == after
    assert [line.number for line in after.items] == [ours.number]
    assert _numbers(session, world, "jinan") == [ours.number]
    assert len(_numbers(session, world, "province")) == 2


def test_a_line_shows_the_step_that_comes_next(session: Session, world: World) -> None:
    _dispatched(session, world)
    (line,) = list_tickets(session, world.actor("lixia"), TicketFilter(), policy=world.policy, now=NOW).items
    assert line.clock is not None
    assert (line.clock.label, line.clock.next_step) == ("签收", "B岗接手")
    assert line.clock.next_step_at is not None
    assert line.clock.next_step_at < (line.clock.due_at or NOW)
    assert line.region == "济南市历下区"
    assert line.category_name == "拖欠工资"


def test_the_page_of_a_ticket_fits_the_api(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    for who in ("operator", "dispatcher", "supervisor", "lixia", "province"):
        shown = TicketOut.model_validate(_detail(session, world, who, ticket))
        assert [event.label for event in shown.events][-1] == "派单"
        assert {clock.label for clock in shown.clocks if clock.state == "running"} == {
            "签收",
            "办理",
            "办理（全程）",
        }
    page = list_tickets(session, world.actor("lixia"), TicketFilter(), policy=world.policy, now=NOW)
    assert TicketPage.model_validate(page).items


def test_an_undisclosed_caller_is_a_relay_number_to_the_union(session: Session, world: World) -> None:
    ticket = _dispatched(session, world, disclosure="none", text="请打我13800000001，姓测试")
    for who in ("lixia", "jinan"):
        shown = _detail(session, world, who, ticket)
        assert "13800000001" not in repr(shown)
        assert "测试诉求人" not in repr(shown)
        (caller,) = shown.callers
        assert (caller.name_masked, caller.phone_masked, caller.can_reveal) == (None, None, False)
        assert caller.relay_no
        with pytest.raises(NotAllowed, match="联系号"):
            reveal(session, world.actor(who), ticket.number, reason="联系诉求人", now=NOW)


def test_a_disclosed_caller_is_revealed_to_the_handling_union_alone_with_a_trace(
    session: Session, world: World
) -> None:
    ticket = _dispatched(session, world, disclosure="union")
    seen = reveal(session, world.actor("lixia"), ticket.number, reason="核实金额", now=NOW)
    assert (seen.name, seen.phone) == ("测试诉求人", PHONE)
    assert seen.watermark.startswith("lixia 2026-11-23 10:00")
    with pytest.raises(NotAllowed):
        reveal(session, world.actor("jinan"), ticket.number, reason="看看", now=NOW)
    with pytest.raises(NotFound):
        reveal(session, world.actor("qingdao"), ticket.number, reason="看看", now=NOW)
    trace = _detail(session, world, "supervisor", ticket).events[-1]
    assert (trace.label, trace.actor, trace.details) == ("查看身份", "lixia", {"理由": "核实金额"})
    assert "查看身份" not in {event.label for event in _detail(session, world, "lixia", ticket).events}


def test_an_operator_loses_the_name_when_the_ticket_leaves_his_desk(session: Session, world: World) -> None:
    ticket = make_ticket(session, world)
    actor = world.actor("operator")
    assert reveal(session, actor, ticket.number, reason="核对号码", now=NOW).phone == PHONE
    give(session, world, "operator", ticket, Command.ACCEPT)
    with pytest.raises(NotAllowed):
        reveal(session, actor, ticket.number, reason="核对号码", now=NOW)


def test_the_preview_is_what_the_union_then_sees(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, disclosure="none", text="请打13800000001")
    give(session, world, "operator", ticket, Command.ACCEPT)
    lixia = world.union("370102")
    promised = preview(session, world.actor("dispatcher"), ticket.number, lixia, policy=world.policy, now=NOW)
    UnionPreview.model_validate(promised)
    give(session, world, "dispatcher", ticket, Command.DISPATCH, union_id=lixia)
    shown = _detail(session, world, "lixia", ticket)
    assert (promised.text, promised.caller) == (shown.text, shown.callers[0])
    assert "正文中的号码" in promised.withheld


def test_the_panel_shows_load_people_on_duty_and_deadlines(session: Session, world: World) -> None:
    _dispatched(session, world)
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.ACCEPT)
    panel = ranked_unions(session, world.actor("operator"), ticket.number, policy=world.policy, now=NOW)
    best = RankingOut.model_validate(panel).recommendations[0]
    assert (best.union_name, best.open_tickets) == ("历下区总工会", 1)
    assert best.on_duty == ["lixia", "lixia-deputy"]
    assert best.sign_due_at is not None
    assert best.resolve_due_at is not None
    assert best.sign_due_at < best.resolve_due_at
    night = NOW + timedelta(hours=12)
    asleep = ranked_unions(session, world.actor("operator"), ticket.number, policy=world.policy, now=night)
    assert asleep.recommendations[0].on_duty == []


def test_a_callback_is_never_offered_to_whoever_handled_or_raised_it(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    lixia, deputy = world.actor("lixia"), world.actor("lixia-deputy")
    people: dict[str, Any] = {"handler_id": lixia.user_id, "deputy_id": deputy.user_id}
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)
    report: dict[str, Any] = {
        "true_claim": True,
        "done": "已补发",
        "solved": "solved",
        "reply_text": "已补发",
    }
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, **report)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, reached=False)
    (due,) = callbacks_due(session, world.actor("callback"), policy=world.policy, now=NOW)
    assert (due.ticket.number, due.attempts) == (ticket.number, 1)
    assert due.due_at > NOW
    assert callbacks_due(session, world.actor("operator"), policy=world.policy, now=NOW) == []


def test_a_repeat_caller_is_recognised_by_the_number_however_it_is_written(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world)
    operator = world.actor("operator")
    for written in ("+8613800000001", "138-0000-0001", "008613800000001"):
        found = tickets_of_phone(session, operator, written, policy=world.policy, now=NOW)
        assert [line.number for line in found] == [ticket.number]
    assert tickets_of_phone(session, operator, "anonymous", policy=world.policy, now=NOW) == []
