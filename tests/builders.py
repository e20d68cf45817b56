"""Builders with defaults: a small world of unions and people, and tickets in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from config.load import read_csv
from dispatch.actors import Actor, actor_of
from dispatch.commands import perform
from dispatch.database import Database
from dispatch.employers import import_employers
from dispatch.events import By
from dispatch.knowledge import add_version, find_or_begin, publish
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Employer, Union
from dispatch.policy import Policy
from dispatch.regions import bring_regions
from dispatch.rules.articles import Content
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.rules.working_time import Calendar
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.unions import import_unions
from tests.pristine import keep, restore
from tests.rules.policies import CONFIG, YEARS, calendars, catalogue, routing_rules, sla

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, ten in the morning in Shanghai."""
SECRET = b"a secret that only tests may know"
PHONE = "+8613800000001"

PEOPLE: Mapping[str, tuple[Role, str | None]] = {
    "operator": (Role.OPERATOR, None),
    "other-operator": (Role.OPERATOR, None),
    "dispatcher": (Role.DISPATCHER, None),
    "callback": (Role.CALLBACK_OPERATOR, None),
    "supervisor": (Role.SUPERVISOR, None),
    "province": (Role.UNION_HANDLER, "37"),
    "jinan": (Role.UNION_LEADER, "3701"),
    "lixia": (Role.UNION_HANDLER, "370102"),
    "lixia-deputy": (Role.UNION_HANDLER, "370102"),
    "shizhong": (Role.UNION_HANDLER, "370103"),
    "qingdao": (Role.UNION_HANDLER, "3702"),
}


def make_policy() -> Policy:
    """Return the shipped policy."""
    return Policy(
        catalogue=catalogue(),
        sla=sla(),
        calendars={**calendars(), "always": Calendar.always(YEARS)},
        routing_rules=routing_rules(),
        province="37",
        secret=SECRET,
    )


@dataclass(frozen=True, slots=True)
class World:
    """A database with regions, the demonstration unions, employers and one account for each post."""

    database: Database
    policy: Policy

    def actor(self, name: str) -> Actor:
        """Return a person by post."""
        with self.database.reading() as session:
            return actor_of(session.scalars(select(User).where(User.name == name)).one())

    def union(self, code: str) -> int:
        """Return a union's id by code."""
        with self.database.reading() as session:
            return session.scalars(select(Union.id).where(Union.code == code)).one()

    def employer(self, *, union_code: str | None = None) -> int:
        """Return an employer's id: the first one, or the one whose own union has this code."""
        query = select(Employer.id).order_by(Employer.id)
        if union_code is not None:
            query = query.join(Union, Union.id == Employer.union_id).where(Union.code == union_code)
        with self.database.reading() as session:
            return session.scalars(query).first() or 0


def build_world(database: Database) -> World:
    """Fill an empty database (tables made) with the demonstration tree and people."""
    if inspect(database.engine()).has_table("alembic_version"):
        # A database that migrations have made is kept as it is.
        _fill(database)
    elif not restore(database, "world"):
        _fill(database)
        keep(database, "world")
    return World(database, make_policy())


def _fill(database: Database) -> None:
    regions = read_csv(CONFIG / "regions.csv", ("code", "name", "parent", "level", "pseudo"))
    by = By("machine")
    with database.writing() as session:
        bring_regions(session, (row.values for row in regions))
        import_unions(session, (CONFIG / "demo" / "unions.csv").read_bytes(), by=by, now=NOW)
        import_employers(session, (CONFIG / "demo" / "employers.csv").read_bytes(), now=NOW)
        unions = dict(session.execute(select(Union.code, Union.id)).all())
        for number, (name, (role, union)) in enumerate(PEOPLE.items()):
            session.add(
                User(
                    name=name,
                    display_name=name,
                    password_hash="!",
                    role=role.value,
                    union_id=unions[union] if union else None,
                    extension=str(1001 + number),
                    skills=[],
                    created_at=NOW,
                )
            )
        for code in ("k1", "K-001"):
            article = find_or_begin(session, code, ANSWER)
            row = add_version(session, article, ANSWER, author_id=None, now=NOW)
            publish(session, article, row, by=by, reviewed_on=NOW.date(), now=NOW)


ANSWER = Content(title="常见问题的答复", body="请先协商，协商不成的申请劳动仲裁。", source="测试条目")
"""What the articles k1 and K-001 say, on which direct answers in tests rest."""

WAGES: Mapping[str, Any] = {
    "category": "wage_arrears",
    "region_code": "370102",
    "wish": "要回三个月工资",
    "text": "三个月没发工资，一共六个人。",
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
}


def make_ticket(
    session: Session,
    world: World,
    *,
    actor: str = "operator",
    now: datetime = NOW,
    employers: tuple[ToldEmployer, ...] = (ToldEmployer(name=""),),
    **fields: Any,
) -> Ticket:
    """Open a wage-arrears draft in Lixia, Jinan; `fields` override."""
    return open_ticket(
        session,
        world.actor(actor),
        channel="phone",
        policy=world.policy,
        now=now,
        fields={**WAGES, **fields},
        caller=CallerDetails(name="测试诉求人", phone=PHONE),
        employers=employers,
    )


def give(
    session: Session,
    world: World,
    who: str,
    ticket: Ticket,
    command: Command,
    *,
    now: datetime = NOW,
    **data: Any,
) -> Ticket:
    """Give one command with the version that is current."""
    # A refused command leaves nothing behind, as its own transaction would.
    with session.begin_nested():
        return perform(
            session,
            world.actor(who),
            ticket.number,
            command,
            data,
            version=ticket.version,
            policy=world.policy,
            now=now,
        )
