"""Group robots of WeCom and DingTalk, each with its own signing and its own way to say no."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

from hotline.channels.base import Address, ChannelError, Message
from hotline.channels.targets import BadTarget, check_target, post_json

BUSY: Final[dict[str, frozenset[int]]] = {
    "wecom": frozenset({45009}),
    "dingtalk": frozenset({-1, 130101}),
}
"""Error codes that say "later": over the frequency limit, or the other side's own trouble.

Source: developer.work.weixin.qq.com/document/path/90313;
open.dingtalk.com/document/orgapp/custom-robots-send-group-messages.
"""


@dataclass(frozen=True, slots=True)
class WecomChannel:
    """WeCom: the key in the address is all there is; no signature."""

    origins: tuple[str, ...]

    def send(self, address: Address, message: Message) -> str | None:
        """Post one text to a group; raises ChannelError."""
        _check("wecom", address, self.origins)
        _post("wecom", address.to, {"msgtype": "text", "text": {"content": message.text}})
        return None


@dataclass(frozen=True, slots=True)
class DingtalkChannel:
    """DingTalk: timestamp and HMAC-SHA-256 go into the address where the robot has a secret."""

    origins: tuple[str, ...]
    now: Callable[[], float] = time.time

    def send(self, address: Address, message: Message) -> str | None:
        """Post one text to a group; raises ChannelError."""
        _check("dingtalk", address, self.origins)
        to = address.to
        if address.secret:
            stamp = str(round(self.now() * 1000))
            to += f"&timestamp={stamp}&sign={dingtalk_signature(address.secret, stamp)}"
        _post("dingtalk", to, {"msgtype": "text", "text": {"content": message.text}})
        return None


def dingtalk_signature(secret: str, timestamp_ms: str) -> str:
    """Return the `sign` of a request: base64 of HMAC-SHA-256 over "timestamp\\nsecret", percent-encoded.

    Source: open.dingtalk.com/document/orgapp/customize-robot-security-settings.
    """
    told = f"{timestamp_ms}\n{secret}".encode()
    return quote_plus(base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()))


def _check(kind: str, address: Address, origins: tuple[str, ...]) -> None:
    try:
        check_target(kind, address.to, origins)
    except BadTarget as error:
        # The configuration has changed since the robot was entered.
        raise ChannelError(str(error)) from error


def _post(kind: str, to: str, body: dict[str, Any]) -> None:
    answer = post_json(to, body)
    code = answer.get("errcode")
    if code == 0:
        return
    if not isinstance(code, int):
        raise ChannelError("the answer names no errcode", unknown_outcome=True)
    raise ChannelError(f"errcode {code}", code=code, retryable=code in BUSY[kind])
