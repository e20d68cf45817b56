"""What partners do here: each act of the exchange is one use case over our own intake and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.clocks import live
from dispatch.commands import perform
from dispatch.errors import Invalid, NotAllowed, NotFound, WrongState
from dispatch.exchange_events import link_to, offer
from dispatch.models.history import Notice
from dispatch.models.partners import Partner, PartnerFile, PartnerLink
from dispatch.models.tickets import Ticket
from dispatch.partners import actor_of_partner, as_union
from dispatch.policy import Policy
from dispatch.rules.partner_policy import CodeMap
from dispatch.rules.partner_terms import CONSENT_BASES, OVER, Act, ExchangeState, PartnerKind
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command, State
from dispatch.rules.working_time import SHANGHAI
from dispatch.tickets import CallerDetails, ToldEmployer, log, open_ticket

FETCH: Final = "fetch_partner_file"
"""The kind of the outbox rows that bring a partner's files home."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One partner before us, for the time of one request."""

    session: Session
    partner: Partner
    codes: CodeMap
    policy: Policy
    now: datetime

    @property
    def actor(self) -> Actor:
        return actor_of_partner(self.partner, at=self.now)

    def require(self, act: Act) -> None:
        """Raise NotAllowed for what this partner may not do."""
        if act.value not in self.partner.may:
            raise NotAllowed(act.value, f"没有为{self.partner.name}开通“{act.label}”")


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file by its hash and an address that is good for a while."""

    name: str
    sha256: str
    size: int
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferedCase:
    """A case as a partner tells it, in the partner's own codes."""

    external_id: str
    fields: Mapping[str, Any]
    """Plain columns of the ticket; `category`, `nature` and `urgency` in the partner's codes."""
    employers: Sequence[ToldEmployer] = ()
    masked_caller: str | None = None
    contact_token: str | None = None
    caller: CallerDetails | None = None
    consent_basis: str | None = None
    source_org: str = ""
    target_org: str = ""
    due_at: datetime | None = None
    files: Sequence[OfferedFile] = field(default_factory=tuple)


def receive(exchange: Exchange, told: OfferedCase) -> PartnerLink:
    """Open a draft of what a partner sends; somebody at the desk accepts or declines it. Raises Invalid."""
    exchange.require(Act.CREATE)
    session, partner, now = exchange.session, exchange.partner, exchange.now
    if told.caller is not None and told.consent_basis not in CONSENT_BASES:
        raise Invalid({"consent_basis": "写明姓名或电话须有法定依据：" + "、".join(CONSENT_BASES.values())})
    known = select(PartnerLink.id).where(
        PartnerLink.partner_id == partner.id,
        PartnerLink.direction == "in",
        PartnerLink.external_id == told.external_id,
    )
    if session.scalar(known) is not None:
        raise Invalid({"external_id": "这个编号已经登记过"})
    ticket = open_ticket(
        session,
        exchange.actor,
        channel=PartnerKind(partner.kind).channel,
        policy=exchange.policy,
        now=now,
        fields=_in_our_codes(exchange, told),
        caller=told.caller or CallerDetails(name=told.masked_caller),
        employers=told.employers or (ToldEmployer(),),
        # Two partners of one kind may well use the same number.
        external_id=f"{partner.code}/{told.external_id}",
    )
    # Whoever at the desk takes it up edits and accepts it, as with what the machine wrote down.
    ticket.created_by_id = None
    link = link_to(
        session,
        partner,
        ticket,
        direction="in",
        now=now,
        external_id=told.external_id,
        source_org=told.source_org or partner.name,
        target_org=told.target_org,
        masked_caller=told.masked_caller,
        contact_token=told.contact_token,
        consent_basis=told.consent_basis,
        due_at=told.due_at,
    )
    log(
        session,
        ticket,
        "PartnerLinked",
        by=exchange.actor.by,
        now=now,
        payload={"partner": partner.name, "external_id": told.external_id, "due_at": _iso(told.due_at)},
    )
    want_files(exchange, link, told.files)
    _notice(exchange, ticket, f"{partner.name}来单，请受理或不予受理")
    return link


def want_files(exchange: Exchange, link: PartnerLink, files: Sequence[OfferedFile]) -> None:
    """Have files fetched; addresses that have expired already are Invalid."""
    late = {
        f"attachments.{index}.expires_at": "地址已过期"
        for index, each in enumerate(files)
        if each.expires_at <= exchange.now
    }
    if late:
        raise Invalid(late)
    for each in files:
        row = PartnerFile(
            link_id=link.id,
            name=each.name,
            sha256=each.sha256,
            size=each.size,
            url=each.url,
            url_expires_at=each.expires_at,
        )
        exchange.session.add(row)
        exchange.session.flush()
        outbox.put(
            exchange.session,
            "slow",
            FETCH,
            {"file_id": row.id},
            now=exchange.now,
            key=f"partner-file:{row.id}",
            expires_at=each.expires_at,
            ticket_id=link.ticket_id,
        )


def append(exchange: Exchange, number: str, text: str, files: Sequence[OfferedFile] = ()) -> PartnerLink:
    """Add to a case: words, files, or both."""
    link, ticket = _open(exchange, Act.APPEND, number)
    _note(exchange, ticket, text)
    want_files(exchange, link, files)
    return _touched(exchange, link)


def accept(exchange: Exchange, number: str, *, due_at: datetime | None, text: str | None) -> PartnerLink:
    """Take on a case that we offered; for a union of ours the partner signs for it."""
    link, ticket = _open(exchange, Act.ACCEPT, number, only="out")
    partner = exchange.partner
    if partner.union_id is None:
        _note(exchange, ticket, text or f"{partner.name}已受理")
    else:
        if ticket.state == State.DRAFT.value:
            _as_union(exchange, ticket, Command.ACCEPT)
        people = {"handler_id": partner.user_id, "deputy_id": partner.user_id}
        _as_union(exchange, ticket, Command.SIGN_FOR, **people)
    link.due_at = due_at or link.due_at
    return _touched(exchange, link, ExchangeState.ACCEPTED)


def reject(exchange: Exchange, number: str, *, reason_code: str, reason: str) -> PartnerLink:
    """Refuse a case that we offered; it goes back to the dispatcher with the reason."""
    link, ticket = _open(exchange, Act.REJECT, number, only="out")
    partner = exchange.partner
    if partner.union_id is None:
        _note(exchange, ticket, f"{partner.name}不予受理：{reason}")
        _notice(exchange, ticket, f"{partner.name}不予受理，请另行处理")
    elif ticket.state == State.DRAFT.value:
        _as_union(exchange, ticket, Command.DECLINE, reason=reason)
    else:
        back = {"reason_code": reason_code, "basis": reason, "evidence": reason}
        _as_union(exchange, ticket, Command.RETURN_TICKET, union_id=partner.union_id, **back)
    return _touched(exchange, link, ExchangeState.REJECTED)


def progress(
    exchange: Exchange, number: str, *, text: str, contact: Mapping[str, Any] | None = None
) -> PartnerLink:
    """Report how a case gets on, and with `contact` that the caller was reached."""
    link, ticket = _open(exchange, Act.PROGRESS, number)
    if link.direction == "in" or exchange.partner.union_id is None:
        _note(exchange, ticket, text)
        return _touched(exchange, link)
    due = live(exchange.session, ticket.id, [ClockKind.FIRST_CONTACT])
    if contact is not None and due:
        _as_union(exchange, ticket, Command.RECORD_FIRST_CONTACT, text=text, **contact)
    else:
        _as_union(exchange, ticket, Command.ADD_PROGRESS, text=text)
    return _touched(exchange, link, ExchangeState.IN_PROGRESS)


def extended(
    exchange: Exchange, number: str, *, reason: str, due_at: datetime, caller_told: bool
) -> PartnerLink:
    """Ask for more time for a case of ours, which our dispatcher decides; or give more for one of its own."""
    link, ticket = _open(exchange, Act.EXTENDED, number)
    if due_at <= exchange.now:
        raise Invalid({"due_at": "期限须在当前时间之后"})
    if link.direction == "out" and exchange.partner.union_id is not None:
        asked = {"reason": reason, "due_at": due_at, "caller_told": caller_told}
        _as_union(exchange, ticket, Command.REQUEST_EXTENSION, **asked)
    else:
        _note(exchange, ticket, f"期限改为{due_at.astimezone(SHANGHAI):%Y年%m月%d日%H时}：{reason}")
        link.due_at = due_at
    return _touched(exchange, link)


def result(exchange: Exchange, number: str, told: Mapping[str, Any]) -> PartnerLink:
    """Report what was done about a case of ours; our own review follows."""
    link, ticket = _open(exchange, Act.RESULT, number, only="out")
    if exchange.partner.union_id is None:
        words = (told["done"], told["reply_text"])
        _note(exchange, ticket, f"{exchange.partner.name}办理结果：" + "；".join(filter(None, words)))
        _notice(exchange, ticket, f"{exchange.partner.name}已反馈结果")
    else:
        _as_union(exchange, ticket, Command.REPORT_RESULT, **told)
    link.amount_cents = told.get("amount_cents")
    return _touched(exchange, link, ExchangeState.REPORTED)


def callback(exchange: Exchange, number: str, answers: Mapping[str, Any]) -> PartnerLink:
    """Say what the caller answered when the partner asked; it closes the partner's own case."""
    link, ticket = _found(exchange, Act.CALLBACK, number)
    if link.direction == "in" and ticket.state == State.PENDING_CALLBACK.value:
        _as_partner(exchange, ticket, Command.RECORD_CALLBACK, **answers)
        closed = ticket.state == State.CLOSED.value
        return _touched(exchange, link, ExchangeState.CLOSED if closed else None)
    plain = {name: value for name, value in answers.items() if name != "text"}
    words = {"text": answers["text"]} if answers.get("text") else None
    by, now = exchange.actor.by, exchange.now
    log(exchange.session, ticket, "CallbackRelayed", by=by, now=now, payload=plain, personal=words)
    return _touched(exchange, link)


def withdrawn(exchange: Exchange, number: str, *, reason: str) -> PartnerLink:
    """Take back a case that the partner gave us."""
    link, ticket = _open(exchange, Act.WITHDRAWN, number, only="in")
    _as_partner(exchange, ticket, Command.WITHDRAW, reason=reason)
    return _touched(exchange, link, ExchangeState.WITHDRAWN)


def look(exchange: Exchange, number: str) -> PartnerLink:
    """Return an exchange of this partner; raises NotFound for everybody else's."""
    return _found(exchange, Act.READ, number)[0]


def by_external_id(exchange: Exchange, external_id: str) -> Sequence[PartnerLink]:
    """Return this partner's exchanges under its own number."""
    exchange.require(Act.READ)
    query = select(PartnerLink).where(
        PartnerLink.partner_id == exchange.partner.id, PartnerLink.external_id == external_id
    )
    return exchange.session.scalars(query.order_by(PartnerLink.id)).all()


def refer(
    session: Session,
    actor: Actor,
    number: str,
    partner_code: str,
    *,
    reason: str,
    consent_basis: str | None,
    due_at: datetime | None,
    now: datetime,
) -> PartnerLink:
    """Give a ticket to a partner that stands for no union of ours, beside the union that handles it."""
    ticket = find_ticket(session, actor, number, lock=True)
    partner = session.scalar(
        select(Partner).where(Partner.code == partner_code, Partner.disabled_at.is_(None))
    )
    if partner is None:
        raise NotFound("partner", partner_code)
    if partner.union_id is not None:
        raise NotAllowed("refer", f"{partner.name}代表工会，请派单")
    if ticket.sealed:
        raise NotAllowed("refer", "密件不经接口交换")
    if State(ticket.state) in (State.DRAFT, State.ARCHIVED) or ticket.closed_at is not None:
        raise WrongState(ticket.number, "refer", ticket.state, "受理之后、办结之前才能转给协作单位")
    if consent_basis is not None and consent_basis not in CONSENT_BASES:
        raise Invalid({"consent_basis": "没有这种依据"})
    there = select(PartnerLink.id).where(
        PartnerLink.partner_id == partner.id,
        PartnerLink.ticket_id == ticket.id,
        PartnerLink.state.not_in([state.value for state in OVER]),
    )
    if session.scalar(there.limit(1)) is not None:
        raise Invalid({"partner": f"{partner.name}已经在办理此单"})
    link = offer(session, partner, ticket, now=now, consent_basis=consent_basis, due_at=due_at)
    log(
        session,
        ticket,
        "PartnerLinked",
        by=actor.by,
        now=now,
        payload={"partner": partner.name, "consent_basis": consent_basis},
        personal={"reason": reason},
    )
    return link


def _in_our_codes(exchange: Exchange, told: OfferedCase) -> dict[str, Any]:
    codes, given = exchange.codes, dict(told.fields)
    category = codes.category(given["category"])
    if exchange.policy.category(category) is None:
        raise Invalid({"category": f"没有与“{given['category']}”对应的类别"})
    phone = told.caller is not None and told.caller.phone is not None
    nature, urgency = given.get("nature"), given.get("urgency")
    return {
        "confidentiality": "confidential",
        "disclosure": "none",
        "callback_wanted": True,
        **{name: value for name, value in given.items() if value is not None},
        "category": category,
        "nature": codes.nature(nature) if nature else None,
        **({"urgency": _urgency(codes.urgency(urgency))} if urgency else {}),
        "contact_mode": "phone" if phone else "query_code",
    }


def _urgency(code: str) -> str:
    if code not in ("P0", "P1", "P2", "P3"):
        raise Invalid({"urgency": f"没有与“{code}”对应的紧急程度"})
    return code


def _found(exchange: Exchange, act: Act, number: str) -> tuple[PartnerLink, Ticket]:
    exchange.require(act)
    link = exchange.session.scalar(
        select(PartnerLink).where(PartnerLink.partner_id == exchange.partner.id, PartnerLink.number == number)
    )
    if link is None:
        raise NotFound("ticket", number)
    ticket = exchange.session.get_one(Ticket, link.ticket_id)
    if act is Act.READ:
        return link, ticket
    # Locked from here on: what follows is judged by how it stands now.
    return link, find_ticket(exchange.session, exchange.actor, ticket.number, lock=True)


def _open(
    exchange: Exchange, act: Act, number: str, *, only: str | None = None
) -> tuple[PartnerLink, Ticket]:
    link, ticket = _found(exchange, act, number)
    state = ExchangeState(link.state)
    if state in OVER:
        raise WrongState(number, act.value, link.state, f"这件事已经{state.label}")
    if only is not None and link.direction != only:
        side = "来单一方" if only == "in" else "办理一方"
        raise WrongState(number, act.value, link.state, f"“{act.label}”由{side}提出")
    return link, ticket


def _as_union(exchange: Exchange, ticket: Ticket, command: Command, **data: Any) -> None:
    _give(exchange, as_union(exchange.partner, at=exchange.now), ticket, command, data)


def _as_partner(exchange: Exchange, ticket: Ticket, command: Command, **data: Any) -> None:
    _give(exchange, exchange.actor, ticket, command, data)


def _note(exchange: Exchange, ticket: Ticket, text: str) -> None:
    _as_partner(exchange, ticket, Command.ADD_PROGRESS, text=text)


def _give(
    exchange: Exchange, actor: Actor, ticket: Ticket, command: Command, data: Mapping[str, Any]
) -> None:
    perform(
        exchange.session,
        actor,
        ticket.number,
        command,
        data,
        version=ticket.version,
        policy=exchange.policy,
        now=exchange.now,
    )


def _notice(exchange: Exchange, ticket: Ticket, text: str) -> None:
    role = Role.SUPERVISOR if ticket.sealed else Role.DISPATCHER
    exchange.session.add(
        Notice(
            at=exchange.now, kind="dispatched", ticket_id=ticket.id, role=role.value,
            text=f"{ticket.number} {text}",
        )
    )  # fmt: skip


def _touched(exchange: Exchange, link: PartnerLink, state: ExchangeState | None = None) -> PartnerLink:
    if state is not None:
        link.state = state.value
    link.changed_at = exchange.now
    exchange.session.flush()
    return link


def _iso(moment: datetime | date | None) -> str | None:
    return moment.isoformat() if moment is not None else None
