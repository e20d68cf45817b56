"""The seam to the telephone network: what the hotline asks of any carrier, and how a carrier says no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ivr_flows.outputs import Output


class CarrierStatus(StrEnum):
    """How far the carrier has got with one leg; it only moves forward."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        return self not in (CarrierStatus.QUEUED, CarrierStatus.RINGING, CarrierStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this carrier can do, so that a screen offers no button which cannot work."""

    pulls_instructions: bool
    """True: it fetches a URL for every turn (TwiML). False: it sends events and is told by `perform`."""
    hears_speech: bool
    sends_sms: bool
    has_browser_phones: bool
    coaches: bool
    sends_digits: bool
    """In a running conversation, for a third party's own menu."""
    dials_mainland_china: bool


@dataclass(frozen=True, slots=True)
class Originated:
    """A call-out the carrier has taken on; it is not answered yet."""

    call_sid: str
    carrier_status: CarrierStatus


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """One leg as the carrier remembers it; the reconciler settles stuck calls by it."""

    call_sid: str
    carrier_status: CarrierStatus
    direction: str
    """`inbound` or `outbound`."""
    from_: str
    to: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None


@dataclass(frozen=True, slots=True)
class ConferenceMember:
    """One leg in a conversation at this moment."""

    call_sid: str
    muted: bool
    on_hold: bool
    coached_call_sid: str | None


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """One recording as the carrier remembers it; the reconciler settles by it what no report told of."""

    sid: str
    status: str
    """in-progress, paused, completed, absent."""
    duration_s: int


@dataclass(frozen=True, slots=True)
class RecordingMedia:
    """A recording's sound, fetched once."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """A browser telephone's credential, bound to one identity, at most an hour long."""

    identity: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CarrierFinding:
    """Something `check` saw; `is_error` means that calls will be lost until it is mended."""

    code: str
    reason: str
    remedy: str
    is_error: bool = True


@dataclass(frozen=True, slots=True)
class NumberHooks:
    """Where a carrier takes what happens on a number: absolute addresses, asked by POST; empty means nowhere."""

    incoming: str
    fallback: str
    status: str
    messages: str


@dataclass(frozen=True, slots=True)
class CarrierNumber:
    """One number of the account as the carrier has it."""

    number: str
    hooks: NumberHooks
    not_by_post: frozenset[str] = frozenset()
    """Names of hooks that are asked in another way, which our doors refuse."""
    taken_by: str = ""
    """What outranks the hooks, in Chinese."""


class CarrierError(Exception):
    """The carrier refused or could not be reached.

    `retryable`: the same command may be sent again, for nothing happened.
    `unknown_outcome`: it may have been carried out (a create that timed out); look before repeating it.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        retryable: bool = False,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.unknown_outcome = unknown_outcome


class CallGone(CarrierError):  # the fact, as the outbox names it
    """The call (or its place in the conversation) had ended before the command reached it."""


class NotSupported(CarrierError):  # the fact, like CallGone
    """This carrier cannot do that; its capabilities say so beforehand."""


class Carrier(Protocol):
    """One telephone network. Methods block and may raise `CarrierError`; none repeats a create by itself.

    `conference` is always our own name for the conversation. `url` and `status_callback` are absolute: a
    carrier which pulls fetches them, one which pushes hands them back in its events.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def originate(
        self,
        to: str,
        *,
        from_: str,
        url: str,
        status_callback: str,
        timeout_s: int = 20,
        detect_machine: bool = False,
    ) -> Originated:
        """Ring `to` (`+86…` or `client:NAME`) for `timeout_s`; once answered it is told what `url` says."""
        ...

    def perform(self, call_sid: str, outputs: Sequence[Output]) -> None:
        """Carry out a turn's outputs on a live call; only where `pulls_instructions` is False."""
        ...

    def redirect(self, call_sid: str, *, url: str) -> None:
        """Interrupt a live call; it is told what `url` says. Raises `CallGone` when it has ended."""
        ...

    def join(self, call_sid: str, *, conference: str, url: str) -> None:
        """Move a live call into `conference`; one that pulls learns it from `url`. Raises `CallGone`."""
        ...

    def hangup(self, call_sid: str) -> None:
        """End a call, or stop its ringing. A call that has already ended is no error."""
        ...

    def hold(self, call_sid: str, *, conference: str, on: bool, music_url: str | None = None) -> None:
        """Keep one leg apart with music, or bring it back. Raises `CallGone` when it is not there."""
        ...

    def mute(self, call_sid: str, *, conference: str, on: bool) -> None:
        """Stop the others hearing this leg, or let them again. Raises `CallGone`."""
        ...

    def coach(self, call_sid: str, *, conference: str, coached_call_sid: str | None) -> None:
        """Let this leg be heard only by `coached_call_sid`; None lets everyone hear it. Raises `CallGone`."""
        ...

    def remove(self, call_sid: str, *, conference: str) -> None:
        """Take one leg out of the conversation; already out is no error. Its own instructions go on."""
        ...

    def end_conference(self, conference: str) -> None:
        """Let every leg out at once; an ended or unknown conversation is no error."""
        ...

    def conference_members(self, conference: str) -> tuple[ConferenceMember, ...]:
        """Return who is in the conversation now; empty when it is over or not begun."""
        ...

    def play_to(self, call_sid: str, *, conference: str, url: str) -> None:
        """Speak what `url` says to one leg of a conversation only. Raises `CallGone`."""
        ...

    def send_digits(self, call_sid: str, digits: str, *, conference: str, url: str) -> None:
        """Press keys towards one leg of a conversation; one that pulls learns them from `url`. Raises `CallGone`."""
        ...

    def start_recording(self, call_sid: str, *, status_callback: str) -> str:
        """Record what one leg says and hears, and return the recording's id. Raises `CallGone`.

        It follows the leg through conversations, and ends with it.
        """
        ...

    def pause_recording(self, call_sid: str, *, recording_sid: str, on: bool) -> None:
        """Stop writing for a while (True), or go on (False). Raises `CallGone`."""
        ...

    def stop_recording(self, call_sid: str, *, recording_sid: str) -> None:
        """End a recording while the call goes on. Raises `CallGone` when it had ended."""
        ...

    def list_recordings(self, call_sid: str) -> tuple[CarrierRecording, ...]:
        """Return the recordings of one call that the carrier keeps, the oldest first."""
        ...

    def fetch_recording(self, recording_sid: str) -> RecordingMedia:
        """Return a finished recording's sound; its address is built from the id, never from a webhook."""
        ...

    def delete_recording(self, recording_sid: str) -> None:
        """Remove a recording at the carrier; already removed is no error."""
        ...

    def send_sms(self, to: str, *, from_: str, body: str, status_callback: str | None = None) -> str:
        """Send one message and return its id."""
        ...

    def fetch_call(self, call_sid: str) -> CarrierCall | None:
        """Return one leg as the carrier remembers it, or None when it knows no such call."""
        ...

    def list_calls(
        self,
        *,
        started_after: datetime,
        carrier_status: CarrierStatus | None = None,
        to: str | None = None,
        from_: str | None = None,
        limit: int = 1000,
    ) -> tuple[CarrierCall, ...]:
        """Return legs created since then, newest first, `limit` at most."""
        ...

    def device_token(self, identity: str, *, ttl_s: int = 3600) -> DeviceToken:
        """Return a credential for one browser telephone, `ttl_s` ≤ 3600. Raises `NotSupported`."""
        ...

    def check(self) -> tuple[CarrierFinding, ...]:
        """Look for what would lose calls: credentials, numbers, their webhook addresses. Never raises."""
        ...
