"""Unified social credit codes (统一社会信用代码, GB 32100-2015): their form and their check character."""

from __future__ import annotations

import re
import unicodedata

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORM = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def normalise(text: str) -> str:
    """Fold width and case and drop blanks: how people type a code."""
    folded = unicodedata.normalize("NFKC", text[:80]).upper()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "CZ")


def check_character(body: str) -> str:
    """Return the eighteenth character for the first seventeen: weights 3^i mod 31 (GB 32100 clause 5)."""
    total = sum(_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return _ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether a normalised code has the right form and check character; letters I O S V Z do not occur."""
    return bool(_FORM.fullmatch(code)) and check_character(code[:17]) == code[17]


def why_invalid(code: str) -> str | None:
    """Return a Chinese sentence for a form field, or None for a good code."""
    if len(code) != 18:
        return f"统一社会信用代码应为18位，现为{len(code)}位"
    if not _FORM.fullmatch(code):
        return "统一社会信用代码含有不允许的字符（不含I、O、S、V、Z）"
    if check_character(code[:17]) != code[17]:
        return "统一社会信用代码校验位不符，请核对"
    return None
