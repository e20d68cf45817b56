"""对账: what was exchanged with a partner on a day, and in which lines its list and ours differ, each named."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.partners import PartnerLink
from dispatch.rules.working_time import SHANGHAI

MOST: Final = 1000
"""Lines of one page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One exchanged case under both numbers; `hash` is the same on both sides where they agree."""

    number: str
    external_id: str | None
    direction: str
    state: str
    changed_at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """A line of the partner's list, in our words: `number` is ours."""

    number: str
    external_id: str | None
    state: str
    hash: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One line in which the lists differ: missing_here, missing_there, state, content."""

    kind: str
    number: str
    external_id: str | None
    ours: str | None
    theirs: str | None


def day_list(session: Session, partner_id: int, day: date, *, after: str | None = None) -> list[Line]:
    """Return a page of what changed on a day (Shanghai time), by our number; `after` is the last one of the page before."""
    begins = datetime.combine(day, time(), SHANGHAI)
    query = (
        select(PartnerLink)
        .where(
            PartnerLink.partner_id == partner_id,
            PartnerLink.changed_at >= begins,
            PartnerLink.changed_at < begins + timedelta(days=1),
            *([PartnerLink.number > after] if after else []),
        )
        .order_by(PartnerLink.number)
        .limit(MOST)
    )
    return [line_of(link) for link in session.scalars(query)]


def line_of(link: PartnerLink) -> Line:
    """Return how a list shows an exchange."""
    source, target = link.number, link.external_id or ""
    if link.direction == "in":
        source, target = target, source
    return Line(
        number=link.number,
        external_id=link.external_id,
        direction=link.direction,
        state=link.state,
        changed_at=link.changed_at,
        hash=content_hash(source, target, link.state, link.amount_cents),
    )


def content_hash(source: str, target: str, state: str, amount_cents: int | None) -> str:
    """Return SHA-256 over what both sides know: the giver's number, the taker's, the state, the amount in cents."""
    amount = "" if amount_cents is None else str(amount_cents)
    return hashlib.sha256("|".join((source, target, state, amount)).encode()).hexdigest()


def differences(ours: Sequence[Line], theirs: Sequence[Theirs]) -> list[Difference]:
    """Return every line in which the two lists differ, named, by number."""
    here = {line.number: line for line in ours}
    there = {line.number: line for line in theirs}
    found = []
    for number in sorted(here.keys() | there.keys()):
        mine, other = here.get(number), there.get(number)
        external = mine.external_id if mine is not None else other.external_id if other is not None else None
        if mine is None and other is not None:
            found.append(Difference("missing_here", number, external, None, other.state))
        elif other is None and mine is not None:
            found.append(Difference("missing_there", number, external, mine.state, None))
        elif mine is not None and other is not None:
            if mine.state != other.state:
                found.append(Difference("state", number, external, mine.state, other.state))
            elif mine.hash != other.hash:
                found.append(Difference("content", number, external, mine.hash, other.hash))
    return found
