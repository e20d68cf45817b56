"""What routing is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from dispatch.rules.attendance import Attendance
from dispatch.rules.categories import Category, Entry
from dispatch.rules.levels import Level
from dispatch.rules.recusal import EmployerView
from dispatch.rules.routing_rules import DispatchMode

COURT: str = "FW"
"""The partner code of the courts in `categories.yaml`: what goes to them follows their own map."""


@dataclass(frozen=True, slots=True)
class DistrictView:
    """The court district (片区) that a place lies in, and the union that acts there."""

    name: str
    court: str
    union_id: int


@dataclass(frozen=True, slots=True)
class RoutingCase:
    """What routing may know of a ticket; `on` is the day that decides which rules are valid."""

    category: Category
    region_code: str
    on: date
    employers: tuple[EmployerView, ...] = ()
    rights_defence: bool = False
    """Of the whole ticket: any R category makes it so; the leading category's own flag counts in any case."""
    sealed: bool = False
    accused_union_ids: tuple[int, ...] = ()
    accuses_centre: bool = False
    """The caller complains about somebody of the hotline itself."""
    consent_waives_recusal: bool = False
    mode: DispatchMode = DispatchMode.STEPWISE
    home_province: str = ""
    """Where this centre answers; empty switches the other-province check off."""
    corporate: frozenset[int] = frozenset()
    """Unions at whose subtrees recusal starts, beyond those that the candidates themselves show."""
    attendance: Mapping[int, Attendance] = field(default_factory=dict)
    """Who receives for a union now; one that is missing receives as a whole."""
    district: DistrictView | None = None
    place_name: str = ""
    """What people call `place`; empty where only its code is known."""

    @property
    def needs_recusal(self) -> bool:
        return self.rights_defence or self.category.rights_defence

    @property
    def place(self) -> str:
        """The region, or the first employer's where the caller's is unknown."""
        if self.region_code:
            return self.region_code
        return next((each.region_code for each in self.employers if each.region_code), "")

    @property
    def accuses_us(self) -> bool:
        """Whether it is a complaint about a union of ours, or about the hotline's own people."""
        is_complaint = self.category.entry == (Entry.PARENT_OF_ACCUSED,)
        return is_complaint and (self.accuses_centre or bool(self.accused_union_ids))

    @property
    def concerns_court(self) -> bool:
        return COURT in self.category.co_handlers


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One union that may receive the ticket; `recused` says that a nearer one was passed over for recusal."""

    union_id: int
    union_code: str
    union_name: str
    level: Level
    level_label: str
    reasons: tuple[str, ...]
    recused: bool = False
    on_duty: tuple[str, ...] = ()
    """Who can be reached there now."""


@dataclass(frozen=True, slots=True)
class ExcludedUnion:
    union_id: int
    union_name: str
    reason: str


class ProposalKind(StrEnum):
    CO_HANDLING = "co_handling"
    """Another city of the province helps; the home union keeps the ticket."""
    CHILD_TICKET = "child_ticket"
    """Another province takes its part over, when both sides have accepted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What else to do about a case that reaches beyond its place; a person decides."""

    kind: ProposalKind
    region_code: str
    reason: str
    union_id: int | None = None
    union_name: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first; `pool_reason` (Chinese) is set exactly when there is no recommendation."""

    recommendations: tuple[Recommendation, ...]
    excluded: tuple[ExcludedUnion, ...]
    pool_reason: str | None
    advice: tuple[str, ...] = ()
    """What else to mind, in Chinese: co-handling with another city, a mandatory report, the court."""
    proposals: tuple[Proposal, ...] = ()
    rules_version: str = ""
    """The version of the rules that led here."""
