"""Quality checks: a draw that nobody steers, scores by the form of the day, one appeal, and nobody judges himself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.load import load_policy
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.quality import QualityScore
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.quality import appeal, decide, draw, find_sample, is_drawn_for, score
from dispatch.quality_views import figures, own_results, sample, samples
from dispatch.rules.roles import Role
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket
from tests.rules.policies import CONFIG

SHIPPED = load_policy(CONFIG / "quality.yaml", QualityPolicy.from_mapping)
ALL = replace(SHIPPED, percent=dict.fromkeys(SHIPPED.percent, 100))
TODAY = date(2026, 11, 23)
FULL = {item.code: item.weight for item in SHIPPED.sheet.items}


@pytest.fixture
def world(database: Database) -> World:
    made = build_world(database)
    with database.writing() as session:
        for name, role in (
            ("inspector", Role.INSPECTOR),
            ("inspector2", Role.INSPECTOR),
            ("duty_leader", Role.DUTY_LEADER),
        ):
            row = User(name=name, display_name=name, password_hash="!", role=role.value, created_at=NOW)
            row.skills = []
            session.add(row)
    return made


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def answered(session: Session, world: World, who: str = "operator") -> Ticket:
    ticket = make_ticket(session, world, actor=who)
    return give(session, world, who, ticket, Command.DIRECT_ANSWER, answer="请申请仲裁", knowledge_id="k1")


def drawn(session: Session, world: World, policy: QualityPolicy = ALL) -> Any:
    return draw(session, world.actor("inspector"), first=TODAY, last=TODAY, policy=policy, now=NOW)


def judged(session: Session, world: World, who: str = "inspector", **more: Any) -> list[Any]:
    return samples(session, world.actor(who), **{"state": None, "policy": ALL, "now": NOW, **more})


def scored(session: Session, world: World, sample_id: int, who: str = "inspector", **more: Any) -> Any:
    given = {
        "points": FULL,
        "remarks": {},
        "vetoes": {},
        "remark": "",
        "version": 1,
        "sheet_version": SHIPPED.sheet.version,
        "policy": ALL,
        "now": NOW,
        **more,
    }
    return score(session, world.actor(who), sample_id, **given)


def test_the_number_decides_who_is_drawn_and_a_second_draw_adds_nothing(
    session: Session, world: World
) -> None:
    ours, others = answered(session, world), answered(session, world, "other-operator")
    open_one = make_ticket(session, world)
    sealed = make_ticket(session, world, category="work_stress")
    give(session, world, "operator", sealed, Command.VOID, reason_code="test")
    assert sealed.sealed
    void = make_ticket(session, world)
    give(session, world, "operator", void, Command.VOID, reason_code="silent")
    with pytest.raises(NotAllowed):
        draw(session, world.actor("supervisor"), first=TODAY, last=TODAY, policy=ALL, now=NOW)
    with pytest.raises(Invalid):
        draw(
            session,
            world.actor("inspector"),
            first=TODAY - timedelta(days=31),
            last=TODAY,
            policy=ALL,
            now=NOW,
        )
    none = replace(SHIPPED, percent=dict.fromkeys(SHIPPED.percent, 0))
    assert drawn(session, world, none).drawn == 0
    done = drawn(session, world)
    assert (done.looked_at, done.drawn) == (3, 3)
    assert drawn(session, world).drawn == 0
    lines = judged(session, world)
    assert {(line.number, line.subject) for line in lines} == {
        (ours.number, "operator"),
        (others.number, "other-operator"),
        (void.number, "operator"),
    }
    assert open_one.number not in {line.number for line in lines}
    assert own_results(session, world.actor("operator"), policy=ALL, now=NOW) == [], "drawn is not told"
    assert session.scalars(select(Event.payload).where(Event.kind == "QualityDrawn")).all()[-2]["drawn"] == 3


def test_a_score_is_told_appealed_once_and_decided_by_somebody_else(session: Session, world: World) -> None:
    ticket = answered(session, world)
    drawn(session, world)
    (line,) = judged(session, world)
    assert line.may_score
    wrongs: tuple[dict[str, Any], ...] = (
        {"points": {**FULL, "answer": 26}},
        {"points": {}},
        {"vetoes": {"leak": ""}},
        {"remarks": {"nothing": "x"}},
        {"sheet_version": "old"},
    )
    for wrong in wrongs:
        with pytest.raises(Invalid):
            scored(session, world, line.id, **wrong)
    with pytest.raises(NotAllowed):
        scored(session, world, line.id, "supervisor")
    scored(
        session,
        world,
        line.id,
        points={**FULL, "questions": 12},
        remarks={"questions": "没有问人数"},
        vetoes={"refusal": "让来电人自己去别处问"},
    )
    with pytest.raises(VersionConflict):
        scored(session, world, line.id)
    with pytest.raises(WrongState):
        scored(session, world, line.id, version=2)
    operator = world.actor("operator")
    (mine,) = own_results(session, operator, policy=ALL, now=NOW)
    assert mine.score is not None
    assert (mine.score.total, mine.score.vetoed, mine.may_appeal, mine.inspector) == (0, True, True, None)
    assert mine.score.sheet["version"] == SHIPPED.sheet.version
    assert own_results(session, world.actor("other-operator"), policy=ALL, now=NOW) == []
    told = session.scalars(select(Notice.text).where(Notice.user_id == operator.user_id)).all()
    assert told == [f"{ticket.number} 质检结果：0分"]

    def appeals(who: str, **more: Any) -> Any:
        given = {"reason": "我告知了途径", "version": 2, "policy": ALL, "now": NOW, **more}
        return appeal(session, world.actor(who), line.id, **given)

    with pytest.raises(NotFound):
        appeals("other-operator")
    with pytest.raises(Missing):
        appeals("operator", reason=" ")
    with pytest.raises(WrongState):
        appeals("operator", now=NOW + ALL.appeal_for + timedelta(seconds=1))
    appeals("operator")
    with pytest.raises(WrongState):
        appeals("operator", version=3)

    def decides(who: str, **more: Any) -> Any:
        given = {"upheld": True, "total": 92, "decision": "录音可证", "version": 3, "now": NOW, **more}
        return decide(session, world.actor(who), line.id, **given)

    (waiting,) = judged(session, world, "supervisor", state="appealed")
    assert waiting.may_decide
    for total in (None, 0, 101):
        with pytest.raises(Invalid):
            decides("supervisor", total=total)
    with pytest.raises(Missing):
        decides("supervisor", decision="")
    with pytest.raises(NotAllowed):
        decides("inspector")
    decides("supervisor")
    (settled,) = own_results(session, operator, policy=ALL, now=NOW)
    assert settled.score is not None
    assert settled.appeal is not None
    assert (settled.score.given_total, settled.score.total, settled.appeal.upheld) == (0, 92, True)
    (line_of,) = figures(session, world.actor("supervisor"), first=TODAY, last=TODAY)
    assert (line_of.name, line_of.scored, line_of.average) == ("operator", 1, 92.0)
    assert (line_of.vetoes, line_of.appeals, line_of.upheld) == (0, 1, 1)
    assert figures(session, world.actor("supervisor"), first=date(2026, 11, 1), last=date(2026, 11, 2)) == []
    with pytest.raises(NotAllowed):
        figures(session, operator, first=TODAY, last=TODAY)
    kinds = session.scalars(
        select(Event.kind).where(Event.kind.startswith("Quality")).order_by(Event.id)
    ).all()
    assert kinds == ["QualityDrawn", "QualityScored", "QualityAppealed", "QualityAppealDecided"]


def test_nobody_judges_himself_or_what_he_had_a_hand_in(session: Session, world: World) -> None:
    answered(session, world)
    own = make_ticket(session, world, actor="supervisor")
    give(session, world, "supervisor", own, Command.DECLINE, reason="不属受理范围", route_told="拨打12345")
    drawn(session, world)
    theirs, hers = judged(session, world)
    assert hers.subject == "supervisor"
    scored(session, world, hers.id)
    scored(session, world, theirs.id)
    supervisor = world.actor("supervisor")
    appeal(session, supervisor, hers.id, reason="途径已告知", version=2, policy=ALL, now=NOW)
    assert [line.id for line in judged(session, world, "supervisor")] == [theirs.id]
    with pytest.raises(NotAllowed):
        decide(session, supervisor, hers.id, upheld=True, total=None, decision="同意", version=3, now=NOW)
    with pytest.raises(NotAllowed):
        decide(session, supervisor, hers.id, upheld=False, total=None, decision="", version=3, now=NOW)
    decide(
        session,
        world.actor("duty_leader"),
        hers.id,
        upheld=False,
        total=None,
        decision="维持",
        version=3,
        now=NOW,
    )
    # An operator who has become an inspector does not score what he took, and not what he only helped with.
    session.execute(update(User).where(User.name == "operator").values(role="inspector"))
    session.flush()
    changed = replace(world.actor("operator"), role=Role.INSPECTOR)
    assert [line.id for line in samples(session, changed, state=None, policy=ALL, now=NOW)] == [hers.id]
    # As the person scored he reads the result; judging it is another matter.
    assert not sample(session, changed, theirs.id, policy=ALL, now=NOW).may_score
    with pytest.raises(NotAllowed):
        find_sample(session, changed, theirs.id)
    assert session.scalars(select(QualityScore.by_id).distinct()).all() == [world.actor("inspector").user_id]


def test_only_what_was_drawn_may_be_heard_and_nothing_of_one_s_own_employer(
    session: Session, world: World
) -> None:
    ticket = answered(session, world)
    inspector, other = world.actor("inspector"), world.actor("inspector2")
    assert not is_drawn_for(session, inspector, ticket.id)
    drawn(session, world)
    assert is_drawn_for(session, inspector, ticket.id)
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=other.user_id, reason="本人曾任职"))
    session.flush()
    assert not is_drawn_for(session, other, ticket.id)
    assert judged(session, world, "inspector2") == []
    (line,) = judged(session, world)
    with pytest.raises(NotFound):
        sample(session, other, line.id, policy=ALL, now=NOW)
    ticket.sealed = True
    session.flush()
    assert not is_drawn_for(session, inspector, ticket.id)
    assert judged(session, world) == []
