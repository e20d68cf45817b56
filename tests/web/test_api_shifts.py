"""The roster and the handover over HTTP: shifts with deputies, who did not come, and what one shift tells the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dispatch.models.history import Notice
from hotline.line import leases, offers
from hotline.line.models import Offer
from tests.web.house import House
from tests.web.telephone import caller_waits


def shift_of(house: House, name: str, deputy: str | None, **other: Any) -> dict[str, Any]:
    begins = house.clock.at + timedelta(minutes=5)
    return {
        "user_id": house.actor(name).user_id,
        "deputy_id": house.actor(deputy).user_id if deputy else None,
        "begins_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=8)).isoformat(),
        **other,
    }


def test_a_roster_is_kept_without_two_shifts_at_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    boss = house.browser("supervisor")
    planned = boss.post("/api/shifts", json=shift_of(house, "operator", "other-operator", line="general"))
    assert planned.status_code == 201, planned.text
    (shown,) = house.browser("operator").get("/api/shifts").json()
    people = {each["display_name"]: each["role_label"] for each in boss.get("/api/shifts/people").json()}
    assert people["operator"] == "话务员"
    assert "lixia" not in people, "of a union"
    assert (shown["name"], shown["deputy_name"], shown["present"]) == ("operator", "other-operator", False)
    for bad, field in (
        (shift_of(house, "operator", None), "begins_at"),
        (shift_of(house, "lixia", None), "user_id"),
        (shift_of(house, "supervisor", "supervisor"), "deputy_id"),
        (shift_of(house, "supervisor", None, line="nowhere"), "line"),
        (shift_of(house, "supervisor", None, ends_at="2026-11-25T02:00:00Z"), "ends_at"),
    ):
        refused = boss.post("/api/shifts", json=bad)
        assert refused.status_code == 422, refused.text
        assert field in refused.text
    assert boss.post(f"/api/shifts/{shown['id']}/cancel", json={"version": 9}).status_code == 409
    assert boss.post(f"/api/shifts/{shown['id']}/cancel", json={"version": 1}).status_code == 204
    assert boss.get("/api/shifts").json() == []


def test_whoever_does_not_come_is_missed_and_the_deputy_is_called_once(house: House) -> None:
    boss = house.browser("supervisor")
    boss.post("/api/shifts", json=shift_of(house, "operator", "other-operator"))
    house.clock.advance(timedelta(minutes=14))

    def alarms() -> list[int | None]:
        with house.database.writing() as session:
            leases.expire_due(session, lines=house.services.lines, now=house.clock())
        with house.database.reading() as session:
            query = select(Notice.user_id).where(Notice.kind == "alarm").order_by(Notice.id)
            return list(session.scalars(query))

    assert alarms() == []
    house.clock.advance(timedelta(minutes=1))
    assert alarms() == alarms() == [None, house.actor("other-operator").user_id]


def test_the_rosters_deputy_is_rung_next(house: House) -> None:
    boss = house.browser("supervisor")
    boss.post("/api/shifts", json=shift_of(house, "operator", "supervisor"))
    house.clock.advance(timedelta(minutes=6))
    caller_waits(house)
    house.browser("operator").put("/api/presence", json={"state": "ready"})
    house.browser("other-operator").put("/api/presence", json={"state": "ready"})
    house.clock.advance(timedelta(seconds=1))
    boss.put("/api/presence", json={"state": "ready"})
    house.clock.advance(timedelta(seconds=20))
    with house.database.writing() as session:
        leases.expire_due(session, lines=house.services.lines, now=house.clock())
        rung = session.scalars(select(Offer.user_id).where(Offer.state.in_(offers.LIVE))).all()
    assert list(rung) == [house.actor("supervisor").user_id]


def test_a_handover_tells_the_line_and_is_taken_by_the_next_shift(house: House) -> None:
    caller_waits(house)
    operator, other = house.browser("operator"), house.browser("other-operator")
    to = house.actor("other-operator").user_id
    (given,) = operator.post("/api/handovers", json={"to_id": to, "text": "12号线路报修中"}).json()
    assert (given["waiting"], given["owed"], given["taken_by"]) == (1, 0, None)
    assert operator.post(f"/api/handovers/{given['id']}/take").status_code == 403
    (taken,) = other.post(f"/api/handovers/{given['id']}/take").json()
    assert taken["taken_by"] == "other-operator"
    assert other.post(f"/api/handovers/{given['id']}/take").status_code == 409
    assert operator.post("/api/handovers", json={"text": " "}).status_code == 422
