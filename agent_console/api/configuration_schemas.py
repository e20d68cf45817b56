"""What the screens of administration send and get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent_console.api.moments import Moment
from dispatch.rules.sla_terms import Unit
from dispatch.rules.urgency import Urgency
from hotline.configuration.documents import MOST_CHARACTERS
from hotline.configuration.trying import MOST_WORDS

Document = Annotated[str, StringConstraints(min_length=1, max_length=64)]
DocumentText = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class DocumentOut(Out):
    """One document: which version is in force, and since when."""

    document: str
    label: str
    number: int
    """0 where the file itself is in force."""
    published_at: datetime | None
    published_by: str | None
    has_draft: bool
    """Whether a version has been checked since, and not published."""


class DocumentTextOut(Out):
    """One version's text."""

    document: str
    number: int
    text: str


class EffectOut(Out):
    """One deadline or one recommended union that would be different."""

    number: str
    what: str
    before: str
    after: str


class EffectsOut(Out):
    """What a version would change when it was checked."""

    open_tickets: int = 0
    looked_at: int = 0
    changed: int = 0
    sample: list[EffectOut] = []
    notes: list[str] = []


class ConfigVersionOut(Out):
    """One version without its text."""

    number: int
    reason: str
    digest: str
    based_on: int
    restores: int | None
    written_at: datetime
    written_by: str
    effects: EffectsOut
    published_at: datetime | None
    published_by: str | None
    superseded_at: datetime | None


class DocumentHistoryOut(Out):
    """A document's versions, the newest first; the file is version 0."""

    document: str
    label: str
    number: int
    versions: list[ConfigVersionOut]


class VersionCheckIn(BaseModel):
    """A text to check and to keep; without one it is that of the version which `restores` names."""

    document: Document
    text: DocumentText | None = None
    restores: Annotated[int, Field(ge=0)] | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class VersionPublishIn(BaseModel):
    """Which checked version to put into force; `adopt` also counts the deadlines of open tickets anew (sla.yaml)."""

    document: Document
    number: Annotated[int, Field(ge=1)]
    adopt: bool = False


class RouteTryIn(BaseModel):
    """A made-up case; `document` and `text` are a draft to try it on."""

    category: Short
    region: Short
    employer: Short | None = None
    urgency: Urgency | None = None
    headcount: Annotated[int, Field(ge=1, le=100_000)] | None = None
    accused: Annotated[list[Short], Field(max_length=5)] = []
    consent: bool = False
    at: Moment | None = None
    document: Document | None = None
    text: DocumentText | None = None


class TriedUnionOut(Out):
    """One union in the order of the recommendation."""

    union_code: str
    union_name: str
    level_label: str
    reasons: list[str]
    on_duty: list[str]


class TriedExclusionOut(Out):
    """A union that must not have it."""

    union_name: str
    reason: str


class RouteTriedOut(Out):
    """Where the case would go."""

    urgency: str
    urgency_reasons: list[str]
    recommendations: list[TriedUnionOut]
    excluded: list[TriedExclusionOut]
    advice: list[str]
    pool_reason: str | None
    rules_version: str


class DeadlineTryIn(BaseModel):
    """A time that begins at `start` on one calendar; `text` is a draft of calendar.yaml."""

    calendar: Short
    start: Moment
    amount: Annotated[int, Field(ge=1, le=400)]
    unit: Unit = Unit.WORKING_DAYS
    text: DocumentText | None = None


class DeadlineTriedOut(Out):
    """When it would be over by what is in force, and by the draft."""

    due_at: datetime
    draft_due_at: datetime | None


class FlowTryIn(BaseModel):
    """A trial call on a flow; `document` and `text` are a draft of it or of a part of it."""

    flow: Document
    words: Annotated[list[Short], Field(max_length=MOST_WORDS)] = []
    document: Document | None = None
    text: DocumentText | None = None


class FlowTriedOut(Out):
    """What is heard, where the call stands, and the drawing of the flow."""

    lines: list[str]
    node: str
    title: str
    keys: dict[str, str]
    ended: bool


class FlowDrawingOut(Out):
    """The flow as an SVG image."""

    flow: str
    version: str
    svg: str
