"""A ticket's history in sentences: what each event is called, who did it, and what of it this reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.models.history import Event
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.rules.masking import mask_text
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.rules.ticket_state import FIELD_LABELS, State
from dispatch.rules.working_time import SHANGHAI

LABELS: Final[Mapping[str, str]] = {
    "TicketOpened": "登记",
    "TicketEdited": "修改",
    "TicketAccepted": "受理",
    "TicketAnswered": "直接答复",
    "TicketDeclined": "不予受理",
    "TicketVoided": "标为无效",
    "TicketDispatched": "派单",
    "TicketAssignedDown": "下派",
    "TicketReturned": "退单",
    "ObjectionDecided": "裁定异议",
    "TicketSignedFor": "签收",
    "FirstContactRecorded": "首次联系",
    "ProgressAdded": "进展",
    "CallerAwaited": "请诉求人补充",
    "TicketSuspended": "挂起",
    "TicketResumed": "恢复办理",
    "ExtensionRequested": "申请延期",
    "ExtensionDecided": "审批延期",
    "ResultReported": "反馈结果",
    "ResultReviewed": "审核",
    "CallbackRecorded": "回访",
    "TicketReopened": "重办",
    "TerminationMoved": "终止办理",
    "TicketNudged": "催办",
    "TicketSupervised": "督办",
    "TicketEscalated": "提级办理",
    "CoHandlerAdded": "增加协办",
    "CoHandlerRemoved": "撤销协办",
    "CaseTakenByLeader": "领导包案",
    "LetterSent": "发函",
    "LetterAnswered": "回函",
    "PaymentRecorded": "到账",
    "PetitionMarked": "信访",
    "PetitionAgencyRecorded": "信访代理",
    "TicketLinked": "关联登记",
    "TicketTookOver": "并入工单",
    "TicketMerged": "合并",
    "TicketWithdrawn": "撤回",
    "TicketArchived": "归档",
    "ClaimRecordIssued": "诉求人下载记录",
    "IdentityRevealed": "查看身份",
    "RecordingPlayed": "播放录音",
    "RecordingOpened": "说明理由后听取录音",
    "RecordingDeclined": "来电人不同意录音，已停止并删除",
    "SealedOpened": "启封查看",
    "SealedAssigned": "指定密件人员",
    "StepFired": "时限节点",
    "CardConfirmed": "确认红牌",
    "CardRefused": "不予红牌",
    "EscalationRefused": "不予提级",
    "ClocksRecomputed": "时限重算",
    "UrgencyRaised": "自动提高紧急程度",
    "LimitationNear": "法定期限临近",
    "CollectiveLinked": "并入群体诉求",
    "AttachmentAdded": "添加附件",
    "AttachmentOpened": "查看附件",
    "AttachmentReleased": "附件提供给工会",
    "AttachmentRemoved": "移除附件",
    "HandlerChanged": "更换经办人",
    "LinkRedeemed": "打开链接",
    "LinkRevoked": "链接作废",
    "RelayCalled": "中转通话",
    "PartnerLinked": "与协作单位交换",
    "CallbackRelayed": "协作单位回访",
    "TextNotDelivered": "短信未送达",
}
"""What people call each event."""

CHANNELS: Final[Mapping[str, str]] = {
    "phone": "电话",
    "voicemail": "语音留言",
    "web": "网上",
    "sms": "短信",
    "partner": "协作单位",
    "upper_12351": "上级12351转来",
    "line_12345": "12345转来",
    "line_12348": "12348转来",
    "inspection": "劳动监察转来",
    "walk_in": "来访",
    "letter": "来信",
    "union_phone": "工会自有电话",
    "operator": "话务员登记",
}

CENTRE_ONLY: Final = frozenset(
    {
        *("IdentityRevealed", "RecordingPlayed", "RecordingOpened", "SealedOpened", "SealedAssigned"),
        # A file's name may say whose it is; what a union may open, it sees among the files.
        *("AttachmentAdded", "AttachmentOpened", "AttachmentReleased", "AttachmentRemoved"),
    }
)
"""Who looked is the centre's business and the auditor's, not the union's."""

_NAMES: Final[Mapping[str, str]] = {
    **FIELD_LABELS,
    "knowledge_version": "条目版本",
    "knowledge_fingerprint": "条目指纹",
    "nature": "性质",
    "secondary_categories": "次要类别",
    "headcount": "人数",
    "amount_cents": "金额（元）",
    "caller": "诉求人信息",
    "accused_union_ids": "被投诉工会",
    "accused_user_ids": "被投诉人员",
    "override_reason": "改派理由",
    "union": "工会",
    "suggested_union": "建议转派",
    "reasons": "推荐理由",
    "clocks": "时限",
    "step": "节点",
    "clock": "时限",
    "late_by_s": "迟滞（秒）",
    "channel": "渠道",
    "payment_on": "付款日",
    "amount_state": "金额状态",
    "hard_case": "疑难工单",
    "told": "已通知",
    "person": "人员",
    "basis": "依据",
    "before": "原紧急程度",
    "statutes": "法定期限",
    "statute": "法定期限",
    "last_day": "最后一日",
    "collective": "群体诉求",
    "callers": "诉求人代表",
    "co_handlers": "协办工会",
    "child": "子工单",
    "parent": "来自工单",
    "merged": "并入的工单",
    "linked": "后续工单",
    "left_open": "待补录",
    "letter": "函件",
    "petition": "信访种类",
    "channel_to": "导入",
    "procedure_label": "法定程序",
    "source": "依据",
    "return_reason": "退单原因",
    "termination_reason": "终止原因",
    "received_cents": "累计到账（元）",
    "repeats": "重复来电次数",
    "pending_note": "不等协办的说明",
    "money_received": "款项是否到账",
    "instalments": "分期",
    "final": "终局",
    "waits_for": "等待",
    "dual_dispatch": "双派单",
    "repeat_request": "重复诉求",
    "until": "截止",
    "file": "文件",
}
_HIDDEN: Final = frozenset(
    {
        *(
            "state",
            "user_id",
            "union_id",
            "handler_id",
            "deputy_id",
            "fields",
            "values",
            "result",
            "letter_id",
        ),
        *("leader_id", "caller_id", "letter_kind", "petition_kind", "procedure", "relation", "dual_dispatch"),
        *("reason_code", "signed", "both_sides"),
        *("attachment", "sha256", "size", "file_kind"),
    }
)
"""Keys of a payload that say nothing to a reader, or say it in the label already."""


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the timeline; `details` maps Chinese names to values."""

    seq: int
    kind: str
    label: str
    at: datetime
    actor: str
    summary: str
    details: dict[str, Any]


def timeline(
    session: Session, actor: Actor, ticket: Ticket, *, unmasked: bool, kept_back: bool = False
) -> tuple[EventView, ...]:
    """Return what this actor may see of the ticket's history, oldest first.

    A union sees it from its own first dispatch on; free text is masked unless `unmasked`, and left out where
    the story is `kept_back`.
    """
    query = _EVENTS
    if actor.of_union:
        query = query.where(Event.kind.not_in(CENTRE_ONLY))
        since = _since(session, actor, ticket)
        if since is not None:
            query = query.where(Event.at >= since)
    events = session.scalars(query, {"ticket": ticket.id}).all()
    names = _names(session, actor, {event.actor_id for event in events if event.actor_id is not None})
    return tuple(_view(event, _who(event, names), unmasked=unmasked, kept_back=kept_back) for event in events)


def _since(session: Session, actor: Actor, ticket: Ticket) -> datetime | None:
    if ticket.origin_union_id == actor.union_id:
        return None
    mark = f"/{actor.union_id}/"
    return session.scalar(
        select(Handling.dispatched_at)
        .join(Union, Union.id == Handling.union_id)
        .where(Handling.ticket_id == ticket.id, Union.path.contains(mark, autoescape=True))
        .order_by(Handling.dispatched_at)
        .limit(1)
    )


def _names(session: Session, actor: Actor, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    users = session.execute(_PEOPLE, {"ids": sorted(ids)})
    # A union learns which post of the centre acted, not which person.
    return {
        user.id: f"中心{Role(user.role).label}"
        if actor.of_union and Role(user.role) in CENTRE_ROLES
        else user.display_name
        for user in users
    }


def _who(event: Event, names: Mapping[int, str]) -> str:
    if event.actor_id is not None and event.actor_kind in ("user", "partner"):
        return names.get(event.actor_id, "已注销账号")
    return {"caller": "诉求人", "partner": "协作单位"}.get(event.actor_kind, "系统")


def _view(event: Event, who: str, *, unmasked: bool, kept_back: bool) -> EventView:
    personal = {
        name: value if unmasked or not isinstance(value, str) else mask_text(value)
        for name, value in ({} if kept_back else event.personal or {}).items()
    }
    details = {
        _NAMES.get(name, name): _shown(name, value)
        for name, value in {**event.payload, **personal}.items()
        if name not in _HIDDEN and value not in (None, "", [], {})
    }
    return EventView(
        seq=event.seq,
        kind=event.kind,
        label=LABELS.get(event.kind, event.kind),
        at=event.at,
        actor=who,
        summary=_summary(event.kind, event.payload, personal),
        details=details,
    )


def _summary(kind: str, payload: Mapping[str, Any], personal: Mapping[str, Any]) -> str:
    if kind == "TicketEdited":
        return "修改：" + "、".join(_NAMES.get(name, name) for name in payload.get("fields", []))
    if kind == "TicketOpened":
        return f"渠道：{CHANNELS.get(payload.get('channel', ''), payload.get('channel', ''))}"
    if kind == "StepFired":
        return f"{payload.get('clock', '')}：{payload.get('step', '')}"
    if kind in ("ObjectionDecided", "ResultReviewed", "ExtensionDecided", "CallbackRecorded"):
        return _verdict(kind, payload, personal)
    said_of = {**personal, "outcome": _VERDICTS.get(personal.get("outcome", ""), personal.get("outcome"))}
    parts = [payload.get("union"), *(said_of.get(name) for name in _SPOKEN)]
    said = "：".join(str(part) for part in parts if part)
    return said or State(payload["state"]).label if "state" in payload else said


_SPOKEN: Final = ("text", "done", "answer", "reason", "missing", "outcome", "basis", "file")
_VERDICTS: Final[Mapping[str, str]] = {
    "upheld": "异议成立",
    "denied": "异议不成立",
    "approved": "通过",
    "approved_without_callback": "通过，无需回访",
    "rejected": "未通过",
    "granted": "同意延期",
    "refused": "不同意延期",
    "reached": "已接通",
    "no_answer": "未接通",
    "unreachable": "三次未接通",
    "site_check": "已现场核实",
    "three_attempts": "三次未联系上",
    "reached_next": "已接通，还有其他诉求人",
    "unreachable_next": "三次未接通，还有其他诉求人",
    "followed_up": "心理跟进：已联系",
    "not_reached": "心理跟进：未联系上",
    "approved_money_due": "通过，待到账后回访",
    "approved_follow_up": "通过，待心理跟进",
    "proposed": "工会提出终止",
}


def _verdict(kind: str, payload: Mapping[str, Any], personal: Mapping[str, Any]) -> str:
    verdict = _VERDICTS.get(payload.get("result", ""), LABELS[kind])
    reason = personal.get("reason") or personal.get("text")
    return f"{verdict}：{reason}" if reason else verdict


def _shown(name: str, value: Any) -> Any:
    if name in ("amount_cents", "received_cents") and isinstance(value, int):
        return f"{value / 100:.2f}"
    if name == "instalments":
        return "；".join(f"{each['payment_on']} {each['amount_cents'] / 100:.2f}元" for each in value)
    if name == "channel":
        return CHANNELS.get(value, value)
    if isinstance(value, str) and name in ("at", "due_at", "until"):
        return f"{datetime.fromisoformat(value).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return value


# Built once: building a statement takes as long as executing it.
_EVENTS: Final = select(Event).where(Event.ticket_id == bindparam("ticket")).order_by(Event.id)
_PEOPLE: Final = select(User.id, User.role, User.display_name).where(
    User.id.in_(bindparam("ids", expanding=True))
)
