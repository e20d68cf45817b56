"""One leg of a call as a carrier knows it, and the fields which every webhook about it carries."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from hotline.carriers.sandbox.clock import Timer
from hotline.carriers.sandbox.endpoints import Endpoint
from hotline.carriers.sandbox.scripts import Runner

if TYPE_CHECKING:
    from hotline.carriers.sandbox.conferences import Conference
    from hotline.carriers.sandbox.recordings import Recording

API_VERSION = "2010-04-01"
Status = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
TERMINAL: frozenset[str] = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_PLACES = ("City", "State", "Zip", "Country")


def new_sid(prefix: str) -> str:
    """Return an identifier of the carrier's shape: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Number:
    """A number this carrier brings to an application."""

    sid: str
    number: str
    voice_url: str
    voice_method: str = "POST"
    status_callback: str = ""
    fallback_url: str = ""
    sms_url: str = ""
    status_method: str = "POST"
    fallback_method: str = "POST"
    sms_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Goto:
    """Where the next instructions come from: an address, or a document given at once."""

    url: str
    method: str = "POST"
    parameters: tuple[tuple[str, str], ...] = ()
    document: bytes | None = None


@dataclass(eq=False, slots=True)
class Leg:
    """One telephone call between the carrier and one telephone."""

    from_: str
    to: str
    direction: Literal["inbound", "outbound-api", "outbound-dial"]
    account_sid: str
    created_at: datetime
    first: Goto
    fallback_url: str = ""
    status_callback: str = ""
    status_events: frozenset[str] = frozenset({"completed"})
    parent_sid: str = ""
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: Status = "queued"
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    up_since_s: float | None = None
    """The clock's `elapsed_s` when it was answered; a hurried clock's seconds are not those between the two times."""
    duration_s: int = 0
    sequence: int = 0
    endpoint: Endpoint | None = None
    ringing: tuple[Endpoint, ...] = ()
    main: Runner | None = None
    aside: Runner | None = None
    conference: Conference | None = None
    bridge: Leg | None = None
    far: Leg | None = None
    """The other end of a call from the application to one of its own numbers."""
    ring_timer: Timer | None = None
    recordings: list[Recording] = field(default_factory=list)
    peers: list[dict[str, object]] = field(default_factory=list)
    """The telephones to which this one has been told to send its voice, or not to (`mesh`)."""
    detects_machine: bool = False
    """`MachineDetection` was asked for: webhooks after the answer say who answered."""

    @property
    def is_ended(self) -> bool:
        return self.status in TERMINAL

    @property
    def who(self) -> str:
        """Return whom the other end hears."""
        address = self.endpoint.address if self.endpoint is not None else ""
        return "operator" if address.startswith("client:") else "caller"

    def fields(self) -> dict[str, str]:
        """Return what every webhook about this leg carries, blanks included, as Twilio posts it."""
        values = {
            "CallSid": self.sid,
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallStatus": self.status,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
        }
        if self.direction == "inbound":
            for end in ("From", "To", "Caller", "Called"):
                values |= {f"{end}{place}": "" for place in _PLACES}
        if self.detects_machine and self.endpoint is not None:
            values["AnsweredBy"] = "machine_start" if self.endpoint.is_machine else "human"
        if self.parent_sid:
            values["ParentCallSid"] = self.parent_sid
        return values

    def status_fields(self, status: str, now: datetime) -> dict[str, str]:
        """Return a status callback's fields and count it."""
        values = self.fields() | {
            "CallStatus": status,
            "Timestamp": rfc2822(now),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self.sequence),
        }
        self.sequence += 1
        if status in TERMINAL:
            values["CallDuration"] = str(self.duration_s)
            values["Duration"] = str(-(-self.duration_s // 60))
        return values


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment)


def form(*parts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return form fields in order; later parts win."""
    merged: dict[str, str] = {}
    for part in parts:
        merged |= part
    return tuple(merged.items())
