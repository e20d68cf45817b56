"""What the worker's page, the web form and the check of a claim record take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from agent_console.api.schemas import Code, Confidentiality, ContactMode, Disclosure, Given, Line, Taken, Text


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL; both engines refuse it alike.
    if "\x00" in text:
        raise ValueError("含有不能保存的字符")
    return text


Storable = AfterValidator(_storable)
Note = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True), Storable]
Typed = Annotated[str, StringConstraints(max_length=80), Storable]
"""Digits as people type them: full width, with gaps."""
Phone = Annotated[str, StringConstraints(max_length=200), Storable]
Solved = Literal["solved", "partly", "unsolved"]
Satisfied = Literal["satisfied", "basically", "dissatisfied"]


class OpenIn(Taken):
    number: Typed
    """The ten digits; MMDD and six more."""
    code: Typed
    """The six digits."""


class StepOut(Given):
    at: datetime
    text: str
    detail: str


class OwnTicketOut(Given):
    """A case as its caller sees it; of a sealed one only `number` and `sealed`."""

    number: str
    sealed: bool
    state: str
    headline: str
    next: str
    union: str
    expected_at: datetime | None
    answer_by: datetime | None
    reply: str
    steps: list[StepOut]
    commands: list[str]
    """Of add_progress, nudge, record_callback, reopen, withdraw."""
    nudged_today: bool
    server_time: datetime


class NoteIn(Taken):
    text: Note


class ReasonIn(Taken):
    reason: Note


class RatingIn(Taken):
    solved: Solved
    satisfied: Satisfied
    text: Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True), Storable] = ""
    money_received: bool | None = None


class DoneOut(Given):
    """The case after a command; `called_first`: a person calls before anything else happens."""

    ticket: OwnTicketOut
    called_first: bool = False


class OwnFileOut(Given):
    """A file that the caller has sent in; it is not given back through this page."""

    kind: str
    name: str
    size: int
    at: datetime


class CheckIn(Taken):
    code: Typed


class ClaimRecordOut(Given):
    number: str
    issued_at: datetime
    state_label: str
    """Where the case stood then."""
    steps: int
    sha256: str
    """Of the file that was issued."""
    intact: bool


class RepresentativeIn(Taken):
    name: Line = ""
    phone: Phone = ""


class RequestForm(Taken):
    """The web form; everything may be missing until it is sent."""

    text: Text = ""
    wish: Line = ""
    category: Code | None = None
    region_code: Code | None = None
    employer: Line = ""
    """Empty means that the caller does not know, or does not want to say."""
    employer_uscc: Annotated[str, StringConstraints(max_length=18), Storable] = ""
    headcount: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    amount_cents: Annotated[int, Field(ge=0, le=10**13)] | None = None
    confidentiality: Confidentiality | None = None
    disclosure: Disclosure | None = None
    contact_mode: ContactMode | None = None
    callback_wanted: bool = True
    name: Line = ""
    phone: Phone = ""
    member_card_no: Annotated[str, StringConstraints(max_length=40), Storable] = ""
    representatives: Annotated[list[RepresentativeIn], Field(max_length=4)] = Field(default_factory=list)
    """Of a group, besides the caller: five in all."""
    notice_read: bool = False


class BeginIn(Taken):
    form: RequestForm


class SaveIn(Taken):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    form: RequestForm


class SendIn(Taken):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    website: Line = ""
    """Nobody sees this field: whoever fills it is a programme."""


class SuggestedOut(Given):
    code: str
    name: str
    words: list[str]


class DraftFileOut(Given):
    """A file that waits with the form; `key` takes it away again."""

    key: str
    kind: str
    name: str
    size: int


class DraftOut(Given):
    """The form as it is kept; `crisis`: its words alarm, and the page shows where help is."""

    version: int
    form: RequestForm
    saved_at: datetime
    expires_at: datetime
    suggestions: list[SuggestedOut]
    crisis: bool
    files: list[DraftFileOut]


class SentOut(Given):
    """Shown once; `texted`: sent to the caller's mobile too."""

    number: str
    code: str
    texted: bool
    crisis: bool
    sealed: bool


class ChoiceOut(Given):
    code: str
    name: str
    group_name: str


class ChoicesOut(Given):
    province: str
    """The centre's own: where a form begins."""
    categories: list[ChoiceOut]


class PlaceOut(Given):
    code: str
    name: str
