"""Tells partners what happened: signed Standard Webhooks, or another centre's partner API, in order and with patience."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook

from dispatch.exchange_payload import Message, compose, partner_of
from dispatch.models.history import Outbox
from dispatch.models.partners import PartnerEvent, PartnerLink
from dispatch.partners import secrets_of
from dispatch.rules.partner_terms import Act, Speaks, Told
from dispatch.rules.signed_request import (
    IDEMPOTENCY_HEADER,
    NONCE_HEADER,
    PARTNER_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignedRequest,
    sign,
)
from dispatch.unit_of_work import unit_of_work
from hotline.jobs.again import Again, GivenUp, OutOfTurn
from hotline.jobs.guarded_http import Answer, Forbidden, GuardedHttp, TooLarge
from hotline.services import Services

API: Final = "/api/partner/v1/tickets"
WAITING: Final = ("pending", "leased", "sending")
WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})

BODIES: Final[Mapping[Act, tuple[str, ...]]] = {
    Act.CREATE: (
        *("source_org", "target_org", "region_code", "category", "nature", "urgency", "wish", "text"),
        *("caller", "employers", "headcount", "amount_cents", "confidentiality", "disclosure"),
        *("consent_basis", "callback_wanted", "due_at", "attachments"),
    ),
    Act.APPEND: ("text",),
    Act.ACCEPT: ("text", "due_at"),
    Act.REJECT: ("reason_code", "reason"),
    Act.PROGRESS: ("text", "contact"),
    Act.EXTENDED: ("reason", "due_at", "caller_told"),
    Act.RESULT: (
        *("true_claim", "solved", "done", "reply_text", "amount_cents", "amount_state", "payment_on"),
    ),
    Act.CALLBACK: ("reached", "solved", "satisfied", "text"),
    Act.WITHDRAWN: ("reason",),
}
"""What the partner API takes of an event's data, route by route."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """One event on its way, with everything that sending it needs."""

    message: Message
    speaks: Speaks
    endpoint: str
    our_code: str
    secrets: tuple[str, ...]
    link_id: int
    number: str
    external_id: str | None
    attempts: int


def tell_partner(services: Services, payload: Mapping[str, Any]) -> None:
    """Send one event; raises Again, and GivenUp for what no repetition would change."""
    with services.database.reading() as session:
        letter = _read(services, session, payload["event_id"])
    if letter is None:
        return
    http = GuardedHttp(services.partners.allowed_networks, services.partners.timeout_s)
    try:
        if letter.speaks is Speaks.EVENTS:
            answer = _as_event(http, letter, services.now())
        else:
            answer = _as_request(http, letter, services.now())
    except Forbidden as error:
        raise GivenUp(str(error)) from error
    except (httpx.HTTPError, TooLarge) as error:
        # Whether it arrived is not known; its id makes it safe to say again.
        raise _later(services, letter, type(error).__name__) from error
    if 200 <= answer.status < 300:
        _learn_number(services, letter, answer)
    elif answer.status in WORTH_ANOTHER_TRY or answer.status >= 500:
        raise _later(services, letter, f"HTTP {answer.status}")
    else:
        raise GivenUp(f"HTTP {answer.status}{_code_of(answer)}")


def _read(services: Services, session: Session, event_id: int) -> _Letter | None:
    event = session.get_one(PartnerEvent, event_id)
    partner, link = partner_of(session, event)
    if partner.disabled_at is not None or partner.endpoint is None or event.outbox_id is None:
        return None
    _wait_for_earlier(services, session, event)
    codes = services.partners.codes(partner.code_map)
    message = compose(session, event, codes=codes, links=services.file_links, now=services.now())
    keys = secrets_of(session, partner.id, "outbound", key=services.partner_key, now=services.now())
    if not keys:
        raise GivenUp("没有发往对方的密钥")
    return _Letter(
        message=message,
        speaks=Speaks(partner.speaks),
        endpoint=partner.endpoint.rstrip("/"),
        our_code=partner.our_code or "",
        secrets=keys,
        link_id=link.id,
        number=link.number,
        external_id=link.external_id,
        attempts=session.get_one(Outbox, event.outbox_id).attempts,
    )


def _wait_for_earlier(services: Services, session: Session, event: PartnerEvent) -> None:
    """What happened to a case is told in the order in which it happened; what a person must look at holds up nothing."""
    earlier = session.scalar(
        select(Outbox.not_before)
        .join(PartnerEvent, PartnerEvent.outbox_id == Outbox.id)
        .where(
            PartnerEvent.link_id == event.link_id,
            PartnerEvent.id < event.id,
            Outbox.state.in_(WAITING),
        )
        .order_by(PartnerEvent.id.desc())
        .limit(1)
    )
    if earlier is not None:
        shortest = services.partners.retries[0] / 10
        raise OutOfTurn(after=max(earlier - services.now(), shortest))


def _as_event(http: GuardedHttp, letter: _Letter, now: datetime) -> Answer:
    message = letter.message
    document = {"type": message.kind.value, "timestamp": message.at.isoformat(), "data": message.data}
    body = _json(document)
    # One signature for each secret that is good now: the receiver may be changing it.
    signatures = " ".join(Webhook(key).sign(message.uid, now, body) for key in letter.secrets)
    headers = {
        "webhook-id": message.uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
        "Content-Type": "application/json",
    }
    return http.request("POST", letter.endpoint, headers=headers, content=body.encode())


def _as_request(http: GuardedHttp, letter: _Letter, now: datetime) -> Answer:
    act = letter.message.kind.act
    if act is not Act.CREATE and letter.external_id is None:
        raise GivenUp("对方没有告知它的编号")
    path = API if act is Act.CREATE else f"{API}/{letter.external_id}/{act.value}"
    data = letter.message.data
    body = {name: data[name] for name in BODIES[act] if data.get(name) is not None}
    if act is Act.CREATE:
        body["external_id"] = letter.number
    request = SignedRequest(
        "POST", path, str(int(now.timestamp())), secrets.token_hex(16), _json(body).encode()
    )
    headers = {
        PARTNER_HEADER: letter.our_code,
        TIMESTAMP_HEADER: request.timestamp,
        NONCE_HEADER: request.nonce,
        SIGNATURE_HEADER: sign(request, letter.secrets[0]),
        IDEMPOTENCY_HEADER: letter.message.uid,
        "Content-Type": "application/json",
    }
    return http.request("POST", letter.endpoint + path, headers=headers, content=request.body)


def _later(services: Services, letter: _Letter, reason: str) -> Exception:
    waits = services.partners.retries
    if letter.attempts > len(waits):
        return GivenUp(f"{letter.attempts}次都没有送达：{reason}")
    return Again(reason, after=waits[max(letter.attempts, 1) - 1])


def _learn_number(services: Services, letter: _Letter, answer: Answer) -> None:
    """Keep the number under which the partner has the case, where its answer says so."""
    if letter.message.kind is not Told.CREATED:
        return
    try:
        said = json.loads(answer.content)
    except ValueError:
        return
    number = said.get("number") if isinstance(said, dict) else None
    if not isinstance(number, str) or not 0 < len(number) <= 64:
        return
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        session.get_one(PartnerLink, letter.link_id).external_id = number


def _code_of(answer: Answer) -> str:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return ""
    code = said.get("code") if isinstance(said, dict) else None
    fields = said.get("fields") if isinstance(said, dict) else None
    named = f"（{'、'.join(map(str, fields))}）" if isinstance(fields, dict) else ""
    return f" {code[:40]}{named[:120]}" if isinstance(code, str) else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
