"""Where a carrier takes what happens on a number, and what must change for it to reach us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hotline.carriers.base import CarrierFinding, CarrierNumber, NumberHooks

_NAMES: Final = {"incoming": "来电", "fallback": "备用", "status": "状态", "messages": "短信"}
_LOST: Final = {
    "incoming": "来电到不了本系统",
    "fallback": "系统停机时来电会听到错误音",
    "status": "挂机和呼叫状态只能等对账才知道",
    "messages": "发到这个号码的短信收不到",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One address of a number that is not what it should be; `hook` as in `NumberHooks`."""

    number: str
    hook: str
    now: str
    wanted: str

    @property
    def name(self) -> str:
        return _NAMES[self.hook]


def changes(found: CarrierNumber, wanted: NumberHooks) -> tuple[Change, ...]:
    """Return what has to be set; a connection override behind `#` makes no other address."""
    return tuple(
        Change(found.number, hook, now, should)
        for hook, now, should in _pairs(found, wanted)
        if not _same(now, should) or (hook in found.not_by_post and now)
    )


def findings(found: CarrierNumber, wanted: NumberHooks) -> Iterator[CarrierFinding]:
    """Yield what is wrong with one number, in words for whoever mends it at the carrier."""
    number = found.number
    if found.taken_by:
        reason = f"号码 {number} 交给了{found.taken_by}，号码上的来电地址不起作用，{_LOST['incoming']}"
        yield CarrierFinding("taken_by", reason, f"在运营商控制台解除号码 {number} 与它的绑定")
    for change in changes(found, wanted):
        yield _finding(change, found)
    if found.hooks.fallback and not _elsewhere(found.hooks.fallback, wanted.incoming):
        reason = f"号码 {number} 的备用地址就在本系统上，整台机器停机时来电仍会听到错误音"
        remedy = "把备用 TwiML（/voice/fallback.xml 的内容）放到别处，并设置 HOTLINE_FALLBACK_URL"
        yield CarrierFinding("fallback_here", reason, remedy, is_error=False)


def _finding(change: Change, found: CarrierNumber) -> CarrierFinding:
    serious = change.hook == "incoming"
    code = {"incoming": "voice_url", "messages": "sms_url"}.get(change.hook, f"{change.hook}_url")
    if _same(change.now, change.wanted):
        reason = f"号码 {found.number} 的{change.name}地址不是用 POST 访问，请求会被拒绝"
        return CarrierFinding(code, reason, f"把{change.name}地址的方法改为 POST", is_error=serious)
    reason = f"号码 {found.number} 的{change.name}地址是 {change.now or '空'}，{_LOST[change.hook]}"
    remedy = f"把{change.name}地址改为 {change.wanted}，或运行 hotline carrier apply"
    return CarrierFinding(code, reason, remedy, is_error=serious)


def _pairs(found: CarrierNumber, wanted: NumberHooks) -> Iterator[tuple[str, str, str]]:
    for hook in _NAMES:
        now, should = getattr(found.hooks, hook), getattr(wanted, hook)
        if hook == "fallback" and now and _elsewhere(now, should) and not _elsewhere(should, wanted.incoming):
            # Somebody has put the static document elsewhere, which is better than what we would set.
            continue
        if should:
            yield hook, now, should


def _same(one: str, other: str) -> bool:
    return one.split("#")[0] == other.split("#")[0]


def _elsewhere(address: str, ours: str) -> bool:
    return urlsplit(address).netloc != urlsplit(ours).netloc
