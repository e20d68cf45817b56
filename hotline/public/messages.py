"""A short message that came in: a request, something to add, a question, a cry for help; each is taken in once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch import outbox, progress
from dispatch.actors import CALLER
from dispatch.messages import STALE_AFTER
from dispatch.models.tickets import Ticket
from dispatch.parties import CallerDetails, phone_key
from dispatch.policy import Policy
from dispatch.progress import Lookup
from dispatch.rules.phones import Phone, PhoneKind, normalise
from dispatch.rules.ticket_state import State
from dispatch.rules.working_time import SHANGHAI
from dispatch.tickets import open_ticket
from hotline.public.errors import TooMany
from hotline.public.limits import use
from hotline.public.models import IncomingMessage
from hotline.public.policy import PublicPolicy
from hotline.public.quiet import START, STOP, resume, silence
from hotline.public.words import alarm, cleaned

CHANNEL: Final = "sms"
LONGEST: Final = 20_000
"""Characters kept; carriers cut at a tenth of it."""
LONGEST_WISH: Final = 60

_ASKING: Final = re.compile(r"(?:查询|进度|查|CX)?[:：,，\s]*(\d{4}-?\d{6})(?:[\s,，、+/:：]+(\d{6}))?")
_ADDING: Final = re.compile(
    r"(?:补充|BC)[:：,，\s]*(\d{4}-?\d{6})[\s,，、+/:：]+(\d{6})[\s,，、+/:：]*(.+)", re.DOTALL
)
_HELP: Final = frozenset({"帮助", "?", "HELP", "BZ", "功能", "12351"})


class Kind(StrEnum):
    """What became of a message; most are the name of the text that answers it too."""

    RECEIVED = "received"
    JOINED = "joined"
    """More of a story that is still being told; the first message was answered."""
    ADDED = "added"
    PROGRESS = "progress"
    SEALED = "sealed"
    WRONG = "wrong"
    LOCKED = "locked"
    PERSON = "person"
    NEED_CODE = "need_code"
    HELP = "help"
    CRISIS = "crisis"
    REFUSED = "refused"
    TOO_MANY = "too_many"
    QUIET = "quiet"
    """Wants no more messages."""
    RESUMED = "resumed"
    DROPPED = "dropped"
    """Beyond the limit, and told so already; or from a machine."""


@dataclass(frozen=True, slots=True)
class Text:
    """One message as the carrier gave it."""

    sid: str
    from_raw: str
    to_raw: str
    body: str
    media: int


@dataclass(frozen=True, slots=True)
class _Taken:
    kind: Kind
    ticket_id: int | None = None


def take_message(
    session: Session, text: Text, *, policy: Policy, public: PublicPolicy, now: datetime
) -> Kind | None:
    """Take a message in and want its answer sent; None for one that was taken in before."""
    phone = normalise(text.from_raw)
    key = phone_key(policy.secret, phone.identity) if phone.identity else None
    row_id = _first_time(session, text, phone, key, now)
    if row_id is None:
        return None
    said = cleaned(text.body[:LONGEST])
    crisis = bool(policy.catalogue.crisis_words_in(said))
    taken = _take(session, text, phone, key, said, crisis=crisis, policy=policy, public=public, now=now)
    row = session.get_one(IncomingMessage, row_id, populate_existing=True)
    row.kind, row.ticket_id, row.crisis = taken.kind.value, taken.ticket_id, crisis
    if taken.kind.value in public.texts and phone.kind is PhoneKind.MOBILE:
        outbox.put(
            session,
            "slow",
            "send_public_text",
            {"message_id": row_id},
            now=now,
            key=f"incoming_message:{row_id}:answer",
            expires_at=now + STALE_AFTER,
            ticket_id=taken.ticket_id,
        )
    return taken.kind


def _first_time(session: Session, text: Text, phone: Phone, key: str | None, now: datetime) -> int | None:
    """Write the message down; of two deliveries at once one waits here and then finds the other's."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = session.scalar(
        dialect.insert(IncomingMessage)
        .values(
            sid=text.sid,
            from_raw=phone.raw,
            from_key=key,
            to_raw=normalise(text.to_raw).raw,
            received_at=now,
            kind=Kind.DROPPED.value,
            media=text.media,
            crisis=False,
        )
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(IncomingMessage.id)
    )
    return None if made is None else int(made)


def _take(
    session: Session,
    text: Text,
    phone: Phone,
    key: str | None,
    said: str,
    *,
    crisis: bool,
    policy: Policy,
    public: PublicPolicy,
    now: datetime,
) -> _Taken:
    word = _word(said)
    if key is not None and phone.kind is PhoneKind.MOBILE and word in STOP | START:
        # Before any limit: nobody is kept from being left alone.
        return _Taken(_choose(session, key, word, now))
    if crisis:
        # Before any limit: whoever writes so for the thirtieth time today must be heard too.
        return _cry(session, text, key, said, policy=policy, now=now)
    if phone.kind is PhoneKind.SHORT or phone.kind is PhoneKind.UNKNOWN:
        # Advertisements and robots write from such numbers; no worker can.
        return _Taken(Kind.DROPPED)
    try:
        with session.begin_nested():
            use(session, public, "texts_per_number_a_day", key or "withheld", now=now)
            use(session, public, "texts_a_day", "centre", now=now)
    except TooMany:
        return _Taken(Kind.DROPPED if _told_so(session, key, now) else Kind.TOO_MANY)
    adding, asking = _ADDING.fullmatch(said), _ASKING.fullmatch(said.upper())
    if adding is not None:
        number, code, words = adding.groups()
        return _asked(session, number, code, key, words=words, policy=policy, now=now)
    if asking is not None:
        number, code = asking.groups()
        if code is None:
            return _Taken(Kind.NEED_CODE)
        return _asked(session, number, code, key, words=None, policy=policy, now=now)
    if word in _HELP or (not said and not text.media):
        return _Taken(Kind.HELP)
    return _story(session, text, key, said, policy=policy, public=public, now=now)


def _word(said: str) -> str:
    return _folded(said).upper().strip("“”\"' 。.!")


def _choose(session: Session, key: str, word: str, now: datetime) -> Kind:
    if word in STOP:
        silence(session, key, now=now)
        return Kind.QUIET
    resume(session, key)
    return Kind.RESUMED


def _asked(
    session: Session,
    number: str,
    code: str,
    key: str | None,
    *,
    words: str | None,
    policy: Policy,
    now: datetime,
) -> _Taken:
    looked = progress.look_up(
        session, number=number, code=_folded(code), caller=key or "withheld", policy=policy, now=now
    )
    if looked.result is Lookup.SEALED:
        return _Taken(Kind.SEALED, looked.ticket_id)
    if looked.result is not Lookup.FOUND or looked.ticket_id is None:
        refusals = {Lookup.LOCKED: Kind.LOCKED, Lookup.AMBIGUOUS: Kind.PERSON}
        return _Taken(refusals.get(looked.result, Kind.WRONG))
    if words is None:
        return _Taken(Kind.PROGRESS, looked.ticket_id)
    note = f"诉求人短信补充：{words.strip()}"
    done = progress.add_note(session, looked.ticket_id, text=note, policy=policy, now=now)
    return _Taken(Kind.ADDED if done else Kind.REFUSED, looked.ticket_id)


def _story(
    session: Session,
    text: Text,
    key: str | None,
    said: str,
    *,
    policy: Policy,
    public: PublicPolicy,
    now: datetime,
) -> _Taken:
    """Open a draft for an operator, or add to the one that this number began a moment ago."""
    began = _story_under_way(session, key, public=public, now=now)
    words = said + _left_out(text)
    if began is not None:
        note = f"诉求人短信续：{words}"
        if progress.add_note(session, began, text=note, policy=policy, now=now):
            return _Taken(Kind.JOINED, began)
    return _Taken(Kind.RECEIVED, _open(session, text, words, policy=policy, now=now).id)


def _cry(
    session: Session, text: Text, key: str | None, said: str, *, policy: Policy, now: datetime
) -> _Taken:
    """Alarm people at once; the words stand in a draft of their own, or in the one that was alarmed about today."""
    words = said + _left_out(text)
    known = _alarmed_today(session, key, now)
    ticket = session.get_one(Ticket, known) if known is not None else None
    if ticket is None or not progress.add_note(
        session, ticket.id, text=f"诉求人短信续：{words}", policy=policy, now=now
    ):
        ticket = _open(session, text, words, policy=policy, now=now)
    alarm(session, ticket, channel="短信", now=now)
    return _Taken(Kind.CRISIS, ticket.id)


def _open(session: Session, text: Text, words: str, *, policy: Policy, now: datetime) -> Ticket:
    phone = normalise(text.from_raw)
    known = CallerDetails(phone=phone.raw) if phone.identity else None
    line = " ".join(words.split())
    return open_ticket(
        session,
        CALLER,
        channel=CHANNEL,
        policy=policy,
        now=now,
        fields={"wish": f"短信：{line[:LONGEST_WISH]}", "text": words[:LONGEST]},
        caller=known,
    )


def _folded(text: str) -> str:
    """Return full-width signs as plain ones: what people type is compared so, and kept as they typed it."""
    return unicodedata.normalize("NFKC", text)


def _left_out(text: Text) -> str:
    return f"（随短信有{text.media}个彩信附件，未接收）" if text.media else ""


def _story_under_way(session: Session, key: str | None, *, public: PublicPolicy, now: datetime) -> int | None:
    if key is None:
        return None
    query = (
        select(IncomingMessage.ticket_id)
        .join(Ticket, Ticket.id == IncomingMessage.ticket_id)
        .where(
            IncomingMessage.from_key == key,
            IncomingMessage.received_at > now - public.joined_within,
            IncomingMessage.kind.in_((Kind.RECEIVED.value, Kind.JOINED.value)),
            Ticket.state == State.DRAFT.value,
        )
        .order_by(IncomingMessage.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def _alarmed_today(session: Session, key: str | None, now: datetime) -> int | None:
    if key is None:
        return None
    query = (
        select(IncomingMessage.ticket_id)
        .where(
            IncomingMessage.from_key == key,
            IncomingMessage.received_at >= _midnight(now),
            IncomingMessage.kind == Kind.CRISIS.value,
            IncomingMessage.ticket_id.is_not(None),
        )
        .order_by(IncomingMessage.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def _told_so(session: Session, key: str | None, now: datetime) -> bool:
    if key is None:
        return True
    query = select(func.count()).where(
        IncomingMessage.from_key == key,
        IncomingMessage.received_at >= _midnight(now),
        IncomingMessage.kind == Kind.TOO_MANY.value,
    )
    return bool(session.scalar(query))


def _midnight(now: datetime) -> datetime:
    return now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
