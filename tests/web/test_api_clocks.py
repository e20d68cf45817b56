"""Working time, proposed cards, group signals and notices over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dispatch.models.clocks import Clock, StepProposal, Timer
from dispatch.models.history import Event, Outbox
from dispatch.models.people import User
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from hotline.jobs.ticker import look_at_itself, order_recompute, refresh_configuration, tick
from tests.builders import NOW, give, make_ticket
from tests.web.house import PASSWORD, PASSWORDS, House
from tests.web.test_api_tickets import created, dispatched

REST: dict[str, Any] = {"day": "2026-11-25", "working": False, "source": "临时放假"}


def account(house: House, role: Role) -> httpx.Client:
    with house.database.writing() as session:
        session.add(
            User(
                name=f"as-{role}",
                display_name=role.label,
                password_hash=PASSWORDS.hash(PASSWORD),
                role=role.value,
                union_id=None,
                skills=[],
                created_at=NOW,
            )
        )
    return house.browser(f"as-{role}")


def run_clock(house: House) -> None:
    while tick(house.services):
        pass


def test_an_administrator_sees_what_a_holiday_would_do_then_declares_it_and_deadlines_move(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator, administrator = house.browser("operator"), account(house, Role.ADMINISTRATOR)
    ticket = dispatched(house, operator)
    before = {clock["id"]: clock["due_at"] for clock in ticket["clocks"] if clock["state"] == "running"}
    there = administrator.get("/api/calendars").json()
    assert there["revision"] == 0
    assert {each["code"] for each in there["calendars"]} >= {"centre", "union_default"}
    shown = administrator.post("/api/calendars/preview", json={"days": [REST]}).json()
    assert shown["moved"] == shown["later"] == 2
    assert {line["number"] for line in shown["sample"]} == {ticket["number"]}
    assert operator.get(f"/api/tickets/{ticket['number']}").json()["clocks"] == ticket["clocks"]
    change = {"days": [REST], "revision": 0, "reason": "省里通知"}
    changed = administrator.post("/api/calendars/change", json=change)
    assert changed.status_code == 200, changed.text
    assert changed.json()["days"] == [
        {
            "calendar": "*",
            "day": "2026-11-25",
            "working": False,
            "hours": [],
            "source": "临时放假",
            "revision": changed.json()["revision"],
        }
    ]
    run_clock(house)
    after = operator.get(f"/api/tickets/{ticket['number']}").json()
    moved = {
        clock["id"] for clock in after["clocks"] if before.get(clock["id"], clock["due_at"]) < clock["due_at"]
    }
    assert len(moved) == 2
    (job,) = administrator.get("/api/calendars").json()["recomputes"]
    assert (job["state"], job["moved"]) == ("done", 2)
    stale = administrator.post("/api/calendars/change", json={**change, "days": [{**REST, "working": True}]})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"days": [{**REST, "calendar": "nobody"}]}, "days.0.calendar"),
        ({"days": [{**REST, "hours": ["9-12"]}]}, "days.0.hours.0"),
        ({"days": [{**REST, "day": "2026-02-30"}]}, "days.0.day"),
        ({"days": [{**REST, "day": "1999-01-01"}]}, "days.0.day"),
        ({"days": []}, "days"),
        ({"days": [{**REST, "colour": "red"}]}, "days.0.colour"),
    ],
)
def test_impossible_days_are_422_by_name(house: House, body: dict[str, Any], field: str) -> None:
    administrator = account(house, Role.ADMINISTRATOR)
    refused = administrator.post("/api/calendars/change", json={"revision": 0, "reason": "省里通知", **body})
    assert refused.status_code == 422
    assert field in refused.json()["fields"]


def test_open_tickets_take_on_new_service_levels_only_by_order(house: House) -> None:
    administrator = account(house, Role.ADMINISTRATOR)
    ordered = administrator.post("/api/calendars/recompute", json={"reason": "新办法施行"})
    assert (ordered.status_code, ordered.json()["state"]) == (202, "running")
    run_clock(house)
    (job,) = administrator.get("/api/calendars").json()["recomputes"]
    assert (job["kind"], job["state"]) == ("sla", "done")


def test_a_red_card_waits_for_the_supervisor_who_may_refuse_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, supervisor = house.browser("operator"), house.browser("supervisor")
    union = house.browser("lixia")
    ticket = dispatched(house, operator)
    people = union.get("/api/users").json()
    signed = union.post(
        f"/api/tickets/{ticket['number']}/sign_for",
        json={"version": ticket["version"], "handler_id": people[0]["id"], "deputy_id": people[1]["id"]},
    )
    assert signed.status_code == 200, signed.text
    with house.database.reading() as session:
        due = session.scalars(select(func.max(Timer.due_at)).where(Timer.step == "red_card")).one()
    house.clock.at = due + timedelta(minutes=1)
    # Sessions of the first day have expired by then.
    operator, supervisor = house.browser("operator"), house.browser("supervisor")
    run_clock(house)
    waiting = supervisor.get("/api/proposals").json()
    cards = [each for each in waiting if each["step"] == "red_card"]
    assert {each["ticket_number"] for each in cards} == {ticket["number"]}
    first, second = cards[:2]
    url = f"/api/tickets/{ticket['number']}/proposals"
    body = {"version": first["version"], "reason": "多次催办无果"}
    assert operator.post(f"{url}/{first['id']}/confirm", json=body).status_code == 403
    assert supervisor.post(f"{url}/{first['id']}/confirm", json={"version": 1}).status_code == 422
    assert supervisor.post(f"{url}/999999/confirm", json=body).status_code == 404
    given = supervisor.post(f"{url}/{first['id']}/confirm", json=body)
    assert given.status_code == 200, given.text
    assert {clock["id"]: clock["card"] for clock in given.json()["clocks"]}[first["clock_id"]] == "red"
    again = {**body, "version": given.json()["version"]}
    assert supervisor.post(f"{url}/{first['id']}/refuse", json=again).status_code == 409
    refused = supervisor.post(f"{url}/{second['id']}/refuse", json=again)
    assert refused.status_code == 200
    labels = {event["label"] for event in refused.json()["events"]}
    assert {"确认红牌", "不予红牌"} <= labels
    with house.database.reading() as session:
        states = set(session.scalars(select(StepProposal.state).where(StepProposal.step == "red_card")))
    assert {"confirmed", "refused"} <= states


def test_the_day_of_a_limitation_is_told_at_intake_and_shown_with_its_caveat(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator = house.browser("operator")
    asked = operator.post("/api/suggest", json={"text": "老板把我辞退了", "category": "unlawful_dismissal"})
    questions = {each["code"]: each for each in asked.json()["statutes"]}
    assert "仲裁" in questions["arbitration"]["label"]
    assert questions["arbitration"]["runs_from"]
    ticket = created(
        operator,
        category="unlawful_dismissal",
        statutes=[{"code": "arbitration", "begins_on": "2025-12-10"}],
    )
    (shown,) = ticket["statutes"]
    assert (shown["days_left"], shown["last_day"], ticket["urgency"]) == (17, "2026-12-10", "P1")
    assert "不等于申请仲裁" in shown["notice"]
    url = f"/api/tickets/{ticket['number']}"
    edit = {"version": ticket["version"], "statutes": [{"code": "arbitration", "begins_on": "2027-01-01"}]}
    refused = operator.patch(url, json=edit)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"statutes.arbitration"})
    edit["statutes"] = [{"code": "arbitration", "begins_on": None}]
    assert operator.patch(url, json=edit).json()["statutes"] == []


def test_three_callers_are_proposed_as_one_case_and_a_person_confirms_it(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator, dispatcher = house.browser("operator"), house.browser("dispatcher")
    told = {"employers": [{"employer_id": house.world.employer()}]}
    tickets = [created(operator, caller={"phone": f"1380000000{each}"}, **told) for each in range(3)]
    repeated = created(operator, caller={"phone": "13800000000"}, **told)
    run_clock(house)
    found = operator.get(f"/api/tickets/{repeated['number']}/duplicates").json()
    assert found[0]["number"] == tickets[0]["number"]
    assert found[0]["same_caller"]
    assert found[0]["reasons"] == ["同一来电号码，尚未办结", "同一用人单位", "同一诉求类别"]
    (signal,) = dispatcher.get("/api/group-signals").json()
    assert (signal["callers"], len(signal["tickets"])) == (3, 4)
    assert operator.get("/api/group-signals").status_code == 403
    url, body = f"/api/group-signals/{signal['id']}", {"version": signal["version"], "reason": "核实属实"}
    assert dispatcher.post(f"{url}/confirm", json={**body, "version": 99}).status_code == 409
    assert dispatcher.post("/api/group-signals/999/confirm", json=body).status_code == 404
    confirmed = dispatcher.post(f"{url}/confirm", json=body)
    assert confirmed.status_code == 200, confirmed.text
    number = confirmed.json()["collective_number"]
    assert dispatcher.get(f"/api/tickets/{number}").json()["headcount"] == 3
    linked = operator.get(f"/api/tickets/{tickets[0]['number']}").json()
    assert "并入群体诉求" in {event["label"] for event in linked["events"]}
    assert dispatcher.post(f"{url}/dismiss", json=body).status_code == 409
    assert dispatcher.get("/api/group-signals").json() == []


def test_notices_are_read_and_marked_by_whom_they_concern(house: House) -> None:
    dispatched(house, house.browser("operator"))
    union, other = house.browser("lixia"), house.browser("shizhong")
    page = union.get("/api/notices").json()
    assert (page["unseen"], page["items"][0]["kind"]) == (1, "dispatched")
    ids = [each["id"] for each in page["items"]]
    assert other.get("/api/notices").json() == {"items": [], "unseen": 0}
    assert other.post("/api/notices/seen", json={"ids": ids}).json()["unseen"] == 0
    assert union.get("/api/notices").json()["unseen"] == 1
    assert union.post("/api/notices/seen", json={"ids": ids}).json()["unseen"] == 0


def test_an_open_ticket_that_nothing_watches_is_an_alarm_once_and_a_figure_until_it_is_mended(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    with house.database.writing() as session:
        ticket = make_ticket(session, house.world)
        clock = session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).one()
        clock.state = "cancelled"
        number = ticket.number
    found = look_at_itself(house.services)
    assert found["no_live_clock"] == 1
    look_at_itself(house.services)
    supervisor, administrator = house.browser("supervisor"), account(house, Role.ADMINISTRATOR)
    for browser in (supervisor, administrator):
        alarms = [each for each in browser.get("/api/notices").json()["items"] if each["kind"] == "alarm"]
        # 2027 has no published holidays yet, which is an alarm of its own.
        about = [each["text"] for each in alarms if "时限在走" in each["text"]]
        assert len(about) == 1
        assert number in about[0]
    exposition = house.browser().get("/metrics").text
    assert 'hotline_self_audit{kind="no_live_clock"} 1.0' in exposition
    assert number not in exposition
    with house.database.writing() as session:
        clock = session.scalars(select(Clock)).one()
        clock.state = "running"
    assert look_at_itself(house.services)["no_live_clock"] == 0
    assert 'hotline_self_audit{kind="no_live_clock"} 0.0' in house.browser().get("/metrics").text


def test_a_step_that_no_ticker_fires_is_an_alarm(house: House) -> None:
    with house.database.writing() as session:
        make_ticket(session, house.world)
        due = session.scalars(select(func.min(Timer.due_at))).one()
    house.clock.at = due + timedelta(minutes=1)
    assert look_at_itself(house.services)["late_step"] == 0
    house.clock.at = due + timedelta(minutes=3)
    assert look_at_itself(house.services)["late_step"] == 1
    assert "hotline_late_steps 1.0" in house.browser().get("/metrics").text
    run_clock(house)
    assert look_at_itself(house.services)["late_step"] == 0


def test_a_delivery_that_is_stuck_is_an_alarm(house: House) -> None:
    with house.database.writing() as session:
        session.add(
            Outbox(queue="slow", kind="sms", payload={}, state="pending", created_at=NOW, not_before=NOW)
        )
    house.clock.at = NOW + timedelta(minutes=4)
    assert look_at_itself(house.services)["stuck_delivery"] == 0
    house.clock.at = NOW + timedelta(minutes=6)
    assert look_at_itself(house.services)["stuck_delivery"] == 1


def test_a_year_without_published_holidays_alarms_loudly(house: House) -> None:
    house.clock.at = NOW.replace(year=2031)
    assert look_at_itself(house.services)["missing_year"] == 2
    (alarm,) = [
        each
        for each in house.browser("supervisor").get("/api/notices").json()["items"]
        if each["kind"] == "alarm"
    ]
    assert "2031、2032年放假安排尚未公布" in alarm["text"]
    assert "hotline_calendar_missing_years 2.0" in house.browser().get("/metrics").text


def test_the_clock_orders_a_recompute_where_a_file_was_edited(house: House) -> None:
    with house.database.writing() as session:
        ticket = make_ticket(session, house.world)
        give(session, house.world, "operator", ticket, Command.ACCEPT)
        for clock in session.scalars(select(Clock)):
            clock.calendar_version = "an older one"
    order_recompute(house.services, first=True)
    run_clock(house)
    with house.database.reading() as session:
        versions = {clock.calendar: clock.calendar_version for clock in session.scalars(select(Clock))}
        assert "an older one" not in versions.values()
        kinds = session.scalars(select(Event.kind).where(Event.kind == "RecomputeBegun")).all()
    assert kinds == ["RecomputeBegun"]
    assert not refresh_configuration(house.services)
