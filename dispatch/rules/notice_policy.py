"""By which channels a notice goes out, when it may, and in which words (config/notices.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from dispatch.rules.policy import Fields
from dispatch.rules.urgency import Urgency
from dispatch.rules.working_time import SHANGHAI


class ChannelKind(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    ROBOCALL = "robocall"
    WECOM = "wecom"
    DINGTALK = "dingtalk"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final[Mapping[ChannelKind, str]] = {
    ChannelKind.SMS: "短信",
    ChannelKind.EMAIL: "邮件",
    ChannelKind.ROBOCALL: "电话通知",
    ChannelKind.WECOM: "企业微信机器人",
    ChannelKind.DINGTALK: "钉钉机器人",
}
ROBOTS: Final = frozenset({ChannelKind.WECOM, ChannelKind.DINGTALK})
CHOICES: Final = ("sms", "email", "robocall", "robot", "digest")
"""What a person may switch on and off."""
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "notice": frozenset({"number", "what", "due", "link"}),
    "digest": frozenset({"to_sign", "today", "overdue", "link"}),
    "link": frozenset({"number", "link"}),
}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Route:
    """What goes out by one channel, and whether somebody who has not chosen gets it."""

    kinds: frozenset[str]
    urgencies: frozenset[str]
    wanted: bool


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """What an administrator decided of messages to unions' people."""

    routes: Mapping[str, Route]
    digest_at: int
    """Minutes after local midnight."""
    stale_after: timedelta
    robocall_stale_after: timedelta
    link_life: timedelta
    device_life: timedelta
    link_again_a_day: int
    robot_origins: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> NoticePolicy:
        """Read the content of notices.yaml; raises PolicyError with the place of what cannot be read."""
        known = (
            *("channels", "digest_at", "stale_after_h", "robocall_stale_min", "link_hours", "device_days"),
            *("link_again_a_day", "robot_origins", "texts", "source"),
        )
        top = Fields.of(data, where=(), known=known)
        top.text("source")
        channels = Fields.of(data.get("channels"), where=("channels",), known=CHOICES)
        at = _TIME.fullmatch(top.text("digest_at"))
        if at is None:
            raise top.fail("digest_at", "expected a time such as 08:30")
        origins = Fields.of(
            data.get("robot_origins"), where=("robot_origins",), known=[kind.value for kind in ROBOTS]
        )
        allowed: dict[str, tuple[str, ...]] = {}
        for kind in sorted(ROBOTS):
            allowed[kind.value] = origins.words(kind.value)
            for origin in allowed[kind.value]:
                if not _ORIGIN.fullmatch(origin):
                    raise origins.fail(kind.value, f"{origin!r} is no scheme, host and port")
        return cls(
            routes={name: _route(channels, name) for name in CHOICES},
            digest_at=int(at.group(1)) * 60 + int(at.group(2)),
            stale_after=timedelta(hours=top.number("stale_after_h", least=1)),
            robocall_stale_after=timedelta(minutes=top.number("robocall_stale_min", least=1)),
            link_life=timedelta(hours=top.number("link_hours", least=1)),
            device_life=timedelta(days=top.number("device_days", least=1)),
            link_again_a_day=top.number("link_again_a_day", least=0),
            robot_origins=allowed,
            texts=_texts(data),
        )

    def goes_by(self, choice: str, kind: str, urgency: str | None) -> bool:
        """Whether a notice of this kind, about a ticket of this urgency, goes out by the channel at all."""
        route = self.routes[choice]
        fits = not route.urgencies or urgency in route.urgencies
        return fits and kind in route.kinds

    def wants(self, choice: str, chosen: Mapping[str, bool], urgency: str | None) -> bool:
        """Whether a person gets it: as he chose, else by the default; a P0 rings whatever he chose."""
        if choice == ChannelKind.ROBOCALL.value and urgency == Urgency.P0.value:
            return True
        return chosen.get(choice, self.routes[choice].wanted)

    def is_digest_time(self, now: datetime) -> bool:
        """Whether the daily list goes out now: from its time on, for four hours."""
        local = now.astimezone(SHANGHAI)
        minute = local.hour * 60 + local.minute
        return self.digest_at <= minute < self.digest_at + 240


def _route(channels: Fields, name: str) -> Route:
    fields = Fields.of(
        channels.data.get(name), where=("channels", name), known=("kinds", "urgencies", "wanted")
    )
    kinds = fields.words("kinds") if fields.has("kinds") else ()
    urgencies = fields.words("urgencies") if fields.has("urgencies") else ()
    unknown = set(urgencies) - {urgency.value for urgency in Urgency}
    if unknown:
        raise fields.fail("urgencies", f"unknown: {sorted(unknown)}")
    return Route(frozenset(kinds), frozenset(urgencies), fields.flag("wanted", default=True))


def _texts(data: Mapping[str, object]) -> dict[str, str]:
    texts = Fields.of(data.get("texts"), where=("texts",), known=tuple(_FIELDS))
    found = {}
    for name, wanted in _FIELDS.items():
        text = texts.text(name)
        named = set(re.findall(r"\{([^{}]*)\}", text))
        if named - wanted or "link" not in named:
            raise texts.fail(name, f"may name {sorted(wanted)} and must name link: {sorted(named)}")
        found[name] = text
    return found
