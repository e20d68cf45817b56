"""The words of a ticket's life: states, commands, clocks, and what else must be true."""

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
    # What the life of a ticket needs beside the commands of its states.
    REMOVE_CO_HANDLER = "remove_co_handler"
    LEADER_TAKES_CASE = "leader_takes_case"
    SEND_LETTER = "send_letter"
    RECORD_REPLY = "record_reply"
    RECORD_PAYMENT = "record_payment"
    PETITION = "petition"
    PETITION_AGENCY = "petition_agency"

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
    PAYMENT = "payment"
    """Until the day on which money was promised; the callback is made after it."""
    STATUTORY = "statutory"
    """The legal procedure for which a ticket is suspended."""
    PETITION_NOTICE = "petition_notice"
    PETITION = "petition"
    PETITION_REVIEW = "petition_review"
    DETAILS = "details"
    """P0: what the telephone call left out is written down."""
    FOLLOW_UP = "follow_up"
    """A counsellor looks after whoever called in a crisis."""
    LETTER = "letter"
    """The addressee of a supervision letter answers."""

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
    """The deadline has not passed, no red card forbids extensions, and none is asked for already."""
    EXTENSION_ASKED = "extension_asked"
    """A request for more time waits for its decision."""
    MAY_AWAIT = "may_await"
    """The one wait for the caller is not used up."""
    TERMINATION_PROPOSED = "termination_proposed"
    """The union has proposed to end the case, and nobody has decided yet."""
    MAY_REOPEN = "may_reopen"
    """The case is not yet one that a leader has taken and closed."""
    LEADER_SIGNS = "leader_signs"
    """The union wants its leader's signature under a report, and the actor is no leader."""
    REPORT_UNSIGNED = "report_unsigned"
    """A report waits for the leader's signature."""
    CO_UNSIGNED = "co_unsigned"
    """The co-handler has not signed for its part."""
    CO_SIGNED = "co_signed"
    """The co-handler has signed for its part and not yet reported."""
    CONTACT_DUE = "contact_due"
    """The first contact with the caller has not been made."""
    CALLBACK_DUE = "callback_due"
    """No payment date is being waited for."""
    FOLLOW_UP = "follow_up"
    """Somebody in a crisis is to be looked after, and the first day has passed."""
    NOTICE_DUE = "notice_due"
    """The written notice that a petition was accepted is still owed."""
    PETITION_ANSWERED = "petition_answered"
    """The petition has its written opinion, and a review of it may still be asked for."""
    HARD_CASE = "hard_case"
    LETTER_OPEN = "letter_open"
    """A supervision letter waits for its answer."""
    CHILD = "child"
    """Another province was asked to take the ticket and may say no."""
    CO_HANDLERS = "co_handlers"
    """Another union works on the ticket beside the lead one."""

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
PETITION_CLOCKS = frozenset({ClockKind.PETITION_NOTICE, ClockKind.PETITION, ClockKind.PETITION_REVIEW})
"""One after the other in place of `resolve`, where the petition rules set the time."""
SIDE_CLOCKS = frozenset({ClockKind.DETAILS, ClockKind.FOLLOW_UP, ClockKind.LETTER, ClockKind.STATUTORY})
"""They run beside a case and never carry it: an open ticket has another clock as well."""

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
    Command.REMOVE_CO_HANDLER: "撤销协办",
    Command.LEADER_TAKES_CASE: "领导包案",
    Command.SEND_LETTER: "发函",
    Command.RECORD_REPLY: "登记回函",
    Command.RECORD_PAYMENT: "登记到账",
    Command.PETITION: "信访",
    Command.PETITION_AGENCY: "信访代理",
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
    ClockKind.PAYMENT: "到账",
    ClockKind.STATUTORY: "法定程序",
    ClockKind.PETITION_NOTICE: "信访告知",
    ClockKind.PETITION: "信访办理",
    ClockKind.PETITION_REVIEW: "信访复查",
    ClockKind.DETAILS: "补录",
    ClockKind.FOLLOW_UP: "心理跟进",
    ClockKind.LETTER: "回函",
}
_CONDITION_SENTENCES = {
    Condition.P0: "只有特急工单可以由中心代为登记语音签收",
    Condition.ASSIGNER: "只有下派此单的工会可以这样做",
    Condition.IN_RETURN_WINDOW: "已过退单时限，或签收后已退过一次",
    Condition.BEFORE_EXPIRY: "延期须在到期前申请，红牌后不再延期，待审批时不重复申请",
    Condition.EXTENSION_ASKED: "没有待审批的延期申请",
    Condition.MAY_AWAIT: "每件工单只能等待补充一次",
    Condition.TERMINATION_PROPOSED: "工会尚未提出终止办理",
    Condition.MAY_REOPEN: "领导包案办理后不再重办",
    Condition.LEADER_SIGNS: "无须负责人签发",
    Condition.REPORT_UNSIGNED: "没有待负责人签发的反馈",
    Condition.CO_UNSIGNED: "本会已经签收",
    Condition.CO_SIGNED: "本会尚未签收，或已经反馈",
    Condition.CONTACT_DUE: "首次联系已经登记，请登记进展",
    Condition.CALLBACK_DUE: "约定的付款日未到，到账后再回访",
    Condition.FOLLOW_UP: "没有待做的心理跟进，或来电后未满24小时",
    Condition.NOTICE_DUE: "没有待办的信访告知",
    Condition.PETITION_ANSWERED: "只有已答复的信访事项在期限内可以申请复查",
    Condition.HARD_CASE: "只有疑难工单由领导包案",
    Condition.LETTER_OPEN: "没有待回复的函件",
    Condition.CHILD: "只有跨省子工单可由对方工会不予受理",
    Condition.CO_HANDLERS: "没有协办工会",
}
