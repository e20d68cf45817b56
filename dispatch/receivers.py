"""Who hears of a step: positions on a ladder become people, unions or posts of the centre who may know the ticket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.people import User
from dispatch.models.tickets import Handling, SealedAccess, Ticket, TicketRecusal, TicketScope
from dispatch.models.unions import Union
from dispatch.rules.levels import Level
from dispatch.rules.roles import Role
from dispatch.rules.sla_terms import Recipient

ALARM: Final = "alarm"
"""A kind of notice that is shown to whom it is addressed even where he may not open the ticket: somebody must act."""

LABELS: Final[Mapping[Recipient, str]] = {
    Recipient.HANDLER: "经办人",
    Recipient.DEPUTY: "B岗",
    Recipient.UNION_SUPERVISOR: "工会督办人",
    Recipient.LEADER_IN_CHARGE: "分管领导",
    Recipient.DISPATCHING_LEVEL: "派单层级",
    Recipient.UNION_HEAD: "工会主要负责人",
    Recipient.PARENT_UNION: "上级工会",
    Recipient.CITY: "市级工会",
    Recipient.PROVINCE: "省级工会",
    Recipient.DISPATCHER: "派单员",
    Recipient.CALLBACK_OPERATOR: "回访员",
    Recipient.SUPERVISOR: "值班长",
    Recipient.DUTY_LEADER: "带班领导",
    Recipient.PROVINCIAL_LEADER: "省级领导",
}


@dataclass(frozen=True, slots=True)
class Receiver:
    """Exactly one of a person, a union, or a post of the centre."""

    user_id: int | None = None
    union_id: int | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket with the handling that a step is about; none before a union has it."""

    ticket: Ticket
    handling: Handling | None


class Surroundings:
    """The unions and people around some tickets, read in a handful of statements whatever their number."""

    def __init__(self, session: Session, tickets: Iterable[Ticket], *, province: str) -> None:
        self._session = session
        self._province = province
        self._sealed = {ticket.id for ticket in tickets if ticket.sealed}
        ids = [ticket.id for ticket in tickets]
        self._turns = self._read_turns(ids)
        self._unions = self._read_unions()
        self._people = self._read_people()
        self._recused: set[tuple[int, int]] = {
            (ticket, user)
            for ticket, user in session.execute(
                select(TicketRecusal.ticket_id, TicketRecusal.user_id).where(TicketRecusal.ticket_id.in_(ids))
            )
        }
        self._scope: dict[int, set[int]] = defaultdict(set)
        rows = session.execute(
            select(TicketScope.ticket_id, TicketScope.union_id).where(TicketScope.ticket_id.in_(ids))
        )
        for ticket_id, union_id in rows:
            self._scope[ticket_id].add(union_id)

    def case(self, ticket: Ticket, handling_id: int | None) -> Case:
        """Return the ticket with the named handling, or with the lead union's present one."""
        turns = self._turns.get(ticket.id, [])
        if handling_id is not None:
            return Case(ticket, next((turn for turn in turns if turn.id == handling_id), None))
        lead = [
            turn for turn in turns if turn.role == "lead" and turn.state not in ("ended", "assigned_down")
        ]
        return Case(ticket, lead[-1] if lead else None)

    def receivers(self, case: Case, recipient: Recipient) -> list[Receiver]:
        """Return who holds this position for the ticket; empty where it does not exist."""
        found = _POSITIONS[recipient](self, case)
        if case.ticket.id not in self._sealed or recipient in _ALARMED:
            return found
        # A sealed ticket is for named people; a post of the centre as a whole is none.
        posts = [each for each in found if each.role is not None]
        if not posts:
            return found
        named = [Receiver(user_id=user) for user in self._named.get(case.ticket.id, [])]
        return [each for each in found if each.role is None] + (named or self.post(Role.SUPERVISOR))

    def post(self, role: Role) -> list[Receiver]:
        """Return a post of the centre; one that nobody holds is answered for by the next that somebody does."""
        for each in (role, *_STAND_INS):
            if self._posts.get(each):
                return [Receiver(role=each)]
        # Nobody at all: whoever is given the post finds it waiting.
        return [Receiver(user_id=user) for user in self._province_leaders] or [Receiver(role=role)]

    def union_of(self, case: Case) -> Union | None:
        """Return the union whose turn it is."""
        return self._unions.get(case.handling.union_id) if case.handling is not None else None

    def above(self, case: Case) -> list[Union]:
        """Return the unions above the handling one that may see the ticket, the nearest first."""
        union = self.union_of(case)
        if union is None:
            return []
        line = [each for each in reversed(union.ancestor_ids()) if each != union.id]
        return [self._unions[each] for each in line if each in self._scope[case.ticket.id]]

    def rooms(self, ticket: Ticket) -> tuple[str, ...]:
        """Return who may know that the ticket changed."""
        centre = "sealed" if ticket.sealed else "centre"
        return centre, *(f"union:{union}" for union in sorted(self._scope[ticket.id]))

    def rooms_of(self, receiver: Receiver) -> tuple[str, ...]:
        """Return the rooms in which a receiver listens; a post of the centre person by person."""
        if receiver.user_id is not None:
            return (f"user:{receiver.user_id}",)
        if receiver.union_id is not None:
            return (f"union:{receiver.union_id}",)
        return tuple(f"user:{user}" for user in self._posts.get(receiver.role, ()))

    def handler(self, case: Case) -> list[Receiver]:
        """The named handler; before anyone has signed, or when he is gone, his union."""
        handling = case.handling
        if handling is None:
            return self.post(Role.DISPATCHER)
        return self._persons(case, [handling.handler_id]) or self._whole(case, handling.union_id)

    def deputy(self, case: Case) -> list[Receiver]:
        """The named deputy, else the handler's; before the signature whoever deputises in the union."""
        handling = case.handling
        if handling is None:
            return self.post(Role.DISPATCHER)
        people = self._people.get(handling.union_id, {})
        handler = people.get(handling.handler_id or 0)
        wanted: list[int | None]
        if handling.deputy_id is not None:
            wanted = [handling.deputy_id]
        elif handler is not None:
            wanted = [handler.deputy_id]
        else:
            wanted = [user.deputy_id for user in people.values()]
        return self._persons(case, wanted) or self._whole(case, handling.union_id)

    def leaders(self, case: Case) -> list[Receiver]:
        """The leaders of the handling union; a union without any hears of it as a whole."""
        handling = case.handling
        if handling is None:
            return self.post(Role.SUPERVISOR)
        return self._leading(case, handling.union_id)

    def dispatching_level(self, case: Case) -> list[Receiver]:
        """Whoever gave the ticket to the union: the assigning union, else the centre's dispatchers."""
        handling = case.handling
        if handling is not None and handling.parent_handling_id is not None:
            turns = self._turns.get(case.ticket.id, [])
            parent = next((turn for turn in turns if turn.id == handling.parent_handling_id), None)
            if parent is not None and parent.union_id in self._scope[case.ticket.id]:
                return self._leading(case, parent.union_id) or self.post(Role.DISPATCHER)
        return self.post(Role.DISPATCHER)

    def parent_union(self, case: Case) -> list[Receiver]:
        """The leaders of the nearest union above that may see the ticket and in which there is somebody to hear."""
        return next((found for union in self.above(case) if (found := self._leading(case, union.id))), [])

    def of_level(self, case: Case, level: Level) -> list[Receiver]:
        """The leaders of the unions of a level above the handling one."""
        return [
            each
            for union in self.above(case)
            if union.level == level.value
            for each in self._leading(case, union.id)
        ]

    def provincial_leaders(self, case: Case) -> list[Receiver]:
        """The leaders of the provincial union; without any the centre's leader on duty."""
        free = [user for user in self._province_leaders if (case.ticket.id, user) not in self._recused]
        return [Receiver(user_id=user) for user in free] or self.post(Role.DUTY_LEADER)

    def _leading(self, case: Case, union_id: int) -> list[Receiver]:
        """A union's leaders by name; one that has none hears as a whole, and one without accounts not at all."""
        people = self._people.get(union_id, {}).values()
        leading = [user.id for user in people if user.role == Role.UNION_LEADER.value]
        return self._named_persons(case, union_id, leading) or self._whole(case, union_id)

    def _whole(self, case: Case, union_id: int) -> list[Receiver]:
        people = self._people.get(union_id, {})
        able = [user for user in people if (case.ticket.id, user) not in self._recused]
        return [Receiver(union_id=union_id)] if able else []

    def _persons(self, case: Case, wanted: Iterable[int | None]) -> list[Receiver]:
        return self._named_persons(case, case.handling.union_id, wanted) if case.handling is not None else []

    def _named_persons(self, case: Case, union_id: int, wanted: Iterable[int | None]) -> list[Receiver]:
        people = self._people.get(union_id, {})
        return [
            Receiver(user_id=user)
            for user in dict.fromkeys(wanted)
            if user is not None and user in people and (case.ticket.id, user) not in self._recused
        ]

    def _read_turns(self, ticket_ids: Collection[int]) -> dict[int, list[Handling]]:
        found: dict[int, list[Handling]] = defaultdict(list)
        query = select(Handling).where(Handling.ticket_id.in_(ticket_ids)).order_by(Handling.id)
        for handling in self._session.scalars(query):
            found[handling.ticket_id].append(handling)
        return found

    def _read_unions(self) -> dict[int, Union]:
        own = {turn.union_id for turns in self._turns.values() for turn in turns}
        found = {union.id: union for union in self._session.scalars(select(Union).where(Union.id.in_(own)))}
        above = {each for union in found.values() for each in union.ancestor_ids()} - found.keys()
        if above:
            found |= {
                union.id: union for union in self._session.scalars(select(Union).where(Union.id.in_(above)))
            }
        return found

    def _read_people(self) -> dict[int, dict[int, User]]:
        query = (
            select(User)
            .where(
                User.union_id.in_(self._unions),
                User.disabled_at.is_(None),
                # An administrator of a union reads no ticket.
                User.role.in_((Role.UNION_HANDLER.value, Role.UNION_LEADER.value)),
            )
            .order_by(User.id)
        )
        found: dict[int, dict[int, User]] = defaultdict(dict)
        for user in self._session.scalars(query):
            found[user.union_id or 0][user.id] = user
        return found

    @cached_property
    def _posts(self) -> dict[Role | None, list[int]]:
        rows = self._session.execute(
            select(User.role, User.id)
            .where(User.role.in_([role.value for role in _POSTS]), User.disabled_at.is_(None))
            .order_by(User.id)
        )
        found: dict[Role | None, list[int]] = defaultdict(list)
        for role, user in rows:
            found[Role(role)].append(user)
        return found

    @cached_property
    def _province_leaders(self) -> list[int]:
        query = (
            select(User.id)
            .join(Union, Union.id == User.union_id)
            .where(
                Union.code == self._province,
                User.role == Role.UNION_LEADER.value,
                User.disabled_at.is_(None),
            )
            .order_by(User.id)
        )
        return list(self._session.scalars(query))

    @cached_property
    def _named(self) -> dict[int, list[int]]:
        rows = self._session.execute(
            select(SealedAccess.ticket_id, SealedAccess.user_id)
            .where(SealedAccess.ticket_id.in_(self._sealed), SealedAccess.until.is_(None))
            .order_by(SealedAccess.user_id)
        )
        found: dict[int, list[int]] = defaultdict(list)
        for ticket_id, user in rows:
            found[ticket_id].append(user)
        return found


_POSTS: Final = frozenset({Role.DISPATCHER, Role.CALLBACK_OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER})
_STAND_INS: Final = (Role.SUPERVISOR, Role.DUTY_LEADER)
"""Who answers for a post that nobody holds."""
_ALARMED: Final = frozenset({Recipient.SUPERVISOR, Recipient.DUTY_LEADER, Recipient.PROVINCIAL_LEADER})
"""Who is woken also for a sealed ticket: its number and its lateness, never its content."""

_POSITIONS: Final[Mapping[Recipient, Callable[[Surroundings, Case], list[Receiver]]]] = {
    Recipient.HANDLER: Surroundings.handler,
    Recipient.DEPUTY: Surroundings.deputy,
    Recipient.UNION_SUPERVISOR: Surroundings.leaders,
    Recipient.LEADER_IN_CHARGE: Surroundings.leaders,
    Recipient.UNION_HEAD: Surroundings.leaders,
    Recipient.DISPATCHING_LEVEL: Surroundings.dispatching_level,
    Recipient.PARENT_UNION: Surroundings.parent_union,
    Recipient.CITY: lambda here, case: here.of_level(case, Level.CITY),
    Recipient.PROVINCE: lambda here, case: here.of_level(case, Level.PROVINCE),
    Recipient.DISPATCHER: lambda here, _case: here.post(Role.DISPATCHER),
    Recipient.CALLBACK_OPERATOR: lambda here, _case: here.post(Role.CALLBACK_OPERATOR),
    Recipient.SUPERVISOR: lambda here, _case: here.post(Role.SUPERVISOR),
    Recipient.DUTY_LEADER: lambda here, _case: here.post(Role.DUTY_LEADER),
    Recipient.PROVINCIAL_LEADER: Surroundings.provincial_leaders,
}
