"""Who acts: a signed-in person, the machine, or the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.events import By
from dispatch.models.people import User
from dispatch.rules.roles import CENTRE_ROLES, UNION_ROLES, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor for the time of one command; `union_id` is set exactly for people of a union.

    `at` is the moment of the command: what was opened to him for a while is closed to an actor who has none.
    """

    role: Role
    user_id: int | None = None
    union_id: int | None = None
    name: str = ""
    at: datetime | None = None
    ticket_id: int | None = None
    """Set exactly for a caller who has named this ticket's number and query code."""
    of_partner: bool = False
    """A partner, under its own name or acting for the union for which it stands."""

    @property
    def of_centre(self) -> bool:
        return self.role in CENTRE_ROLES

    @property
    def of_union(self) -> bool:
        return self.role in UNION_ROLES

    @property
    def by(self) -> By:
        """How history names this actor."""
        if self.user_id is not None:
            return By("partner" if self.of_partner else "user", self.user_id)
        return By("caller" if self.role is Role.CALLER else "machine")


MACHINE = Actor(Role.SYSTEM)
CALLER = Actor(Role.CALLER)


def caller_of(ticket_id: int) -> Actor:
    """Return the caller who has proven that this ticket is his."""
    return Actor(Role.CALLER, ticket_id=ticket_id)


def actor_of(user: User, *, at: datetime | None = None) -> Actor:
    """Return the actor that a user is at a moment; the account must be enabled."""
    return Actor(Role(user.role), user.id, user.union_id, user.display_name, at)
