"""One table from what went wrong to what the web answers: type → status, code and Chinese words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.exc import DataError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dispatch.database import Busy
from dispatch.errors import (
    ChainBroken,
    ImportRefused,
    Invalid,
    Missing,
    NotAllowed,
    NotFound,
    VersionConflict,
    WrongState,
)
from dispatch.partner_requests import KeyReused, Replayed
from dispatch.vault import FileDamaged
from hotline.calls.recordings import RecordingDamaged
from hotline.carriers.base import CallGone, CarrierError, NotSupported
from hotline.configuration.documents import ConfigRefused
from hotline.line.offers import OfferGone
from hotline.public.errors import AskAPerson, NotOpen, NotProven, TooFast, TooMany, TriesUsedUp


class FrontDoorError(Exception):
    """Base of what the front door refuses before any use case is asked."""


class NotSignedIn(FrontDoorError):
    """No session, or one that has expired or was revoked."""


class WrongCredentials(FrontDoorError):
    """The name or the password is wrong, or the account is disabled; the three are never told apart."""


class NotSigned(FrontDoorError):
    """A partner's request without a signature of its own, or with one that is too old."""


class LockedOut(FrontDoorError):
    """Too many failed sign-ins; another try makes sense in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"locked for {retry_after_s} s")
        self.retry_after_s = retry_after_s


class LinkShut(FrontDoorError):
    """No such link for this device: unknown, used, expired, revoked or overtaken; they are never told apart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one type of error is answered; `title` and `detail` are Chinese, `code` is for programmes."""

    status: int
    code: str
    title: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as RFC 9457 says it; `fields` holds what concerns single fields."""

    answer: Answer
    detail: str | None
    fields: Mapping[str, Any] | None = None
    legal: tuple[str, ...] = ()
    """Commands that would be taken instead."""
    headers: Mapping[str, str] | None = None

    def body(self) -> dict[str, Any]:
        """Return the members of the JSON document; the empty ones are left out."""
        answer = self.answer
        document: dict[str, Any] = {
            "type": f"urn:hotline-12351:problem:{answer.code}",
            "title": answer.title,
            "status": answer.status,
            "code": answer.code,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.fields is not None:
            document["fields"] = dict(self.fields)
        if self.legal:
            document["legal"] = list(self.legal)
        return document


INTERNAL: Final = Answer(500, "internal", "系统出错", "操作没有完成，请稍后再试；仍不行请联系管理员")
NOT_FOUND: Final = Answer(404, "not_found", "没有找到", "没有这项内容，或者您无权查看")
FOREIGN: Final = Answer(403, "foreign_origin", "请求被拒绝", "请求来自别的网站，已拒绝")
TOO_LARGE: Final = Answer(413, "too_large", "内容太大", "提交的内容超过上限，请缩短后再试")
BAD_REQUEST: Final = Answer(400, "bad_request", "请求有误", "请求中含有不能接受的字符")
INVALID: Final = Answer(422, "invalid", "填写有误", "请更正标出的项目")

TABLE: Final[Mapping[type[Exception], Answer]] = {
    NotFound: NOT_FOUND,
    NotAllowed: Answer(403, "not_allowed", "无权操作"),
    WrongState: Answer(409, "wrong_state", "当前状态不能这样操作"),
    VersionConflict: Answer(409, "conflict", "内容已被他人修改", "请核对标出的差异后再提交"),
    Missing: Answer(422, "missing", "还有必填项", "请补充标出的项目"),
    Invalid: INVALID,
    ConfigRefused: Answer(422, "config_refused", "内容有误", "请按标出的行更正，没有保存任何内容"),
    ImportRefused: Answer(422, "import_refused", "文件没有导入", "文件有误，没有写入任何内容"),
    ChainBroken: Answer(500, "chain_broken", "历史记录校验失败", "请立即联系管理员"),
    Busy: Answer(503, "busy", "系统繁忙", "请稍后再试"),
    PoolTimeout: Answer(503, "busy", "系统繁忙", "请稍后再试"),
    # A value which the database cannot hold: an id of thirty digits, a character that no text has.
    DataError: Answer(422, "invalid", "填写有误", "有的内容超出了可以保存的范围"),
    OverflowError: Answer(422, "invalid", "填写有误", "有的数字超出了可以保存的范围"),
    NotSignedIn: Answer(401, "not_signed_in", "请先登录", "登录已失效，请重新登录"),
    WrongCredentials: Answer(401, "wrong_credentials", "登录失败", "账号或密码不正确"),
    LinkShut: Answer(410, "link_shut", "链接已失效", "这个链接已经用过、过期或作废，请登录，或申请新的链接"),
    NotSigned: Answer(401, "not_signed", "签名无效", "签名、时间或随机数不对；时间须与本中心相差不超过时限"),
    # Said as for any other bad signature: a stranger learns nothing of what was heard before.
    Replayed: Answer(401, "not_signed", "签名无效", "签名、时间或随机数不对；时间须与本中心相差不超过时限"),
    KeyReused: Answer(422, "key_reused", "重复的幂等键", "这个Idempotency-Key已用于另一个请求"),
    LockedOut: Answer(429, "locked_out", "登录已锁定"),
    OfferGone: Answer(409, "offer_gone", "来电已转走", "来电人已挂机、改选，或已由别人接听"),
    CallGone: Answer(409, "call_gone", "通话已结束", "对方已挂机"),
    NotSupported: Answer(409, "not_supported", "线路不支持", "当前线路不支持这项操作"),
    FileDamaged: Answer(500, "file_damaged", "附件已损坏", "附件缺失或校验不符，请联系管理员"),
    RecordingDamaged: Answer(500, "recording_damaged", "录音已损坏", "录音文件缺失或校验不符，请联系管理员"),
    NotProven: Answer(403, "not_proven", "没有找到", "查询号或查询码不正确，请核对后再试"),
    TriesUsedUp: Answer(429, "tries_used_up", "今天不能再试", "错误次数过多，请明天再试，或拨打12351按0"),
    AskAPerson: Answer(409, "ask_a_person", "请由人工查询", "请拨打12351按0，由话务员为您查询"),
    NotOpen: Answer(401, "not_open", "已经关闭", "页面打开太久或已关闭，请重新填写"),
    TooFast: Answer(429, "too_fast", "提交太快", "请核对填写的内容，稍等几秒再提交"),
    TooMany: Answer(429, "too_many", "次数太多", "请稍后再试，或拨打12351"),
    CarrierError: Answer(502, "carrier", "线路故障", "运营商没有执行，请稍后再试"),
}
"""Every error that a person may meet; a type that is missing here is a fault of ours and answers 500."""


def answer_for(error: Exception) -> Answer:
    """Return the row of the nearest type; `INTERNAL` where there is none."""
    for kind in type(error).__mro__:
        found = TABLE.get(kind)
        if found is not None:
            return found
    return INTERNAL


def cause_of(error: Exception) -> Exception:
    """Return what a statement could not take before any database saw it; any other error as it is."""
    if type(error) is StatementError and isinstance(error.orig, Exception):
        return error.orig
    return error


def problem_of(error: Exception) -> Problem:
    """Return what the web says about an error; never more of it than its reason and its fields."""
    error = cause_of(error)
    answer = answer_for(error)
    if isinstance(error, WrongState):
        return Problem(answer, error.reason, legal=error.legal)
    if isinstance(error, NotAllowed):
        return Problem(answer, error.reason)
    if isinstance(error, VersionConflict):
        fields = {name: {"current": value} for name, value in error.fields.items()}
        return Problem(
            answer, answer.detail, {**fields, "version": {"seen": error.seen, "current": error.current}}
        )
    if isinstance(error, Missing | Invalid):
        return Problem(answer, answer.detail, error.fields)
    if isinstance(error, ImportRefused):
        return Problem(answer, answer.detail, {str(line): why for line, why in error.findings})
    if isinstance(error, ConfigRefused):
        return Problem(answer, answer.detail, {"findings": [asdict(each) for each in error.findings]})
    if isinstance(error, TooMany):
        return Problem(answer, answer.detail, headers={"Retry-After": str(error.retry_after_s)})
    if isinstance(error, LockedOut):
        minutes = -(-error.retry_after_s // 60)
        detail = f"失败次数过多，请{minutes}分钟后再试"
        return Problem(answer, detail, headers={"Retry-After": str(error.retry_after_s)})
    return Problem(answer, answer.detail)
