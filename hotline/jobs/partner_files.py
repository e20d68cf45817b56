"""Brings home the files that partners offer: only from where it may ask, of the promised size and hash, as evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx

from dispatch.attachments import attach
from dispatch.errors import DispatchError, Invalid
from dispatch.models.history import Notice
from dispatch.models.partners import Partner, PartnerFile, PartnerLink
from dispatch.models.tickets import Ticket
from dispatch.partners import actor_of_partner
from dispatch.rules.files import Taken, take_in
from dispatch.rules.roles import Role
from dispatch.unit_of_work import unit_of_work
from hotline.jobs.again import Again
from hotline.jobs.guarded_http import Forbidden, GuardedHttp, TooLarge
from hotline.services import Services

WORTH_ANOTHER_TRY: Final = timedelta(seconds=30)
WANTED: Final = "wanted"


@dataclass(frozen=True, slots=True)
class _Offered:
    name: str
    sha256: str
    size: int
    url: str


class _Refused(Exception):
    """The file is not taken; the message is a Chinese sentence."""


def fetch_file(services: Services, payload: Mapping[str, Any]) -> None:
    """Fetch one file and keep it on its ticket; what cannot be taken is refused with the reason, and a person told."""
    with services.database.reading() as session:
        row = session.get_one(PartnerFile, payload["file_id"])
        if row.state != WANTED:
            return
        offered = _Offered(row.name, row.sha256, row.size, row.url)
    try:
        content = _fetched(services, offered)
        taken = take_in(offered.name, content)
    except Invalid as error:
        _refuse(services, payload["file_id"], "；".join(error.fields.values()))
    except _Refused as error:
        _refuse(services, payload["file_id"], str(error))
    else:
        _keep(services, payload["file_id"], taken, content)


def _fetched(services: Services, offered: _Offered) -> bytes:
    policy = services.partners
    if offered.size > policy.attachments.most_bytes:
        raise _Refused("文件超过上限")
    http = GuardedHttp(policy.allowed_networks, policy.timeout_s)
    try:
        answer = http.request("GET", offered.url, most_bytes=offered.size)
    except (Forbidden, TooLarge) as error:
        raise _Refused(str(error)) from error
    except httpx.HTTPError as error:
        raise Again(type(error).__name__, after=WORTH_ANOTHER_TRY) from error
    if answer.status >= 500:
        raise Again(f"HTTP {answer.status}", after=WORTH_ANOTHER_TRY)
    if answer.status != 200:
        raise _Refused(f"对方答复HTTP {answer.status}")
    if hashlib.sha256(answer.content).hexdigest() != offered.sha256:
        raise _Refused("内容与所报的哈希不符")
    return answer.content


def _keep(services: Services, file_id: int, taken: Taken, content: bytes) -> None:
    now = services.now()
    try:
        with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
            row = session.get_one(PartnerFile, file_id)
            link = session.get_one(PartnerLink, row.link_id)
            partner = session.get_one(Partner, link.partner_id)
            number = session.get_one(Ticket, link.ticket_id).number
            actor = actor_of_partner(partner, at=now)
            kept = attach(session, actor, number, taken, source=content, vault=services.vault, now=now)
            row.state, row.attachment_id = "fetched", kept.key
    except DispatchError as error:
        _refuse(services, file_id, str(error))


def _refuse(services: Services, file_id: int, reason: str) -> None:
    now = services.now()
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        row = session.get_one(PartnerFile, file_id)
        row.state, row.reason = "refused", reason
        link = session.get_one(PartnerLink, row.link_id)
        ticket = session.get_one(Ticket, link.ticket_id)
        session.add(
            Notice(
                at=now,
                kind="alarm",
                ticket_id=ticket.id,
                role=Role.SUPERVISOR.value if ticket.sealed else Role.DISPATCHER.value,
                text=f"{ticket.number} 协作单位的附件没有收下：{reason}"[:300],
            )
        )
