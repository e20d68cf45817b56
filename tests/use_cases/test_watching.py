"""Who is looking at which ticket: told to others who may see it, and forgotten when a page falls silent."""

from __future__ import annotations

import pytest

from dispatch.database import Database
from dispatch.errors import NotFound
from dispatch.watching import LEASE, hold, let_go, renew, watched
from tests.builders import NOW, build_world, make_ticket
from tests.life import dispatched


def test_who_looks_is_told_to_others_who_may_see_the_ticket_and_forgotten_with_the_lease(
    database: Database,
) -> None:
    world = build_world(database)
    operator, supervisor, lixia, qingdao = (
        world.actor(name) for name in ("operator", "supervisor", "lixia", "qingdao")
    )
    with database.writing() as session:
        theirs, draft = dispatched(session, world).number, make_ticket(session, world).number
        for number in (theirs, draft):
            hold(session, supervisor, "s1", number, now=NOW)
        # The same page twice is one; two pages of one person are one name.
        hold(session, supervisor, "s1", theirs, now=NOW)
        hold(session, supervisor, "s2", theirs, now=NOW)
        hold(session, lixia, "s3", theirs, now=NOW)
        with pytest.raises(NotFound):
            hold(session, qingdao, "s4", theirs, now=NOW)
    with database.reading() as session:
        assert watched(session, operator, now=NOW) == {
            theirs: sorted([supervisor.name, lixia.name]),
            draft: [supervisor.name],
        }
        assert watched(session, supervisor, now=NOW) == {theirs: [lixia.name]}
        assert watched(session, lixia, now=NOW) == {theirs: [supervisor.name]}
        assert watched(session, qingdao, now=NOW) == {}
    late = NOW + LEASE
    with database.writing() as session:
        renew(session, ["s1"], now=late)
        let_go(session, "s1", draft)
    with database.reading() as session:
        assert watched(session, operator, now=late + LEASE) == {theirs: [supervisor.name]}
    with database.writing() as session:
        renew(session, ["s9"], now=late + LEASE * 2)
        assert watched(session, operator, now=NOW) == {}, "the rows are gone"
