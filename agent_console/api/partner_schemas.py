"""What the partner API takes and gives; its OpenAPI text is all that a partner's programmers are given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from agent_console.api.moments import Day, Moment
from agent_console.api.schemas import Confidentiality, Disclosure, Given, Line, Taken, Text
from dispatch.exchange import OfferedCase
from dispatch.exchange_intake import case_told

Words = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]
Sentence = Annotated[Line, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
TheirCode = Annotated[Line, StringConstraints(min_length=1, max_length=64)]
Basis = Literal["consent", "statutory_duty", "emergency"]
State = Literal["offered", "accepted", "in_progress", "reported", "closed", "rejected", "withdrawn"]
Solved = Literal["solved", "partly", "unsolved"]
Cents = Annotated[int, Field(ge=0, le=10**13)]


def _fetchable(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("应为http(s)地址")
    return url


Address = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[!-~]+$"), AfterValidator(_fetchable)]


class PartnerFileIn(Taken):
    """A file by its hash and an address that is good for a while; it is fetched once, and refused if the hash differs."""

    name: Sentence = Field(examples=["工资条.jpg"])
    sha256: Sha256
    size: Annotated[int, Field(ge=1, le=100_000_000)]
    url: Address = Field(examples=["https://files.12345.example.gov.cn/f/8f3a?sig=1"])
    expires_at: Moment


class PartnerCallerIn(Taken):
    """Who asks: masked, with a token by which you reach the person; name and phone only with a `consent_basis`."""

    masked_name: Annotated[Line, StringConstraints(max_length=60)] | None = Field(
        default=None, examples=["赵**"]
    )
    contact_token: Annotated[Line, StringConstraints(max_length=100)] | None = Field(
        default=None, examples=["12345-relay-7731"]
    )
    name: Annotated[Line, StringConstraints(max_length=60)] | None = None
    phone: Annotated[Line, StringConstraints(max_length=40)] | None = None


class PartnerEmployerIn(Taken):
    name: Line = ""
    uscc: Annotated[str, StringConstraints(max_length=18)] | None = None
    """Unified social credit code (GB 32100); its check digit is checked."""
    role: Literal["employing", "using", "subcontractor", "contractor", "developer"] = "employing"


class PartnerTicketIn(Taken):
    """A case. Codes of category, nature and urgency are your own: the map agreed with us translates them."""

    external_id: ExternalId = Field(examples=["JN20261125000123"])
    """Your number, once and for all; a second case under it is refused."""
    source_org: Annotated[Line, StringConstraints(max_length=100)] = ""
    target_org: Annotated[Line, StringConstraints(max_length=100)] = ""
    region_code: Annotated[str, StringConstraints(pattern=r"^(\d{2}|\d{4}|\d{6}|\d{9})$")]
    """Where it happened: GB/T 2260."""
    category: TheirCode
    nature: TheirCode | None = None
    urgency: TheirCode | None = None
    wish: Sentence
    """What the person wants, in one line."""
    text: Text = ""
    caller: PartnerCallerIn = Field(default_factory=PartnerCallerIn)
    employers: Annotated[list[PartnerEmployerIn], Field(max_length=10)] = Field(default_factory=list)
    headcount: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    amount_cents: Cents | None = None
    confidentiality: Confidentiality = "confidential"
    disclosure: Disclosure = "none"
    """To whom the person agreed to be named."""
    consent_basis: Basis | None = None
    """On what basis you give us name and phone (PIPL 13, 23, 34)."""
    callback_wanted: bool = True
    """False where you ask the person yourself and report nothing back."""
    due_at: Moment | None = None
    attachments: Annotated[list[PartnerFileIn], Field(max_length=10)] = Field(default_factory=list)

    def offered(self) -> OfferedCase:
        """Return the case as the use case takes it."""
        return case_told(self.model_dump(mode="json"))


class PartnerAppendIn(Taken):
    text: Words
    attachments: Annotated[list[PartnerFileIn], Field(max_length=10)] = Field(default_factory=list)


class PartnerAcceptIn(Taken):
    text: Line | None = None
    due_at: Moment | None = None
    """By when you will have done it."""


class PartnerRejectIn(Taken):
    reason_code: Literal[
        "wrong_region", "wrong_union", "not_union_matter", "duplicate", "recusal", "incomplete", "other"
    ]
    reason: Words


class PartnerContactIn(Taken):
    """That the person was reached."""

    at: Moment
    means: Literal["phone", "visit", "message", "site_check"] = "phone"
    outcome: Sentence


class PartnerProgressIn(Taken):
    text: Words
    contact: PartnerContactIn | None = None


class PartnerExtendedIn(Taken):
    reason: Words
    due_at: Moment
    caller_told: bool = False
    """Whether the person knows; for a case of ours we grant nothing before."""


class PartnerResultIn(Taken):
    true_claim: bool
    """Whether the claim was founded."""
    solved: Solved
    done: Words
    reply_text: Words
    """What the person is told."""
    amount_cents: Cents | None = None
    amount_state: Literal["promised", "paid"] | None = None
    payment_on: Day | None = None


class PartnerCallbackIn(Taken):
    reached: bool
    solved: Solved | None = None
    satisfied: Literal["satisfied", "basically", "dissatisfied"] | None = None
    text: Text | None = None


class PartnerWithdrawnIn(Taken):
    reason: Words


class PartnerTicketOut(Given):
    """Where an exchanged case stands."""

    number: str
    """Ours; it stands in the addresses of the other routes."""
    external_id: str | None
    """Yours; null where you have not told us yet."""
    direction: Literal["in", "out"]
    """in: you gave it to us; out: we gave it to you."""
    state: State
    ticket_state: str
    """The state of our own ticket (docs/ticket-states.svg)."""
    due_at: datetime | None
    changed_at: datetime


class PartnerTicketsOut(Given):
    items: list[PartnerTicketOut]


class ReconciliationLine(Given):
    number: str
    external_id: str | None
    direction: Literal["in", "out"]
    state: State
    changed_at: datetime
    hash: str
    """SHA-256 over `giver's number|taker's number|state|amount in cents or nothing`."""


class ReconciliationOut(Given):
    day: date
    items: list[ReconciliationLine]
    next: str | None
    """Ask again with `after` set to this; null on the last page."""


class ReconciliationTheirs(Taken):
    number: Annotated[Line, StringConstraints(min_length=1, max_length=28)]
    external_id: Annotated[Line, StringConstraints(max_length=64)] | None = None
    state: State
    hash: Sha256


class ReconciliationIn(Taken):
    day: Day
    items: Annotated[list[ReconciliationTheirs], Field(max_length=1000)]


class ReconciliationDifference(Given):
    kind: Literal["missing_here", "missing_there", "state", "content"]
    number: str
    external_id: str | None
    ours: str | None
    theirs: str | None


class ReconciliationFound(Given):
    agreed: int
    differences: list[ReconciliationDifference]


class ReferIn(Taken):
    """Gives a ticket to a partner that stands for no union of ours."""

    partner: Annotated[Line, StringConstraints(min_length=1, max_length=32)]
    reason: Words
    consent_basis: Basis | None = None
    due_at: Moment | None = None


class DeadLetterOut(Given):
    id: int
    partner: str
    number: str
    kind: str
    state: Literal["failed", "unknown", "expired"]
    attempts: int
    error: str | None
    at: datetime
    facts: dict[str, Any]
    """What it says beside the case's own words; nothing of any person."""


class DeadLettersOut(Given):
    items: list[DeadLetterOut]
    next: int | None


class PartnerOut(Given):
    """A partner that a ticket may be given to."""

    code: str
    name: str
    kind: str
