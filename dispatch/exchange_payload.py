"""What one event says to a partner, read when it is sent: both numbers, its own codes, no person without a basis."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.clocks import live
from dispatch.events import ticket_stream
from dispatch.models.attachments import Attachment
from dispatch.models.history import Event
from dispatch.models.partners import Partner, PartnerEvent, PartnerLink
from dispatch.models.tickets import Caller, Report, Ticket, TicketEmployer
from dispatch.rules.file_links import GOOD_FOR, FileLinks
from dispatch.rules.masking import mask_name, mask_phone, mask_text
from dispatch.rules.partner_policy import CodeMap
from dispatch.rules.partner_terms import Told
from dispatch.rules.phones import normalise
from dispatch.rules.ticket_state import ClockKind

STEPS: Final[Mapping[str, str]] = {
    "dispatched": "已派至承办工会",
    "signed": "承办工会已签收",
    "contacted": "已联系诉求人",
    "note": "办理中",
    "awaiting_caller": "等待诉求人补充材料",
    "suspended": "因法定程序暂停计时",
    "resumed": "恢复办理",
    "reopened": "重新办理",
    "paid": "款项到账",
    "merged": "并入同一事项的工单继续办理",
    "add_progress": "补充",
    "nudge": "催办",
    "supervise": "督办",
    "result_rejected": "反馈的结果未通过审核，请继续办理",
    "withdraw": "来单一方撤回",
    "merge": "已并入其他工单",
    "terminate": "终止办理",
    "redispatched": "已改由其他工会办理",
}
"""A sentence for each step, so that no event is without words."""
MOST_FILES: Final = 10
_SEALED: Final = "密件，内容不经接口交换"


@dataclass(frozen=True, slots=True)
class Message:
    """One event ready to be sent: its id, its type, and what it says."""

    uid: str
    kind: Told
    at: datetime
    data: dict[str, Any]


def compose(
    session: Session, event: PartnerEvent, *, codes: CodeMap, links: FileLinks, now: datetime
) -> Message:
    """Return what the partner is told now."""
    link = session.get_one(PartnerLink, event.link_id)
    ticket = session.get_one(Ticket, link.ticket_id)
    kind = Told(event.kind)
    said = _Said(session, link, ticket, event, codes, links, now)
    data: dict[str, Any] = {
        "number": link.number,
        "external_id": link.external_id,
        "state": event.facts["state"],
        "ticket_state": ticket.state,
        **_SAYS[kind](said),
    }
    return Message(
        event.uid, kind, event.at, {name: value for name, value in data.items() if value is not None}
    )


@dataclass(frozen=True, slots=True)
class _Said:
    session: Session
    link: PartnerLink
    ticket: Ticket
    event: PartnerEvent
    codes: CodeMap
    links: FileLinks
    now: datetime

    @property
    def named(self) -> bool:
        """Whether name and number may go out: on a recorded basis, and never from a sealed ticket."""
        return self.link.consent_basis is not None and not self.ticket.sealed

    def fact(self, name: str) -> Any:
        return self.event.facts.get(name)

    def word(self, *names: str) -> str | None:
        """Return the first of these that the command carried, as the partner may read it."""
        if self.event.event_seq is None:
            return None
        entry = self.session.scalar(
            select(Event).where(
                Event.stream == ticket_stream(self.ticket.id), Event.seq == self.event.event_seq
            )
        )
        given = {**entry.payload, **(entry.personal or {})} if entry is not None else {}
        found = next((given[name] for name in names if given.get(name)), None)
        return self.readable(str(found)) if found is not None else None

    def readable(self, text: str) -> str:
        """Return free text without its callers, unless they may be named."""
        if self.ticket.sealed:
            return _SEALED
        return text if self.named else without_callers(text, self.callers())

    def callers(self) -> Sequence[Caller]:
        query = select(Caller).where(Caller.ticket_id == self.ticket.id).order_by(Caller.ordinal)
        return self.session.scalars(query).all()


def without_callers(text: str, callers: Sequence[Caller]) -> str:
    """Return a text in which no caller's name and nobody's number can be read."""
    for caller in callers:
        for whole, masked in (
            (caller.name, mask_name(caller.name or "")),
            (caller.member_card_no, "****"),
            (caller.phone, mask_phone(caller.phone or "")),
            ((caller.phone or "").removeprefix("+86"), mask_phone(caller.phone or "")),
        ):
            if whole and len(whole) > 1:
                text = re.sub(re.escape(whole), masked, text)
    return mask_text(text)


def _created(said: _Said) -> dict[str, Any]:
    ticket, link = said.ticket, said.link
    callers = said.callers()
    first = callers[0] if callers else None
    employer = said.session.scalars(
        select(TicketEmployer).where(TicketEmployer.ticket_id == ticket.id).order_by(TicketEmployer.ordinal)
    ).all()
    return {
        "source_org": link.source_org or None,
        "target_org": link.target_org,
        "region_code": ticket.region_code,
        "category": said.codes.their_category(ticket.category),
        "nature": said.codes.their_nature(ticket.nature),
        "urgency": said.codes.their_urgency(ticket.urgency),
        "wish": said.readable(ticket.wish),
        "text": said.readable(ticket.text),
        "caller": _caller(said, first),
        "employers": [
            {"name": each.name, "uscc": each.uscc, "role": each.role}
            for each in employer
            if each.name or each.uscc
        ],
        "headcount": ticket.headcount,
        "amount_cents": ticket.amount_cents,
        "confidentiality": ticket.confidentiality or "confidential",
        "disclosure": ticket.disclosure or "none",
        "consent_basis": link.consent_basis,
        # Whoever called at home is called back from home.
        "callback_wanted": False,
        "due_at": _moment(link.due_at or _resolve_due(said)),
        "attachments": _files(said),
    }


def _files(said: _Said) -> list[dict[str, Any]] | None:
    """Offer what unions may open, by hash and an address that expires; a picture names people."""
    if not said.named:
        return None
    expires_at = said.now + GOOD_FOR
    rows = said.session.scalars(
        select(Attachment)
        .where(
            Attachment.ticket_id == said.ticket.id,
            Attachment.for_union,
            Attachment.removed_at.is_(None),
        )
        .order_by(Attachment.id)
        .limit(MOST_FILES)
    )
    return [
        {
            "name": row.name,
            "sha256": row.sha256,
            "size": row.size,
            "url": said.links.address(row.key, expires_at=expires_at),
            "expires_at": expires_at.isoformat(),
        }
        for row in rows
    ]


def _caller(said: _Said, first: Caller | None) -> dict[str, Any]:
    if first is None:
        return {}
    phone = normalise(first.phone)
    shown = {
        "masked_name": mask_name(first.name or "") or None,
        "contact_token": first.relay_no,
        **({"name": first.name, "phone": phone.e164 or first.phone} if said.named else {}),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _resolve_due(said: _Said) -> datetime | None:
    found = live(said.session, said.ticket.id, [ClockKind.RESOLVE])
    dues = [clock.due_at for clock in found if clock.due_at is not None]
    return min(dues) if dues else None


def _step(said: _Said) -> str:
    return STEPS.get(said.fact("step") or "", "")


def _progress(said: _Said) -> dict[str, Any]:
    union = said.fact("union")
    words = said.word("text", "missing", "outcome", "reason")
    spoken = f"{_step(said)}：{words}" if words else _step(said)
    contact = None
    if said.fact("step") == "contacted":
        contact = {
            "at": said.fact("contacted_at"),
            "means": said.fact("means"),
            "outcome": said.word("outcome") or "reached",
        }
    return {
        "step": said.fact("step"),
        "text": f"{spoken}（{union}）" if union else spoken,
        "contact": contact,
        "amount_cents": said.fact("amount_cents"),
        "due_at": _moment(_resolve_due(said)),
    }


def _appended(said: _Said) -> dict[str, Any]:
    words = said.word("text", "reason")
    return {"step": said.fact("step"), "text": f"{_step(said)}：{words}" if words else _step(said)}


def _rejected(said: _Said) -> dict[str, Any]:
    reason = said.word("reason", "route_told") or "无效诉求"
    route = said.word("route_told")
    return {"reason_code": "other", "reason": reason, "route": route}


def _extended(said: _Said) -> dict[str, Any]:
    due = said.fact("due_at") or _moment(_resolve_due(said))
    return {
        "granted": said.fact("granted"),
        "reason": said.word("reason") or "延期",
        "due_at": due,
        # Who had not told the caller was not granted it.
        "caller_told": True,
    }


def _result(said: _Said) -> dict[str, Any]:
    outcome = said.fact("outcome")
    report = said.session.scalar(
        select(Report).where(Report.ticket_id == said.ticket.id).order_by(Report.id.desc()).limit(1)
    )
    if outcome in ("answered", "terminated") or report is None:
        words = said.word("answer", "reason") or STEPS["terminate"]
        return {
            "true_claim": True,
            "solved": "solved" if outcome == "answered" else "unsolved",
            "done": words,
            "reply_text": words,
            "outcome": outcome,
        }
    return {
        "true_claim": report.true_claim,
        "solved": report.solved,
        "done": said.readable(report.done),
        "reply_text": said.readable(report.reply_text),
        "amount_cents": report.amount_cents,
        "amount_state": report.amount_state,
        "payment_on": report.payment_on.isoformat() if report.payment_on else None,
        "outcome": outcome,
    }


def _callback(said: _Said) -> dict[str, Any]:
    return {
        "reached": bool(said.fact("reached")),
        "solved": said.fact("solved"),
        "satisfied": said.fact("satisfied"),
        "text": said.word("text"),
        "outcome": said.fact("outcome"),
    }


def _withdrawn(said: _Said) -> dict[str, Any]:
    return {"reason": said.word("reason") or _step(said) or STEPS["withdraw"]}


_SAYS: Final = {
    Told.CREATED: _created,
    Told.APPENDED: _appended,
    Told.ACCEPTED: lambda said: {"due_at": _moment(_resolve_due(said))},
    Told.REJECTED: _rejected,
    Told.PROGRESS: _progress,
    Told.EXTENDED: _extended,
    Told.RESULT: _result,
    Told.CALLBACK: _callback,
    Told.WITHDRAWN: _withdrawn,
}


def partner_of(session: Session, event: PartnerEvent) -> tuple[Partner, PartnerLink]:
    """Return whom an event tells, about which exchange."""
    link = session.get_one(PartnerLink, event.link_id)
    return session.get_one(Partner, link.partner_id), link


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
