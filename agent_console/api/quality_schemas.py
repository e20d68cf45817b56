"""What the routes of quality checks take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.schemas import CallOnTicket, Given, Line, Taken, Text

ItemCode = Annotated[str, StringConstraints(max_length=40)]
SampleState = Literal["open", "scored", "appealed", "settled"]


class SheetItemOut(Given):
    code: str
    name: str
    weight: int
    hint: str


class VetoOut(Given):
    code: str
    name: str


class ScoreSheetOut(Given):
    """The form by which conversations are scored; `version` changes with its content."""

    title: str
    version: str
    items: list[SheetItemOut]
    vetoes: list[VetoOut]


class DrawIn(Taken):
    first: date
    last: date


class DrawOut(Given):
    looked_at: int
    drawn: int


class ScoreIn(Taken):
    version: int
    sheet_version: ItemCode
    points: dict[ItemCode, int] = Field(max_length=60)
    remarks: dict[ItemCode, Line] = Field(default_factory=dict, max_length=60)
    vetoes: dict[ItemCode, Line] = Field(default_factory=dict, max_length=60)
    """Veto → the fact that it is given for."""
    remark: Text = ""


class AppealIn(Taken):
    version: int
    reason: Annotated[Text, StringConstraints(max_length=2000)]


class AppealDecisionIn(Taken):
    version: int
    upheld: bool
    total: int | None = Field(default=None, ge=0, le=100)
    """What counts from now on; only where the appeal is upheld."""
    decision: Annotated[Text, StringConstraints(max_length=2000)]


class ScoreOut(Given):
    sheet: ScoreSheetOut
    points: dict[str, int]
    remarks: dict[str, str]
    vetoes: dict[str, str]
    remark: str
    given_total: int
    total: int
    vetoed: bool
    at: datetime


class AppealOut(Given):
    reason: str
    at: datetime
    upheld: bool | None
    decision: str | None
    decided_at: datetime | None


class SampleOut(Given):
    id: int
    number: str
    category_name: str | None
    ticket_state_label: str
    subject: str
    state: SampleState
    version: int
    ended_at: datetime
    drawn_at: datetime
    score: ScoreOut | None
    appeal: AppealOut | None
    inspector: str | None
    """None for the person whom the score is about."""
    appeal_until: datetime | None
    may_score: bool
    may_appeal: bool
    may_decide: bool


class SampleDetail(SampleOut):
    """A sample with the conversations that may be heard."""

    calls: list[CallOnTicket]


class SampleListOut(Given):
    items: list[SampleOut]


class QualityFiguresOut(Given):
    user_id: int
    name: str
    scored: int
    average: float
    vetoes: int
    appeals: int
    upheld: int
