"""The service-level policy: how long each step may take, and who hears of it on the way to the deadline."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from dispatch.rules.calendar_policy import parse_minutes, parse_span
from dispatch.rules.policy import Fields, PolicyError, Where, content_version
from dispatch.rules.sla_terms import (
    CalendarKind,
    DutyHours,
    LadderStep,
    Limits,
    Recipient,
    Step,
    Target,
    Unit,
)
from dispatch.rules.statutes import StatutoryTerm
from dispatch.rules.ticket_terms import ClockKind
from dispatch.rules.urgency import Difficulty, Nature, Urgency


@dataclass(frozen=True, slots=True)
class _TargetRow:
    kind: str
    urgency: Urgency | None
    difficulty: Difficulty | None
    nature: Nature | None
    categories: tuple[str, ...]
    target: Target | None

    def fits(
        self, urgency: Urgency, difficulty: Difficulty, category: str | None, nature: Nature | None
    ) -> bool:
        return (
            self.urgency in (None, urgency)
            and self.difficulty in (None, difficulty)
            and self.nature in (None, nature)
            and (not self.categories or category in self.categories)
        )

    @property
    def weight(self) -> tuple[bool, bool, bool, bool]:
        return (
            bool(self.categories),
            self.nature is not None,
            self.difficulty is not None,
            self.urgency is not None,
        )


@dataclass(frozen=True, slots=True)
class _LadderRow:
    kinds: tuple[ClockKind, ...]
    urgencies: tuple[Urgency, ...]
    steps: tuple[LadderStep, ...]
    case: bool = False
    """For the worker's view of a step, where it runs out before the present union's own clock."""


RETURN_WINDOW = "return_window"
"""Not a clock but a time to object, counted from the dispatch."""
TARGET_KINDS = (*(kind.value for kind in ClockKind), RETURN_WINDOW)


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """`sla.yaml`, checked: every clock kind has an answer for every urgency."""

    rows: tuple[_TargetRow, ...]
    ladders: tuple[_LadderRow, ...]
    limits: Limits
    statutory: tuple[StatutoryTerm, ...]
    version: str

    @classmethod
    def from_mapping(cls, data: object) -> SlaPolicy:
        top = Fields.of(data, where=(), known=("targets", "ladders", "limits", "statutory"))
        rows = tuple(_target_row(value, place) for place, value in top.each("targets"))
        for kind in TARGET_KINDS:
            for urgency in Urgency:
                if not any(row.kind == kind and row.urgency in (None, urgency) for row in rows):
                    raise PolicyError(f"缺少时限：{kind}，{urgency}", where=("targets",))
        return cls(
            rows=rows,
            ladders=tuple(_ladder_row(value, place) for place, value in top.each("ladders")),
            limits=_limits(top),
            statutory=tuple(
                StatutoryTerm.from_mapping(value, where=place) for place, value in top.each("statutory")
            ),
            version=content_version(data),
        )

    def target(
        self,
        kind: ClockKind | str,
        urgency: Urgency,
        difficulty: Difficulty = Difficulty.ORDINARY,
        category: str | None = None,
        *,
        nature: Nature | None = None,
    ) -> Target | None:
        """Return the most specific target (category, nature, difficulty, urgency); None where no clock runs."""
        fitting = [
            row for row in self.rows if row.kind == kind and row.fits(urgency, difficulty, category, nature)
        ]
        if not fitting:
            raise KeyError(f"no target for {kind} at {urgency}, {difficulty}, {category}, {nature}")
        return max(fitting, key=lambda row: row.weight).target

    def ladder(self, kind: ClockKind, urgency: Urgency, *, case: bool = False) -> tuple[LadderStep, ...]:
        """Return the rungs of one clock; a ladder that names the urgency wins over one that does not."""
        fitting = [
            row
            for row in self.ladders
            if row.case is case and kind in row.kinds and (not row.urgencies or urgency in row.urgencies)
        ]
        if not fitting:
            return ()
        steps = max(fitting, key=lambda row: bool(row.urgencies)).steps
        # P0 has no hours off duty.
        return tuple(replace(step, on_duty_only=False) for step in steps) if urgency is Urgency.P0 else steps


def _target_row(value: object, place: Where) -> _TargetRow:
    row = Fields.of(
        value,
        where=place,
        known=(
            *("kind", "urgency", "difficulty", "nature", "categories", "amount", "unit", "calendar"),
            *("sampled", "duty", "none", "source"),
        ),
    )
    kind = row.text("kind")
    if kind not in TARGET_KINDS:
        raise row.fail("kind", f"没有“{kind}”，可用：{'、'.join(TARGET_KINDS)}")
    row.text("source")
    return _TargetRow(
        kind=kind,
        urgency=row.optional_choice("urgency", Urgency),
        difficulty=row.optional_choice("difficulty", Difficulty),
        nature=row.optional_choice("nature", Nature),
        categories=row.words("categories"),
        target=None if row.flag("none") else _target(row),
    )


def _target(row: Fields) -> Target:
    unit = row.choice("unit", Unit)
    calendar = row.choice("calendar", CalendarKind)
    counts_work = unit in (Unit.WORKING_HOURS, Unit.WORKING_DAYS)
    if counts_work == (calendar is CalendarKind.ALWAYS):
        raise row.fail("calendar", f"单位{unit}不能用日历{calendar}")
    duty = None
    if row.has("duty"):
        if unit is not Unit.HOURS:
            raise row.fail("duty", "值班时段只用于以小时计的时限")
        place = (*row.where, "duty")
        hours = Fields.of(row.data["duty"], where=place, known=("hours", "else_at"))
        duty = DutyHours(
            parse_span(hours.data.get("hours"), where=(*place, "hours")),
            parse_minutes(hours.data.get("else_at"), where=(*place, "else_at")),
        )
    return Target(row.number("amount", least=1), unit, calendar, row.flag("sampled"), duty)


def _ladder_row(value: object, place: Where) -> _LadderRow:
    row = Fields.of(value, where=place, known=("kinds", "urgencies", "steps", "case", "source"))
    row.text("source")
    steps = tuple(_ladder_step(item, where) for where, item in row.each("steps"))
    names = [step.step for step in steps]
    if len(set(names)) != len(names):
        # A timer is UNIQUE(clock, step, generation): a repeated rung would never fire.
        raise row.fail("steps", "同一阶梯里每一步只能写一次")
    return _LadderRow(
        row.choices("kinds", ClockKind), row.choices("urgencies", Urgency), steps, row.flag("case")
    )


def _ladder_step(value: object, place: Where) -> LadderStep:
    known = tuple(each.name for each in fields(LadderStep))
    row = Fields.of(value, where=place, known=known)
    step = LadderStep(
        step=row.choice("step", Step),
        who=row.choices("who", Recipient),
        percent=row.optional_number("percent", least=1),
        overdue_wd=row.optional_number("overdue_wd", least=1),
        after_s=row.optional_number("after_s", least=1),
        needs_person=row.flag("needs_person"),
        on_duty_only=row.flag("on_duty_only"),
        closes_extensions=row.flag("closes_extensions"),
    )
    if step.percent is None and step.overdue_wd is None and step.after_s is None:
        raise row.fail("step", "没有写percent、overdue_wd或after_s")
    return step


def _limits(top: Fields) -> Limits:
    names = tuple(each.name for each in fields(Limits))
    row = Fields.of(top.data.get("limits"), where=("limits",), known=(*names, "source"))
    row.text("source")
    moments = {"return_call_else_at"}
    return Limits(
        **{
            name: parse_minutes(row.data.get(name), where=("limits", name))
            if name in moments
            else row.number(name)
            for name in names
        }
    )
