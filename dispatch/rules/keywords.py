"""Which keywords a text holds: through blanks and signs, over a short gap, not inside another word, not denied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Cut: TypeAlias = Callable[[str], Iterable[str]]
"""Splits a text into its words, whose concatenation is the text."""

GAP: Final = "…"
WIDEST_GAP: Final = 8
"""Characters that may stand between the parts of a keyword such as `老板…跑了`."""
SHORT: Final = 2
HINT_SCORE: Final = 1
DENIED_WITHIN: Final = 3


@dataclass(frozen=True, slots=True)
class Denials:
    """`words` such as 没有 right before one of `of` take it back; 没有加班费 is no denial, so it is not in `of`."""

    words: tuple[str, ...]
    of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword as it is looked for; `text` is its plain form without gaps."""

    text: str
    pattern: re.Pattern[str]
    score: int

    @classmethod
    def of(cls, word: str, *, hint: bool) -> Keyword:
        parts = [plain(part) for part in word.split(GAP)]
        text = "".join(parts)
        between = f".{{0,{WIDEST_GAP}}}?"
        return cls(text, re.compile(between.join(map(re.escape, parts))), HINT_SCORE if hint else len(text))


@dataclass(frozen=True, slots=True)
class Span:
    """Where a keyword was said, and what it counts."""

    start: int
    end: int
    score: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text in plain form, with its words as spans of that form; without `cut` there are none."""

    text: str
    words: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str, cut: Cut | None) -> Spoken:
        if cut is None:
            return cls(plain(text), ())
        spoken, words = "", []
        for word in cut(unicodedata.normalize("NFKC", text).casefold()):
            kept = plain(word)
            if len(kept) > 1:
                words.append((len(spoken), len(spoken) + len(kept)))
            spoken += kept
        return cls(spoken, tuple(words))

    def find(self, keyword: Keyword, denials: Denials) -> Span | None:
        """Return where the keyword is said for the first time; None where it is not, or is denied."""
        for found in keyword.pattern.finditer(self.text):
            start, end = found.span()
            if not self._straddles(start, end) and not self._denied(keyword, start, denials):
                return Span(start, end, keyword.score)
        return None

    def _straddles(self, start: int, end: int) -> bool:
        """Whether another word lies across an edge: 工地上吊车 holds 吊车, and so no 上吊.

        Only for short keywords: where words end is a guess too, and a long keyword is not met by chance.
        """
        return end - start <= SHORT and any(
            (first < start < last < end) or (start < first < end < last) for first, last in self.words
        )

    def _denied(self, keyword: Keyword, start: int, denials: Denials) -> bool:
        if not any(word in keyword.text for word in denials.of):
            return False
        before = self.text[max(0, start - DENIED_WITHIN) : start]
        return before.endswith(denials.words)


def longest(spans: Sequence[Span]) -> list[Span]:
    """Return the spans in the text's order less those that another contains: 不发工资 would count twice beside 工资."""
    return [
        span
        for index, span in sorted(enumerate(spans), key=lambda each: each[1].start)
        if not any(
            (other.start <= span.start and span.end <= other.end)
            and ((other.end - other.start) > (span.end - span.start) or place < index)
            for place, other in enumerate(spans)
            if place != index
        )
    ]


def plain(text: str) -> str:
    """Fold width and case and drop spaces, punctuation and invisible signs: 「自 杀」 is still the word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LN%" or sign in "%+&")
