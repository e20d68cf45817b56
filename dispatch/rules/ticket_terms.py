"""The words of a ticket's life: states, commands, clocks, and the fields that commands carry."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    VOID = "void"
    ANSWERED = "answered"
    PENDING_DISPATCH = "pending_dispatch"
    DECLINED = "declined"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    IN_PROGRESS = "in_progress"
    AWAITING_CALLER = "awaiting_caller"
    SUSPENDED = "suspended"
    REPORTED = "reported"
    PENDING_CALLBACK = "pending_callback"
    CLOSED = "closed"
    REOPENED = "reopened"
    TERMINATED = "terminated"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        return _STATE_LABELS[self]


class Command(StrEnum):
    ACCEPT = "accept"
    DIRECT_ANSWER = "direct_answer"
    DECLINE = "decline"
    VOID = "void"
    DISPATCH = "dispatch"
    ASSIGN_DOWN = "assign_down"
    RETURN_TICKET = "return_ticket"
    DECIDE_OBJECTION = "decide_objection"
    SIGN_FOR = "sign_for"
    RECORD_FIRST_CONTACT = "record_first_contact"
    ADD_PROGRESS = "add_progress"
    AWAIT_CALLER = "await_caller"
    SUSPEND = "suspend"
    RESUME = "resume"
    REQUEST_EXTENSION = "request_extension"
    DECIDE_EXTENSION = "decide_extension"
    REPORT_RESULT = "report_result"
    REVIEW = "review"
    RECORD_CALLBACK = "record_callback"
    REOPEN = "reopen"
    TERMINATE = "terminate"
    NUDGE = "nudge"
    SUPERVISE = "supervise"
    ESCALATE_LEVEL = "escalate_level"
    ADD_CO_HANDLER = "add_co_handler"
    MERGE = "merge"
    WITHDRAW = "withdraw"
    ARCHIVE = "archive"

    @property
    def label(self) -> str:
        return _COMMAND_LABELS[self]


class ClockKind(StrEnum):
    DISPATCH = "dispatch"
    SIGN = "sign"
    FIRST_CONTACT = "first_contact"
    PROGRESS = "progress"
    RESOLVE = "resolve"
    OBJECTION = "objection"
    REVIEW = "review"
    CALLBACK = "callback"
    AWAIT_CALLER = "await_caller"

    @property
    def label(self) -> str:
        return _CLOCK_LABELS[self]


class Condition(StrEnum):
    """What must be true beside state and role; the caller of the rules establishes it."""

    P0 = "p0"
    """The ticket is P0: telephone first, ticket after."""
    ASSIGNER = "assigner"
    """The actor's union assigned the ticket down and stays accountable for it."""
    IN_RETURN_WINDOW = "in_return_window"
    """The time to object has not run out, and the one return after signing is not used up."""
    BEFORE_EXPIRY = "before_expiry"
    """The deadline has not passed, and no red card forbids extensions."""

    @property
    def why_not(self) -> str:
        return _CONDITION_SENTENCES[self]


OPEN_STATES = frozenset(
    {
        State.DRAFT,
        State.PENDING_DISPATCH,
        State.DISPATCHED,
        State.RETURNED,
        State.IN_PROGRESS,
        State.AWAITING_CALLER,
        State.SUSPENDED,
        State.REPORTED,
        State.PENDING_CALLBACK,
        State.REOPENED,
    }
)
ENDED_STATES = frozenset(State) - OPEN_STATES

_STATE_LABELS = {
    State.DRAFT: "草稿",
    State.VOID: "无效",
    State.ANSWERED: "直接答复",
    State.PENDING_DISPATCH: "待派单",
    State.DECLINED: "不予受理",
    State.DISPATCHED: "待签收",
    State.RETURNED: "已退单",
    State.IN_PROGRESS: "办理中",
    State.AWAITING_CALLER: "待补充",
    State.SUSPENDED: "已挂起",
    State.REPORTED: "待审核",
    State.PENDING_CALLBACK: "待回访",
    State.CLOSED: "办结",
    State.REOPENED: "重办",
    State.TERMINATED: "终止办理",
    State.MERGED: "已合并",
    State.WITHDRAWN: "已撤回",
    State.ARCHIVED: "已归档",
}
_COMMAND_LABELS = {
    Command.ACCEPT: "受理",
    Command.DIRECT_ANSWER: "直接答复",
    Command.DECLINE: "不予受理",
    Command.VOID: "标为无效",
    Command.DISPATCH: "派单",
    Command.ASSIGN_DOWN: "下派",
    Command.RETURN_TICKET: "退单",
    Command.DECIDE_OBJECTION: "裁定异议",
    Command.SIGN_FOR: "签收",
    Command.RECORD_FIRST_CONTACT: "登记首次联系",
    Command.ADD_PROGRESS: "登记进展",
    Command.AWAIT_CALLER: "请诉求人补充",
    Command.SUSPEND: "挂起",
    Command.RESUME: "恢复办理",
    Command.REQUEST_EXTENSION: "申请延期",
    Command.DECIDE_EXTENSION: "审批延期",
    Command.REPORT_RESULT: "反馈结果",
    Command.REVIEW: "审核",
    Command.RECORD_CALLBACK: "登记回访",
    Command.REOPEN: "重办",
    Command.TERMINATE: "终止办理",
    Command.NUDGE: "催办",
    Command.SUPERVISE: "督办",
    Command.ESCALATE_LEVEL: "提级办理",
    Command.ADD_CO_HANDLER: "增加协办",
    Command.MERGE: "合并",
    Command.WITHDRAW: "撤回",
    Command.ARCHIVE: "归档",
}
_CLOCK_LABELS = {
    ClockKind.DISPATCH: "派单",
    ClockKind.SIGN: "签收",
    ClockKind.FIRST_CONTACT: "首联",
    ClockKind.PROGRESS: "进展",
    ClockKind.RESOLVE: "办理",
    ClockKind.OBJECTION: "异议",
    ClockKind.REVIEW: "审核",
    ClockKind.CALLBACK: "回访",
    ClockKind.AWAIT_CALLER: "待补充",
}
_CONDITION_SENTENCES = {
    Condition.P0: "只有特急工单可以由中心代为登记语音签收",
    Condition.ASSIGNER: "只有下派此单的工会可以这样做",
    Condition.IN_RETURN_WINDOW: "已过退单时限，或签收后已退过一次",
    Condition.BEFORE_EXPIRY: "延期须在到期前申请，红牌后不再延期",
}
FIELD_LABELS = {
    "category": "诉求类别",
    "urgency": "紧急程度",
    "region_code": "事发地区",
    "employers": "用人单位（不清楚也要注明）",
    "wish": "诉求人的要求",
    "text": "说明",
    "confidentiality": "保密要求",
    "disclosure": "身份披露范围",
    "contact_mode": "联系方式",
    "callback_wanted": "是否需要回访",
    "answer": "答复内容",
    "knowledge_id": "知识条目",
    "reason": "理由",
    "reason_code": "原因",
    "route_told": "已告知诉求人的途径",
    "union_id": "工会",
    "due_at": "期限",
    "basis": "依据",
    "upheld": "异议是否成立",
    "handler_id": "经办人",
    "deputy_id": "B岗",
    "at": "时间",
    "means": "联系方式",
    "outcome": "结果",
    "missing": "需要补充的内容",
    "reference": "法律程序文号",
    "approved": "审批结论",
    "true_claim": "诉求是否属实",
    "done": "办理过程",
    "solved": "是否解决",
    "reply_text": "答复诉求人的内容",
    "reached": "是否接通",
    "satisfied": "是否满意",
    "parent_number": "并入的工单号",
}
