"""Partner organisations: added, given secrets, disabled and found; each is a row, and each change is on record."""

from __future__ import annotations

import secrets as random
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.partners import Partner, PartnerSecret
from dispatch.models.people import User
from dispatch.models.unions import Region, Union
from dispatch.rules.partner_terms import Act, PartnerKind, Speaks
from dispatch.rules.roles import Role
from dispatch.rules.signed_request import SECRET_PREFIX, secret_bytes

Use: TypeAlias = Literal["inbound", "outbound"]
SECRET_BYTES: Final = 32
NOBODY: Final = "!"
"""A password hash that no password has."""


@dataclass(frozen=True, slots=True)
class PartnerDetails:
    """What is written down of a partner when it is added."""

    code: str
    name: str
    kind: PartnerKind
    region_code: str | None = None
    union_code: str | None = None
    may: Collection[Act] = frozenset(Act)
    code_map: str | None = None
    speaks: Speaks = Speaks.NOTHING
    endpoint: str | None = None
    our_code: str | None = None


def add_partner(session: Session, details: PartnerDetails, *, by: By, now: datetime) -> Partner:
    """Add a partner with an account of its own; raises Invalid with a sentence for each field."""
    union_id = _checked(session, details)
    user = User(
        name=f"partner:{details.code}",
        display_name=details.name,
        password_hash=NOBODY,
        role=Role.PARTNER.value,
        union_id=union_id,
        skills=[],
        created_at=now,
    )
    session.add(user)
    session.flush()
    partner = Partner(
        code=details.code,
        name=details.name,
        kind=details.kind.value,
        region_code=details.region_code,
        user_id=user.id,
        union_id=union_id,
        may=sorted(act.value for act in details.may),
        code_map=details.code_map,
        speaks=details.speaks.value,
        endpoint=details.endpoint,
        our_code=details.our_code,
        created_at=now,
    )
    session.add(partner)
    session.flush()
    _record(
        session,
        "PartnerAdded",
        partner,
        by=by,
        now=now,
        of=partner.kind,
        union=details.union_code,
        may=partner.may,
        speaks=partner.speaks,
        endpoint=partner.endpoint,
    )
    return partner


def set_secret(
    session: Session,
    partner: Partner,
    use: Use,
    *,
    key: bytes,
    by: By,
    now: datetime,
    overlap: timedelta,
    given: str | None = None,
) -> str:
    """Begin a new secret, a random one or the given one, and return it; the old one is good for `overlap` more."""
    made = given or SECRET_PREFIX + b64encode(random.token_bytes(SECRET_BYTES)).decode()
    try:
        secret_bytes(made)
    except ValueError as error:
        raise Invalid({"secret": "密钥应为whsec_加base64，至少24字节"}) from error
    _end_secrets(session, partner, use, at=now + overlap)
    sealed = _cipher(key).encrypt(made.encode())
    session.add(PartnerSecret(partner_id=partner.id, use=use, sealed=sealed, created_at=now))
    session.flush()
    _record(session, "PartnerSecretChanged", partner, by=by, now=now, use=use, old_until=now + overlap)
    return made


def disable_partner(session: Session, code: str, *, by: By, now: datetime) -> Partner:
    """Let a partner in no more and tell it nothing more; what was exchanged stays."""
    partner = partner_named(session, code)
    partner.disabled_at = now
    session.get_one(User, partner.user_id).disabled_at = now
    for use in ("inbound", "outbound"):
        _end_secrets(session, partner, use, at=now)
    _record(session, "PartnerDisabled", partner, by=by, now=now)
    return partner


def partner_named(session: Session, code: str) -> Partner:
    """Return the partner of this code, disabled ones too; raises NotFound."""
    partner = session.scalar(select(Partner).where(Partner.code == code))
    if partner is None:
        raise NotFound("partner", code)
    return partner


def partners(session: Session) -> Sequence[Partner]:
    """Return every partner, by code."""
    return session.scalars(select(Partner).order_by(Partner.code)).all()


def secrets_of(session: Session, partner_id: int, use: Use, *, key: bytes, now: datetime) -> tuple[str, ...]:
    """Return the secrets that are good now, the newest first."""
    rows = session.scalars(
        select(PartnerSecret.sealed)
        .where(
            PartnerSecret.partner_id == partner_id,
            PartnerSecret.use == use,
            or_(PartnerSecret.expires_at.is_(None), PartnerSecret.expires_at > now),
        )
        .order_by(PartnerSecret.id.desc())
    )
    cipher = _cipher(key)
    return tuple(cipher.decrypt(sealed).decode() for sealed in rows)


def actor_of_partner(partner: Partner, *, at: datetime) -> Actor:
    """Return the partner under its own name."""
    return Actor(Role.PARTNER, partner.user_id, None, partner.name, at, of_partner=True)


def as_union(partner: Partner, *, at: datetime) -> Actor:
    """Return the partner as the union for which it stands."""
    return Actor(Role.UNION_HANDLER, partner.user_id, partner.union_id, partner.name, at, of_partner=True)


def _checked(session: Session, details: PartnerDetails) -> int | None:
    wrong: dict[str, str] = {}
    if session.scalar(select(Partner.id).where(Partner.code == details.code)) is not None:
        wrong["code"] = "已有这个代码的协作单位"
    if details.region_code and session.get(Region, details.region_code) is None:
        wrong["region_code"] = f"没有行政区划{details.region_code}"
    if (details.speaks is Speaks.NOTHING) != (details.endpoint is None):
        wrong["endpoint"] = "要通知的单位须有地址，不通知的没有"
    elif details.endpoint is not None and not _is_address(details.endpoint):
        wrong["endpoint"] = "应为http(s)地址"
    if details.speaks is Speaks.PARTNER_API and not details.our_code:
        wrong["our_code"] = "请写明对方用什么代码称呼本中心"
    union_id = None
    if details.union_code is not None:
        union_id = session.scalar(select(Union.id).where(Union.code == details.union_code))
        if union_id is None:
            wrong["union_code"] = f"没有代码为{details.union_code}的工会"
        elif session.scalar(select(Partner.id).where(Partner.union_id == union_id)) is not None:
            wrong["union_code"] = "已有协作单位代表这个工会"
    if wrong:
        raise Invalid(wrong)
    return union_id


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username


def _end_secrets(session: Session, partner: Partner, use: str, *, at: datetime) -> None:
    session.execute(
        update(PartnerSecret)
        .where(
            PartnerSecret.partner_id == partner.id,
            PartnerSecret.use == use,
            or_(PartnerSecret.expires_at.is_(None), PartnerSecret.expires_at > at),
        )
        .values(expires_at=at)
    )


def _cipher(key: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(key))


def _record(session: Session, kind: str, partner: Partner, *, by: By, now: datetime, **facts: Any) -> None:
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()
    }
    record(
        session,
        kind,
        stream=ADMINISTRATION,
        by=by,
        now=now,
        payload={"partner": partner.code, **plain},
    )
