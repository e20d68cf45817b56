"""A burst of events from a partner: kept all or none, then done one after the other in the order in which they came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch import exchange, outbox
from dispatch.errors import Invalid, NotFound
from dispatch.exchange import Exchange, OfferedCase, OfferedFile
from dispatch.models.history import Outbox
from dispatch.models.partners import Partner, PartnerIntake, PartnerLink
from dispatch.partner_requests import KeyReused
from dispatch.rules.partner_terms import Act
from dispatch.tickets import CallerDetails, ToldEmployer

DELIVERY: Final = "apply_partner_events"
"""The kind of the outbox rows by which a partner's events are done."""
MOST: Final = 100
"""Events in one burst."""
PAGE: Final = 200
FORGOTTEN: Final = timedelta(minutes=1)
"""An event that still waits by then has lost its delivery."""
_LIVE: Final = ("pending", "leased", "sending")
_PLAIN: Final = (
    *("region_code", "category", "nature", "urgency", "wish", "text", "headcount", "amount_cents"),
    *("confidentiality", "disclosure", "callback_wanted"),
)


@dataclass(frozen=True, slots=True)
class OfferedEvent:
    """One event as it came; `data` is plain JSON, of the form that the route of the same act takes."""

    id: str
    act: Act
    number: str | None
    external_id: str | None
    data: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        said = [self.act.value, self.number, self.external_id, self.data]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def take_in(
    session: Session, partner_id: int, events: Sequence[OfferedEvent], *, now: datetime
) -> frozenset[str]:
    """Keep a burst and order its delivery; return the ids that had come before. Raises KeyReused, Invalid."""
    if len({each.id for each in events}) != len(events):
        raise Invalid({"events": "同一批里有重复的事件编号"})
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {
            "partner_id": partner_id,
            "event_id": each.id,
            "act": each.act.value,
            "number": each.number,
            "external_id": each.external_id,
            "sha256": each.sha256,
            "data": dict(each.data),
            "state": "accepted",
            "at": now,
        }
        for each in events
    ]
    made = session.execute(
        dialect.insert(PartnerIntake)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["partner_id", "event_id"])
        .returning(PartnerIntake.id, PartnerIntake.event_id)
    ).all()
    fresh = {row.event_id for row in made}
    known = {each.id: each.sha256 for each in events if each.id not in fresh}
    if known:
        _must_be_the_same(session, partner_id, known)
    if made:
        first = min(row.id for row in made)
        _order(session, partner_id, key=f"partner-intake:{partner_id}:{first}", now=now)
    return frozenset(known)


def waiting(session: Session, partner_id: int) -> PartnerIntake | None:
    """Return the partner's next event, locked; None where nothing waits or somebody else is at it."""
    query = select(PartnerIntake).where(
        PartnerIntake.partner_id == partner_id, PartnerIntake.state == "accepted"
    )
    return session.scalar(query.order_by(PartnerIntake.id).limit(1).with_for_update())


def apply(here: Exchange, event: PartnerIntake) -> PartnerLink:
    """Do what an event says; raises what the use case of its act raises."""
    act, data = Act(event.act), event.data or {}
    if act is Act.CREATE:
        link = exchange.receive(here, case_told(data))
    else:
        link = _ACTS[act](here, event.number or _number(here, event.external_id), data)
    event.number = link.number
    _settle(event, "applied", here.now)
    return link


def refuse(session: Session, event_id: int, problem: Mapping[str, Any], *, now: datetime) -> None:
    """Write down why an event could not be done; one that has been settled meanwhile stays as it is."""
    event = session.scalar(select(PartnerIntake).where(PartnerIntake.id == event_id).with_for_update())
    if event is not None and event.state == "accepted":
        event.problem = dict(problem)
        _settle(event, "refused", now)


def outcomes(session: Session, partner_id: int, *, after: int) -> Sequence[PartnerIntake]:
    """Return what became of a partner's events, in the order in which they came."""
    query = select(PartnerIntake).where(PartnerIntake.partner_id == partner_id, PartnerIntake.id > after)
    return session.scalars(query.order_by(PartnerIntake.id).limit(PAGE)).all()


def wake_forgotten(session: Session, *, now: datetime) -> int:
    """Order a delivery for partners whose events have waited too long; return for how many."""
    coming = exists().where(Outbox.kind == DELIVERY, Outbox.queue == "slow", Outbox.state.in_(_LIVE))
    late = session.scalars(
        select(PartnerIntake.partner_id)
        .join(Partner, Partner.id == PartnerIntake.partner_id)
        .where(
            PartnerIntake.state == "accepted",
            PartnerIntake.at <= now - FORGOTTEN,
            Partner.disabled_at.is_(None),
            ~coming,
        )
        .distinct()
    ).all()
    for partner_id in late:
        _order(session, partner_id, key=f"partner-intake:{partner_id}:{now.timestamp():.0f}", now=now)
    return len(late)


def forget(session: Session, *, now: datetime, keep: timedelta) -> int:
    """Forget what was settled long ago; return how many."""
    old = (PartnerIntake.state != "accepted", PartnerIntake.at < now - keep)
    return len(session.execute(delete(PartnerIntake).where(*old).returning(PartnerIntake.id)).all())


def case_told(told: Mapping[str, Any]) -> OfferedCase:
    """Return a case as the use case takes it, from its plain JSON."""
    who = told.get("caller") or {}
    name, phone, masked = who.get("name"), who.get("phone"), who.get("masked_name")
    return OfferedCase(
        external_id=told["external_id"],
        fields={each: told.get(each) for each in _PLAIN},
        employers=[
            ToldEmployer(None, each["name"], each["uscc"] or None, each["role"]) for each in told["employers"]
        ],
        masked_caller=masked,
        contact_token=who.get("contact_token"),
        caller=CallerDetails(name or masked, phone) if name or phone else None,
        consent_basis=told["consent_basis"],
        source_org=told["source_org"],
        target_org=told["target_org"],
        due_at=_moment(told["due_at"]),
        files=files_told(told["attachments"]),
    )


def files_told(told: Sequence[Mapping[str, Any]]) -> list[OfferedFile]:
    """Return offered files, from their plain JSON."""
    return [
        OfferedFile(
            each["name"],
            each["sha256"],
            each["size"],
            each["url"],
            datetime.fromisoformat(each["expires_at"]),
        )
        for each in told
    ]


def _result(told: Mapping[str, Any]) -> dict[str, Any]:
    day = told.get("payment_on")
    return {**told, "payment_on": date.fromisoformat(day) if day else None}


def _contact(told: Mapping[str, Any]) -> dict[str, Any] | None:
    contact = told.get("contact")
    return {**contact, "at": datetime.fromisoformat(contact["at"])} if contact else None


_ACTS: Final[Mapping[Act, Callable[[Exchange, str, Mapping[str, Any]], PartnerLink]]] = {
    Act.APPEND: lambda here, number, told: exchange.append(
        here, number, told["text"], files_told(told["attachments"])
    ),
    Act.ACCEPT: lambda here, number, told: exchange.accept(
        here, number, due_at=_moment(told["due_at"]), text=told["text"]
    ),
    Act.REJECT: lambda here, number, told: exchange.reject(
        here, number, reason_code=told["reason_code"], reason=told["reason"]
    ),
    Act.PROGRESS: lambda here, number, told: exchange.progress(
        here, number, text=told["text"], contact=_contact(told)
    ),
    Act.EXTENDED: lambda here, number, told: exchange.extended(
        here,
        number,
        reason=told["reason"],
        due_at=datetime.fromisoformat(told["due_at"]),
        caller_told=told["caller_told"],
    ),
    Act.RESULT: lambda here, number, told: exchange.result(here, number, _result(told)),
    Act.CALLBACK: lambda here, number, told: exchange.callback(here, number, told),
    Act.WITHDRAWN: lambda here, number, told: exchange.withdrawn(here, number, reason=told["reason"]),
}


def _number(here: Exchange, external_id: str | None) -> str:
    """Return our number of a case that the partner names by its own."""
    numbers = here.session.scalars(
        select(PartnerLink.number).where(
            PartnerLink.partner_id == here.partner.id, PartnerLink.external_id == external_id
        )
    ).all()
    if not numbers:
        raise NotFound("ticket", external_id)
    if len(numbers) > 1:
        raise Invalid({"external_id": "这个编号对应多件，请用本中心的工单编号"})
    return numbers[0]


def _must_be_the_same(session: Session, partner_id: int, known: Mapping[str, str]) -> None:
    rows = session.execute(
        select(PartnerIntake.event_id, PartnerIntake.sha256).where(
            PartnerIntake.partner_id == partner_id, PartnerIntake.event_id.in_(known)
        )
    )
    for event_id, digest in rows:
        if digest != known[event_id]:
            raise KeyReused(event_id)


def _order(session: Session, partner_id: int, *, key: str, now: datetime) -> None:
    outbox.put(session, "slow", DELIVERY, {"partner_id": partner_id}, now=now, key=key)


def _settle(event: PartnerIntake, state: str, now: datetime) -> None:
    event.state, event.settled_at, event.data = state, now, None


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
