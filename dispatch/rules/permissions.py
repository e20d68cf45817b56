"""Which role may do what at all: one table for routes, the socket, searches, exports and reports.

A row says that a role may do something somewhere. Whether an actor may do it to this ticket is asked of
`dispatch.access.can`; see docs/quality.md, "who may do what".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from dispatch.rules.roles import ACCOUNT_ROLES, UNION_ROLES, Role


class Action(StrEnum):
    """What somebody does, as permissions name it."""

    SESSION = "session"
    REFERENCE_READ = "reference.read"
    TICKET_READ = "ticket.read"
    TICKET_OPEN = "ticket.open"
    TICKET_EDIT = "ticket.edit"
    TICKET_COMMAND = "ticket.command"
    TICKET_ROUTE = "ticket.route"
    TICKET_EXPORT = "ticket.export"
    IDENTITY_REVEAL = "identity.reveal"
    SEAL_BREAK = "seal.break"
    SEAL_NAME = "seal.name"
    VIEW_KEEP = "view.keep"
    CALLBACK_READ = "callback.read"
    CALL_READ = "call.read"
    CALL_CONTROL = "call.control"
    RECORDING_PLAY = "recording.play"
    SEAT = "seat"
    LINE_READ = "line.read"
    RETURN_CALL_READ = "return_call.read"
    RETURN_CALL_MAKE = "return_call.make"
    AUDIT_READ = "audit.read"
    PROTECT = "protect"
    """Blocking numbers and announcing incidents."""
    SATISFACTION_READ = "satisfaction.read"
    UNION_ADMINISTER = "union.administer"
    ROSTER_KEEP = "roster.keep"
    CONSENT_RECORD = "consent.record"
    NOTICE_READ = "notice.read"
    PROPOSAL_DECIDE = "proposal.decide"
    SIGNAL_READ = "signal.read"
    SIGNAL_DECIDE = "signal.decide"
    CALENDAR_READ = "calendar.read"
    CALENDAR_CHANGE = "calendar.change"
    ATTACHMENT_ADD = "attachment.add"
    ATTACHMENT_READ = "attachment.read"
    ATTACHMENT_KEEP = "attachment.keep"
    """Giving a file to the unions, and taking away what does not belong on a ticket."""
    # People, and what a union's people do for themselves.
    PASSWORD_CHANGE = "password.change"  # noqa: S105  # an action, not a password
    USER_READ = "user.read"
    USER_ADMINISTER = "user.administer"
    INBOX_READ = "inbox.read"
    INBOX_WORK = "inbox.work"
    INBOX_OVERSEE = "inbox.oversee"
    ABSENCE_KEEP = "absence.keep"
    LINK_KEEP = "link.keep"
    NOTICE_PREFER = "notice.prefer"
    ROBOT_KEEP = "robot.keep"
    DELIVERY_READ = "delivery.read"
    DELIVERY_DECIDE = "delivery.decide"
    # Conversations of others, and the telephone in one's own browser.
    FLOOR_READ = "floor.read"
    CALL_LISTEN = "call.listen"
    CALL_SUPERVISE = "call.supervise"
    DEVICE = "device"
    # The line and the desk.
    RECORDING_HOLD = "recording.hold"
    RECORDING_OPEN = "recording.open"
    """Hearing, with a reason and for a while, a call in which one has no part."""
    SHIFT_READ = "shift.read"
    SHIFT_KEEP = "shift.keep"
    HANDOVER = "handover"
    LINE_SWITCH = "line.switch"
    """Opening, closing and diverting lines, and other people's seats."""
    LINE_HEALTH = "line.health"
    """Whether each number can be reached, and what failed at the carrier."""
    PARTNER_EXCHANGE = "partner.exchange"
    PARTNER_REFER = "partner.refer"
    """Giving a ticket to a partner that stands for no union."""
    PARTNER_DELIVER = "partner.deliver"
    """Seeing what a partner could not be told, and telling it again."""
    # The knowledge base, and quality checks.
    KNOWLEDGE_READ = "knowledge.read"
    KNOWLEDGE_PROPOSE = "knowledge.propose"
    KNOWLEDGE_PUBLISH = "knowledge.publish"
    """Deciding on what others wrote, taking articles away, confirming that they still hold."""
    QUALITY_OWN = "quality.own"
    """Seeing how one's own work was scored, and appealing."""
    QUALITY_SCORE = "quality.score"
    QUALITY_DECIDE = "quality.decide"
    QUALITY_FIGURES = "quality.figures"
    # What changes behaviour, version by version.
    CONFIGURATION_READ = "configuration.read"
    CONFIGURATION_CHANGE = "configuration.change"
    # The board of deadlines.
    SLA_BOARD_READ = "sla.board"
    # Reports, and the figures on the wall.
    REPORT_READ = "report.read"
    WALLBOARD_READ = "wallboard.read"
    # The dispatcher's pool.
    POOL_READ = "pool.read"


_LEADERS = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
_DESK = _LEADERS | {Role.OPERATOR}
_SPECIALISTS = frozenset({Role.COUNSELLOR, Role.LAWYER})
_SEATS = _DESK | _SPECIALISTS | {Role.CALLBACK_OPERATOR}
_HANDLERS = frozenset({Role.UNION_HANDLER, Role.UNION_LEADER})
_READERS = _SEATS | _HANDLERS | {Role.DISPATCHER, Role.INSPECTOR, Role.AUDITOR, Role.UNION_ADMINISTRATOR}

ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    Action.SESSION: ACCOUNT_ROLES,
    Action.REFERENCE_READ: ACCOUNT_ROLES - {Role.PARTNER},
    Action.TICKET_READ: _READERS | {Role.PARTNER},
    Action.TICKET_OPEN: _DESK | _SPECIALISTS | _HANDLERS,
    Action.TICKET_EDIT: _DESK | _SPECIALISTS | _HANDLERS | {Role.DISPATCHER},
    Action.TICKET_COMMAND: _READERS - {Role.AUDITOR, Role.UNION_ADMINISTRATOR},
    Action.TICKET_ROUTE: _DESK | _SPECIALISTS | {Role.DISPATCHER},
    Action.TICKET_EXPORT: _LEADERS | {Role.DISPATCHER, Role.INSPECTOR, Role.AUDITOR, Role.UNION_LEADER},
    Action.IDENTITY_REVEAL: _SEATS | _HANDLERS | {Role.UNION_ADMINISTRATOR, Role.AUDITOR, Role.PARTNER},
    Action.SEAL_BREAK: _LEADERS | {Role.AUDITOR},
    Action.SEAL_NAME: _LEADERS | _SPECIALISTS,
    Action.VIEW_KEEP: _READERS,
    Action.CALLBACK_READ: _LEADERS | {Role.CALLBACK_OPERATOR},
    Action.CALL_READ: _SEATS | {Role.INSPECTOR, Role.AUDITOR},
    Action.CALL_CONTROL: _SEATS,
    Action.RECORDING_PLAY: _DESK | _SPECIALISTS | {Role.INSPECTOR, Role.AUDITOR},
    Action.SEAT: _SEATS,
    Action.LINE_READ: _SEATS | {Role.DISPATCHER},
    Action.RETURN_CALL_READ: _DESK | {Role.CALLBACK_OPERATOR, Role.AUDITOR},
    Action.RETURN_CALL_MAKE: _DESK | {Role.CALLBACK_OPERATOR},
    Action.AUDIT_READ: frozenset({Role.AUDITOR}),
    Action.PROTECT: _LEADERS,
    Action.SATISFACTION_READ: _LEADERS | {Role.INSPECTOR, Role.AUDITOR},
    Action.UNION_ADMINISTER: frozenset({Role.ADMINISTRATOR}),
    Action.CONSENT_RECORD: _DESK | _SPECIALISTS | {Role.DISPATCHER},
    Action.ROSTER_KEEP: _LEADERS | {Role.ADMINISTRATOR},
    Action.NOTICE_READ: ACCOUNT_ROLES - {Role.PARTNER},
    Action.PROPOSAL_DECIDE: _LEADERS,
    Action.SIGNAL_READ: _LEADERS | {Role.DISPATCHER, Role.AUDITOR},
    Action.SIGNAL_DECIDE: _LEADERS | {Role.DISPATCHER},
    Action.CALENDAR_READ: _LEADERS | {Role.ADMINISTRATOR, Role.AUDITOR},
    Action.CALENDAR_CHANGE: frozenset({Role.ADMINISTRATOR}),
    Action.ATTACHMENT_ADD: _SEATS | _HANDLERS | {Role.DISPATCHER},
    Action.ATTACHMENT_READ: _READERS,
    Action.ATTACHMENT_KEEP: _SEATS | _HANDLERS | {Role.DISPATCHER},
    Action.PASSWORD_CHANGE: ACCOUNT_ROLES - {Role.PARTNER},
    Action.USER_READ: frozenset({Role.ADMINISTRATOR, Role.UNION_ADMINISTRATOR, Role.AUDITOR}),
    Action.USER_ADMINISTER: frozenset({Role.ADMINISTRATOR, Role.UNION_ADMINISTRATOR}),
    Action.INBOX_READ: UNION_ROLES,
    Action.INBOX_WORK: _HANDLERS,
    Action.INBOX_OVERSEE: frozenset({Role.UNION_LEADER, Role.UNION_ADMINISTRATOR}),
    Action.ABSENCE_KEEP: UNION_ROLES,
    Action.LINK_KEEP: _HANDLERS,
    Action.NOTICE_PREFER: ACCOUNT_ROLES - {Role.PARTNER},
    Action.ROBOT_KEEP: frozenset({Role.ADMINISTRATOR, Role.UNION_ADMINISTRATOR}),
    Action.DELIVERY_READ: _LEADERS | UNION_ROLES | {Role.DISPATCHER, Role.ADMINISTRATOR, Role.AUDITOR},
    Action.DELIVERY_DECIDE: _LEADERS | {Role.DISPATCHER, Role.UNION_LEADER},
    Action.FLOOR_READ: _LEADERS | {Role.INSPECTOR},
    Action.CALL_LISTEN: _LEADERS | {Role.INSPECTOR},
    Action.CALL_SUPERVISE: _LEADERS,
    Action.DEVICE: _SEATS | {Role.INSPECTOR},
    Action.LINE_SWITCH: _LEADERS,
    Action.LINE_HEALTH: _LEADERS | {Role.ADMINISTRATOR, Role.INSPECTOR},
    Action.RECORDING_HOLD: _LEADERS,
    Action.RECORDING_OPEN: frozenset({Role.AUDITOR}),
    Action.SHIFT_READ: _SEATS | {Role.DISPATCHER, Role.AUDITOR},
    Action.SHIFT_KEEP: _LEADERS,
    Action.HANDOVER: _SEATS | {Role.DISPATCHER},
    Action.PARTNER_EXCHANGE: frozenset({Role.PARTNER}),
    Action.PARTNER_REFER: _LEADERS | {Role.DISPATCHER},
    Action.PARTNER_DELIVER: _LEADERS | {Role.DISPATCHER, Role.ADMINISTRATOR},
    Action.KNOWLEDGE_READ: ACCOUNT_ROLES - {Role.PARTNER},
    Action.KNOWLEDGE_PROPOSE: _LEADERS | {Role.DISPATCHER, Role.LAWYER, Role.INSPECTOR, Role.ADMINISTRATOR},
    Action.KNOWLEDGE_PUBLISH: _LEADERS | {Role.ADMINISTRATOR},
    Action.QUALITY_OWN: _SEATS,
    Action.QUALITY_SCORE: frozenset({Role.INSPECTOR}),
    Action.QUALITY_DECIDE: _LEADERS,
    Action.QUALITY_FIGURES: _LEADERS | {Role.INSPECTOR},
    Action.CONFIGURATION_READ: frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
    Action.CONFIGURATION_CHANGE: frozenset({Role.ADMINISTRATOR}),
    Action.SLA_BOARD_READ: _LEADERS | {Role.DISPATCHER},
    # Who sits at a telephone reads his own figures; which ones each role reads is `dispatch.reports.reach`.
    Action.REPORT_READ: _SEATS | UNION_ROLES | {Role.DISPATCHER, Role.INSPECTOR, Role.AUDITOR},
    Action.WALLBOARD_READ: _LEADERS | {Role.DISPATCHER},
    Action.POOL_READ: _LEADERS | {Role.DISPATCHER},
}
"""docs/quality.md's table, role by role; an administrator of the system reads no ticket."""


def may(role: Role, action: Action) -> bool:
    """Whether the role may do this somewhere; the machine, which no request can be, may do everything."""
    return role is Role.SYSTEM or role in ALLOWED[action]


def actions_of(role: Role) -> tuple[Action, ...]:
    """Return what a role may do somewhere."""
    return tuple(action for action in Action if role in ALLOWED[action])
