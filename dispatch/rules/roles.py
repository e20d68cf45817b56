"""Who acts: the account roles of the hotline, and the actors that have no account."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"
    CALLBACK_OPERATOR = "callback_operator"
    COUNSELLOR = "counsellor"
    LAWYER = "lawyer"
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    DUTY_LEADER = "duty_leader"
    INSPECTOR = "inspector"
    UNION_HANDLER = "union_handler"
    UNION_LEADER = "union_leader"
    UNION_ADMINISTRATOR = "union_administrator"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    PARTNER = "partner"
    # These act on tickets (a nudge by telephone, an expiry, a union asked to help) but can never be given to an account.
    CALLER = "caller"
    SYSTEM = "system"
    CO_HANDLER = "co_handler"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Role.OPERATOR: "话务员",
    Role.CALLBACK_OPERATOR: "回访员",
    Role.COUNSELLOR: "心理老师",
    Role.LAWYER: "值班律师",
    Role.DISPATCHER: "派单员",
    Role.SUPERVISOR: "值班长",
    Role.DUTY_LEADER: "带班领导",
    Role.INSPECTOR: "质检员",
    Role.UNION_HANDLER: "工会经办人",
    Role.UNION_LEADER: "工会负责人",
    Role.UNION_ADMINISTRATOR: "工会管理员",
    Role.ADMINISTRATOR: "系统管理员",
    Role.AUDITOR: "审计员",
    Role.PARTNER: "协作单位",
    Role.CALLER: "诉求人",
    Role.SYSTEM: "系统",
    Role.CO_HANDLER: "协办工会",
}

ACCOUNT_ROLES = frozenset(Role) - {Role.CALLER, Role.SYSTEM, Role.CO_HANDLER}
UNION_ROLES = frozenset({Role.UNION_HANDLER, Role.UNION_LEADER, Role.UNION_ADMINISTRATOR})
CENTRE_ROLES = ACCOUNT_ROLES - UNION_ROLES - {Role.PARTNER}
