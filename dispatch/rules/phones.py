"""Telephone numbers as they arrive: understood where possible, else kept as they came and flagged."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from dispatch.rules.area_codes import AREA_REGIONS

MAX_RAW = 200
# What carriers put where a number should be; the digits spell ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and so on,
# and `asterisk` is what Asterisk says when it was told nothing.
_WITHHELD = re.compile(
    "(?:anonymous|unknown|restricted|private|unavailable|blocked|withheld|asterisk)?"
    "|[+]?(?:266696687|7378742833|2562533|8566696|86282452253)"
)
# Service numbers of mainland China are no E.164: with +86 before it, 12351 would be a stranger's number.
_SHORT = re.compile(r"110|119|12[02]|12[1-3][0-9]{2}|100(?:00|10|86|99)|9[56][0-9]{3,4}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FIXED = re.compile(r"(10|2[0-9]|[3-9][0-9]{2})([2-8][0-9]{6,7})")
_FREEPHONE = re.compile(r"[48]00[0-9]{7}")
_EXTENSION = re.compile(r"(?:;?ext\.?=?|extension|x|#|转|轉|分机|分機|-)([0-9]{1,6})$", re.IGNORECASE)
_WRITTEN = re.compile(r"[+]?[0-9]+")


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    FIXED = "fixed"
    SHORT = "short"
    INTERNATIONAL = "international"
    ANONYMOUS = "anonymous"
    SIP = "sip"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: `raw` is printable and at most 200 characters; `e164` is None unless it could be dialled."""

    raw: str
    kind: PhoneKind
    e164: str | None = None
    short: str | None = None
    """The service number, where there is one: `12351` also for 0531-12351."""
    area: str | None = None
    """Trunk code without 0."""
    extension: str | None = None

    @property
    def region(self) -> str | None:
        """A GB/T 2260 prefix that the area code hints at; a hint, not proof of where anybody is."""
        return AREA_REGIONS.get(self.area) if self.area else None

    @property
    def flagged(self) -> bool:
        """A person should look: something came that is no number."""
        return self.kind is PhoneKind.UNKNOWN

    @property
    def identity(self) -> str | None:
        """What repeat callers are recognised by; None for anonymous ones and for switchboards of service lines."""
        if self.kind in (PhoneKind.ANONYMOUS, PhoneKind.SHORT):
            return None
        return self.e164 or self.raw


def is_short(digits: str) -> bool:
    """Whether this is a service number such as 12351, 12345 or 110."""
    return bool(_SHORT.fullmatch(digits))


def normalise(raw: str | None) -> Phone:
    """Read a number as carriers, forms and people write it; never raises, whatever comes."""
    text = _printable(raw or "")
    shown = text[:MAX_RAW]
    bare = text.casefold().removeprefix("tel:")
    if _WITHHELD.fullmatch(bare):
        return Phone(shown, PhoneKind.ANONYMOUS)
    if re.search(r"\bsips?:", bare):
        return Phone(shown, PhoneKind.SIP)
    if len(bare) > MAX_RAW:
        return Phone(shown, PhoneKind.UNKNOWN)
    return _read(shown, bare, None) or _with_extension(shown, bare) or Phone(shown, PhoneKind.UNKNOWN)


def _printable(raw: str) -> str:
    """Fold width; drop NUL, controls, direction marks and line breaks; keep inner spaces for the record."""
    folded = unicodedata.normalize("NFKC", raw[: MAX_RAW * 5])
    return "".join(sign for sign in folded if unicodedata.category(sign) not in _INVISIBLE).strip()


_INVISIBLE = frozenset(("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"))


def _with_extension(shown: str, bare: str) -> Phone | None:
    found = _EXTENSION.search(bare.replace(" ", ""))
    if found is None:
        return None
    return _read(shown, bare.replace(" ", "")[: found.start()], found.group(1))


def _read(shown: str, bare: str, extension: str | None) -> Phone | None:
    digits = re.sub(r"[\s().\-–—‐‑·]", "", bare)
    if not _WRITTEN.fullmatch(digits) or len(digits) > 20:
        return None
    if is_short(digits):
        return Phone(shown, PhoneKind.SHORT, short=digits, extension=extension)
    national = _national(digits)
    if national is not None:
        mainland = _mainland(shown, national, extension)
        if mainland is not None:
            return mainland
    return _international(shown, digits, extension)


def _national(digits: str) -> str | None:
    """Return the number without +86 or trunk 0; None when it is not written as a mainland number."""
    for prefix in ("+86", "0086"):
        if digits.startswith(prefix):
            return digits.removeprefix(prefix).removeprefix("0")
    if digits.startswith(("+", "00")):
        return None
    if digits.startswith("0"):
        return digits[1:]
    if digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        return digits[2:]
    # Without a trunk 0 only a mobile or a freephone is a whole number: 53112351 is somebody's line in town.
    return digits if _MOBILE.fullmatch(digits) or _FREEPHONE.fullmatch(digits) else None


def _mainland(shown: str, national: str, extension: str | None) -> Phone | None:
    if is_short(national):
        # +8612351: somebody put a country code before a service number.
        return Phone(shown, PhoneKind.SHORT, short=national, extension=extension)
    if _MOBILE.fullmatch(national):
        return Phone(shown, PhoneKind.MOBILE, e164=f"+86{national}", extension=extension)
    for length in (2, 3):
        area, rest = national[:length], national[length:]
        if is_short(rest) and _FIXED.fullmatch(f"{area}2000000"):
            return Phone(shown, PhoneKind.SHORT, short=rest, area=area, extension=extension)
    if _FREEPHONE.fullmatch(national):
        return Phone(shown, PhoneKind.FIXED, e164=f"+86{national}", extension=extension)
    fixed = _FIXED.fullmatch(national)
    if fixed is None:
        return None
    return Phone(shown, PhoneKind.FIXED, e164=f"+86{national}", area=fixed.group(1), extension=extension)


def _international(shown: str, digits: str, extension: str | None) -> Phone | None:
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not digits.startswith("+") or digits.startswith("+86"):
        return None
    import phonenumbers  # its metadata is only worth loading for the rare call from abroad

    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(shown, PhoneKind.INTERNATIONAL, e164=e164, extension=extension)


def place_name(e164: str) -> str:
    """Return where a number was issued, in Chinese (`山东省济南市`), or an empty string; a hint, not proof.

    The first call loads the geocoder's tables (tens of megabytes), which is why nothing else here needs them.
    """
    import phonenumbers
    from phonenumbers import geocoder

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    return str(geocoder.description_for_number(number, "zh"))
