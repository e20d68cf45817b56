"""What each command of a ticket takes: one class for each; the state table says which fields a case must carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from agent_console.api.moments import Day, Moment
from agent_console.api.schemas import Code, Line, Taken, Text
from dispatch.rules.ticket_state import Command

Cents = Annotated[int, Field(ge=0, le=10**13)]
Means = Literal["phone", "visit", "message", "site_check"]
Solved = Literal["solved", "partly", "unsolved"]


class CommandIn(Taken):
    """Every command says which version of the ticket it saw."""

    version: int


class WithReason(CommandIn):
    reason: Text | None = None


class Accept(CommandIn):
    """受理: the ticket itself must say enough; a P0 needs place, event and a number."""


class DirectAnswer(CommandIn):
    answer: Text | None = None
    knowledge_id: Line | None = None


class Decline(WithReason):
    route_told: Text | None = None


class Void(WithReason):
    reason_code: Code | None = None


class Dispatch(WithReason):
    union_id: int | None = None
    override_reason: Line | None = None
    dual_dispatch: Annotated[list[int], Field(max_length=3)] | None = None
    """Unions that handle it beside the lead one from the start (双派单)."""


class AssignDown(WithReason):
    union_id: int | None = None
    due_at: Moment | None = None


class ReturnTicket(CommandIn):
    reason_code: Code | None = None
    basis: Text | None = None
    union_id: int | None = None
    evidence: Text | None = None


class DecideObjection(WithReason):
    upheld: bool | None = None
    union_id: int | None = None


class SignFor(CommandIn):
    handler_id: int | None = None
    deputy_id: int | None = None
    at: Moment | None = None
    text: Text | None = None


class RecordFirstContact(CommandIn):
    at: Moment | None = None
    means: Means | None = None
    outcome: Line | None = None
    text: Text | None = None


class AddProgress(CommandIn):
    at: Moment | None = None
    means: Means | None = None
    text: Text | None = None


class AwaitCaller(CommandIn):
    missing: Text | None = None
    due_at: Moment | None = None


class Suspend(WithReason):
    reference: Line | None = None
    procedure: Code | None = None
    begins_on: Day | None = None


class Resume(WithReason):
    reference: Line | None = None


class RequestExtension(WithReason):
    due_at: Moment | None = None
    difficulty: Literal["difficult", "very_complex"] | None = None
    caller_told: bool | None = None


class DecideExtension(WithReason):
    approved: bool | None = None
    due_at: Moment | None = None


class Instalment(Taken):
    amount_cents: Annotated[int, Field(ge=1, le=10**13)]
    payment_on: Day


class ReportResult(CommandIn):
    true_claim: bool | None = None
    done: Text | None = None
    solved: Solved | None = None
    amount_cents: Cents | None = None
    amount_state: Literal["promised", "paid", "instalments"] | None = None
    payment_on: Day | None = None
    instalments: Annotated[list[Instalment], Field(max_length=36)] | None = None
    reply_text: Text | None = None
    pending_note: Text | None = None
    reference: Line | None = None


class Follower(Taken):
    urgency: Literal["P1", "P2"]
    wish: Line
    category: Line | None = None


class Review(WithReason):
    approved: bool | None = None
    override_reason: Line | None = None
    linked: Annotated[list[Follower], Field(max_length=10)] | None = None
    """What goes on as P1 or P2 after a P0 was stabilised."""


class RecordCallback(CommandIn):
    reached: bool | None = None
    solved: Solved | None = None
    satisfied: Literal["satisfied", "basically", "dissatisfied"] | None = None
    money_received: bool | None = None
    text: Text | None = None
    caller_id: int | None = None
    """Whose answer; left out, the first caller who waits."""


class Reopen(WithReason):
    pass


class Terminate(WithReason):
    reason_code: Code | None = None
    basis: Text | None = None
    approved: bool | None = None


class Nudge(WithReason):
    text: Text | None = None


class Supervise(WithReason):
    pass


class EscalateLevel(WithReason):
    union_id: int | None = None


class AddCoHandler(WithReason):
    union_id: int | None = None


class RemoveCoHandler(WithReason):
    union_id: int | None = None


class Merge(WithReason):
    parent_number: Line | None = None


class Withdraw(WithReason):
    means: Means | None = None


class Archive(CommandIn):
    pass


class LeaderTakesCase(WithReason):
    leader_id: int | None = None


class SendLetter(CommandIn):
    letter_kind: Literal["reminder_letter", "opinion_letter", "recommendation_letter"] | None = None
    addressee: Line | None = None
    text: Text | None = None
    reference: Line | None = None
    due_at: Moment | None = None


class RecordReply(CommandIn):
    letter_id: int | None = None
    text: Text | None = None


class RecordPayment(CommandIn):
    amount_cents: Annotated[int, Field(ge=1, le=10**13)] | None = None
    paid_on: Day | None = None


class Petition(WithReason):
    petition_kind: Literal["suggestion", "report", "claim"] | None = None
    article: Annotated[int, Field(ge=1, le=6)] | None = None
    route_told: Text | None = None
    reference: Line | None = None
    at: Moment | None = None


class PetitionAgency(CommandIn):
    handler_id: int | None = None
    reference: Line | None = None
    signed_on: Day | None = None


BODIES: Final[Mapping[Command, type[CommandIn]]] = {
    Command.ACCEPT: Accept,
    Command.DIRECT_ANSWER: DirectAnswer,
    Command.DECLINE: Decline,
    Command.VOID: Void,
    Command.DISPATCH: Dispatch,
    Command.ASSIGN_DOWN: AssignDown,
    Command.RETURN_TICKET: ReturnTicket,
    Command.DECIDE_OBJECTION: DecideObjection,
    Command.SIGN_FOR: SignFor,
    Command.RECORD_FIRST_CONTACT: RecordFirstContact,
    Command.ADD_PROGRESS: AddProgress,
    Command.AWAIT_CALLER: AwaitCaller,
    Command.SUSPEND: Suspend,
    Command.RESUME: Resume,
    Command.REQUEST_EXTENSION: RequestExtension,
    Command.DECIDE_EXTENSION: DecideExtension,
    Command.REPORT_RESULT: ReportResult,
    Command.REVIEW: Review,
    Command.RECORD_CALLBACK: RecordCallback,
    Command.REOPEN: Reopen,
    Command.TERMINATE: Terminate,
    Command.NUDGE: Nudge,
    Command.SUPERVISE: Supervise,
    Command.ESCALATE_LEVEL: EscalateLevel,
    Command.ADD_CO_HANDLER: AddCoHandler,
    Command.REMOVE_CO_HANDLER: RemoveCoHandler,
    Command.MERGE: Merge,
    Command.WITHDRAW: Withdraw,
    Command.ARCHIVE: Archive,
    Command.LEADER_TAKES_CASE: LeaderTakesCase,
    Command.SEND_LETTER: SendLetter,
    Command.RECORD_REPLY: RecordReply,
    Command.RECORD_PAYMENT: RecordPayment,
    Command.PETITION: Petition,
    Command.PETITION_AGENCY: PetitionAgency,
}
"""The body of `POST /api/tickets/{number}/{command}`, by command."""
