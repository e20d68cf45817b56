"""Chinese search without a dictionary: text is folded, and pairs of neighbouring signs are what an index keeps."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

SHORTEST: Final = 2
"""Signs that a search word must have: a single one stands in every text."""


def fold(text: str) -> str:
    """Return the text as it is compared: one width, one case, runs of letters and digits with single blanks between."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(sign if sign.isalnum() else " " for sign in plain).split())


def words_of(query: str) -> tuple[str, ...]:
    """Return the folded words of a query, each of which a text must contain; empty where there is nothing to find."""
    return tuple(dict.fromkeys(fold(query).split()))


def terms_of(folded: str) -> set[str]:
    """Return what the index keeps of a folded text: every pair of neighbours, in ASCII alone.

    Written as code points: what counts as a letter differs between engines and grows with every Unicode.
    """
    return {f"{ord(one):x}g{ord(two):x}" for run in folded.split() for one, two in pairwise(run)}
