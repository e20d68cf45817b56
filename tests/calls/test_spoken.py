"""What is spoken of a case is read when it is spoken: no turn keeps it, and a repeated webhook says what is true now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch.commands import perform
from dispatch.database import Database
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.ticket_state import Command
from hotline.calls.models import Call, CallLog, Recording, Turn
from hotline.calls.recordings import may_play
from tests.builders import make_ticket
from tests.calls.centre import Centre, open_centre
from tests.calls.test_callers import INCOMING, post


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def ticket(centre: Centre) -> Ticket:
    """Give an accepted and dispatched ticket."""
    with centre.services.database.writing() as session:
        made = make_ticket(session, centre.world, now=centre.services.now())
        for command, data in (
            (Command.ACCEPT, {}),
            (Command.DISPATCH, {"union_id": centre.world.union("370102")}),
        ):
            perform(
                session,
                centre.world.actor("operator"),
                made.number,
                command,
                data,
                version=made.version,
                policy=centre.services.policy,
                now=centre.services.now(),
            )
        session.flush()
        session.expunge_all()
        return made


def code_of(centre: Centre, ticket: Ticket) -> str:
    return query_code(centre.services.policy.secret, ticket.number, 1)


def ask(centre: Centre, ticket: Ticket) -> str:
    """Dial, choose 5 and enter both numbers; return what is heard."""
    post(centre, "/voice/incoming", INCOMING)
    post(centre, "/voice/turns/1", {**INCOMING, "Digits": "5"})
    spoken = TicketNumber.parse(ticket.number).spoken
    post(centre, "/voice/turns/2", {**INCOMING, "Digits": spoken})
    return post(centre, "/voice/turns/3", {**INCOMING, "Digits": code_of(centre, ticket)}).text


def test_no_turn_keeps_the_numbers_or_anything_of_the_case(centre: Centre, ticket: Ticket) -> None:
    heard = ask(centre, ticket)
    assert "待签收" in heard
    assert "历下区总工会" in heard
    with centre.services.database.reading() as session:
        kept = [[turn.given, turn.outputs] for turn in session.scalars(select(Turn))]
        states = [call.flow_state for call in session.scalars(select(Call))]
        diary = list(session.scalars(select(CallLog.data)))
        everything = json.dumps([kept, states, diary], ensure_ascii=False)
    for secret in (
        code_of(centre, ticket),
        TicketNumber.parse(ticket.number).spoken,
        "待签收",
        "历下",
        "11月30日",
    ):
        assert secret not in everything


def test_a_repeated_webhook_says_what_is_true_now(centre: Centre, ticket: Ticket) -> None:
    heard = ask(centre, ticket)
    form = {**INCOMING, "Digits": code_of(centre, ticket)}
    assert post(centre, "/voice/turns/3", form).text == heard
    with centre.services.database.writing() as session:
        session.get_one(Ticket, ticket.id).state = "in_progress"
    again = post(centre, "/voice/turns/3", form).text
    assert "办理中" in again
    assert "待签收" not in again


def test_a_ticket_sealed_meanwhile_is_not_spoken_of(centre: Centre, ticket: Ticket) -> None:
    ask(centre, ticket)
    with centre.services.database.writing() as session:
        session.get_one(Ticket, ticket.id).sealed = True
    again = post(centre, "/voice/turns/3", {**INCOMING, "Digits": code_of(centre, ticket)}).text
    assert "历下" not in again
    assert "状态" not in again
    assert "催办请按1" in again


def test_a_repeated_wrong_code_counts_once(centre: Centre, ticket: Ticket) -> None:
    ask(centre, ticket)
    for sid in range(2, 6):
        form = {**INCOMING, "CallSid": f"CA{sid:032d}"}
        post(centre, "/voice/incoming", form)
        post(centre, "/voice/turns/1", {**form, "Digits": "5"})
        post(centre, "/voice/turns/2", {**form, "Digits": TicketNumber.parse(ticket.number).spoken})
        for _ in range(4):
            answer = post(centre, "/voice/turns/3", {**form, "Digits": "0"})
        assert "转接人工" in answer.text or "没有话务员" in answer.text
    wrong = f"{(int(code_of(centre, ticket)) + 1) % 1_000_000:06d}"
    form = {**INCOMING, "CallSid": "CA" + "7" * 32}
    post(centre, "/voice/incoming", form)
    post(centre, "/voice/turns/1", {**form, "Digits": "5"})
    post(centre, "/voice/turns/2", {**form, "Digits": TicketNumber.parse(ticket.number).spoken})
    for _ in range(6):
        answer = post(centre, "/voice/turns/3", {**form, "Digits": wrong})
        assert "不正确" in answer.text


def test_a_spoken_note_is_a_recording_of_the_call_and_a_line_of_the_ticket(
    centre: Centre, ticket: Ticket
) -> None:
    ask(centre, ticket)
    post(centre, "/voice/turns/4", {**INCOMING, "Digits": "2"})
    recorded = {**INCOMING, "RecordingSid": "RE" + "1" * 32, "RecordingDuration": "7"}
    for _ in range(3):
        assert "已经转给承办人员" in post(centre, "/voice/turns/5", recorded).text
    with centre.services.database.reading() as session:
        (recording,) = session.scalars(select(Recording)).all()
        assert (recording.kind, recording.duration_s) == ("note", 7)
        call = session.get_one(Call, recording.call_id)
        someone = centre.world.actor("other-operator")
        assert may_play(someone, call, recording, now=centre.services.now()) is None, "it reached nobody"
        events = session.scalars(
            select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ProgressAdded")
        ).all()
        assert [event.actor_kind for event in events] == ["caller"]
    assert centre.tickets_of(centre.calls()[0]) == 1


def test_pressing_for_speed_again_and_again_nudges_once_a_call(centre: Centre, ticket: Ticket) -> None:
    ask(centre, ticket)
    for n in (4, 5, 6):
        assert "已经为您催办" in post(centre, f"/voice/turns/{n}", {**INCOMING, "Digits": "1"}).text
    with centre.services.database.reading() as session:
        nudges = session.scalars(select(Event).where(Event.kind == "TicketNudged")).all()
    assert len(nudges) == 1


def test_who_heard_where_his_request_stands_and_hangs_up_is_owed_no_call(
    centre: Centre, ticket: Ticket
) -> None:
    ask(centre, ticket)
    post(centre, "/voice/status", {**INCOMING, "CallStatus": "completed"})
    assert [call.outcome for call in centre.calls()] == ["query_only"]
    assert centre.return_calls() == []
