"""The short message after acceptance: who is sent one, and that nothing personal is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.models.history import Outbox
from dispatch.models.tickets import Caller, Ticket
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.ticket_state import Command
from dispatch.tickets import CallerDetails, edit_ticket
from hotline.calls.outbound import OutboundPolicy
from hotline.jobs.sms import Sms, compose
from hotline.voice.service_policy import Messages
from tests.builders import NOW, PHONE, World, build_world, give, make_ticket

MESSAGES = load_policy(SHIPPED_CONFIG / "messages.yaml", Messages.from_mapping)
OUTBOUND = load_policy(SHIPPED_CONFIG / "outbound.yaml", OutboundPolicy.from_mapping)


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def wanted(session: Session) -> list[Outbox]:
    return list(session.scalars(select(Outbox).where(Outbox.kind == "send_sms")))


def written(session: Session, world: World) -> list[Sms | None]:
    return [
        compose(
            session,
            row.payload["caller_id"],
            messages=MESSAGES,
            outbound=OUTBOUND,
            policy=world.policy,
        )
        for row in wanted(session)
    ]


def accept(session: Session, world: World, *, phone: str = PHONE, **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, **fields)
    if phone != PHONE:
        edit_ticket(
            session,
            world.actor("operator"),
            ticket.number,
            version=ticket.version,
            policy=world.policy,
            now=NOW,
            fields={},
            caller=CallerDetails(phone=phone),
        )
    return give(session, world, "operator", ticket, Command.ACCEPT)


def test_an_accepted_ticket_tells_its_caller_number_and_code_once(world: World) -> None:
    with world.database.writing() as session:
        ticket = accept(session, world)
        (row,) = wanted(session)
        assert row.queue == "slow"
        assert set(row.payload) == {"message", "caller_id"}, "ids only"
        (message,) = written(session, world)
        assert message is not None
        assert message.to == PHONE
        assert TicketNumber.parse(ticket.number).spoken in message.body
        assert query_code(world.policy.secret, ticket.number, 1) in message.body


def test_no_message_names_a_person_an_employer_a_subject_or_a_union(world: World) -> None:
    with world.database.writing() as session:
        ticket = accept(session, world)
        give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))
        (message,) = written(session, world)
        assert message is not None
        for secret in ("测试诉求人", PHONE, "工资", "历下", "投诉", ticket.number):
            assert secret not in message.body
        assert "测试诉求人" not in json.dumps(wanted(session)[0].payload, ensure_ascii=False)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"category": "sexual_harassment"}, "sealed"),
        ({"contact_mode": "query_code"}, "not wanted"),
        ({"contact_mode": "anonymous"}, "not wanted"),
        ({"phone": "053188880001"}, "no mobile"),
        ({"phone": "anonymous"}, "no number"),
        ({"phone": "+14155550100"}, "abroad"),
    ],
)
def test_nothing_is_sent_where_it_is_not_wanted_or_not_safe(
    world: World, told: dict[str, Any], why: str
) -> None:
    with world.database.writing() as session:
        accept(session, world, **told)
        assert wanted(session) == [], why


def test_a_ticket_sealed_meanwhile_sends_nothing(world: World) -> None:
    with world.database.writing() as session:
        accept(session, world).sealed = True
        session.flush()
        assert written(session, world) == [None]


def test_a_number_on_the_refused_list_gets_no_message(world: World) -> None:
    with world.database.writing() as session:
        accept(session, world)
        session.scalars(select(Caller)).one().phone = "+8616800000001"
        session.flush()
        assert written(session, world) == [None]
