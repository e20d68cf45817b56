"""Statutory countdowns: estimates shown beside a ticket, with the article they rest on."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dispatch.rules.policy import Fields, Where
from dispatch.rules.working_time import SHANGHAI, Calendar

NOTICE = "估算，以仲裁机构认定为准；拨打热线不等于申请仲裁"


class TermUnit(StrEnum):
    DAYS = "d"
    WORKING_DAYS = "wd"
    YEARS = "y"


@dataclass(frozen=True, slots=True)
class StatutoryTerm:
    """One term of law, counted from the day that `runs_from` describes (Chinese)."""

    code: str
    label: str
    amount: int
    unit: TermUnit
    runs_from: str
    source: str
    raises_urgency: bool = False
    """A limitation: less than the policy's `limitation_days` left makes the ticket P1."""
    categories: tuple[str, ...] = ()
    """Categories, or whole groups of them, in which the term usually runs."""

    @classmethod
    def from_mapping(cls, data: object, *, where: Where = ()) -> StatutoryTerm:
        row = Fields.of(
            data,
            where=where,
            known=("code", "label", "amount", "unit", "runs_from", "source", "raises_urgency", "categories"),
        )
        return cls(
            code=row.text("code"),
            label=row.text("label"),
            amount=row.number("amount", least=1),
            unit=row.choice("unit", TermUnit),
            runs_from=row.text("runs_from"),
            source=row.text("source"),
            raises_urgency=row.flag("raises_urgency"),
            categories=row.words("categories"),
        )

    def concerns(self, category: str, group: str) -> bool:
        """Whether the term usually runs in this category."""
        return category in self.categories or group in self.categories

    def last_day(self, begins_on: date, *, calendar: Calendar) -> date:
        """Return the term's last day; `begins_on` is the day of the event and does not count (Civil Code 201).

        A last day that falls on a rest day is left there, though the law extends it (Civil Code 203): an estimate
        that is early harms nobody.
        """
        if self.unit is TermUnit.DAYS:
            return begins_on + timedelta(days=self.amount)
        if self.unit is TermUnit.WORKING_DAYS:
            noon = datetime.combine(begins_on, time(12), tzinfo=SHANGHAI)
            return calendar.add_working_days(noon, self.amount).astimezone(SHANGHAI).date()
        year = begins_on.year + self.amount
        return date(year, begins_on.month, min(begins_on.day, monthrange(year, begins_on.month)[1]))


@dataclass(frozen=True, slots=True)
class Countdown:
    """What the screen shows; `days_left` is 0 on the last day and negative after it."""

    code: str
    label: str
    last_day: date
    days_left: int
    source: str
    notice: str = NOTICE


def raise_at(last_day: date, *, limitation_days: int) -> datetime:
    """Return from when on less than `limitation_days` are left: the first moment of that day in Shanghai."""
    first = last_day - timedelta(days=limitation_days - 1)
    return datetime.combine(first, time(), tzinfo=SHANGHAI)


def countdown(term: StatutoryTerm, begins_on: date, *, today: date, calendar: Calendar) -> Countdown:
    """Return the countdown of one term; `calendar` counts working days."""
    last_day = term.last_day(begins_on, calendar=calendar)
    return Countdown(term.code, term.label, last_day, (last_day - today).days, term.source)
