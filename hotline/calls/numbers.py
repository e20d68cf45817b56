"""The number at the other end of a call, as far as a screen may show it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.unions import Region
from dispatch.rules.masking import mask_phone
from dispatch.rules.phones import PhoneKind, normalise
from hotline.calls.models import Call

WITHHELD: Final = "号码未显示"


def number_of(call: Call) -> str:
    """Return the worker's number as it came, whoever called whom."""
    return call.from_raw if call.direction == "inbound" else call.to_raw


def masked(raw: str) -> str:
    """Return a number as everybody may see it."""
    phone = normalise(raw)
    if phone.kind is PhoneKind.ANONYMOUS:
        return WITHHELD
    return mask_phone(phone.e164 or phone.raw)


def place_of(session: Session, raw: str) -> str | None:
    """Return the place that an area code hints at, such as 山东省济南市; mobiles say nothing here.

    The tables that know where a mobile was issued take three seconds and a hundred megabytes to load.
    """
    code = normalise(raw).region
    if code is None:
        return None
    return _name_of(session, code)


def place_called(session: Session, call: Call) -> str | None:
    """Return the place that the called number stands for, said to be only that."""
    found = _name_of(session, call.called_region) if call.called_region is not None else None
    return f"{found}（按拨打号码）" if found is not None else None


def _name_of(session: Session, code: str) -> str | None:
    codes = {code[:length] for length in (2, 4, 6, 9)}
    names = dict(session.execute(select(Region.code, Region.name).where(Region.code.in_(codes))).all())
    return "".join(names[each] for each in sorted(codes) if each in names) or None
