"""Reads the labelled utterances and counts how well the catalogue's words suggest what a person would choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from dispatch.rules.categories import Catalogue
from dispatch.rules.keywords import Cut

Half = Literal["tuning", "held_out"]
HALVES: Final[tuple[Half, ...]] = ("tuning", "held_out")
CRISIS: Final = "crisis"


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said, the categories it is about (none for a trap), and whether an operator must be alarmed."""

    text: str
    codes: tuple[str, ...]
    alarm: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over one half; ratios are of utterances with a category."""

    said: int
    suggested: int
    first: int
    in_three: int
    wanted: int
    wanted_in_three: int
    cries: int
    heard: int
    false_alarms: int

    @property
    def precision_at_1(self) -> float:
        return self.first / max(1, self.suggested)

    @property
    def recall_at_1(self) -> float:
        return self.first / max(1, self.said)

    @property
    def hit_at_3(self) -> float:
        return self.in_three / max(1, self.said)

    @property
    def recall_at_3(self) -> float:
        return self.wanted_in_three / max(1, self.wanted)


def utterances(half: Half) -> Iterator[Utterance]:
    """Yield one half of the set."""
    data: Any = yaml.safe_load((Path(__file__).parent / "utterances.yaml").read_text(encoding="utf-8"))
    for code, halves in data["single"].items():
        for text in halves[half]:
            yield Utterance(text, (code,), code == CRISIS)
    for row in data["several"][half]:
        yield Utterance(row["text"], tuple(row["codes"]), alarm=False)
    for row in data["traps"][half]:
        yield Utterance(row["text"], (), row["alarm"])


def measure(catalogue: Catalogue, half: Half, cut: Cut) -> Figures:
    """Return the figures of one half."""
    counts = dict.fromkeys(Figures.__dataclass_fields__, 0)
    for each in utterances(half):
        alarmed = bool(catalogue.crisis_words_in(each.text))
        counts["cries"] += each.alarm
        counts["heard"] += each.alarm and alarmed
        counts["false_alarms"] += alarmed and not each.alarm
        if not each.codes:
            continue
        found = [suggestion.code for suggestion in catalogue.suggest(each.text, cut=cut)]
        counts["said"] += 1
        counts["suggested"] += bool(found)
        counts["first"] += bool(found) and found[0] in each.codes
        counts["in_three"] += bool(set(found[:3]) & set(each.codes))
        counts["wanted"] += len(each.codes)
        counts["wanted_in_three"] += len(set(found[:3]) & set(each.codes))
    return Figures(**counts)
