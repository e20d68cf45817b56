"""The form by which conversations are scored: items with weights, faults that spoil everything, and who is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from dispatch.rules.policy import Fields, content_version
from dispatch.rules.sampling import drawn
from dispatch.rules.ticket_terms import State

FULL: Final = 100
_STATES: Final = ("answered", "void", "declined", "closed", "terminated", "withdrawn")
"""Ends that somebody at the desk answers for; what was merged is scored with the ticket it went into."""


@dataclass(frozen=True, slots=True)
class SheetItem:
    code: str
    name: str
    weight: int
    hint: str


@dataclass(frozen=True, slots=True)
class Veto:
    """One fault for which the whole is worth nothing."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """One version of the form; a score keeps the form by which it was given."""

    title: str
    items: tuple[SheetItem, ...]
    vetoes: tuple[Veto, ...]
    version: str

    def faults(self, points: Mapping[str, int], vetoes: Mapping[str, str]) -> dict[str, str]:
        """Return what keeps these marks from being a score, by field, in Chinese."""
        found: dict[str, str] = {}
        for item in self.items:
            given = points.get(item.code)
            if given is None:
                found[item.code] = f"“{item.name}”还没有打分"
            elif not 0 <= given <= item.weight:
                found[item.code] = f"“{item.name}”应在0至{item.weight}分之间"
        unknown = (points.keys() - {each.code for each in self.items}) | (
            vetoes.keys() - {each.code for each in self.vetoes}
        )
        for code in sorted(unknown):
            found[code] = "评分表里没有这一项"
        for code in sorted(vetoes.keys() - unknown):
            if not vetoes[code].strip():
                found[code] = "一票否决须写明事实"
        return found

    def total(self, points: Mapping[str, int], vetoes: Mapping[str, str]) -> int:
        """Return the points of the whole: their sum, or nothing where one fault spoils it."""
        return 0 if vetoes else sum(points[item.code] for item in self.items)

    def as_mapping(self) -> dict[str, Any]:
        """Return the form as a score keeps it."""
        return {
            "title": self.title,
            "version": self.version,
            "items": [
                {"code": each.code, "name": each.name, "weight": each.weight, "hint": each.hint}
                for each in self.items
            ],
            "vetoes": [{"code": each.code, "name": each.name} for each in self.vetoes],
        }


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """`config/quality.yaml`: what is drawn, how it is scored, how long one may appeal."""

    percent: Mapping[str, int]
    """Of a hundred tickets that ended so, how many are drawn."""
    appeal_for: timedelta
    sheet: ScoreSheet

    @classmethod
    def from_mapping(cls, data: object) -> QualityPolicy:
        """Read the content of quality.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("source", "sample_percent", "appeal_days", "sheet"))
        top.text("source")
        shares = Fields.of(top.data.get("sample_percent"), where=("sample_percent",), known=_STATES)
        percent = {state: shares.number(state, 0) for state in _STATES}
        for state, share in percent.items():
            if share > FULL:
                raise shares.fail(state, "must be at most 100")
        return cls(
            percent=percent,
            appeal_for=timedelta(days=top.number("appeal_days", least=1)),
            sheet=_sheet(top.data.get("sheet")),
        )

    def draws(self, number: str, state: State) -> bool:
        """Whether the ticket of this number is looked at; another draw than that of callbacks."""
        # A draw of its own: else nobody whose caller was not asked would ever be scored.
        return drawn(
            hashlib.sha256(f"quality:{number}".encode()).hexdigest(), self.percent.get(state.value, 0)
        )


def _sheet(value: object) -> ScoreSheet:
    fields = Fields.of(value, where=("sheet",), known=("title", "items", "vetoes"))
    items = []
    for place, each in fields.each("items"):
        row = Fields.of(each, where=place, known=("code", "name", "weight", "hint"))
        items.append(
            SheetItem(row.text("code"), row.text("name"), row.number("weight", least=1), row.text("hint", ""))
        )
    vetoes = []
    for place, each in fields.each("vetoes"):
        row = Fields.of(each, where=place, known=("code", "name"))
        vetoes.append(Veto(row.text("code"), row.text("name")))
    codes = [item.code for item in items] + [veto.code for veto in vetoes]
    if len(set(codes)) != len(codes):
        raise fields.fail("items", "a code is used twice")
    if sum(each.weight for each in items) != FULL:
        raise fields.fail("items", f"weights add up to {sum(each.weight for each in items)}, not {FULL}")
    return ScoreSheet(fields.text("title"), tuple(items), tuple(vetoes), content_version(value))
