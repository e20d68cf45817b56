"""The web form: a draft kept on the server, and the request that it becomes, with a number and a code shown once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.actors import CALLER
from dispatch.errors import Missing, VersionConflict
from dispatch.messages import STALE_AFTER
from dispatch.models.tickets import Caller, Ticket
from dispatch.parties import CallerDetails, ToldEmployer, phone_key
from dispatch.policy import Policy
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.tickets import open_ticket
from dispatch.vault import Vault
from hotline.public import request_files
from hotline.public.errors import NotOpen, TooFast
from hotline.public.limits import use
from hotline.public.models import RequestDraft
from hotline.public.openings import digest, open_ticket_page
from hotline.public.policy import PublicPolicy
from hotline.public.words import alarm, cleaned

CHANNEL: Final = "web"
PLAIN: Final = (
    "category",
    "region_code",
    "headcount",
    "amount_cents",
    "confidentiality",
    "disclosure",
    "contact_mode",
    "callback_wanted",
)


@dataclass(frozen=True, slots=True)
class Sent:
    """What whoever sent a request is told, once; `token` opens its page in this browser, never for a sealed ticket."""

    number: str
    code: str
    token: str
    texted: bool
    crisis: bool
    sealed: bool


def begin(
    session: Session, content: Mapping[str, Any], *, address: str, public: PublicPolicy, now: datetime
) -> tuple[str, RequestDraft]:
    """Begin a draft and return its token; raises TooMany."""
    use(session, public, "drafts_per_address_an_hour", address, now=now)
    token = secrets.token_urlsafe(32)
    draft = RequestDraft(
        token_sha256=digest(token),
        content=dict(content),
        version=1,
        created_at=now,
        updated_at=now,
        expires_at=now + public.draft_kept,
    )
    session.add(draft)
    session.flush()
    return token, draft


def save(
    session: Session,
    token: str | None,
    content: Mapping[str, Any],
    *,
    version: int,
    address: str,
    public: PublicPolicy,
    now: datetime,
) -> RequestDraft:
    """Keep what was filled in; raises NotOpen, VersionConflict where another tab was faster, TooMany."""
    use(session, public, "saves_per_address_an_hour", address, now=now)
    draft = unsent(session, token, now=now, lock=True)
    if draft.version != version:
        raise VersionConflict("request", version, draft.version, {})
    draft.content, draft.updated_at, draft.version = dict(content), now, draft.version + 1
    draft.expires_at = now + public.draft_kept
    return draft


def find(session: Session, token: str | None, *, now: datetime, lock: bool = False) -> RequestDraft:
    """Return the draft of this token; raises NotOpen."""
    query = select(RequestDraft).where(
        RequestDraft.token_sha256 == digest(token or ""), RequestDraft.expires_at > now
    )
    draft = session.scalar(query.with_for_update() if lock else query)
    if draft is None:
        raise NotOpen
    return draft


def unsent(session: Session, token: str | None, *, now: datetime, lock: bool = False) -> RequestDraft:
    """Return the draft of this token as long as it is one; raises NotOpen."""
    draft = find(session, token, now=now, lock=lock)
    if draft.sent_at is not None:
        raise NotOpen
    return draft


def discard(session: Session, token: str | None, *, vault: Vault) -> None:
    """Erase a draft with its files; one that is not there is no error."""
    request_files.remove_all(session, digest(token or ""), vault=vault)
    session.execute(delete(RequestDraft).where(RequestDraft.token_sha256 == digest(token or "")))


def send(
    session: Session,
    token: str | None,
    *,
    version: int,
    address: str,
    policy: Policy,
    public: PublicPolicy,
    now: datetime,
) -> Sent:
    """Make a request of the draft, once; asked again it gives the same answer for a while.

    Raises NotOpen, VersionConflict, Missing, Invalid, TooFast, TooMany. The draft's words are erased: they stand in
    the ticket.
    """
    draft = find(session, token, now=now, lock=True)
    if draft.ticket_id is not None:
        return _told(session, session.get_one(Ticket, draft.ticket_id), policy=policy, public=public, now=now)
    if draft.version != version:
        raise VersionConflict("request", version, draft.version, {})
    if now - draft.created_at < public.least_time:
        raise TooFast
    content = draft.content
    missing = missing_in(content)
    if missing:
        raise Missing("request", missing)
    callers = _callers(content)
    use(session, public, "requests_per_address_a_day", address, now=now)
    for each in callers:
        identity = normalise(each.phone).identity if each.phone else None
        if identity is not None:
            key = phone_key(policy.secret, identity)
            use(session, public, "requests_per_phone_a_day", key, now=now)
    use(session, public, "requests_a_day", "centre", now=now)
    ticket = _open(session, content, callers, policy=policy, now=now)
    request_files.carry_over(session, draft, ticket, now=now)
    draft.content, draft.sent_at, draft.ticket_id = {}, now, ticket.id
    draft.expires_at = now + public.answer_kept
    _text_number(session, ticket, now=now)
    return _told(session, ticket, policy=policy, public=public, now=now)


def missing_in(content: Mapping[str, Any]) -> dict[str, str]:
    """Map what a request needs and the form lacks to Chinese sentences."""
    missing = {}
    if not content.get("notice_read"):
        missing["notice_read"] = "请阅读并同意个人信息处理说明"
    if not cleaned(str(content.get("text") or "")):
        missing["text"] = "请写明发生了什么事"
    if not cleaned(str(content.get("wish") or "")):
        missing["wish"] = "请写明您希望怎样解决"
    if not content.get("confidentiality"):
        missing["confidentiality"] = "请选择保密要求"
    if not content.get("contact_mode"):
        missing["contact_mode"] = "请选择怎样与您联系"
    if not content.get("disclosure"):
        missing["disclosure"] = "请选择可以向谁说明您的身份"
    if content.get("contact_mode") == "phone":
        kind = normalise(content.get("phone")).kind
        if kind not in (PhoneKind.MOBILE, PhoneKind.FIXED, PhoneKind.INTERNATIONAL):
            missing["phone"] = "请填写能打通的电话号码，固定电话请加区号"
    return missing


def alarming(content: Mapping[str, Any], policy: Policy) -> bool:
    """Whether the words of a form sound like despair; a person confirms."""
    said = f"{content.get('wish') or ''} {content.get('text') or ''}"
    return bool(policy.catalogue.crisis_words_in(said))


def forget_old(session: Session, *, vault: Vault, now: datetime) -> int:
    """Erase drafts that have grown old, with their files, and return how many there were."""
    old = select(RequestDraft.token_sha256).where(RequestDraft.expires_at <= now)
    for token_sha256 in session.scalars(old).all():
        request_files.remove_all(session, token_sha256, vault=vault)
    gone = session.execute(
        delete(RequestDraft).where(RequestDraft.expires_at <= now).returning(RequestDraft.version)
    )
    return len(gone.all())


def _callers(content: Mapping[str, Any]) -> list[CallerDetails]:
    """Return who asks: nobody where he wants to stay unknown, without a number where only the code shall serve."""
    mode = content.get("contact_mode")
    if mode == "anonymous" or content.get("confidentiality") == "anonymous":
        return []
    first = CallerDetails(
        name=cleaned(str(content.get("name") or "")) or None,
        phone=str(content.get("phone") or "") or None if mode == "phone" else None,
        member_card_no=cleaned(str(content.get("member_card_no") or "")) or None,
    )
    others = [
        CallerDetails(name=cleaned(str(each.get("name") or "")) or None, phone=each.get("phone") or None)
        for each in content.get("representatives") or ()
    ]
    return [first, *others]


def _open(
    session: Session,
    content: Mapping[str, Any],
    callers: list[CallerDetails],
    *,
    policy: Policy,
    now: datetime,
) -> Ticket:
    fields = {name: content[name] for name in PLAIN if content.get(name) is not None}
    if content.get("confidentiality") == "anonymous" or content.get("contact_mode") == "anonymous":
        # Without a name there is nothing to disclose, and nobody to be called.
        fields |= {"confidentiality": "anonymous", "contact_mode": "anonymous", "disclosure": "none"}
        fields["callback_wanted"] = False
    fields["wish"] = cleaned(str(content.get("wish") or ""))
    fields["text"] = cleaned(str(content.get("text") or ""))
    employer = ToldEmployer(
        name=cleaned(str(content.get("employer") or "")), uscc=content.get("employer_uscc") or None
    )
    ticket = open_ticket(
        session,
        CALLER,
        channel=CHANNEL,
        policy=policy,
        now=now,
        fields=fields,
        callers=callers or None,
        # Empty means that the caller does not know, and the form says so.
        employers=[employer],
    )
    if alarming(content, policy):
        alarm(session, ticket, channel="网上", now=now)
    return ticket


def _text_number(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Want the first caller's mobile told the number and the code; never for a sealed ticket."""
    caller = first_caller(session, ticket)
    if ticket.sealed or caller is None or normalise(caller.phone).kind is not PhoneKind.MOBILE:
        return
    outbox.put(
        session,
        "slow",
        "send_public_text",
        {"caller_id": caller.id},
        now=now,
        key=f"caller:{caller.id}:received:{ticket.query_code_generation}",
        expires_at=now + STALE_AFTER,
        ticket_id=ticket.id,
    )


def first_caller(session: Session, ticket: Ticket) -> Caller | None:
    """Return who is named first on a ticket."""
    query = select(Caller).where(Caller.ticket_id == ticket.id).order_by(Caller.ordinal).limit(1)
    return session.scalar(query)


def _told(session: Session, ticket: Ticket, *, policy: Policy, public: PublicPolicy, now: datetime) -> Sent:
    caller = first_caller(session, ticket)
    mobile = caller is not None and normalise(caller.phone).kind is PhoneKind.MOBILE
    said = f"{ticket.wish} {ticket.text}"
    return Sent(
        number=TicketNumber.parse(ticket.number).spoken,
        code=query_code(policy.secret, ticket.number, ticket.query_code_generation),
        token="" if ticket.sealed else open_ticket_page(session, ticket.id, public=public, now=now),
        texted=mobile and not ticket.sealed,
        crisis=bool(policy.catalogue.crisis_words_in(said)),
        sealed=ticket.sealed,
    )
