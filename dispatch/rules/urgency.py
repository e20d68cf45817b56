"""How urgent and how difficult a ticket is, and of what nature: the three scales that deadlines hang on."""

from __future__ import annotations

from enum import StrEnum


class Urgency(StrEnum):
    """Compare with `rank`: 0 is the most urgent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def label(self) -> str:
        return _URGENCY_LABELS[self]

    @property
    def rank(self) -> int:
        return int(self.value[1])


class Difficulty(StrEnum):
    ORDINARY = "ordinary"
    DIFFICULT = "difficult"
    VERY_COMPLEX = "very_complex"

    @property
    def label(self) -> str:
        return _DIFFICULTY_LABELS[self]


class Nature(StrEnum):
    CONSULTATION = "consultation"
    SERVICE = "service"
    PETITION = "petition"
    LEGAL_AID = "legal_aid"
    SUGGESTION = "suggestion"

    @property
    def label(self) -> str:
        return _NATURE_LABELS[self]


_URGENCY_LABELS = {Urgency.P0: "特急", Urgency.P1: "紧急", Urgency.P2: "一般", Urgency.P3: "普通"}
_DIFFICULTY_LABELS = {
    Difficulty.ORDINARY: "一般",
    Difficulty.DIFFICULT: "疑难",
    Difficulty.VERY_COMPLEX: "特别复杂",
}
_NATURE_LABELS = {
    Nature.CONSULTATION: "问题咨询",
    Nature.SERVICE: "服务帮扶",
    Nature.PETITION: "信访投诉",
    Nature.LEGAL_AID: "法律援助",
    Nature.SUGGESTION: "意见建议",
}


def most_urgent(*urgencies: Urgency) -> Urgency:
    """Return the most urgent of several: a ticket takes the highest of its categories."""
    return min(urgencies, key=lambda urgency: urgency.rank)
