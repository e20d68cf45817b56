"""One command under way: what every effect of a command is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.models.tickets import Handling, Ticket
from dispatch.policy import Policy
from dispatch.rules.ticket_state import Transition


@dataclass(slots=True)
class Move:
    """A command on a locked ticket; effects may add `notes` to its event and change how clocks start."""

    session: Session
    actor: Actor
    ticket: Ticket
    handling: Handling | None
    """The lead union's, before the command."""
    transition: Transition
    data: dict[str, Any]
    policy: Policy
    now: datetime
    notes: dict[str, Any] = field(default_factory=dict)
    percent: int = 100
    """Of the target of `resolve`; a redo runs at half."""
    sub_deadline: datetime | None = None
    """For `resolve` after `assign_down`."""

    def need_handling(self) -> Handling:
        """Return the lead union's handling, which the state table says there is."""
        if self.handling is None:
            raise RuntimeError(f"ticket {self.ticket.number} in {self.ticket.state} has no handling")
        return self.handling
