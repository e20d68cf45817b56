"""One command under way: what every effect of a command is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotAllowed, NotFound
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command, Transition


@dataclass(slots=True)
class Move:
    """A command on a locked ticket; effects may add `notes` to its event and change how clocks start."""

    session: Session
    actor: Actor
    role: Role
    """As what the actor acts: his own role, or co-handler where his union only helps."""
    ticket: Ticket
    handling: Handling | None
    """The one that the command is about, before the command: the lead union's, or the co-handler's own."""
    transition: Transition
    data: dict[str, Any]
    policy: Policy
    now: datetime
    notes: dict[str, Any] = field(default_factory=dict)
    percent: int = 100
    """Of the target of `resolve`; a redo runs at half."""
    due: dict[ClockKind, datetime] = field(default_factory=dict)
    """Deadlines that the command itself names."""
    began: Handling | None = None
    """A handling that the command began beside the lead union's; the clocks that start are its own."""
    unstarted: set[ClockKind] = field(default_factory=set)
    """Clocks of the row that the effect has started itself, or that this case does not want."""
    then: list[tuple[Actor, Command, Mapping[str, Any]]] = field(default_factory=list)
    """What follows by itself once the command is done, in the same transaction."""

    @property
    def command(self) -> Command:
        return self.transition.command

    def need_handling(self) -> Handling:
        """Return the handling which the state table says there is."""
        if self.handling is None:
            raise RuntimeError(f"ticket {self.ticket.number} in {self.ticket.state} has no handling")
        return self.handling

    def need_user(self) -> int:
        """Return the acting user's id; raises NotAllowed for the machine and the caller."""
        if self.actor.user_id is None:
            raise NotAllowed(self.command.value, "须由登录用户操作")
        return self.actor.user_id

    def colleague(self, name: str, union_id: int | None) -> User:
        """Return the person whom a field names; raises NotFound for one that is not of this union, or gone."""
        user = self.session.get(User, self.data[name])
        if user is None or user.union_id != union_id or user.disabled_at is not None:
            raise NotFound("user", self.data[name])
        return user

    def tell(
        self,
        kind: str,
        text: str,
        *,
        union_id: int | None = None,
        user_id: int | None = None,
        role: Role | None = None,
    ) -> None:
        """Leave a notice for a union, one of its people, or a post of the centre."""
        self.session.add(
            Notice(
                at=self.now,
                kind=kind,
                ticket_id=self.ticket.id,
                union_id=union_id,
                user_id=user_id,
                role=role.value if role is not None else None,
                text=f"{self.ticket.number} {text}",
            )
        )
