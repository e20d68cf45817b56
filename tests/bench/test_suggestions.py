"""How often the words of a call suggest the category that a person would choose, on both halves of the labelled set."""

from __future__ import annotations

import time

import pytest

from dispatch.words import cut
from tests.rules.policies import catalogue
from tests.rules.utterances import HALVES, measure, utterances

pytestmark = pytest.mark.bench


def test_suggestions_beside_what_a_person_would_choose() -> None:
    shipped = catalogue()
    began = time.perf_counter()
    list(cut("预热"))
    loaded = time.perf_counter() - began
    for half in HALVES:
        figures = measure(shipped, half, cut)
        print(
            f"\n{half:<9}{figures.said} utterances: precision@1 {figures.precision_at_1:.2f} "
            f"recall@1 {figures.recall_at_1:.2f} hit@3 {figures.hit_at_3:.2f} recall@3 {figures.recall_at_3:.2f}; "
            f"crisis {figures.heard}/{figures.cries} heard, {figures.false_alarms} false alarms",
            end="",
        )
    texts = [each.text for half in HALVES for each in utterances(half)]
    began = time.perf_counter()
    for text in texts:
        shipped.suggest(text, cut=cut)
    each_ms = (time.perf_counter() - began) / len(texts) * 1000
    print(f"\ndictionary loaded in {loaded:.2f} s, then {each_ms:.2f} ms a text")
