"""The search index: bigrams of what a ticket's readers may see, written in the ticket's own transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    any_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from dispatch.database import Database
from dispatch.models.search import TicketText
from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Employer
from dispatch.rules.bigrams import fold, terms_of
from dispatch.rules.masking import mask_text

AT_ONCE: Final = 1000
"""Tickets in one transaction of a rebuild."""


def write(session: Session, ticket: Ticket) -> None:
    """Index a ticket's words as they are now; call it after its text or its employers changed."""
    session.flush()
    write_all(session, [(ticket.id, ticket.wish, ticket.text)])


def write_all(session: Session, told: Sequence[tuple[int, str, str]]) -> None:
    """Index many tickets, each (id, wish, text), in a handful of statements."""
    ids = [ticket_id for ticket_id, _, _ in told]
    employers = _employer_names(session, ids)
    known = dict(
        session.execute(
            select(TicketText.ticket_id, TicketText.folded).where(TicketText.ticket_id.in_(ids))
        ).all()
    )
    wanted = {
        ticket_id: folded_story(wish, story, employers.get(ticket_id, ())) for ticket_id, wish, story in told
    }
    changed = {each: folded for each, folded in wanted.items() if known.get(each, "") != folded}
    fresh = [{"ticket_id": each, "folded": folded} for each, folded in changed.items() if each not in known]
    if fresh:
        session.execute(insert(TicketText), fresh)
    for each in changed.keys() & known.keys():
        session.execute(update(TicketText).where(TicketText.ticket_id == each).values(folded=changed[each]))
    _write_terms(session, changed, {each: known[each] for each in changed.keys() & known.keys()})


def rewrite_all(session: Session, ticket_ids: Collection[int]) -> None:
    """Index these tickets anew: an employer on them has another name now."""
    wanted = sorted(ticket_ids)
    for start in range(0, len(wanted), AT_ONCE):
        query = select(Ticket.id, Ticket.wish, Ticket.text).where(
            Ticket.id.in_(wanted[start : start + AT_ONCE])
        )
        write_all(session, [(each, wish, story) for each, wish, story in session.execute(query)])


def folded_story(wish: str, story: str, employers: Collection[str]) -> str:
    """Return what can be searched of a ticket: only what every one of its readers may read, so numbers are masked."""
    return " ".join(filter(None, (fold(mask_text(part)) for part in (wish, story, *employers))))


def rebuild(database: Database) -> Iterator[int]:
    """Empty the index and fill it again, yielding how many tickets are done; commands may go on meanwhile."""
    with database.writing("report") as session:
        if database.on_sqlite:
            session.execute(text("INSERT INTO ticket_terms(ticket_terms) VALUES ('delete-all')"))
            session.execute(text("DELETE FROM ticket_text"))
        else:
            session.execute(text("TRUNCATE ticket_terms, ticket_text"))
    yield from fill(database)


def fill(database: Database) -> Iterator[int]:
    """Index whatever is not indexed yet, in portions; yields how many tickets were looked at so far."""
    done, last = 0, 0
    while True:
        with database.writing("report") as session:
            rows = session.execute(
                select(Ticket.id, Ticket.wish, Ticket.text, func.coalesce(TicketText.ticket_id, 0))
                .outerjoin(TicketText, TicketText.ticket_id == Ticket.id)
                .where(Ticket.id > last)
                .order_by(Ticket.id)
                .limit(AT_ONCE)
            ).all()
            if not rows:
                return
            write_all(session, [(each, wish, story) for each, wish, story, known in rows if not known])
        done, last = done + len(rows), rows[-1][0]
        yield done


def candidates(session: Session, terms: Collection[str], *, limit: int) -> list[int]:
    """Return tickets that have all of these bigrams, at most `limit` of them; nobody's rights are asked here."""
    # Newest first is how both engines find the tickets of a common word without reading all of its million.
    if session.get_bind().dialect.name == "postgresql":
        query = " & ".join(sorted(terms))
        statement = (
            "SELECT ticket_id FROM ticket_terms WHERE terms @@ CAST(:query AS tsquery)"
            " ORDER BY ticket_id DESC LIMIT :limit"
        )
    else:
        query = " AND ".join(sorted(terms))
        statement = (
            "SELECT rowid FROM ticket_terms WHERE ticket_terms MATCH :query ORDER BY rowid DESC LIMIT :limit"
        )
    return list(session.scalars(text(statement), {"query": query, "limit": limit}))


def among(session: Session, column: InstrumentedAttribute[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many ids, as one parameter however many they are."""
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger)))
    listed = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(listed.c.value))


def _write_terms(session: Session, now: Mapping[int, str], before: Mapping[int, str]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        rows: list[dict[str, Any]] = [
            {"id": each, "terms": sorted(terms_of(folded))} for each, folded in now.items()
        ]
        upsert = (
            "INSERT INTO ticket_terms VALUES (:id, array_to_tsvector(CAST(:terms AS text[])))"
            " ON CONFLICT (ticket_id) DO UPDATE SET terms = excluded.terms"
        )
        if rows:
            session.execute(text(upsert), rows)
        return
    # An index without a copy of the text must be told what it forgets.
    gone = [{"id": each, "terms": _line(folded)} for each, folded in before.items() if folded]
    if gone:
        forget = "INSERT INTO ticket_terms(ticket_terms, rowid, terms) VALUES ('delete', :id, :terms)"
        session.execute(text(forget), gone)
    fresh = [{"id": each, "terms": _line(folded)} for each, folded in now.items() if folded]
    if fresh:
        session.execute(text("INSERT INTO ticket_terms(rowid, terms) VALUES (:id, :terms)"), fresh)


def _line(folded: str) -> str:
    return " ".join(sorted(terms_of(folded)))


def _employer_names(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(TicketEmployer.ticket_id, TicketEmployer.name, Employer.name)
        .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
        .where(TicketEmployer.ticket_id.in_(ids))
        .order_by(TicketEmployer.ticket_id, TicketEmployer.ordinal)
    )
    found: dict[int, list[str]] = {}
    for ticket_id, told, known in rows:
        found.setdefault(ticket_id, []).extend(dict.fromkeys(filter(None, (told, known))))
    return found
