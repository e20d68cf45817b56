"""Pages of a list, read along its index: never sorted, and searched by whichever way is the shorter one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, select, tuple_
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.lookups import Lookup, lookup_of
from dispatch.models.search import TicketText
from dispatch.models.tickets import CentreList, Ticket, TicketScope
from dispatch.policy import Policy
from dispatch.search import among, candidates
from dispatch.ticket_filters import TicketFilter, conditions, due_range

ListRow: TypeAlias = type[TicketScope] | type[CentreList]

PROBE: Final = 400
"""Rows of the list in which a word so common that it fills a page is looked for first."""
RARE: Final = 10_000
"""A word of at most so many tickets is found through the index; a commoner one along the list."""
WINDOW: Final = 10_000
"""Rows of the list that one page of a common word looks through; the next page goes on from there."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Tickets with their sort keys; `looked_until` is set where the page ended before the list did."""

    rows: Sequence[Row[Ticket, int]]
    looked_until: tuple[int, int] | None = None


class Pages:
    """One filtered list of one actor."""

    def __init__(
        self, session: Session, actor: Actor, wanted: TicketFilter, *, policy: Policy, now: datetime
    ) -> None:
        self._session = session
        self._actor = actor
        self._listing: ListRow = TicketScope if actor.of_union else CentreList
        self._conditions = conditions(actor, wanted)
        self._due = due_range(wanted.due, now) if wanted.due is not None else None
        self._lookup = lookup_of(session, actor, wanted, policy=policy, now=now)
        self._known: list[int] | None = self._lookup.ids if self._lookup is not None else None
        self._is_common = False

    def read(self, bucket: str, after: tuple[int, int] | None, limit: int) -> Page:
        """Return the next `limit` rows of a bucket, nearest deadline first."""
        if self._lookup is None:
            query = self._list(bucket, after).where(*self._conditions)
            return Page(self._session.execute(query.limit(limit)).all())
        if self._known is None and not self._is_common:
            probed = self._walk(self._lookup, bucket, after, limit, window=PROBE)
            if len(probed.rows) == limit or probed.looked_until is None:
                return probed
            found = candidates(self._session, self._lookup.terms, limit=RARE + 1)
            self._is_common = len(found) > RARE
            self._known = None if self._is_common else found
        if self._known is None:
            return self._walk(self._lookup, bucket, after, limit, window=WINDOW)
        return self._pick(self._lookup, self._known, bucket, after, limit)

    def _rows(self, bucket: str, after: tuple[int, int] | None) -> list[ColumnElement[bool]]:
        listing = self._listing
        found = [listing.bucket == bucket]
        if self._actor.of_union:
            found.append(TicketScope.union_id == self._actor.union_id)
        if after is not None:
            found.append(tuple_(listing.sort_key, listing.ticket_id) > tuple_(*after))
        if self._due is not None:
            low, high = self._due
            found += [listing.sort_key >= low, listing.sort_key < high]
        return found

    def _list(self, bucket: str, after: tuple[int, int] | None) -> Select[Ticket, int]:
        listing = self._listing
        return (
            select(Ticket, listing.sort_key)
            .join(listing, listing.ticket_id == Ticket.id)
            .where(*self._rows(bucket, after), visible(self._actor))
            .order_by(listing.sort_key, listing.ticket_id)
        )

    def _walk(
        self, lookup: Lookup, bucket: str, after: tuple[int, int] | None, limit: int, *, window: int
    ) -> Page:
        """Read along the list, and only so far; what the actor may not see does not count as looked at."""
        listing = self._listing
        seen = (
            select(listing.ticket_id, listing.sort_key)
            .join(Ticket, Ticket.id == listing.ticket_id)
            .where(*self._rows(bucket, after), visible(self._actor))
            .order_by(listing.sort_key, listing.ticket_id)
            .limit(window)
            .subquery()
        )
        query = (
            select(Ticket, seen.c.sort_key)
            .join(seen, seen.c.ticket_id == Ticket.id)
            .join(TicketText, TicketText.ticket_id == Ticket.id)
            .where(*self._conditions, *lookup.conditions)
            .order_by(seen.c.sort_key, seen.c.ticket_id)
            .limit(limit)
        )
        rows = self._session.execute(query).all()
        if len(rows) == limit:
            return Page(rows)
        last = self._session.execute(
            select(seen.c.sort_key, seen.c.ticket_id)
            .order_by(seen.c.sort_key, seen.c.ticket_id)
            .offset(window - 1)
            .limit(1)
        ).one_or_none()
        return Page(rows, None if last is None else (last.sort_key, last.ticket_id))

    def _pick(
        self, lookup: Lookup, known: Sequence[int], bucket: str, after: tuple[int, int] | None, limit: int
    ) -> Page:
        """Put the tickets that are known into the list's order and take of them what the actor may see."""
        listing = self._listing
        placed = self._session.execute(
            select(listing.sort_key, listing.ticket_id).where(
                among(self._session, listing.ticket_id, known), *self._rows(bucket, after)
            )
        ).all()
        order = sorted((sort_key, ticket_id) for sort_key, ticket_id in placed)
        found: list[Row[Ticket, int]] = []
        for start in range(0, len(order), _AT_ONCE):
            some = [ticket_id for _, ticket_id in order[start : start + _AT_ONCE]]
            query = (
                select(Ticket, listing.sort_key)
                .join(listing, listing.ticket_id == Ticket.id)
                .outerjoin(TicketText, TicketText.ticket_id == Ticket.id)
                .where(Ticket.id.in_(some), *self._rows(bucket, None), visible(self._actor))
                .where(*self._conditions, *lookup.conditions)
                .order_by(listing.sort_key, listing.ticket_id)
            )
            found += self._session.execute(query).all()
            if len(found) >= limit:
                break
        return Page(found[:limit])
