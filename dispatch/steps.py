"""A ticket's history in the words of its caller: one line a step, no jargon, no name, nothing of how the house works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.rules.masking import mask_text
from dispatch.rules.working_time import SHANGHAI

HANDLER: Final = "承办工会"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and when."""

    at: datetime
    text: str
    detail: str = ""
    """What was answered or asked for, with numbers masked."""


@dataclass(slots=True)
class _Telling:
    """What the telling knows so far: who has the case."""

    union: str = HANDLER
    waits: bool = field(default=False)


def steps_of(session: Session, ticket: Ticket) -> tuple[Step, ...]:
    """Return the steps of a case, oldest first; of a sealed one nothing."""
    if ticket.sealed:
        return ()
    telling = _Telling()
    found = []
    for event in session.scalars(_EVENTS, {"ticket": ticket.id}):
        tell = _TELL.get(event.kind)
        told = tell(telling, event) if tell is not None else None
        if told is not None:
            found.append(told)
    return tuple(found)


def day_of(moment: datetime) -> str:
    """Return a day as people say it: 6月3日."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


def _said(event: Event, *names: str) -> str:
    """Return the first of these words of the event that is there, with every number masked; erased ones are gone."""
    personal: Mapping[str, Any] = event.personal or {}
    found = next((str(personal[name]) for name in names if personal.get(name)), "")
    return mask_text(found)


def _by_caller(event: Event) -> bool:
    return event.actor_kind == "caller"


def _plain(text: str) -> Callable[[_Telling, Event], Step]:
    return lambda _, event: Step(event.at, text)


def _answered(_: _Telling, event: Event) -> Step:
    return Step(event.at, "已直接答复您", _said(event, "answer"))


def _declined(_: _Telling, event: Event) -> Step:
    return Step(event.at, "这件事不属于工会受理范围，请按指引办理", _said(event, "route_told"))


def _given(telling: _Telling, event: Event) -> Step:
    telling.union = str(event.payload.get("union") or HANDLER)
    return Step(event.at, f"已转{telling.union}办理，等待签收")


def _objection(telling: _Telling, event: Event) -> Step | None:
    if event.payload.get("union"):
        return _given(telling, event)
    return Step(event.at, f"已确定仍由{telling.union}办理")


def _signed(telling: _Telling, event: Event) -> Step:
    return Step(event.at, f"{telling.union}已签收，开始办理")


def _contact(telling: _Telling, event: Event) -> Step:
    text = {
        "no_answer": f"{telling.union}联系您，没有联系上",
        "three_attempts": f"{telling.union}三次联系您，没有联系上",
        "site_check": f"{telling.union}已到现场核实",
    }.get(event.payload.get("result", ""), f"{telling.union}已与您联系")
    return Step(event.at, text)


def _progress(telling: _Telling, event: Event) -> Step:
    if _by_caller(event):
        return Step(event.at, "您补充了情况")
    who = telling.union if event.actor_kind == "user" else "12351"
    return Step(event.at, f"{who}登记了办理进展")


def _awaited(telling: _Telling, event: Event) -> Step:
    telling.waits = True
    due = event.payload.get("due_at")
    by = f"，请在{day_of(datetime.fromisoformat(due))}前补充" if isinstance(due, str) else ""
    return Step(event.at, f"{telling.union}需要您补充材料{by}", _said(event, "missing"))


def _suspended(_: _Telling, event: Event) -> Step:
    procedure = event.payload.get("procedure_label") or "法定程序"
    return Step(event.at, f"等待{procedure}，办理期限暂停计算")


def _resumed(telling: _Telling, event: Event) -> Step:
    if telling.waits:
        telling.waits = False
        return Step(event.at, "已不再等待补充，继续办理")
    return Step(event.at, "继续办理")


def _extended(_: _Telling, event: Event) -> Step | None:
    if event.payload.get("result") != "granted":
        return None
    due = event.payload.get("due_at")
    until = f"，延长到{day_of(datetime.fromisoformat(due))}" if isinstance(due, str) else ""
    return Step(event.at, f"办理时间已延长{until}")


def _reported(telling: _Telling, event: Event) -> Step | None:
    if event.payload.get("waits_for"):
        return None
    return Step(event.at, f"{telling.union}已办理，12351正在审核结果")


def _reviewed(telling: _Telling, event: Event) -> Step | None:
    result = str(event.payload.get("result", ""))
    if result == "rejected":
        return Step(event.at, f"办理结果没有通过审核，{telling.union}继续办理")
    if event.payload.get("state") in ("pending_callback", "closed"):
        return Step(event.at, "办理结果已通过审核")
    return None


def _called_back(_: _Telling, event: Event) -> Step:
    if _by_caller(event):
        return Step(event.at, "您评价了办理结果")
    reached = event.payload.get("result") in ("reached", "reached_next", "followed_up")
    return Step(event.at, "12351已回访您" if reached else "12351回访您，没有接通")


def _reopened(_: _Telling, event: Event) -> Step:
    return Step(event.at, "您要求重新办理，已受理" if _by_caller(event) else "重新办理")


def _terminated(_: _Telling, event: Event) -> Step | None:
    return Step(event.at, "已终止办理") if event.payload.get("result") == "approved" else None


def _nudged(_: _Telling, event: Event) -> Step:
    return Step(event.at, "您催办了一次" if _by_caller(event) else "12351已催办")


def _added_file(_: _Telling, event: Event) -> Step | None:
    return Step(event.at, "您提交了一份材料") if _by_caller(event) else None


_TELL: Final[Mapping[str, Callable[[_Telling, Event], Step | None]]] = {
    "TicketOpened": _plain("12351收到了您的诉求"),
    "TicketAccepted": _plain("您的诉求已受理"),
    "TicketAnswered": _answered,
    "TicketDeclined": _declined,
    "TicketVoided": _plain("已登记为无效来件"),
    "TicketDispatched": _given,
    "TicketAssignedDown": _given,
    "TicketEscalated": _given,
    "TicketReturned": _plain("正在重新确定由哪个工会办理"),
    "ObjectionDecided": _objection,
    "TicketSignedFor": _signed,
    "FirstContactRecorded": _contact,
    "ProgressAdded": _progress,
    "CallerAwaited": _awaited,
    "TicketSuspended": _suspended,
    "TicketResumed": _resumed,
    "ExtensionDecided": _extended,
    "ResultReported": _reported,
    "ResultReviewed": _reviewed,
    "CallbackRecorded": _called_back,
    "TicketReopened": _reopened,
    "TerminationMoved": _terminated,
    "TicketNudged": _nudged,
    "TicketMerged": _plain("已与同一件事的其他诉求合并办理"),
    "TicketWithdrawn": _plain("已按您的意愿撤回"),
    "PaymentRecorded": _plain("已登记款项到账"),
    "AttachmentAdded": _added_file,
}
"""What a caller is told of each event; what is missing here is the house's own business."""

_EVENTS: Final = select(Event).where(Event.ticket_id == bindparam("ticket")).order_by(Event.id)
