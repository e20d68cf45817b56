"""Which numbers the centre may call or text, and how often (config/outbound.yaml): a bill has an upper end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dispatch.errors import NotAllowed
from dispatch.models.inbox import NoticeDelivery
from dispatch.rules.notice_policy import ChannelKind
from dispatch.rules.phones import normalise
from dispatch.rules.policy import Fields
from dispatch.rules.working_time import SHANGHAI
from hotline.calls.models import Call
from hotline.calls.relay_models import RelayCall
from hotline.calls.talk_models import Transfer


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Beginnings of numbers that are allowed and refused, and how many call-outs a day."""

    allow: tuple[str, ...]
    refuse: tuple[tuple[str, str], ...]
    """(prefix, Chinese reason)."""
    per_number_a_day: int
    per_operator_a_day: int
    a_day: int

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> OutboundPolicy:
        """Read the content of outbound.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("allow", "refuse", "caps", "source"))
        top.text("source")
        refuse = []
        for place, value in top.each("refuse"):
            row = Fields.of(value, where=place, known=("prefix", "reason"))
            refuse.append((row.text("prefix"), row.text("reason")))
        caps = Fields.of(
            data.get("caps"), where=("caps",), known=("per_number_a_day", "per_operator_a_day", "a_day")
        )
        allow = top.words("allow")
        if not allow:
            raise top.fail("allow", "nothing could be called")
        return cls(
            allow=allow,
            refuse=tuple(refuse),
            per_number_a_day=caps.number("per_number_a_day", least=1),
            per_operator_a_day=caps.number("per_operator_a_day", least=1),
            a_day=caps.number("a_day", least=1),
        )

    def why_refused(self, raw: str) -> str | None:
        """Return a Chinese sentence for a number that may not be called or texted, else None."""
        number = normalise(raw).e164
        if number is None:
            return "这不是可以拨打的号码，请人工处理"
        for prefix, reason in self.refuse:
            if number.startswith(prefix):
                return f"不能拨打这个号码：{reason}"
        if not number.startswith(self.allow):
            return "这个号码不在允许拨打的范围内，请人工处理"
        return None


def check_call_out(
    session: Session,
    raw: str,
    *,
    number_key: str | None,
    user_id: int | None,
    outbound: OutboundPolicy,
    may_dial_mainland: bool,
    now: datetime,
) -> None:
    """Raise NotAllowed, with its Chinese reason, for a number or a count that is not allowed.

    `user_id` is the operator who calls, None for the machine; `number_key` is the number's digest (`Call.from_key`).
    """
    refusal = outbound.why_refused(raw)
    if refusal is None and not may_dial_mainland:
        refusal = "当前线路不能拨打内地号码，请用话机回拨"
    refusal = refusal or _over_a_cap(session, number_key, user_id, outbound, now)
    if refusal is not None:
        raise NotAllowed("call_out", refusal)


def over_the_centres_cap(session: Session, outbound: OutboundPolicy, *, now: datetime) -> str | None:
    """Return a Chinese sentence when the whole centre has called out as often as it may today, by whatever way."""
    midnight = _midnight(now)
    made = _today(session, now, Call.id > 0)
    # A relay call is two: one to the handler, one to the caller.
    made += 2 * (
        session.scalar(select(func.count(RelayCall.id)).where(RelayCall.created_at >= midnight)) or 0
    )
    rung = select(func.count(NoticeDelivery.id)).where(
        NoticeDelivery.channel == ChannelKind.ROBOCALL.value,
        NoticeDelivery.reference.is_not(None),
        NoticeDelivery.created_at >= midnight,
    )
    made += session.scalar(rung) or 0
    outside = select(func.count(Transfer.id)).where(
        Transfer.target == "outside", Transfer.created_at >= midnight
    )
    made += session.scalar(outside) or 0
    return f"今天全中心已外呼{outbound.a_day}次，达到上限，请值班长处理" if made >= outbound.a_day else None


def _over_a_cap(
    session: Session, number_key: str | None, user_id: int | None, outbound: OutboundPolicy, now: datetime
) -> str | None:
    whole = over_the_centres_cap(session, outbound, now=now)
    if whole is not None:
        return whole
    if number_key is not None:
        to_number = _today(session, now, Call.from_key == number_key)
        if to_number >= outbound.per_number_a_day:
            return f"今天已拨打这个号码{to_number}次，不再拨打"
    if (
        user_id is not None
        and _today(session, now, Call.operator_id == user_id) >= outbound.per_operator_a_day
    ):
        return f"您今天已外呼{outbound.per_operator_a_day}次，达到上限"
    return None


def _today(session: Session, now: datetime, whose: ColumnElement[bool]) -> int:
    query = select(func.count()).where(Call.started_at >= _midnight(now), Call.direction != "inbound", whose)
    return session.scalar(query) or 0


def _midnight(now: datetime) -> datetime:
    return now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
