"""What the console's API takes and gives; the browser's types are generated from these and never retyped."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent_console.api.moments import Day


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL; both engines refuse it alike.
    if "\x00" in text:
        raise ValueError("含有不能保存的字符")
    return text


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
Line = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True), AfterValidator(_storable)]
Code = Annotated[str, StringConstraints(max_length=32, strip_whitespace=True), AfterValidator(_storable)]
Urgency = Literal["P0", "P1", "P2", "P3"]
Confidentiality = Literal["open", "confidential", "anonymous"]
Disclosure = Literal["none", "union", "employer"]
ContactMode = Literal["phone", "query_code", "anonymous"]


class Taken(BaseModel):
    """A request body: unknown fields are refused, not swallowed."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """An answer."""

    model_config = ConfigDict(from_attributes=True)


# Session


class SignIn(Taken):
    name: Line
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class UserOut(Given):
    id: int
    name: str
    display_name: str
    role: str
    role_label: str
    union_id: int | None
    union_name: str | None
    extension: str | None


class SessionOut(Given):
    user: UserOut
    expires_at: datetime
    server_time: datetime
    actions: list[str]
    """Names of the actions which the actor may do somewhere; buttons still follow each object's own list."""
    password_temporary: bool
    """The password came from an administrator and must be changed before anything else."""


# Reference data that forms need


class CategoryOut(Given):
    code: str
    name: str
    group_code: str
    group_name: str
    rights_defence: bool
    sealed: bool
    urgency: Urgency
    entry_level: str | None
    """Where it enters the union tree; None for what is never dispatched."""


class RegionOut(Given):
    code: str
    name: str
    parent: str | None
    level: str


class UnionOut(Given):
    id: int
    code: str
    name: str
    level: str
    level_label: str
    kind: str
    region_code: str | None
    parent_id: int | None


class EmployerOut(Given):
    id: int
    name: str
    uscc: str | None
    region_code: str | None
    group_code: str | None
    union_name: str | None
    open_tickets: int


# Tickets


class ClockOut(Given):
    id: int
    kind: str
    label: str
    """签收, 首联, 办理 …"""
    due_at: datetime | None
    """None while paused."""
    state: Literal["running", "paused", "met", "missed", "cancelled"]
    late: bool
    card: Literal["none", "yellow", "red"]
    consumed_ratio: float
    next_step: str | None
    next_step_at: datetime | None


class StatuteOut(Given):
    """One countdown of law; an estimate, which `notice` says."""

    code: str
    label: str
    begins_on: date
    runs_from: str
    last_day: date
    days_left: int
    """0 on the last day, negative after it."""
    raises_urgency: bool
    source: str
    notice: str


class StatuteQuestionOut(Given):
    """A term that usually runs in such a case: which day to ask for."""

    code: str
    label: str
    runs_from: str
    source: str
    notice: str


class StatuteIn(Taken):
    code: Annotated[str, StringConstraints(max_length=40)]
    begins_on: Day | None
    """None takes the day back."""


class ActionOut(Given):
    command: str
    label: str
    enabled: bool
    why_not: str | None
    """A Chinese sentence when the button is shown disabled."""


class CallerOut(Given):
    id: int
    name_masked: str | None
    phone_masked: str | None
    relay_no: str
    """工单联系号: how a union reaches the caller through the centre."""
    can_reveal: bool


class EmployerOnTicket(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)
    employer_id: int | None = None
    name: Line = ""
    """Empty and no id means that the caller does not know."""
    uscc: Annotated[str, StringConstraints(max_length=18)] | None = None
    role: Literal["employing", "using", "subcontractor", "contractor", "developer"] = "employing"


class LetterOut(Given):
    """A supervision letter (提示函, 意见书, 建议书)."""

    id: int
    kind: str
    label: str
    addressee: str
    reference: str
    sent_at: datetime
    due_at: datetime | None
    replied_at: datetime | None
    reply: str | None


class LinkOut(Given):
    """Another ticket of the same matter, as far as the reader may see it."""

    number: str
    relation: str
    relation_label: str
    state_label: str
    below: bool
    """Whether it came out of this one."""


class HandlingOut(Given):
    id: int
    union_id: int
    union_name: str
    role: Literal["lead", "co"]
    state: str
    dispatched_at: datetime
    signed_at: datetime | None
    handler_name: str | None
    deputy_name: str | None
    ended_at: datetime | None
    end_reason: str | None
    reasons: list[str]


class EventOut(Given):
    seq: int
    kind: str
    label: str
    at: datetime
    actor: str
    summary: str
    details: dict[str, Any]


class RecordingOut(Given):
    """A recording that the reader may hear: `GET /api/recordings/{id}`, once it is `ready`."""

    id: int
    kind: str
    duration_s: int
    ready: bool


class CallOnTicket(Given):
    sid: str
    relation: Literal["origin", "nudge", "note", "return_call", "callback"]
    started_at: datetime
    outcome: str | None
    path: list[str]
    recordings: list[RecordingOut]


class TicketSummary(Given):
    number: str
    state: str
    state_label: str
    urgency: Urgency
    category: str | None
    category_name: str | None
    wish: str
    """One line; the whole text is on the ticket."""
    employer: str | None
    headcount: int | None
    region: str | None
    lead_union: str | None
    channel: str
    created_at: datetime
    clock: ClockOut | None
    """The one that is due next."""
    sealed: bool
    supervised: bool
    version: int


class AccusedOut(Given):
    kind: Literal["union", "person"]
    id: int
    name: str


class TicketOut(TicketSummary):
    text: str
    nature: str | None
    secondary_categories: list[str]
    region_code: str | None
    employers: list[EmployerOnTicket]
    accused: list[AccusedOut]
    """Whom the caller complains about."""
    amount_cents: int | None
    confidentiality: Confidentiality | None
    disclosure: Disclosure | None
    contact_mode: ContactMode | None
    callback_wanted: bool
    urgency_reasons: list[str]
    query_number: str | None
    """MMDD and daily sequence, as told to the caller; None for those who may not know it."""
    callers: list[CallerOut]
    handlings: list[HandlingOut]
    clocks: list[ClockOut]
    events: list[EventOut]
    calls: list[CallOnTicket]
    difficulty: str
    petition_kind: str | None
    petition_article: int | None
    hard_case: bool
    leader_name: str | None
    """Who has taken the hard case."""
    repeat_count: int
    received_cents: int
    """Money that has reached the worker."""
    letters: list[LetterOut]
    links: list[LinkOut]
    actions: list[ActionOut]
    outcome: str | None
    statutes: list[StatuteOut]
    server_time: datetime


class TicketCut(Taken):
    """What a list is cut to; a column that is not here is refused, not ignored."""

    bucket: Literal["open", "closed", "all"] = "open"
    state: Code | None = None
    category: Line | None = None
    urgency: Urgency | None = None
    union_id: int | None = None
    employer: Line | None = None
    q: Line | None = None
    mine: bool = False
    due: Literal["overdue", "15m", "1h", "today"] | None = None
    where: Annotated[str, StringConstraints(max_length=4000)] | None = None
    """A condition in JSON: {"field","op","value"}, {"all": […]}, {"any": […]}, {"not": …}; see `FIELDS`."""


class TicketQuery(TicketCut):
    """The query of a list."""

    cursor: Line | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ExportQuery(TicketCut):
    """The query of a file."""

    format: Literal["csv", "xlsx"] = "csv"


class CountsOut(Given):
    open: int
    more: bool
    """More than were counted; a badge shows 9999+."""
    states: dict[str, int]
    urgencies: dict[str, int]
    overdue: int
    due_15m: int
    due_1h: int
    due_today: int
    server_time: datetime


class ViewIn(Taken):
    name: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
    filter: TicketCut
    shared_role: (
        Literal[
            "operator",
            "callback_operator",
            "counsellor",
            "lawyer",
            "dispatcher",
            "supervisor",
            "duty_leader",
            "inspector",
            "auditor",
            "union_handler",
            "union_leader",
            "union_administrator",
        ]
        | None
    ) = None


class ViewName(Taken):
    name: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class ViewOut(Given):
    id: int
    name: str
    filter: dict[str, Any]
    shared_role: str | None
    owner: str
    mine: bool


class TicketPage(Given):
    items: list[TicketSummary]
    next: str | None
    server_time: datetime


class CallerIn(Taken):
    name: Line | None = None
    phone: Annotated[str, StringConstraints(max_length=200)] | None = None
    member_card_no: Annotated[str, StringConstraints(max_length=40)] | None = None


class TicketFields(Taken):
    """Everything that can be written while the ticket is open; a field left out is left alone."""

    category: str | None = None
    secondary_categories: list[str] | None = Field(default=None, max_length=5)
    nature: str | None = None
    urgency: Urgency | None = None
    region_code: Annotated[str, StringConstraints(pattern=r"^\d{2,9}$")] | None = None
    employers: list[EmployerOnTicket] | None = Field(default=None, max_length=10)
    headcount: int | None = Field(default=None, ge=1, le=1_000_000)
    amount_cents: int | None = Field(default=None, ge=0, le=10**13)
    wish: Line | None = None
    text: Text | None = None
    confidentiality: Confidentiality | None = None
    disclosure: Disclosure | None = None
    contact_mode: ContactMode | None = None
    callback_wanted: bool | None = None
    caller: CallerIn | None = None
    """The first caller; the others are left alone."""
    callers: list[CallerIn] | None = Field(default=None, max_length=20)
    """All callers, in order: at most as many as may represent a group."""
    statutes: list[StatuteIn] | None = Field(default=None, max_length=10)
    accused_union_ids: list[int] | None = Field(default=None, max_length=5)
    """Unions that the caller complains about: their parent receives the ticket, and they never see it."""
    accused_user_ids: list[int] | None = Field(default=None, max_length=5)
    """Persons that the caller complains about, of a union or of the hotline itself: they never see it either."""


class TicketCreate(TicketFields):
    channel: Literal[
        "phone",
        "web",
        "partner",
        "upper_12351",
        "line_12345",
        "line_12348",
        "inspection",
        "walk_in",
        "letter",
        "union_phone",
        "operator",
    ] = "operator"
    external_id: Annotated[str, StringConstraints(max_length=100)] | None = None
    call_sid: Annotated[str, StringConstraints(max_length=64)] | None = None


class TicketEdit(TicketFields):
    version: int


class BulkItem(Taken):
    number: Annotated[str, StringConstraints(max_length=40)]
    version: int


class BulkData(Taken):
    reason: Text | None = None
    union_id: int | None = None
    override_reason: Line | None = None


class BulkIn(Taken):
    """One command for many tickets; only those that need nothing of a single one."""

    command: Literal["nudge", "supervise", "dispatch"]
    items: list[BulkItem] = Field(min_length=1, max_length=100)
    data: BulkData = Field(default_factory=BulkData)


class BulkResult(BaseModel):
    number: str
    ok: bool
    state: str | None
    version: int | None
    problem: ProblemOut | None


class BulkOut(BaseModel):
    results: list[BulkResult]


class RecommendationOut(Given):
    union_id: int
    union_name: str
    level: str
    level_label: str
    reasons: list[str]
    open_tickets: int
    on_duty: list[str]
    sign_due_at: datetime | None
    resolve_due_at: datetime | None


class ExcludedUnionOut(Given):
    union_id: int
    union_name: str
    reason: str


class ProposalOut(Given):
    kind: str
    region_code: str
    reason: str
    union_id: int | None
    union_name: str | None


class RankingOut(Given):
    recommendations: list[RecommendationOut]
    excluded: list[ExcludedUnionOut]
    pool_reason: str | None
    advice: list[str]
    proposals: list[ProposalOut]
    rules_version: str


class SuggestionOut(Given):
    code: str
    name: str
    words: list[str]


class SuggestIn(Taken):
    text: Text
    headcount: int | None = None
    category: str | None = None


class SuggestOut(Given):
    categories: list[SuggestionOut]
    crisis_words: list[str]
    urgency: Urgency | None
    urgency_reasons: list[str]
    statutes: list[StatuteQuestionOut]


class UnionPreview(Given):
    """Exactly what the chosen union will see."""

    ticket: TicketSummary
    text: str
    caller: CallerOut | None
    withheld: list[str]
    """Names of what is kept back, in Chinese."""


class RevealIn(Taken):
    caller_id: int | None = None
    """Which caller; left out, the first."""
    reason: Annotated[str, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]


class BreakGlassOut(Given):
    """Until when the sealed ticket is open to whoever broke its seal."""

    number: str
    until: datetime


class ReaderIn(Taken):
    user_id: int
    reason: Annotated[str, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]


class RevealOut(Given):
    name: str | None
    phone: str | None
    watermark: str


# Calls, line, presence


class LegOut(Given):
    sid: str | None
    """None until the carrier has answered."""
    kind: str
    status: str
    user_name: str | None


class CallOut(Given):
    sid: str
    from_: str = Field(serialization_alias="from", validation_alias="from_")
    """Of the two numbers the worker's is masked."""
    to: str
    direction: str
    carrier_status: str
    conversation_state: str
    outcome: str | None
    started_at: datetime
    ended_at: datetime | None
    tickets: list[str]
    path: list[str]
    language: str


class CallPage(Given):
    items: list[CallOut]
    next: str | None


class HistoryItem(Given):
    at: datetime
    kind: Literal["call", "ticket"]
    text: str
    number: str | None


class CallDetail(CallOut):
    """The screen pop."""

    from_masked: str
    region: str | None
    said: list[str]
    legs: list[LegOut]
    line_label: str | None
    called_label: str | None
    """Which of our numbers was called."""
    suggested_category: str | None
    open_tickets: list[TicketSummary]
    calls_in_30_days: int
    wants_no_messages: bool
    """The number has asked for no short messages (退订)."""
    history: list[HistoryItem]
    on_hold: bool
    muted: bool
    draft: str | None
    crisis: Literal["suspected", "confirmed", "dismissed"] | None
    """What the machine heard and a person said about distress."""
    warnings: int
    """How many warnings against abuse the caller has heard."""
    server_time: datetime


class CrisisIn(Taken):
    """What a person says about a caller who may be in distress."""

    confirmed: bool


class CrisisOut(Given):
    sid: str
    crisis: Literal["suspected", "confirmed", "dismissed"] | None


class BlockIn(Taken):
    """Whose number, for how long and why."""

    call_sid: Annotated[Line, StringConstraints(max_length=64)]
    days: int = Field(ge=1, le=3650)
    reason: Annotated[Line, StringConstraints(min_length=1)]


class BlockedNumberOut(Given):
    id: int
    number_masked: str
    reason: str
    at: datetime
    until: datetime
    lifted_at: datetime | None


class IncidentIn(Taken):
    """What every caller hears first."""

    text: Annotated[Line, StringConstraints(min_length=1)]
    text_en: Line = ""


class IncidentOut(Given):
    id: int
    text: str
    text_en: str
    at: datetime


class SatisfactionOut(Given):
    satisfied: int
    basically: int
    dissatisfied: int
    answers: int
    asked: int
    rate: float | None


class OutcomeIn(Taken):
    """What came of a call that needs no ticket."""

    outcome: Literal["answered", "silent", "wrong_number", "prank", "test", "query_only"]
    note: Line | None = None


class RepeatIn(Taken):
    """A caller who calls again about an open ticket."""

    number: Line
    version: int
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000), AfterValidator(_storable)]


class OfferOut(Given):
    id: int
    call_sid: str
    from_masked: str
    region: str | None
    line: str
    line_label: str
    category_name: str | None
    urgency: Urgency | None
    path: list[str]
    waited_s: int
    expires_at: datetime


class PresenceOut(Given):
    state: str
    label: str
    since: datetime
    wrap_up_until: datetime | None
    offer: OfferOut | None
    call_sid: str | None
    device_token: str | None
    server_time: datetime


class PresenceIn(Taken):
    state: Literal["ready", "on_break", "not_ready", "offline"]
    reason: Annotated[Line, StringConstraints(max_length=60)] | None = None


class WrapUpIn(Taken):
    seconds: int = Field(default=60, ge=1, le=900)


class LineOut(Given):
    waiting: int
    longest_s: int
    ready: int
    talking: int
    server_time: datetime


class ReturnCallOut(Given):
    id: int
    number_masked: str
    reason: str
    reason_label: str
    state: str
    asked_at: datetime
    """When the first call of that day was owed."""
    due_at: datetime
    call_sid: str | None
    """The latest call that asked for it."""
    place_at: datetime | None
    attempts: int
    outcome: str | None
    version: int


class ReturnCallPage(Given):
    items: list[ReturnCallOut]
    next: str | None


class ReturnCallDone(Taken):
    version: int
    outcome: Literal["reached", "no_answer", "wrong_number", "refused", "given_up"]
    note: Line | None = None


class CallbackDueOut(Given):
    ticket: TicketSummary
    due_at: datetime
    attempts: int
    script: list[str]


class ProblemOut(BaseModel):
    """RFC 9457 problem details; `title` and `detail` are Chinese."""

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str
    fields: dict[str, Any] | None = None
    """Field differences on 409, field errors on 422."""
    legal: list[str] | None = None
    """Commands that would be taken instead, on 409."""
