"""Groups of roles and states by which the rows of the state table speak."""

from __future__ import annotations

from dispatch.rules.roles import Role
from dispatch.rules.ticket_terms import OPEN_STATES, ClockKind, State

DESK = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER})
EXPERTS = frozenset({Role.LAWYER, Role.COUNSELLOR})
DISPATCHING = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.DUTY_LEADER})
WATCHING = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
ASSIGNERS = frozenset({Role.UNION_LEADER, Role.UNION_ADMINISTRATOR})
AUTOMATIC = frozenset({Role.SYSTEM})
CALLING_BACK = frozenset({Role.CALLBACK_OPERATOR, Role.SUPERVISOR})
CO = frozenset({Role.CO_HANDLER})

HANDLED = frozenset({State.IN_PROGRESS, State.AWAITING_CALLER, State.SUSPENDED})
WITH_UNION = HANDLED | {State.DISPATCHED}
REPORTED_ON = frozenset({State.REPORTED, State.PENDING_CALLBACK})
ACCEPTED = OPEN_STATES - {State.DRAFT}
HANDLING_CLOCKS = frozenset({ClockKind.FIRST_CONTACT, ClockKind.PROGRESS})
