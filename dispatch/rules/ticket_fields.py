"""What people call the fields that commands carry, and the codes that some of them choose from."""

from __future__ import annotations

from enum import StrEnum


class ReturnReason(StrEnum):
    """Why a union sends a ticket back; `wrong_region`, `wrong_union`, `recusal` name the dispatcher's error."""

    WRONG_REGION = "wrong_region"
    WRONG_UNION = "wrong_union"
    NOT_UNION_MATTER = "not_union_matter"
    DUPLICATE = "duplicate"
    RECUSAL = "recusal"
    INCOMPLETE = "incomplete"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _RETURN_LABELS[self]


class VoidReason(StrEnum):
    SILENT = "silent"
    WRONG_NUMBER = "wrong_number"
    PRANK = "prank"
    TEST = "test"
    QUERY_ONLY = "query_only"

    @property
    def label(self) -> str:
        return _VOID_LABELS[self]


class TerminationReason(StrEnum):
    CALLER_REFUSES = "caller_refuses"
    STATUTORY_PROCEDURE = "statutory_procedure"

    @property
    def label(self) -> str:
        return _TERMINATION_LABELS[self]


class LetterKind(StrEnum):
    """The three supervision letters of a union (一函两书)."""

    REMINDER = "reminder_letter"
    OPINION = "opinion_letter"
    RECOMMENDATION = "recommendation_letter"

    @property
    def label(self) -> str:
        return _LETTER_LABELS[self]


_RETURN_LABELS = {
    ReturnReason.WRONG_REGION: "不属本地区",
    ReturnReason.WRONG_UNION: "应由其他工会办理",
    ReturnReason.NOT_UNION_MATTER: "不属工会职责",
    ReturnReason.DUPLICATE: "重复工单",
    ReturnReason.RECUSAL: "需要回避",
    ReturnReason.INCOMPLETE: "信息不全",
    ReturnReason.OTHER: "其他",
}
_VOID_LABELS = {
    VoidReason.SILENT: "无声",
    VoidReason.WRONG_NUMBER: "打错",
    VoidReason.PRANK: "骚扰",
    VoidReason.TEST: "测试",
    VoidReason.QUERY_ONLY: "仅查询",
}
_TERMINATION_LABELS = {
    TerminationReason.CALLER_REFUSES: "诉求人不配合",
    TerminationReason.STATUTORY_PROCEDURE: "已进入法定程序",
}
_LETTER_LABELS = {
    LetterKind.REMINDER: "提示函",
    LetterKind.OPINION: "意见书",
    LetterKind.RECOMMENDATION: "建议书",
}

FIELD_LABELS = {
    "evidence": "证据",
    "caller_told": "是否已告知诉求人",
    "difficulty": "难度",
    "procedure": "法定程序",
    "begins_on": "起算日",
    "leader_id": "包案领导",
    "letter_kind": "函件种类",
    "letter_id": "函件",
    "addressee": "收函单位",
    "paid_on": "到账日期",
    "amount_cents": "金额",
    "petition_kind": "信访种类",
    "article": "第三十一条第几项",
    "signed_on": "签署日期",
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
    "reference": "文号",
    "approved": "审批结论",
    "true_claim": "诉求是否属实",
    "done": "办理过程",
    "solved": "是否解决",
    "reply_text": "答复诉求人的内容",
    "reached": "是否接通",
    "satisfied": "是否满意",
    "parent_number": "并入的工单号",
}
