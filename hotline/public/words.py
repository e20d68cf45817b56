"""Words of strangers: what is kept of them, and what must be heard at once."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, tell

_KEPT: Final = frozenset({"\n", "\t"})
_DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def cleaned(text: str) -> str:
    """Return a text without characters nobody sees: controls, direction marks, zero widths; line breaks stay."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        sign for sign in plain if sign in _KEPT or unicodedata.category(sign) not in _DROPPED
    ).strip()


def alarm(session: Session, ticket: Ticket, *, channel: str, now: datetime) -> None:
    """Call people to a request whose words sound like despair; a person confirms what it is."""
    for role in (Role.SUPERVISOR, Role.COUNSELLOR):
        session.add(
            Notice(
                at=now,
                kind="alarm",
                role=role.value,
                ticket_id=ticket.id,
                text=f"{ticket.number} {channel}来件中可能有危机表述，请立即关注并由人工确认",
            )
        )
    tell(session, Fact("notice", f"crisis:{ticket.number}", int(now.timestamp() * 1000), now, ("centre",)))
