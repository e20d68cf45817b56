"""Builds the unions and people of one place for a use-case test, through the files an administrator loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor, actor_of
from dispatch.commands import perform
from dispatch.events import By
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.regions import bring_regions
from dispatch.routing import recommend
from dispatch.rules.roles import Role
from dispatch.rules.routing import Ranking
from dispatch.rules.ticket_state import Command
from dispatch.tables import Sheet, import_sheet
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.unions import COLUMNS
from tests.builders import NOW, PHONE, WAGES, make_policy

UNIONS = ",".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class Town:
    """A place with its policy; its people are known by their account names."""

    session: Session
    policy: Policy

    def load(self, sheet: Sheet, header: str, *lines: str) -> None:
        """Load a file."""
        data = "\n".join((header, *lines, "")).encode()
        import_sheet(self.session, sheet, data, by=By("machine"), now=NOW)

    def regions(self, places: Mapping[str, str]) -> None:
        """Know these places by code and name."""
        bring_regions(
            self.session,
            (
                {"code": code, "name": name, "parent": "", "level": "x", "pseudo": "0"}
                for code, name in places.items()
            ),
        )

    def people(self, people: Mapping[str, tuple[Role, str | None]]) -> None:
        """Give each an account: role and union code."""
        ids = dict(self.session.execute(select(Union.code, Union.id)).all())
        self.session.add_all(
            User(
                name=name,
                display_name=name,
                password_hash="!",
                role=role.value,
                union_id=ids[union] if union else None,
                created_at=NOW,
            )
            for name, (role, union) in people.items()
        )
        self.session.flush()

    def actor(self, name: str) -> Actor:
        return actor_of(self.session.scalars(select(User).where(User.name == name)).one())

    def union(self, code: str) -> int:
        return self.session.scalars(select(Union.id).where(Union.code == code)).one()

    def ticket(
        self,
        who: str,
        *,
        now: datetime = NOW,
        channel: str = "phone",
        external_id: str | None = None,
        employers: Iterable[ToldEmployer] = (ToldEmployer(name="某厂"),),
        **fields: Any,
    ) -> Ticket:
        return open_ticket(
            self.session,
            self.actor(who),
            channel=channel,
            policy=self.policy,
            now=now,
            fields={**WAGES, **fields},
            caller=CallerDetails(name="赵某", phone=PHONE),
            employers=tuple(employers),
            external_id=external_id,
        )

    def give(self, who: str, ticket: Ticket, command: Command, *, now: datetime = NOW, **data: Any) -> Ticket:
        return perform(
            self.session, self.actor(who), ticket.number, command, data,
            version=ticket.version, policy=self.policy, now=now,
        )  # fmt: skip

    def ranking(self, ticket: Ticket, *, now: datetime = NOW) -> Ranking:
        return recommend(self.session, ticket, policy=self.policy, now=now)


def town(session: Session, *, province: str) -> Town:
    """Return an empty place in a province."""
    return Town(session, replace(make_policy(), province=province))
