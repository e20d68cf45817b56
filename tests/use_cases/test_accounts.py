"""Accounts: who may make, move, disable and re-open whose, and what history and the union hear of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import account_views, accounts
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, NotFound, VersionConflict
from dispatch.models.history import Event, Notice
from dispatch.models.people import Session as BrowserSession
from dispatch.models.people import User
from dispatch.models.places import Post
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket

CENTRE = Actor(Role.ADMINISTRATOR, user_id=None, name="administrator")


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def made(session: Session, actor: Actor, name: str, role: str, union: int | None, **fields: Any) -> User:
    given = {"union_id": union, **fields}
    return accounts.create_account(
        session, actor, name=name, role=role, password_hash="!", fields=given, now=NOW
    )


def keeper(session: Session, world: World, code: str = "3701") -> Actor:
    """Give the administrator of Jinan's union."""
    user = made(session, CENTRE, f"keeper-{code}", "union_administrator", world.union(code))
    return Actor(Role.UNION_ADMINISTRATOR, user.id, user.union_id, user.display_name)


def version_of(session: Session, user_id: int) -> int:
    return session.get_one(User, user_id).authority_version


def test_a_union_administrator_reaches_his_union_and_below_and_no_further(world: World) -> None:
    with world.database.writing() as session:
        jinan = keeper(session, world)
        below = made(session, jinan, "lixia-new", "union_handler", world.union("370102"), phone="13800000009")
        assert (below.phone, below.password_temporary) == ("+8613800000009", True)
        assert made(session, jinan, "lixia-keeper", "union_administrator", world.union("370102")).id
        for role, union, error in (
            ("union_handler", world.union("3702"), NotFound),
            ("union_handler", world.union("37"), NotFound),
            ("operator", None, NotAllowed),
            ("union_administrator", world.union("3701"), NotAllowed),
        ):
            with pytest.raises(error):
                made(session, jinan, f"no-{role}-{union}", role, union)
        seen = {line.name for line in account_views.accounts(session, jinan, limit=200)}
        assert {"lixia", "lixia-deputy", "jinan", "shizhong", "lixia-new"} <= seen
        assert not seen & {"qingdao", "province", "operator", "supervisor"}
        qingdao = world.actor("qingdao").user_id or 0
        for act in (
            lambda: account_views.account(session, jinan, qingdao),
            lambda: accounts.disable_account(session, jinan, qingdao, version=1, reason="x", now=NOW),
            lambda: accounts.change_account(
                session, jinan, below.id, version=1, changes={"union_id": world.union("3702")}, now=NOW
            ),
        ):
            with pytest.raises(NotFound):
                act()
        with pytest.raises(NotAllowed):
            # Nobody rises above his own kind by a detour.
            accounts.change_account(
                session,
                jinan,
                below.id,
                version=1,
                changes={"role": "administrator", "union_id": None},
                now=NOW,
            )
        own = jinan.user_id or 0
        with pytest.raises(NotAllowed):
            accounts.disable_account(
                session, jinan, own, version=version_of(session, own), reason="x", now=NOW
            )


def test_a_disabled_person_leaves_posts_sessions_and_word_of_what_is_open(world: World) -> None:
    handler, deputy = world.actor("lixia"), world.actor("lixia-deputy")
    with world.database.writing() as session:
        ticket = make_ticket(session, world)
        for who, command, data in (
            ("operator", Command.ACCEPT, {}),
            ("dispatcher", Command.DISPATCH, {"union_id": handler.union_id, "override_reason": "测试"}),
            ("lixia", Command.SIGN_FOR, {"handler_id": handler.user_id, "deputy_id": deputy.user_id}),
        ):
            ticket = give(session, world, who, ticket, command, **data)
        session.add(Post(code="P1", name="维权岗", union_id=handler.union_id, holder_id=handler.user_id))
        session.add(
            BrowserSession(
                token_sha256="0" * 64,
                user_id=handler.user_id,
                created_at=NOW,
                last_seen_at=NOW,
                expires_at=NOW.replace(year=2027),
            )
        )
        session.flush()
        accounts.fill_post(
            session, CENTRE, "P1", holder_id=handler.user_id, deputy_id=deputy.user_id, now=NOW
        )
        user = handler.user_id or 0
        accounts.disable_account(session, CENTRE, user, version=1, reason="退休", now=NOW)
        post = session.scalars(select(Post)).one()
        assert (post.holder_id, post.deputy_id) == (deputy.user_id, None)
        assert session.scalars(select(BrowserSession.revoked_at)).all() == [NOW]
        told = session.scalars(select(Notice.text).where(Notice.kind == "handover")).one()
        assert "1件在办工单" in told
        line = account_views.account(session, CENTRE, user)
        assert (line.disabled_at, line.open_tickets, line.version) == (NOW, 1, 2)
        with pytest.raises(VersionConflict):
            accounts.enable_account(session, CENTRE, user, version=1, now=NOW)
        accounts.enable_account(session, CENTRE, user, version=2, now=NOW)
        kinds = session.scalars(select(Event.kind).where(Event.stream == "administration")).all()
        assert {"PostFilled", "UserDisabled", "UserEnabled"} <= set(kinds)
        reason = session.scalars(select(Event.payload).where(Event.kind == "UserDisabled")).one()
        assert reason["reason"] == "退休"


def test_what_an_account_cannot_be_is_named_field_by_field(world: World) -> None:
    with world.database.writing() as session:
        lixia = world.union("370102")
        for fields, wrong in (
            ({"name": "x"}, "name"),
            ({"name": "LIXIA"}, "name"),
            ({"role": "caller"}, "role"),
            ({"union": None}, "union_id"),
            ({"role": "operator"}, "union_id"),
            ({"deputy_id": world.actor("qingdao").user_id}, "deputy_id"),
            ({"phone": "12"}, "phone"),
            ({"email": "a@b@c"}, "email"),
            ({"extension": "1001"}, "extension"),
            ({"display_name": "  "}, "display_name"),
        ):
            given = {"name": "someone", "role": "union_handler", "union": lixia, **fields}
            name, role, union = given.pop("name"), given.pop("role"), given.pop("union")
            with pytest.raises(Invalid) as refused:
                made(session, CENTRE, str(name), str(role), union, **given)  # type: ignore[arg-type]  # a table
            assert list(refused.value.fields) == [wrong], fields


def test_the_last_administrator_stays(world: World) -> None:
    with world.database.writing() as session:
        first = made(session, CENTRE, "root-1", "administrator", None)
        with pytest.raises(NotAllowed):
            accounts.disable_account(session, CENTRE, first.id, version=1, reason="x", now=NOW)
        second = made(session, CENTRE, "root-2", "administrator", None)
        accounts.disable_account(session, CENTRE, first.id, version=1, reason="x", now=NOW)
        with pytest.raises(NotAllowed):
            accounts.change_account(
                session, CENTRE, second.id, version=1, changes={"role": "auditor"}, now=NOW
            )
