"""What each step of a ladder does: notices, cards, take-overs; what a person must confirm is only proposed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dispatch.actors import MACHINE
from dispatch.clocks import of_case
from dispatch.commands import perform
from dispatch.errors import DispatchError
from dispatch.events import Happened, record_all, ticket_stream
from dispatch.models.clocks import Clock, StepProposal
from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.receivers import ALARM, LABELS, Case, Receiver, Surroundings
from dispatch.rules.sla_terms import LadderStep, Recipient, Step
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.urgency import Urgency
from dispatch.rules.working_time import SHANGHAI
from dispatch.unit_of_work import Fact, tell

KINDS: Final[Mapping[Step, str]] = {
    Step.REMIND: "remind",
    Step.NUDGE: "nudge",
    Step.YELLOW_CARD: "yellow_card",
    Step.RED_CARD: "red_card",
    Step.ESCALATE_LEVEL: "escalated",
    Step.DEPUTY_TAKES_OVER: "nudge",
    Step.PARENT_TAKES_OVER: "escalated",
    Step.ALARM_SUPERVISOR: "alarm",
    Step.ALARM_DUTY_LEADER: "alarm",
    Step.ALARM_PROVINCIAL_LEADER: "alarm",
    Step.EXPIRE: "expired",
}
"""What a step's notice is called."""

EXPIRED: Final[Mapping[ClockKind, str]] = {
    ClockKind.AWAIT_CALLER: "等待补充期满，自动恢复办理",
    ClockKind.PAYMENT: "约定的付款日已到，开始回访",
}
"""Clocks that end by themselves, and what history says of it."""

CONFIRMING: Final = (Recipient.SUPERVISOR, Recipient.DUTY_LEADER)
"""Who decides on what is only proposed."""

LATE_FROM_S: Final = 60
"""From here on a notice says that the system is late, not the union."""


@dataclass(frozen=True, slots=True)
class Due:
    """A step whose moment has come."""

    case: Case
    clock: Clock
    step: LadderStep
    late_by_s: int
    timer_id: int

    @property
    def ticket(self) -> Ticket:
        return self.case.ticket


class Escalation:
    """One batch of steps: notices and events are collected and written together by `finish`."""

    def __init__(self, session: Session, around: Surroundings, *, policy: Policy, now: datetime) -> None:
        self._session = session
        self._around = around
        self._policy = policy
        self._now = now
        self._happened: list[Happened] = []
        self._proposed: list[dict[str, Any]] = []
        self._notices: dict[tuple[int, str, Receiver, str], list[Due]] = {}

    def take(self, due: Due) -> None:
        """Do what the step asks."""
        told = self._address(due)
        if not told:
            # Whoever should hear is not there: somebody else must, or nobody ever acts.
            self._alarm(due)
            told = [Recipient.SUPERVISOR]
        if due.step.step is Step.YELLOW_CARD and due.clock.card == "none":
            due.clock.card = "yellow"
        payload: dict[str, Any] = {
            "clock": ClockKind(due.clock.kind).label,
            "step": due.step.step.label + ("（建议，待人工确认）" if due.step.needs_person else ""),
            "late_by_s": due.late_by_s,
            "told": [LABELS[each] for each in told],
        }
        self._note(due.ticket, "StepFired", payload)
        if due.step.needs_person:
            self._propose(due)
        elif due.step.step is Step.DEPUTY_TAKES_OVER:
            self._deputy_takes_over(due)
        elif due.step.step is Step.PARENT_TAKES_OVER:
            self._parent_takes_over(due)
        elif due.step.step is Step.EXPIRE:
            self._command(due, Command.RESUME, {"reason": EXPIRED[ClockKind(due.clock.kind)]})

    def finish(self) -> None:
        """Write what was collected, and tell whom it concerns."""
        self._write_events()
        rows = []
        for (_, kind, receiver, step), dues in self._notices.items():
            ticket = dues[0].ticket
            rows.append(
                {
                    "at": self._now,
                    "kind": kind,
                    "ticket_id": ticket.id,
                    "user_id": receiver.user_id,
                    "union_id": receiver.union_id,
                    "role": receiver.role.value if receiver.role is not None else None,
                    "text": _text(dues),
                    "step": step,
                    "clock_id": dues[0].clock.id,
                }
            )
            rooms = self._around.rooms_of(receiver)
            tell(self._session, Fact("notice", ticket.number, ticket.version, self._now, rooms))
        if rows:
            # With nulls written out all rows look alike and go in one statement.
            self._session.execute(insert(Notice), rows, execution_options={"render_nulls": True})
        self._notices.clear()
        if self._proposed:
            self._session.execute(insert(StepProposal), self._proposed)
        self._proposed.clear()

    def _address(self, due: Due) -> list[Recipient]:
        """Keep a notice for each receiver; one for each step and receiver of a ticket, however many clocks."""
        wanted: Collection[Recipient] = due.step.who
        if due.step.needs_person:
            # The people concerned hear of a card when it is given, not when it is considered.
            level = [Recipient.DISPATCHING_LEVEL] if Recipient.DISPATCHING_LEVEL in due.step.who else []
            wanted = [*CONFIRMING, *level]
        told = []
        for recipient in wanted:
            receivers = self._around.receivers(due.case, recipient)
            for receiver in receivers:
                sealed_post = due.ticket.sealed and receiver.role is not None
                kind = ALARM if sealed_post else KINDS[due.step.step]
                key = (due.ticket.id, kind, receiver, due.step.step.value)
                self._notices.setdefault(key, []).append(due)
            if receivers:
                told.append(recipient)
        return told

    def _propose(self, due: Due) -> None:
        self._proposed.append(
            {
                "ticket_id": due.ticket.id,
                "clock_id": due.clock.id,
                "timer_id": due.timer_id,
                "step": due.step.step.value,
                "at": self._now,
            }
        )

    def _deputy_takes_over(self, due: Due) -> None:
        """Put the ticket on the deputy's own list; he signs for it, or names who does."""
        named = [each.user_id for each in self._around.deputy(due.case) if each.user_id is not None]
        handling = due.case.handling
        if handling is not None and handling.deputy_id is None and len(named) == 1:
            handling.deputy_id = named[0]

    def _parent_takes_over(self, due: Due) -> None:
        able = [
            union for union in self._around.above(due.case) if union.can_receive and union.closed_at is None
        ]
        if not able:
            self._stuck(due, "没有可以接手的上级工会")
            return
        self._command(due, Command.DISPATCH, {"union_id": able[0].id, "reason": "逾期未签收，上级接手"})

    def _command(self, due: Due, command: Command, data: Mapping[str, Any]) -> None:
        # The step comes before what follows from it, also in the ticket's chain.
        self._write_events()
        try:
            with self._session.begin_nested():
                perform(
                    self._session,
                    MACHINE,
                    due.ticket.number,
                    command,
                    data,
                    version=due.ticket.version,
                    policy=self._policy,
                    now=self._now,
                )
        except DispatchError as error:
            self._stuck(due, str(getattr(error, "reason", error)))

    def _stuck(self, due: Due, why: str) -> None:
        """What the machine could not do, a person does."""
        self._alarm(due)
        self._note(
            due.ticket,
            "StepFired",
            {
                "clock": ClockKind(due.clock.kind).label,
                "step": f"{due.step.step.label}未能自动完成：{why}",
                "told": [LABELS[Recipient.SUPERVISOR]],
            },
        )

    def _alarm(self, due: Due) -> None:
        for receiver in self._around.receivers(due.case, Recipient.SUPERVISOR):
            self._notices.setdefault((due.ticket.id, ALARM, receiver, due.step.step.value), []).append(due)

    def _note(self, ticket: Ticket, kind: str, payload: Mapping[str, Any]) -> None:
        self._happened.append(Happened(kind, ticket_stream(ticket.id), payload, ticket.id, ticket.version))
        tell(
            self._session,
            Fact("ticket", ticket.number, ticket.version, self._now, self._around.rooms(ticket)),
        )

    def _write_events(self) -> None:
        record_all(self._session, self._happened, by=MACHINE.by, now=self._now)
        self._happened.clear()


def ladder_step(policy: Policy, clock: Clock, ticket: Ticket, step: str) -> LadderStep:
    """Return the rung as the policy has it now; one that the policy no longer has alarms the supervisor."""
    # A clock keeps the ladder it began with: the ticket may have become more urgent since.
    for urgency in (Urgency(ticket.urgency), *Urgency):
        for rung in policy.sla.ladder(ClockKind(clock.kind), urgency, case=of_case(clock)):
            if rung.step.value == step:
                return rung
    return LadderStep(Step(step), ())


def _text(dues: list[Due]) -> str:
    first = dues[0]
    clocks = "、".join(dict.fromkeys(ClockKind(due.clock.kind).label for due in dues))
    parts = [f"{first.ticket.number} {clocks}：{first.step.step.label}"]
    if first.step.needs_person:
        parts.append("（建议，请确认）")
    if first.clock.due_at is not None:
        parts.append(f"，时限{first.clock.due_at.astimezone(SHANGHAI):%m-%d %H:%M}")
    if first.late_by_s >= LATE_FROM_S:
        parts.append(f"（系统迟发{first.late_by_s // 60}分钟）")
    return "".join(parts)
