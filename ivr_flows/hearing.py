"""What a caller meant: a key or a word for a choice, digits pressed or said for a number."""

from __future__ import annotations

import unicodedata
from typing import Final

from ivr_flows.model import CollectNode, MenuNode, plain_words
from ivr_flows.outputs import Digits, Input, Speech

DIGIT_WORDS: Final = dict(
    zip("零〇洞一幺壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖", "0001112223344556677788999", strict=True)
)
"""How digits are said; 幺, 洞, 拐 and 勾 are what people say on the telephone."""
ENTRY_KEYS: Final = ("0", "*", "9")
"""What a caller who is to enter a long number may press instead of it."""


def key_of(node: MenuNode, given: Input) -> str:
    """Return the key that was pressed, or whose word was said; empty for neither."""
    if isinstance(given, Digits):
        return plain_keys(given.digits)
    if isinstance(given, Speech) and node.speech:
        heard = plain_words(given.text)
        matches = [
            (len(word), key)
            for key, option in node.options.items()
            for word in option.words
            if plain_words(word) in heard
        ]
        # The longest word decides: 工伤保险 is about injury, not about insurance.
        return max(matches)[1] if matches else ""
    return ""


def digits_of(node: CollectNode, given: Input) -> str:
    """Return the digits that were entered or said."""
    if isinstance(given, Digits):
        return plain_keys(given.digits).removesuffix("#")
    if isinstance(given, Speech) and node.speech:
        return spoken_digits(given.text)
    return ""


def spoken_digits(text: str) -> str:
    """Return a number said digit by digit as its digits; empty when anything else was said."""
    digits = "".join(
        DIGIT_WORDS.get(letter, letter) for letter in plain_words(text) if letter not in "-，,。.、"
    )
    return digits if digits.isascii() and digits.isdecimal() else ""


def plain_keys(digits: str) -> str:
    """Return keys as ASCII: some handsets and input methods send full-width digits."""
    return unicodedata.normalize("NFKC", digits).strip()
