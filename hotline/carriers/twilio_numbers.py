"""What Twilio's REST says of our account and numbers, and how a number is pointed at us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from twilio.rest import Client

from hotline.carriers.base import CarrierError, CarrierFinding, CarrierNumber, NumberHooks
from hotline.carriers.numbers import Change, findings
from hotline.carriers.twilio_http import commanding

_HOOKS: Final = {
    "incoming": ("voice_url", "voice_method"),
    "fallback": ("voice_fallback_url", "voice_fallback_method"),
    "status": ("status_callback", "status_callback_method"),
    "messages": ("sms_url", "sms_method"),
}
"""Ours → the fields of an IncomingPhoneNumber."""


def numbers_of(client: Client) -> tuple[CarrierNumber, ...]:
    """Return every number of the account with its addresses."""
    with commanding():
        rows = client.incoming_phone_numbers.list(page_size=200)
    return tuple(_number(row) for row in rows)


def set_hooks(client: Client, number: str, wanted: tuple[Change, ...]) -> None:
    """Set the addresses that differ, all by POST; raises `CarrierError` for a number the account has not."""
    fields: dict[str, str] = {}
    for change in wanted:
        url, method = _HOOKS[change.hook]
        fields |= {url: change.wanted, method: "POST"}
    with commanding():
        rows = client.incoming_phone_numbers.list(phone_number=number, limit=1)
        if not rows:
            raise CarrierError(f"the account has no number {number}", code=404)
        client.incoming_phone_numbers(rows[0].sid).update(**fields)


def account_findings(client: Client, account_sid: str) -> tuple[CarrierFinding, ...]:
    """Ask with the auth token: an API key may not read the account, and the token also proves webhooks."""
    try:
        with commanding():
            account = client.api.accounts(account_sid).fetch()
    except CarrierError as error:
        remedy = "检查 HOTLINE_TWILIO_ACCOUNT_SID、HOTLINE_TWILIO_AUTH_TOKEN 和 HOTLINE_TWILIO_API_BASE"
        return (CarrierFinding("account", f"运营商不认账户或连不上：{error}", remedy),)
    if account.status != "active":
        reason = f"运营商账户的状态是 {account.status}，不能呼叫"
        return (CarrierFinding("account_status", reason, "在运营商控制台恢复账户"),)
    if getattr(account, "type", None) == "Trial":
        reason = "试用账户只能呼叫已验证的号码，来电者会听到广告"
        return (CarrierFinding("account_trial", reason, "升级账户", is_error=False),)
    return ()


def key_findings(client: Client) -> tuple[CarrierFinding, ...]:
    """Prove the API key pair, which also signs the browser telephones' credentials, by a read."""
    try:
        with commanding():
            client.incoming_phone_numbers.list(limit=1)
    except CarrierError as error:
        remedy = (
            "在运营商控制台重建 API Key，更新 HOTLINE_TWILIO_API_KEY_SID 和 HOTLINE_TWILIO_API_KEY_SECRET"
        )
        return (CarrierFinding("api_key", f"运营商不认 API 密钥，坐席不能用网页电话：{error}", remedy),)
    return ()


def number_findings(
    client: Client, expected: Mapping[str, NumberHooks], shown: str
) -> tuple[CarrierFinding, ...]:
    """Hold each number against what it should be; `shown` is the number that callers see when we call."""
    try:
        known = {each.number: each for each in numbers_of(client)}
        verified = shown in known or _is_verified(client, shown)
    except CarrierError as error:
        return (CarrierFinding("numbers", f"读不到号码：{error}", "稍后重试，或检查账户权限"),)
    found: list[CarrierFinding] = []
    for number, hooks in expected.items():
        if number not in known:
            reason = f"账户中没有号码 {number}"
            found.append(CarrierFinding("number_missing", reason, "购买该号码，或修改 HOTLINE_NUMBERS"))
            continue
        found += findings(known[number], hooks)
    if not verified:
        reason = f"外呼显示的号码 {shown} 没有在运营商验证，外呼会被拒绝"
        remedy = "在运营商控制台验证该主叫号码，或把 HOTLINE_NUMBERS 的第一个号码换成账户里的号码"
        found.append(CarrierFinding("caller_id", reason, remedy))
    return tuple(found)


def _is_verified(client: Client, number: str) -> bool:
    with commanding():
        return bool(client.outgoing_caller_ids.list(phone_number=number, limit=1))


def _number(row: Any) -> CarrierNumber:
    hooks = {ours: str(getattr(row, url) or "") for ours, (url, _) in _HOOKS.items()}
    odd = frozenset(
        ours for ours, (_, method) in _HOOKS.items() if (getattr(row, method) or "POST").upper() != "POST"
    )
    return CarrierNumber(row.phone_number, NumberHooks(**hooks), odd, _taken_by(row))


def _taken_by(row: Any) -> str:
    """Say what outranks the addresses of a number: a trunk, or an application."""
    if row.trunk_sid:
        return f"中继 {row.trunk_sid}"
    return f"应用 {row.voice_application_sid}" if row.voice_application_sid else ""
