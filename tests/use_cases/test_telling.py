"""Who is told outside the screens, by what and from when: hours, absences, choices, seals and recusals; once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch import digests, telling
from dispatch.database import Database
from dispatch.models.history import Notice, Outbox
from dispatch.models.inbox import NoticeDelivery, NoticeDigest, Robot
from dispatch.models.people import User
from dispatch.models.places import Absence, Duty
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.rules.notice_policy import NoticePolicy
from dispatch.rules.policy import PolicyError
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket

NOTICES = load_policy(SHIPPED_CONFIG / "notices.yaml", NoticePolicy.from_mapping)
EVERY_WAY = telling.Reachable(frozenset({"sms", "email", "robocall", "wecom", "dingtalk"}))
EVENING = NOW + timedelta(hours=12)
"""Monday, ten at night."""
TUESDAY = NOW + timedelta(hours=23)
"""Nine in the morning."""


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        for number, name in enumerate(("lixia", "lixia-deputy", "jinan", "supervisor")):
            values = {"phone": f"+861380000010{number}", "email": f"{name}@union.test"}
            opened.execute(update(User).where(User.name == name).values(**values))
        yield opened


def dispatched(session: Session, world: World, *, at: Any = NOW, **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, now=at, **fields)
    give(session, world, "operator", ticket, Command.ACCEPT, now=at)
    lixia: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "测试"}
    return give(session, world, "operator", ticket, Command.DISPATCH, now=at, **lixia)


def told(
    session: Session, world: World, *, at: Any = NOW, way: Any = EVERY_WAY, about: Ticket | None = None
) -> set[tuple[str, str, str]]:
    """Plan, and return (person, channel, when it begins) of every message so far, or of those about one ticket."""
    while telling.plan(session, notices=NOTICES, reachable=way, policy=world.policy, now=at):
        pass
    session.flush()
    query = (
        select(User.name, NoticeDelivery.channel, Outbox.not_before)
        .join(Outbox, Outbox.id == NoticeDelivery.outbox_id)
        .outerjoin(User, User.id == NoticeDelivery.user_id)
    )
    rows = session.execute(query)
    if about is not None:
        rows = session.execute(query.where(NoticeDelivery.ticket_id == about.id))
    return {(name or "robot", channel, _when(begins, at)) for name, channel, begins in rows}


def _when(begins: Any, at: Any) -> str:
    return "at once" if begins == at else f"{begins + timedelta(hours=8):%a %H:%M}"


def test_a_fresh_ticket_is_told_to_who_is_there_and_each_message_is_wanted_once(
    session: Session, world: World
) -> None:
    dispatched(session, world)
    both = {(name, channel, "at once") for name in ("lixia", "lixia-deputy") for channel in ("sms", "email")}
    assert told(session, world) == both
    assert told(session, world) == both
    payloads = session.scalars(select(Outbox.payload).where(Outbox.kind == "send_notice")).all()
    assert all(set(payload) == {"delivery_id"} for payload in payloads)
    assert session.scalar(select(func.count()).where(Notice.planned_at.is_(None))) == 0


def test_at_night_only_a_p0_rings_and_whoever_is_on_call(session: Session, world: World) -> None:
    lixia = world.actor("lixia")
    ordinary = dispatched(session, world, at=EVENING)
    assert {when for _, _, when in told(session, world, at=EVENING, about=ordinary)} == {"Tue 07:30"}
    urgent = dispatched(session, world, at=EVENING, category="accident", urgency="P0")
    everything = {
        (name, channel, "at once")
        for name in ("lixia", "lixia-deputy")
        for channel in ("sms", "email", "robocall")
    }
    assert told(session, world, at=EVENING, about=urgent) == everything
    session.add(
        Duty(
            union_id=lixia.union_id,
            user_id=lixia.user_id,
            begins_at=EVENING,
            ends_at=EVENING + timedelta(hours=2),
        )
    )
    session.flush()
    rostered = dispatched(session, world, at=EVENING, headcount=6, urgency="P1")
    on_call = told(session, world, at=EVENING, about=rostered)
    assert on_call == {("lixia", channel, "at once") for channel in ("sms", "email", "robocall")}
    rows = session.scalars(select(Outbox).where(Outbox.kind == "ring_for_notice")).all()
    assert {row.queue for row in rows} == {"live"}
    assert all(row.expires_at == row.not_before + NOTICES.robocall_stale_after for row in rows)


def test_choices_hold_but_for_the_call_about_a_p0(session: Session, world: World) -> None:
    lixia = world.actor("lixia").user_id or 0
    off = {"sms": False, "email": False, "robocall": False}
    telling.choose(session, lixia, off, now=NOW)
    telling.choose(session, lixia, {"email": True}, now=NOW)
    assert telling.preferences(session, lixia, NOTICES)["email"] is True
    dispatched(session, world, headcount=6, urgency="P1")
    assert {channel for name, channel, _ in told(session, world) if name == "lixia"} == {"email"}
    dispatched(session, world, category="accident", urgency="P0")
    assert {channel for name, channel, _ in told(session, world) if name == "lixia"} == {"email", "robocall"}


def test_the_deputy_hears_what_is_said_to_whoever_is_away(session: Session, world: World) -> None:
    lixia, deputy = (world.actor(name).user_id for name in ("lixia", "lixia-deputy"))
    session.execute(update(User).where(User.id == lixia).values(deputy_id=deputy))
    session.add(Absence(user_id=lixia, begins_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(days=1)))
    ticket = dispatched(session, world)
    assert {name for name, _, _ in told(session, world)} == {"lixia-deputy"}
    session.add(Notice(at=NOW, kind="nudge", ticket_id=ticket.id, user_id=lixia, text="催办"))
    assert {name for name, _, _ in told(session, world)} == {"lixia", "lixia-deputy"}


def test_neither_seals_nor_recusals_are_broken_by_a_message(session: Session, world: World) -> None:
    lixia = world.actor("lixia")
    ticket = dispatched(session, world)
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=lixia.user_id, reason="亲属"))
    sealed = make_ticket(session, world, category="sexual_harassment", actor="supervisor")
    session.add(Notice(at=NOW, kind="dispatched", ticket_id=sealed.id, union_id=lixia.union_id, text="新"))
    session.add(Robot(union_id=lixia.union_id, kind="wecom", name="群", address=b"", created_at=NOW))
    session.flush()
    assert sealed.sealed
    assert told(session, world) == {
        ("lixia-deputy", "sms", "at once"),
        ("lixia-deputy", "email", "at once"),
        ("robot", "wecom", "at once"),
    }
    about = session.scalars(select(NoticeDelivery.ticket_id)).all()
    assert set(about) == {ticket.id}


def test_what_nobody_could_be_told_by_and_what_is_old_is_passed_over(session: Session, world: World) -> None:
    dispatched(session, world)
    no_mail = telling.Reachable(frozenset({"sms"}))
    assert {channel for _, channel, _ in told(session, world, way=no_mail)} == {"sms"}
    seen = session.scalar(select(func.count(NoticeDelivery.id)))
    lixia = world.union("370102")
    for at, seen_at in ((NOW - timedelta(days=2), None), (NOW, NOW)):
        session.add(Notice(at=at, kind="nudge", union_id=lixia, text="旧", seen_at=seen_at))
    session.add(Notice(at=NOW, kind="linked", union_id=lixia, text="没有渠道的种类"))
    told(session, world)
    assert session.scalar(select(func.count(NoticeDelivery.id))) == seen


def test_the_daily_list_comes_once_on_a_working_morning_with_what_is_due(
    session: Session, world: World
) -> None:
    ticket = dispatched(session, world)

    def lists(at: Any) -> list[tuple[str, str]]:
        digests.plan_digests(session, notices=NOTICES, reachable=EVERY_WAY, policy=world.policy, now=at)
        session.flush()
        rows = session.execute(
            select(User.name, NoticeDelivery.channel)
            .join(NoticeDelivery, NoticeDelivery.user_id == User.id)
            .where(NoticeDelivery.purpose == "digest")
            .order_by(NoticeDelivery.id)
        )
        return [(row[0], row[1]) for row in rows]

    assert lists(NOW - timedelta(hours=2)) == [], "eight in the morning is too early"
    assert lists(TUESDAY) == [("lixia", "sms"), ("lixia-deputy", "sms")]
    assert len(lists(TUESDAY + timedelta(minutes=5))) == 2, "once a day"
    user = session.get_one(User, world.actor("lixia").user_id)
    assert digests.due_figures(session, user, now=TUESDAY) == {"to_sign": 1, "today": 0, "overdue": 0}
    saturday = TUESDAY + timedelta(days=4)
    assert len(lists(saturday)) == 2, "nobody works"
    assert session.scalars(select(NoticeDigest.tickets).where(NoticeDigest.day == "20261128")).all() == [0, 0]
    assert ticket.state == "dispatched"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"texts": {"notice": "{caller} {link}", "digest": "{link}", "link": "{link}"}}, "texts.notice"),
        ({"texts": {"notice": "no way in", "digest": "{link}", "link": "{link}"}}, "texts.notice"),
        ({"robot_origins": {"wecom": ["https://a.test/path"], "dingtalk": []}}, "robot_origins.wecom"),
        ({"digest_at": "25:00"}, "digest_at"),
        ({"channels": {"sms": {"kinds": ["x"], "urgencies": ["P9"]}}}, "channels.sms.urgencies"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_word_in_the_policy_is_named_with_its_place(change: dict[str, Any], where: str) -> None:
    data = yaml.safe_load((SHIPPED_CONFIG / "notices.yaml").read_text(encoding="utf-8"))
    if "channels" in change:
        change = {"channels": {**data["channels"], **change["channels"]}}
    with pytest.raises(PolicyError) as error:
        NoticePolicy.from_mapping({**data, **change})
    assert ".".join(map(str, error.value.where)) == where
