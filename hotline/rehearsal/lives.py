"""Model tickets for rehearsals: each lives through the real commands, so that what is copied is what would be there."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from dispatch.actors import MACHINE, Actor, actor_of
from dispatch.commands import perform
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.routing import recommend
from dispatch.rules.levels import Level
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, Command, State
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.timers import fire_due, next_due
from hotline.rehearsal.tree import Country, Node

MODEL_PHONE: Final = "+8613800000000"
HANDLED: Final = (
    "wage_arrears",
    "construction_wage_arrears",
    "unlawful_dismissal",
    "no_contract",
    "unpaid_social_insurance",
    "injury_recognition",
    "overtime_pay",
    "mutual_aid_claim",
    "hardship_registration",
    "new_employment_forms",
    "membership",
    "suggestion",
)
"""Categories of the tickets that unions handle."""
ANSWERED: Final = ("joining", "app_benefits", "legal_advice", "mutual_aid_enrolment", "festival_benefits")

_HOURS: Final[Mapping[Command, float]] = {
    Command.ACCEPT: 0.1,
    Command.DISPATCH: 0.5,
    Command.SIGN_FOR: 4,
    Command.RECORD_FIRST_CONTACT: 21,
    Command.REPORT_RESULT: 70,
    Command.REVIEW: 76,
    Command.RECORD_CALLBACK: 97,
    Command.ARCHIVE: 500,
}
"""Hours after the call at which each step of an ordinary life is taken."""
_WAY: Final = tuple(_HOURS)
_ENDS_AT_ONCE: Final[Mapping[Command, tuple[Role, dict[str, Any]]]] = {
    Command.DIRECT_ANSWER: (Role.OPERATOR, {"answer": "已当场答复", "knowledge_id": "general-answer"}),
    Command.VOID: (Role.OPERATOR, {"reason_code": "silent"}),
    Command.DECLINE: (Role.SUPERVISOR, {"reason": "不属于受理范围", "route_told": "已告知拨打12345"}),
}


@dataclass(frozen=True, slots=True)
class Life:
    """How far a ticket gets; `share` is its part in a thousand tickets."""

    share: int
    last: Command | None
    """None: a draft."""
    categories: tuple[str, ...] = HANDLED
    is_over: bool = False


LIVES: Final = (
    # Of Beijing's requests in January and February 2021 22.5 % were dispatched [P]; a rehearsal keeps more of them,
    # which weigh most.
    Life(480, Command.DIRECT_ANSWER, ANSWERED, is_over=True),
    Life(90, Command.VOID, ("void_call",), is_over=True),
    Life(10, Command.DECLINE, ("not_union_matter",), is_over=True),
    Life(180, Command.RECORD_CALLBACK, is_over=True),
    Life(110, Command.ARCHIVE, is_over=True),
    Life(5, None),
    Life(10, Command.ACCEPT),
    Life(30, Command.DISPATCH),
    Life(30, Command.SIGN_FOR),
    Life(30, Command.RECORD_FIRST_CONTACT),
    Life(12, Command.REPORT_RESULT),
    Life(13, Command.REVIEW),
)


@dataclass(frozen=True, slots=True)
class Model:
    """One lived life; `place` is the lowest union on its way and names what a copy elsewhere must replace."""

    life: Life
    ticket_id: int
    number: str
    place: Node
    handler: Node | None


def live_all(
    session: Session, country: Country, *, policy: Policy, now: datetime, each: int, seed: int
) -> Iterator[Model]:
    """Live `each` lives of every kind that is over, and four times as many of those that are under way."""
    chance = random.Random(seed)  # noqa: S311  # a rehearsal must be repeatable
    home = [node for node in country.at(Level.COUNTY) if node.code.startswith(policy.province)]
    towned = {node.parent.id: node for node in country.at(Level.TOWN) if node.parent is not None}
    for life in LIVES:
        for turn in range(each if life.is_over else 4 * each):
            place = chance.choice(home)
            category = life.categories[turn % len(life.categories)]
            begun = _begun(life, now, chance)
            yield _Living(session, country, policy, now, chance).live(
                life, towned.get(place.id, place), category, begun
            )


def _begun(life: Life, now: datetime, chance: random.Random) -> datetime:
    if life.is_over:
        week = now - timedelta(weeks=5)
        monday = (week - timedelta(days=week.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
        # Between eight in the morning and eight in the evening in Shanghai.
        return monday + timedelta(days=chance.choice((0, 0, 1)), minutes=chance.randrange(720))
    age = _HOURS[life.last] if life.last is not None else 0.0
    following = _WAY[_WAY.index(life.last) + 1] if life.last is not None else Command.ACCEPT
    return now - timedelta(hours=age + chance.random() * (_HOURS[following] - age))


@dataclass(frozen=True, slots=True)
class _Living:
    session: Session
    country: Country
    policy: Policy
    now: datetime
    chance: random.Random

    def live(self, life: Life, place: Node, category: str, begun: datetime) -> Model:
        self._fire_until(begun)
        ticket = open_ticket(
            self.session,
            self._centre(Role.OPERATOR),
            channel="phone",
            policy=self.policy,
            now=begun,
            fields={**_FIELDS, "category": category, "region_code": place.region_code},
            caller=CallerDetails(name="赵某", phone=MODEL_PHONE),
            employers=self._employers(life, place),
        )
        if life.last is not None and life.last in _ENDS_AT_ONCE:
            self._end_at_once(ticket, life.last, begun + timedelta(hours=_HOURS[Command.ACCEPT]))
        elif life.last is not None:
            for command in _WAY[: _WAY.index(life.last) + 1]:
                at = begun + timedelta(hours=_HOURS[command])
                self._fire_until(at)
                # Most quiet tickets are closed with their report; the rest of the way is the sample's.
                if command is Command.ARCHIVE or State(ticket.state) in OPEN_STATES:
                    self._step(ticket, command, at)
        if not life.is_over:
            self._fire_until(self.now)
        handler = next((node for node in place.line if node.id == ticket.lead_union_id), None)
        return Model(life, ticket.id, ticket.number, place, handler)

    def _end_at_once(self, ticket: Ticket, command: Command, at: datetime) -> None:
        role, data = _ENDS_AT_ONCE[command]
        actor = self._creator(ticket) if role is Role.OPERATOR else self._centre(role)
        self._give(ticket, actor, command, data, at)

    def _step(self, ticket: Ticket, command: Command, at: datetime) -> None:
        actor = self._centre(Role.DISPATCHER)
        data: dict[str, Any] = {}
        people = self.country.node(ticket.lead_union_id).people if ticket.lead_union_id else {}
        if command is Command.ACCEPT:
            actor = self._creator(ticket)
        elif command is Command.DISPATCH:
            ranking = recommend(self.session, ticket, policy=self.policy, now=at)
            data = {"union_id": ranking.recommendations[0].union_id}
        elif command is Command.SIGN_FOR:
            actor, data = self._user(people["a"]), {"handler_id": people["a"], "deputy_id": people["b"]}
        elif command is Command.RECORD_FIRST_CONTACT:
            actor, data = self._user(people["a"]), {"at": at, "means": "phone", "outcome": "已联系诉求人"}
        elif command is Command.REPORT_RESULT:
            actor, data = self._user(people["a"]), dict(_REPORT)
        elif command is Command.REVIEW:
            data = {"approved": True}
        elif command is Command.RECORD_CALLBACK:
            actor = self._centre(Role.CALLBACK_OPERATOR)
            data = {"reached": True, "solved": "solved", "satisfied": "satisfied"}
        elif command is Command.ARCHIVE:
            actor = MACHINE
        self._give(ticket, actor, command, data, at)

    def _give(
        self, ticket: Ticket, actor: Actor, command: Command, data: Mapping[str, Any], at: datetime
    ) -> None:
        perform(
            self.session,
            actor,
            ticket.number,
            command,
            data,
            version=ticket.version,
            policy=self.policy,
            now=at,
        )

    def _employers(self, life: Life, place: Node) -> Sequence[ToldEmployer]:
        if life.categories is not HANDLED or not place.employers:
            return (ToldEmployer(name=""),)
        employer_id, name = self.chance.choice(place.employers)
        return (ToldEmployer(employer_id=employer_id, name=name),)

    def _fire_until(self, moment: datetime) -> None:
        due = next_due(self.session)
        while due is not None and due <= moment:
            fire_due(self.session, now=due, limit=1000, policy=self.policy)
            due = next_due(self.session)

    def _centre(self, role: Role) -> Actor:
        return self._user(self.chance.choice(self.country.centre[role]))

    def _creator(self, ticket: Ticket) -> Actor:
        return self._user(ticket.created_by_id or 0)

    def _user(self, user_id: int) -> Actor:
        return actor_of(self.session.get_one(User, user_id))


_FIELDS: Final[Mapping[str, Any]] = {
    "wish": "请尽快处理",
    "text": "来电反映情况。",
    "confidentiality": "confidential",
    "disclosure": "union",
    "contact_mode": "phone",
    "callback_wanted": True,
}
_REPORT: Final[Mapping[str, Any]] = {
    "true_claim": True,
    "done": "已与用人单位协商并督促整改",
    "solved": "solved",
    "reply_text": "您反映的问题已办理",
}
