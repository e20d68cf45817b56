"""What a reader's report is about: which figures, which tickets, whose handlings, and what is too small to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, true
from sqlalchemy.orm import Session

from dispatch.access import can, visible
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.unions import UnionClosure
from dispatch.rules.permissions import Action
from dispatch.rules.report_terms import LONGEST, Grain, Group, Period
from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.small_cells import EVERYTHING, LEAST

_ALL: Final = frozenset(Group)
_GROUPS: Final[Mapping[Role, frozenset[Group]]] = {
    Role.SUPERVISOR: _ALL,
    Role.DUTY_LEADER: _ALL,
    Role.INSPECTOR: _ALL,
    Role.AUDITOR: _ALL,
    Role.SYSTEM: _ALL,
    Role.DISPATCHER: frozenset({Group.DISPATCH, Group.HANDLING}),
    # Their own conversations, and no ticket.
    **dict.fromkeys(
        (Role.OPERATOR, Role.CALLBACK_OPERATOR, Role.COUNSELLOR, Role.LAWYER), frozenset({Group.CALLS})
    ),
    # What a union sent back is no longer its own: how the centre dispatches is the centre's figure.
    **dict.fromkeys(UNION_ROLES, frozenset({Group.HANDLING, Group.RESULTS})),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one reader's report goes."""

    actor: Actor
    groups: frozenset[Group]
    least: int
    """Cases that a number must stand on."""

    @property
    def own_calls_of(self) -> int | None:
        """Whose conversations alone are counted; None for those of the whole centre."""
        return None if Group.DISPATCH in self.groups else self.actor.user_id

    @property
    def of_tickets(self) -> bool:
        """Whether the reader's report is about tickets at all."""
        return self.groups != {Group.CALLS}

    @property
    def tickets(self) -> ColumnElement[bool]:
        """The condition on Ticket: exactly what the reader may open one by one."""
        return visible(self.actor)

    def owns(self, union: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """The condition on a turn's union: of a union its own subtree's, never what was above or beside it."""
        if not self.actor.of_union:
            return true()
        return exists().where(
            UnionClosure.ancestor_id == self.actor.union_id, UnionClosure.descendant_id == union
        )


def reach_of(session: Session, actor: Actor) -> Reach:
    """Return how far the actor's reports go; raises NotAllowed."""
    groups = _GROUPS.get(actor.role)
    if groups is None or not can(session, actor, Action.REPORT_READ):
        raise NotAllowed("report", f"“{actor.role.label}”不能查看统计报表")
    return Reach(actor, groups, LEAST if actor.of_union else EVERYTHING)


def check(reach: Reach, period: Period) -> None:
    """Raise Invalid for a period that this reader cannot have."""
    if period.last < period.first:
        raise Invalid({"last": "结束日期不能早于开始日期"})
    if period.days > LONGEST[period.grain]:
        raise Invalid({"last": f"按此粒度最多统计{LONGEST[period.grain]}天，请缩短期间或改用更粗的粒度"})
    if reach.least > EVERYTHING and not (period.grain is Grain.MONTH and period.is_of_whole_months):
        # Days and weeks beside months would tell by subtraction what a hidden month contains.
        raise Invalid({"grain": "工会报表按整月统计，以免从相邻期间推算出个别职工的情况"})
