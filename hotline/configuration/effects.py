"""What a draft would change, measured on real open tickets and on calls under way; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import clocks, recompute, rule_sets
from dispatch.actors import Actor
from dispatch.calendars import read_stored, too_long_rests
from dispatch.models.clocks import Clock
from dispatch.models.tickets import CentreList, Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.routing import recommend
from dispatch.rules.routing import Ranking
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.ticket_state import ClockKind, State
from dispatch.rules.working_time import SHANGHAI
from hotline.calls.models import Call
from hotline.calls.status import Conversation
from hotline.configuration.build import Built, parse
from hotline.configuration.documents import (
    CALENDAR,
    CATEGORIES,
    FLOWS,
    MESSAGES,
    READINGS,
    ROUTING_RULES,
    SLA,
    ConfigRefused,
    Finding,
)
from ivr_flows.model import Flow

TICKETS_LOOKED_AT: Final = 200
"""Open tickets whose deadlines are counted anew for a preview."""
TICKETS_ROUTED: Final = 60
"""Open tickets that are routed twice for a preview."""
SHOWN: Final = 30
NAMES_SHOWN: Final = 12
_NOT_YET: Final = (State.PENDING_DISPATCH.value, State.RETURNED.value)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be different; `what` names the deadline, or is empty."""

    number: str
    before: str
    after: str
    what: str = ""


@dataclass(slots=True)
class Effects:
    """What a check found: how many open tickets there are, were looked at, and would change, and some of them."""

    open_tickets: int = 0
    looked_at: int = 0
    changed: int = 0
    sample: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as a JSON column keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with what is in force beside it."""

    document: str
    text: str
    before: Built
    after: Built


def verify(session: Session, draft: Draft) -> None:
    """Hold a draft against the record; raises ConfigRefused. What only the text can say was said before."""
    if draft.document == ROUTING_RULES:
        parse(
            ROUTING_RULES,
            draft.text,
            lambda data: rule_sets.check_unions(session, RuleBook.from_mapping(data)),
        )
    elif draft.document == CATEGORIES:
        _still_there(session, draft)
    elif draft.document == CALENDAR:
        days = [day for each in draft.after.policy.calendars.values() for day in each.overrides]
        wrong = too_long_rests(dict(draft.after.policy.calendars), days)
        if wrong:
            raise ConfigRefused([Finding(CALENDAR, None, wrong["days"])])


def effects_of(session: Session, actor: Actor, draft: Draft, *, now: datetime) -> Effects:
    """Return what the draft would change."""
    found = Effects(open_tickets=session.scalar(_COUNT_OPEN) or 0)
    if draft.document == CALENDAR:
        _of_calendars(session, actor, draft, found, now=now)
    elif draft.document == SLA:
        _of_deadlines(session, actor, draft, found, now=now)
    elif draft.document == ROUTING_RULES:
        _of_routes(session, actor, draft, found, now=now)
    elif draft.document == CATEGORIES:
        _of_names(
            found, "类别", draft.before.policy.catalogue.categories, draft.after.policy.catalogue.categories
        )
        _of_routes(session, actor, draft, found, now=now)
    elif draft.document == READINGS:
        _of_names(found, "播报", draft.before.readings.by_code, draft.after.readings.by_code)
    elif draft.document == MESSAGES:
        found.notes += [
            "短信或警示语有改动" if draft.before.messages != draft.after.messages else "内容没有变化"
        ]
    elif draft.document.startswith(FLOWS):
        _of_flows(session, draft, found)
    return found


def _of_calendars(session: Session, actor: Actor, draft: Draft, found: Effects, *, now: datetime) -> None:
    before, after = draft.before.policy.calendars, draft.after.policy.calendars
    seen = recompute.compare(session, actor, before, after, revision=read_stored(session).revision, now=now)
    found.looked_at, found.changed = seen.clocks, seen.moved
    found.sample = [
        Change(each.number, _shown(each.due_at), _shown(each.new_due_at), each.clock)
        for each in seen.sample[:SHOWN]
    ]
    found.notes.append(
        f"在办时限{seen.clocks}个，其中延后{seen.later}个，提前{seen.earlier}个，{seen.overdue_again}个因此逾期"
    )
    gone = [code for code in before if code not in after]
    if gone:
        unions = session.scalar(
            select(func.count()).select_from(Union).where(Union.calendar.in_(gone), Union.closed_at.is_(None))
        )
        found.notes.append(f"删去的日历{'、'.join(gone)}有{unions}个工会在用，将改用工会默认工作时间")


def _of_deadlines(session: Session, actor: Actor, draft: Draft, found: Effects, *, now: datetime) -> None:
    tickets = {each.id: each for each in session.scalars(_newest(TICKETS_LOOKED_AT))}
    found.looked_at = len(tickets)
    named = _named(session, actor, list(tickets))
    live = select(Clock).where(Clock.ticket_id.in_(tickets), Clock.state.in_(recompute.LIVE))
    changed: set[int] = set()
    moved = later = 0
    for clock in session.scalars(live.order_by(Clock.ticket_id.desc(), Clock.id)):
        if clock.due_at is None:
            continue
        due_at = clocks.adopted(session, tickets[clock.ticket_id], clock, policy=draft.after.policy, now=now)
        if due_at is None or due_at == clock.due_at:
            continue
        moved, later = moved + 1, later + (due_at > clock.due_at)
        changed.add(clock.ticket_id)
        if clock.ticket_id in named and len(found.sample) < SHOWN:
            label = ClockKind(clock.kind).label
            found.sample.append(Change(named[clock.ticket_id], _shown(clock.due_at), _shown(due_at), label))
    found.changed = len(changed)
    found.notes.append("新开始的时限按新规定；在办的时限发布时可选是否也改")
    found.notes.append(f"在办的也改时：{moved}个时限有变动，延后{later}个，提前{moved - later}个")


def _of_routes(session: Session, actor: Actor, draft: Draft, found: Effects, *, now: datetime) -> None:
    tickets = list(session.scalars(_newest(TICKETS_ROUTED, Ticket.state.in_(_NOT_YET))))
    waiting = len(tickets)
    if waiting < TICKETS_ROUTED:
        # Those at a union stay there; they say where their like would go.
        tickets += session.scalars(_newest(TICKETS_ROUTED - waiting, Ticket.state.not_in(_NOT_YET)))
    found.looked_at = len(tickets)
    named = _named(session, actor, [each.id for each in tickets])
    for ticket in tickets:
        before = _route(session, ticket, draft.before.policy, None, now)
        after = _route(session, ticket, draft.after.policy, _book(draft), now)
        if before == after:
            continue
        found.changed += 1
        if ticket.id in named and len(found.sample) < SHOWN:
            found.sample.append(Change(named[ticket.id], before, after))
    found.notes.append(f"试派了{len(tickets)}张工单，其中{waiting}张还没有派出；已经派出的不受影响")


def _book(draft: Draft) -> RuleBook | None:
    """Return the rules to try: a draft of other documents leaves those in force."""
    if draft.document != ROUTING_RULES:
        return None
    return RuleBook(draft.after.policy.routing_rules, draft.after.policy.dispatch_mode)


def _route(session: Session, ticket: Ticket, policy: Policy, book: RuleBook | None, now: datetime) -> str:
    return first_of(recommend(session, ticket, policy=policy, now=now, book=book))


def first_of(ranking: Ranking) -> str:
    """Return the union that a ranking puts first, or why there is none."""
    if ranking.recommendations:
        return ranking.recommendations[0].union_name
    return f"人工派单：{ranking.pool_reason}"


def _of_names(found: Effects, what: str, before: Any, after: Any) -> None:
    for verb, names in (
        ("新增", [each for each in after if each not in before]),
        ("删去", [each for each in before if each not in after]),
        ("修改", [each for each in after if each in before and after[each] != before[each]]),
    ):
        if names:
            more = f"等{len(names)}项" if len(names) > NAMES_SHOWN else ""
            found.notes.append(f"{verb}{what}：{'、'.join(names[:NAMES_SHOWN])}{more}")


def _of_flows(session: Session, draft: Draft, found: Effects) -> None:
    for flow_id, after in draft.after.flows.items():
        before = draft.before.flows[flow_id]
        if before.version != after.version:
            found.notes.append(f"流程{flow_id}：版本{before.version}改为{after.version}")
            _of_names(found, "节点", *(_comparable(each) for each in (before, after)))
            _of_names(found, "提示语", before.prompts, after.prompts)
    live = select(Call.flow, Call.flow_state).where(
        Call.conversation_state != Conversation.ENDED.value, Call.flow.in_(draft.after.flows)
    )
    standing = Counter(flow for flow, state in session.execute(live) if (state or {}).get("node") is not None)
    total = sum(standing.values())
    found.notes.append(f"现有{total}通电话在流程中；进行中的通话按接入时的版本走完")


def _comparable(flow: Flow) -> dict[str, Any]:
    # A node that only stands on another line is the same node.
    return {
        name: {key: value for key, value in _fields(node) if key != "line"}
        for name, node in flow.nodes.items()
    }


def _fields(node: Any) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(node, name)) for name in node.__dataclass_fields__)


def _still_there(session: Session, draft: Draft) -> None:
    before, after = (each.policy.catalogue.categories for each in (draft.before, draft.after))
    gone = [code for code in before if code not in after]
    if not gone:
        return
    rows = session.execute(
        select(Ticket.category, func.count())
        .join(CentreList, CentreList.ticket_id == Ticket.id)
        .where(CentreList.bucket == "open", Ticket.category.in_(gone))
        .group_by(Ticket.category)
    )
    findings = [
        Finding(CATEGORIES, None, f"还有{count}张在办工单属于“{before[code].name}”，不能删去{code}")
        for code, count in rows
        if code is not None
    ]
    if findings:
        raise ConfigRefused(findings)


def _newest(limit: int, *conditions: Any) -> Any:
    return (
        select(Ticket)
        .join(CentreList, CentreList.ticket_id == Ticket.id)
        .where(CentreList.bucket == "open", *conditions)
        .order_by(Ticket.id.desc())
        .limit(limit)
    )


def _named(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(
        select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids), recompute.named_to(actor))
    )
    return {row.id: row.number for row in rows}


def _shown(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


_COUNT_OPEN: Final = select(func.count()).select_from(CentreList).where(CentreList.bucket == "open")
