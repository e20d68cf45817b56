"""What a list may be cut by: an allow-list of columns and operators, and nothing else reaches the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, and_, case, exists, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from dispatch.actors import Actor
from dispatch.errors import Invalid
from dispatch.models.clocks import Clock
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.rules.ticket_state import State
from dispatch.rules.working_time import SHANGHAI

DUE: Final = ("overdue", "15m", "1h", "today")
MAX_DEPTH: Final = 4
MAX_CONDITIONS: Final = 20
MAX_VALUES: Final = 50
MAX_WORD: Final = 64

Node: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list is cut to; None leaves a thing alone. `due`: overdue, or not yet overdue and due within."""

    bucket: str = "open"
    """open, closed, all (the open ones first)."""
    state: str | None = None
    category: str | None = None
    urgency: str | None = None
    union_id: int | None = None
    employer: str | None = None
    q: str | None = None
    mine: bool = False
    due: str | None = None
    where: str | None = None
    """JSON: {"field","op","value"}, {"all": […]}, {"any": […]}, {"not": …}."""


def check(wanted: TicketFilter) -> None:
    """Raise Invalid with a Chinese sentence for each part that is none."""
    wrong = {}
    if wanted.bucket not in ("open", "closed", "all"):
        wrong["bucket"] = "只能是open、closed或all"
    if wanted.due is not None and wanted.due not in DUE:
        wrong["due"] = f"只能是{'、'.join(DUE)}"
    if wanted.state is not None and wanted.state not in set(State):
        wrong["state"] = f"没有“{wanted.state}”这个状态"
    if wanted.urgency is not None and wanted.urgency not in ("P0", "P1", "P2", "P3"):
        wrong["urgency"] = "只能是P0、P1、P2或P3"
    if wrong:
        raise Invalid(wrong)


def conditions(actor: Actor, wanted: TicketFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on the ticket itself; what is searched by words is `dispatch.lookups`' business."""
    found: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (Ticket.state, wanted.state),
            (Ticket.category, wanted.category),
            (Ticket.urgency, wanted.urgency),
            (Ticket.lead_union_id, wanted.union_id),
        )
        if value is not None
    ]
    if wanted.mine:
        found.append(_mine(actor))
    if wanted.where:
        found.append(condition_of(wanted.where))
    return found


def condition_of(where: str) -> ColumnElement[bool]:
    """Return the condition that a filter says in JSON; raises Invalid for anything that is not on the list."""
    try:
        node = json.loads(where)
    except (ValueError, RecursionError) as error:
        raise Invalid({"where": "不是有效的筛选条件"}) from error
    return _Reading().node(node, depth=1)


def due_range(due: str, now: datetime) -> tuple[int, int]:
    """Return the sort keys between which a deadline lies, in epoch milliseconds."""
    stamp = int(now.timestamp() * 1000)
    if due == "overdue":
        return 0, stamp
    if due == "today":
        local = now.astimezone(SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return stamp, int(midnight.timestamp() * 1000)
    minutes = 15 if due == "15m" else 60
    return stamp, stamp + minutes * 60_000


def _mine(actor: Actor) -> ColumnElement[bool]:
    if not actor.of_union:
        return Ticket.created_by_id == actor.user_id
    return exists().where(
        Handling.ticket_id == Ticket.id,
        Handling.ended_at.is_(None),
        or_(Handling.handler_id == actor.user_id, Handling.deputy_id == actor.user_id),
    )


def _word(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_WORD or "\x00" in value:
        raise ValueError(value)
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
        raise ValueError(value)
    return value


def _amount(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
        raise ValueError(value)
    return value


def _flag(value: object) -> bool:
    if value is not True and value is not False:
        raise ValueError(value)
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_word(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment


@dataclass(frozen=True, slots=True)
class _Field:
    column: InstrumentedAttribute[Any] | ColumnElement[Any]
    read: Callable[[object], Any]
    operators: frozenset[str]


def _carded(card: str) -> ColumnElement[bool]:
    return exists().where(
        Clock.ticket_id == Ticket.id, Clock.state.in_(("running", "paused")), Clock.card == card
    )


_CARD: Final = case((_carded("red"), "red"), (_carded("yellow"), "yellow"), else_="none")
"""The worse card of the clocks that still run."""
_LEAD_LEVEL: Final = (
    select(Union.level).where(Union.id == Ticket.lead_union_id).correlate(Ticket).scalar_subquery()
)
_EQUAL = frozenset({"eq", "ne", "in"})
_ORDERED = frozenset({"eq", "ge", "le", "lt", "gt"})

FIELDS: Final[Mapping[str, _Field]] = {
    "state": _Field(Ticket.state, _word, _EQUAL),
    "category": _Field(Ticket.category, _word, _EQUAL),
    "nature": _Field(Ticket.nature, _word, _EQUAL),
    "urgency": _Field(Ticket.urgency, _word, _EQUAL),
    "difficulty": _Field(Ticket.difficulty, _word, _EQUAL),
    "channel": _Field(Ticket.channel, _word, _EQUAL),
    "outcome": _Field(Ticket.outcome, _word, _EQUAL),
    "region_code": _Field(Ticket.region_code, _word, _EQUAL | {"prefix"}),
    "lead_union_id": _Field(Ticket.lead_union_id, _number, _EQUAL),
    "lead_level": _Field(_LEAD_LEVEL, _word, _EQUAL),
    "card": _Field(_CARD, _word, _EQUAL),
    "headcount": _Field(Ticket.headcount, _number, _ORDERED),
    "amount_cents": _Field(Ticket.amount_cents, _amount, _ORDERED),
    "redo_count": _Field(Ticket.redo_count, _number, _ORDERED),
    "rights_defence": _Field(Ticket.rights_defence, _flag, frozenset({"eq"})),
    "supervised": _Field(Ticket.supervised, _flag, frozenset({"eq"})),
    "petition": _Field(Ticket.petition, _flag, frozenset({"eq"})),
    "created_at": _Field(Ticket.created_at, _moment, _ORDERED - {"eq"}),
    "accepted_at": _Field(Ticket.accepted_at, _moment, _ORDERED - {"eq"}),
    "closed_at": _Field(Ticket.closed_at, _moment, _ORDERED - {"eq"}),
}
"""What may be asked; none of it names a person."""

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column.is_distinct_from(value),
    "in": lambda column, value: column.in_(value),
    "ge": lambda column, value: column >= value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "lt": lambda column, value: column < value,
    "prefix": lambda column, value: column.startswith(value, autoescape=True),
}


class _Reading:
    """One filter being read; counts its conditions."""

    def __init__(self) -> None:
        self._conditions = 0

    def node(self, node: object, *, depth: int) -> ColumnElement[bool]:
        """Return the condition of one part."""
        if depth > MAX_DEPTH:
            raise Invalid({"where": f"条件嵌套不能超过{MAX_DEPTH}层"})
        match node:
            case {"all": list(parts), **rest} if not rest and parts:
                return and_(*(self.node(part, depth=depth + 1) for part in parts))
            case {"any": list(parts), **rest} if not rest and parts:
                return or_(*(self.node(part, depth=depth + 1) for part in parts))
            case {"not": part, **rest} if not rest:
                return not_(self.node(part, depth=depth + 1))
            case {"field": str(name), "op": str(operator), "value": value, **rest} if not rest:
                return self._condition(name, operator, value)
        raise Invalid({"where": "条件应写作field、op、value，或all、any、not"})

    def _condition(self, name: str, operator: str, value: object) -> ColumnElement[bool]:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise Invalid({"where": f"条件不能超过{MAX_CONDITIONS}个"})
        field = FIELDS.get(name)
        if field is None:
            raise Invalid({f"where.{name[:MAX_WORD]}": "没有这个筛选项目"})
        if operator not in field.operators:
            raise Invalid({f"where.{name}": f"不能用“{operator[:MAX_WORD]}”筛选"})
        try:
            read = self._values(field, value) if operator == "in" else field.read(value)
        except ValueError as error:
            raise Invalid({f"where.{name}": "取值的格式不对"}) from error
        return _OPERATORS[operator](field.column, read)

    def _values(self, field: _Field, value: object) -> list[Any]:
        if not isinstance(value, list) or not 0 < len(value) <= MAX_VALUES:
            raise ValueError(value)
        return [field.read(each) for each in value]
