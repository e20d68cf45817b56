"""What somebody types into a search box: a ticket's number, the digits a caller was told, a telephone number, or words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from dispatch.access import story_readable
from dispatch.actors import Actor
from dispatch.errors import Invalid
from dispatch.models.search import TicketText
from dispatch.models.tickets import Caller, Ticket, TicketEmployer
from dispatch.models.unions import Employer
from dispatch.policy import Policy
from dispatch.rules.bigrams import SHORTEST, terms_of, words_of
from dispatch.rules.numbering import NumberError, SpokenNumber, TicketNumber
from dispatch.rules.phones import normalise
from dispatch.rules.roles import Role
from dispatch.rules.working_time import SHANGHAI
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import phone_key

ASK_BY_NUMBER = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER})
"""A number is a way to a name: only whoever answers and calls people may search by it."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a list is searched for: tickets that are known already, or words that an index is asked for."""

    ids: list[int] | None = None
    words: tuple[str, ...] = ()
    conditions: list[ColumnElement[bool]] = field(default_factory=list)

    @property
    def terms(self) -> set[str]:
        """What the index is asked for."""
        return {term for word in self.words for term in terms_of(word)}


def lookup_of(
    session: Session, actor: Actor, wanted: TicketFilter, *, policy: Policy, now: datetime
) -> Lookup | None:
    """Return what the filter searches for, None where it searches for nothing; raises Invalid for a single sign."""
    typed, employer = (wanted.q or "").strip(), (wanted.employer or "").strip()
    if not typed and not employer:
        return None
    ids = _numbered(session, actor, typed, policy, now) if typed else None
    words = words_of(typed) if ids is None else ()
    conditions: list[ColumnElement[bool]] = []
    about: tuple[str, ...] = ()
    if employer:
        known = _of_uscc(session, employer)
        if known is not None:
            ids = known if ids is None else [each for each in ids if each in set(known)]
        else:
            about = words_of(employer)
            conditions.append(_about(employer))
    for name, given, read in (("q", typed, words), ("employer", employer, about)):
        if given and read and all(len(word) < SHORTEST for word in read):
            raise Invalid({name: f"至少输入{SHORTEST}个字"})
    if ids is None and not words and not about:
        return Lookup(ids=[])
    if words or about:
        conditions.append(story_readable(actor))
    conditions += [TicketText.folded.contains(word, autoescape=True) for word in words]
    return Lookup(ids, (*words, *about), conditions)


def _numbered(session: Session, actor: Actor, typed: str, policy: Policy, now: datetime) -> list[int] | None:
    """Return the tickets of a number, None where what was typed is none."""
    try:
        number = str(TicketNumber.parse(typed))
    except NumberError:
        pass
    else:
        return list(session.scalars(select(Ticket.id).where(Ticket.number == number)))
    if not actor.of_centre:
        return None
    try:
        spoken = SpokenNumber.parse(typed)
    except NumberError:
        pass
    else:
        days = [f"{day:%Y%m%d}" for day in spoken.days(today=now.astimezone(SHANGHAI).date())]
        query = select(Ticket.id).where(Ticket.day.in_(days), Ticket.sequence == spoken.sequence)
        return list(session.scalars(query))
    phone = normalise(typed)
    if not phone.e164 or actor.role not in ASK_BY_NUMBER:
        return None
    key = phone_key(policy.secret, phone.e164)
    return list(session.scalars(select(Caller.ticket_id).where(Caller.phone_key == key)))


def _of_uscc(session: Session, typed: str) -> list[int] | None:
    employer = session.scalar(select(Employer.id).where(Employer.uscc == typed.upper()))
    if employer is None:
        return None
    query = select(TicketEmployer.ticket_id).where(TicketEmployer.employer_id == employer)
    return list(session.scalars(query))


def _about(name: str) -> ColumnElement[bool]:
    told = TicketEmployer.name.contains(name, autoescape=True)
    known = Employer.name.contains(name, autoescape=True)
    return (
        select(TicketEmployer.ticket_id)
        .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
        .where(TicketEmployer.ticket_id == Ticket.id, or_(told, known))
        .correlate(Ticket)
        .exists()
    )
