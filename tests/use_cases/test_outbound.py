"""Which numbers may be called, how often, and that a refusal says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.errors import NotAllowed
from dispatch.models.inbox import NoticeDelivery
from dispatch.models.tickets import Caller
from dispatch.rules.policy import PolicyError
from hotline.calls.models import Call
from hotline.calls.outbound import OutboundPolicy, check_call_out, over_the_centres_cap
from hotline.calls.relay_models import RelayCall
from tests.builders import NOW, WAGES, World, build_world, make_ticket

SHIPPED = load_policy(SHIPPED_CONFIG / "outbound.yaml", OutboundPolicy.from_mapping)
SMALL = replace(SHIPPED, per_number_a_day=2, per_operator_a_day=3, a_day=4)


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+8613800000001", None),
        ("053188880001", None),
        ("+8616812345678", "声讯"),
        ("4008000000", "付费"),
        ("8008000000", "付费"),
        ("+14155550100", "允许"),
        ("+8613", "不是可以拨打"),
        ("12345", "不是可以拨打"),
        ("anonymous", "不是可以拨打"),
        ("sip:a@example.com", "不是可以拨打"),
    ],
)
def test_the_allow_list_names_its_reason(number: str, why: str | None) -> None:
    refusal = SHIPPED.why_refused(number)
    if why is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert why in refusal


def call_out(session: Session, *, key: str, user_id: int | None, hours_ago: float = 0) -> None:
    session.add(
        Call(
            sid=f"CA{uuid4().hex}",
            direction="return_call",
            from_key=key,
            to_raw="+8613800000001",
            carrier_status="completed",
            conversation_state="ended",
            started_at=NOW - timedelta(hours=hours_ago),
            operator_id=user_id,
        )
    )
    session.flush()


def refusals(session: Session, **given: Any) -> Iterator[str]:
    asked = {"number_key": "one", "user_id": None, "may_dial_mainland": True, "now": NOW, **given}
    try:
        check_call_out(session, "+8613800000001", outbound=SMALL, **asked)
    except NotAllowed as refused:
        yield refused.reason


def test_a_number_an_operator_and_the_centre_have_their_caps_by_day(world: World) -> None:
    me = world.actor("operator").user_id
    with world.database.writing() as session:
        assert list(refusals(session, user_id=me)) == []
        call_out(session, key="one", user_id=me)
        call_out(session, key="one", user_id=me, hours_ago=11)
        assert list(refusals(session, user_id=me)) == [], "yesterday in Shanghai does not count"
        call_out(session, key="one", user_id=me)
        assert list(refusals(session)) == ["今天已拨打这个号码2次，不再拨打"]
        assert list(refusals(session, number_key="two", user_id=me)) == []
        call_out(session, key="three", user_id=me)
        assert list(refusals(session, number_key="two", user_id=me)) == ["您今天已外呼3次，达到上限"]
        assert list(refusals(session, number_key="two")) == []
        call_out(session, key="four", user_id=None)
        assert list(refusals(session, number_key="two")) == ["今天全中心已外呼4次，达到上限，请值班长处理"]


def test_a_carrier_that_does_not_dial_the_mainland_says_so(world: World) -> None:
    with world.database.writing() as session:
        assert list(refusals(session, may_dial_mainland=False)) == ["当前线路不能拨打内地号码，请用话机回拨"]


@pytest.mark.parametrize(
    "changed", [{"allow": []}, {"caps": {"a_day": 1}}, {"refuse": [{"prefix": "+8616"}]}, {"source": ""}]
)
def test_a_policy_that_cannot_be_obeyed_is_refused(changed: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "allow": ["+86"],
        "refuse": [],
        "caps": {"per_number_a_day": 1, "per_operator_a_day": 1, "a_day": 1},
        "source": "[D]",
    }
    OutboundPolicy.from_mapping(whole)
    with pytest.raises(PolicyError):
        OutboundPolicy.from_mapping({**whole, **changed})


def test_relay_calls_and_calls_about_notices_count_in_the_centres_day(world: World) -> None:
    with world.database.writing() as session:
        ticket = make_ticket(session, world, **WAGES)
        caller = session.scalars(select(Caller).where(Caller.ticket_id == ticket.id)).one()
        user = world.actor("lixia").user_id
        assert user is not None
        small = replace(SHIPPED, a_day=3)
        assert over_the_centres_cap(session, small, now=NOW) is None
        session.add(
            RelayCall(ticket_id=ticket.id, caller_id=caller.id, user_id=user, state="ended", created_at=NOW)
        )
        for reference, channel in (("CA1", "robocall"), (None, "robocall"), ("SM1", "sms")):
            session.add(
                NoticeDelivery(purpose="notice", channel=channel, created_at=NOW, reference=reference)
            )
        session.flush()
        assert over_the_centres_cap(session, replace(small, a_day=4), now=NOW) is None
        assert over_the_centres_cap(session, small, now=NOW) is not None
        with pytest.raises(NotAllowed, match="全中心"):
            check_call_out(
                session,
                "+8613800000001",
                number_key=None,
                user_id=None,
                outbound=small,
                may_dial_mainland=True,
                now=NOW,
            )
        assert over_the_centres_cap(session, small, now=NOW + timedelta(days=1)) is None
