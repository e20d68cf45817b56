"""A subtree moves under open tickets: nobody sees one through a line that is being moved, whoever comes first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from dispatch.access import can_read, find_ticket
from dispatch.database import Database
from dispatch.events import By
from dispatch.models.tickets import TicketScope
from dispatch.models.unions import Union
from dispatch.rules.ticket_state import Command
from dispatch.unions import COLUMNS, import_unions
from tests.builders import NOW, build_world, give, make_ticket

TO_QINGDAO = "370102,历下区总工会,county,territory,3702,370102,,,yuhang_staggered,"
TO_JINAN = TO_QINGDAO.replace(",3702,", ",3701,")


def file_of(line: str) -> bytes:
    return f"{','.join(COLUMNS)}\n{line}\n".encode()


def test_a_dispatch_and_a_move_at_once_leave_only_the_new_line_in_sight(database: Database) -> None:
    world = build_world(database)
    numbers = []
    with database.writing() as session:
        for _ in range(6):
            ticket = make_ticket(session, world)
            give(session, world, "operator", ticket, Command.ACCEPT)
            numbers.append(ticket.number)
    lixia = world.union("370102")
    start = threading.Barrier(2)

    def dispatch_all() -> None:
        start.wait()
        for number in numbers:
            with database.writing() as session:
                ticket = find_ticket(session, world.actor("dispatcher"), number)
                give(
                    session,
                    world,
                    "dispatcher",
                    ticket,
                    Command.DISPATCH,
                    union_id=lixia,
                    override_reason="指定",
                )

    def move() -> None:
        start.wait()
        for line in (TO_QINGDAO, TO_JINAN, TO_QINGDAO):
            with database.writing() as session:
                import_unions(session, file_of(line), by=By("machine"), now=NOW)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(dispatch_all), pool.submit(move)]:
            done.result()
    with database.reading() as reading:
        union = reading.get_one(Union, lixia)
        assert world.union("3702") in union.ancestor_ids()
        seen = set(reading.execute(select(TicketScope.ticket_id, TicketScope.union_id)).all())
        tickets = {ticket for ticket, _ in seen}
        assert len(tickets) == len(numbers)
        assert seen == {(ticket, each) for ticket in tickets for each in union.ancestor_ids()}
        for ticket_id in tickets:
            assert can_read(reading, world.actor("qingdao"), ticket_id)
            assert not can_read(reading, world.actor("jinan"), ticket_id)
