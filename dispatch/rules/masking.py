"""What may be shown of a person without the right to see more: numbers, names and identity documents."""

from __future__ import annotations

import re

# The common two-character surnames; without them 欧阳 would lose half of its surname.
_COMPOUND_SURNAMES = frozenset(
    ("欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "东方", "尉迟", "公孙", "慕容", "令狐", "长孙", "司徒")
)
_DIGIT = r"[0-9０-９]"
_GAP = r"[ \-－—　]?"
_IDENTITY = re.compile(rf"(?<!{_DIGIT})(?:{_DIGIT}{_GAP}){{17}}[0-9０-９XxＸｘ](?!{_DIGIT})")
_NUMBER = re.compile(
    rf"(?<!{_DIGIT})(?:[+＋]{_DIGIT}{{1,3}}{_GAP})?(?:{_DIGIT}{_GAP}){{6,18}}{_DIGIT}(?!{_DIGIT})"
)
STARS = "****"


def mask_phone(phone: str) -> str:
    """Return `139****0001`, keeping area code and last four of a fixed line; short numbers stay whole."""
    text = phone.strip()
    national = text.removeprefix("+86") if text.startswith("+86") else text
    digits = re.sub(r"\D", "", national)
    if len(digits) <= 5:
        # 12345 and the like name no person; anything else so short is a fragment and hides entirely.
        return text if digits == text and digits[:1] == "1" else "*" * len(text)
    if len(digits) < 8:
        return "*" * (len(digits) - 2) + digits[-2:]
    return f"{digits[:3]}{STARS}{digits[-4:]}"


def mask_name(name: str) -> str:
    """Return the surname and two stars, whatever the length: the number of characters would tell too."""
    text = name.strip()
    if not text:
        return ""
    surname = text[:2] if text[:2] in _COMPOUND_SURNAMES and len(text) > 2 else text[:1]
    return f"{surname}**"


def mask_identity(number: str) -> str:
    """Return an identity document with only its first three and last two characters."""
    text = number.strip()
    if len(text) < 8:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"


def mask_text(text: str) -> str:
    """Mask identity and telephone numbers inside free text; names cannot be found there and stay."""
    without_ids = _IDENTITY.sub(lambda found: mask_identity(found.group()), text)
    return _NUMBER.sub(_mask_number, without_ids)


def _mask_number(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    return f"{digits[:3]}{STARS}{digits[-4:]}" if len(digits) > 7 else f"{STARS}{digits[-2:]}"
