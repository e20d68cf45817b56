"""The words of the exchange with partners: who they are, what they may do, what they are told, where a case stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class PartnerKind(StrEnum):
    LINE_12345 = "12345"
    LINE_12348 = "12348"
    LABOUR_INSPECTION = "labour_inspection"
    UPPER_UNION = "upper_union"
    CENTRE = "centre"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self]

    @property
    def channel(self) -> str:
        """By which door its tickets come in."""
        return _CHANNELS[self]


class Act(StrEnum):
    """What a partner may do here; each is one route, and each may be forbidden to a partner."""

    CREATE = "create"
    APPEND = "append"
    ACCEPT = "accept"
    REJECT = "reject"
    PROGRESS = "progress"
    EXTENDED = "extended"
    RESULT = "result"
    CALLBACK = "callback"
    WITHDRAWN = "withdrawn"
    READ = "read"

    @property
    def label(self) -> str:
        return _ACT_LABELS[self]


class Speaks(StrEnum):
    """How a partner is told of what happened."""

    EVENTS = "events"
    """Standard Webhooks to its address."""
    PARTNER_API = "partner_api"
    """It runs this same software: its partner API is called."""
    NOTHING = "nothing"
    """It asks, or exchanges files."""


class ExchangeState(StrEnum):
    """Where an exchanged case stands, in words that both sides share."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return _STATE_LABELS[self]


OVER: Final = frozenset({ExchangeState.CLOSED, ExchangeState.REJECTED, ExchangeState.WITHDRAWN})


class Told(StrEnum):
    """What a partner is told, as the type of an event; `ticket.created` offers it a case of ours."""

    CREATED = "ticket.created"
    APPENDED = "ticket.appended"
    ACCEPTED = "ticket.accepted"
    REJECTED = "ticket.rejected"
    PROGRESS = "ticket.progress"
    EXTENDED = "ticket.extended"
    RESULT = "ticket.result"
    CALLBACK = "ticket.callback"
    WITHDRAWN = "ticket.withdrawn"

    @property
    def act(self) -> Act:
        """The route of the partner API that says the same."""
        return _ACTS[self]


CONSENT_BASES: Final[Mapping[str, str]] = {
    "consent": "诉求人同意（个人信息保护法第二十三条）",
    "statutory_duty": "履行法定职责所必需（第十三条第三项、第三十四条）",
    "emergency": "紧急情况下保护生命健康和财产安全所必需（第十三条第四项）",
}
"""On what a name and a number may go from one body to another; without one of them both stay masked."""

_KIND_LABELS = {
    PartnerKind.LINE_12345: "12345政务服务便民热线",
    PartnerKind.LINE_12348: "12348公共法律服务热线",
    PartnerKind.LABOUR_INSPECTION: "劳动保障监察",
    PartnerKind.UPPER_UNION: "上级工会12351",
    PartnerKind.CENTRE: "其他12351中心",
}
_CHANNELS = {
    PartnerKind.LINE_12345: "line_12345",
    PartnerKind.LINE_12348: "line_12348",
    PartnerKind.LABOUR_INSPECTION: "inspection",
    PartnerKind.UPPER_UNION: "upper_12351",
    PartnerKind.CENTRE: "partner",
}
_ACT_LABELS = {
    Act.CREATE: "来单",
    Act.APPEND: "补充",
    Act.ACCEPT: "受理",
    Act.REJECT: "不予受理或退回",
    Act.PROGRESS: "进展",
    Act.EXTENDED: "延期",
    Act.RESULT: "结果",
    Act.CALLBACK: "回访",
    Act.WITHDRAWN: "撤回",
    Act.READ: "查询和对账",
}
_STATE_LABELS = {
    ExchangeState.OFFERED: "待受理",
    ExchangeState.ACCEPTED: "已受理",
    ExchangeState.IN_PROGRESS: "办理中",
    ExchangeState.REPORTED: "已反馈",
    ExchangeState.CLOSED: "办结",
    ExchangeState.REJECTED: "不予受理",
    ExchangeState.WITHDRAWN: "撤回",
}
_ACTS = {
    Told.CREATED: Act.CREATE,
    Told.APPENDED: Act.APPEND,
    Told.ACCEPTED: Act.ACCEPT,
    Told.REJECTED: Act.REJECT,
    Told.PROGRESS: Act.PROGRESS,
    Told.EXTENDED: Act.EXTENDED,
    Told.RESULT: Act.RESULT,
    Told.CALLBACK: Act.CALLBACK,
    Told.WITHDRAWN: Act.WITHDRAWN,
}
