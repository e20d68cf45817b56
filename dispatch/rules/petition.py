"""Petitions (信访): three kinds, where the regulations channel each, and when their time replaces the hotline's own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class PetitionKind(StrEnum):
    """信访工作条例 Art. 28–31 sort petitions into these three."""

    SUGGESTION = "suggestion"
    REPORT = "report"
    CLAIM = "claim"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self]


_KIND_LABELS = {
    PetitionKind.SUGGESTION: "建议意见",
    PetitionKind.REPORT: "检举控告",
    PetitionKind.CLAIM: "申诉求决",
}

OWN_PROCEDURE: Final = 6
"""The only item of Art. 31 under which the petition rules themselves set the time."""

CHANNELS: Final[Mapping[int, str]] = {
    1: "诉讼、检察监督、公安等法律程序",
    2: "仲裁程序",
    3: "党员申诉、申请复审程序",
    4: "行政复议、行政裁决、行政处罚等行政程序",
    5: "申请查处违法行为、履行法定职责",
    6: "信访程序：调查核实，出具信访处理意见书",
}
"""Where each item of Art. 31 leads [L: 信访工作条例 Art. 31(1)–(6)]."""

DISCIPLINE: Final = "纪检监察机关"
"""Where reports on officials go [L: 信访工作条例 Art. 30]."""


def replaces_resolve(kind: str | None, article: int | None) -> bool:
    """Whether 15 days' notice, 60 + 30 days and a written opinion stand in for the hotline's own deadline."""
    return kind == PetitionKind.CLAIM.value and article == OWN_PROCEDURE


def petition_outcome(data: Mapping[str, object]) -> str:
    """Return which row of the state table a `petition` command means; `answered` and `notice_due` are facts."""
    if data.get("answered"):
        return "review_asked"
    kind = data.get("petition_kind")
    if kind is None and data.get("notice_due"):
        return "noticed"
    if kind == PetitionKind.REPORT.value:
        return "to_discipline"
    if kind == PetitionKind.CLAIM.value:
        return "replaces" if data.get("article") == OWN_PROCEDURE else "channelled"
    return "noted"
