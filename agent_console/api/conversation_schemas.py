"""Shapes of a conversation's controls, of the floor, and of a browser telephone's credential."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.schemas import Given, Line, Taken


class PartyOut(Given):
    id: int
    kind: Literal["operator", "consulted", "third_party", "supervisor", "former"]
    label: str
    mode: Literal["listen", "whisper", "barge", "take_over"] | None
    present: bool


class TransferOut(Given):
    """The attempt that is under way, or the last one with what became of it."""

    id: int
    style: Literal["warm", "cold", "three_way"]
    target: Literal["operator", "line", "outside"]
    label: str
    state: Literal["ringing", "accepted", "talking", "done", "returned", "failed", "cancelled"]
    reason: str | None
    live: bool


class TalkOut(Given):
    """A conversation that is going on."""

    sid: str
    conversation_state: str
    operator_id: int | None
    on_hold: bool
    muted: bool
    held_since: datetime | None
    recall_at: datetime | None
    """When the operator is reminded of the caller on hold."""
    recalls: int
    parties: list[PartyOut]
    transfer: TransferOut | None
    help: bool
    recording: Literal["off", "recording", "paused"]
    recording_why: Literal["declined", "policy", "no_notice", "alone", "hold", "identity", "operator"] | None
    """Why it does not run; None while it should."""
    sends_digits: bool
    version: int
    server_time: datetime


class TransferIn(Taken):
    """How, and whom: exactly one of the four."""

    style: Literal["warm", "cold", "three_way"]
    user_id: int | None = Field(default=None, ge=1, le=2**63 - 1)
    line: Annotated[Line, StringConstraints(max_length=24)] | None = None
    party: Annotated[Line, StringConstraints(max_length=24)] | None = None
    number: Annotated[Line, StringConstraints(max_length=40)] | None = None


class DigitsIn(Taken):
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,16}$")]


class HelpIn(Taken):
    text: Annotated[Line, StringConstraints(max_length=200)] = ""


class SuperviseIn(Taken):
    mode: Literal["whisper", "barge", "take_over"]


class OtherSeatOut(Given):
    user_id: int
    name: str
    role_label: str
    state: str
    state_label: str
    free: bool
    skills: list[str]


class TransferGoalOut(Given):
    code: str
    label: str
    open: bool


class TargetsOut(Given):
    """Whom the reader can bring into a conversation."""

    colleagues: list[OtherSeatOut]
    lines: list[TransferGoalOut]
    outside: list[TransferGoalOut]
    dials: bool


class RingOut(Given):
    """A colleague who asks the reader into his conversation."""

    id: int
    call_sid: str
    style: Literal["warm", "cold", "three_way"]
    by_name: str
    from_masked: str
    line_label: str | None
    category_name: str | None
    expires_at: datetime


class ListenerOut(Given):
    user_id: int
    name: str
    mode: str
    present: bool


class TalkingOut(Given):
    sid: str | None
    """None where somebody confides: there is nothing to come into."""
    line_label: str | None
    conversation_state: str
    since: datetime
    on_hold: bool
    open: bool
    listeners: list[ListenerOut]


class FloorOperatorOut(Given):
    user_id: int
    name: str
    role: str
    role_label: str
    state: str
    label: str
    reason: str | None
    since: datetime
    talking: TalkingOut | None


class FloorWaitingOut(Given):
    id: int
    line: str
    line_label: str
    priority: int
    category_name: str | None
    entered_at: datetime
    state: str


class HelpOut(Given):
    id: int
    user_id: int
    name: str
    reason: Literal["asked", "held"]
    text: str
    at: datetime
    call_sid: str | None


class FloorOut(Given):
    """The floor at one moment."""

    operators: list[FloorOperatorOut]
    waiting: list[FloorWaitingOut]
    longest_since: datetime | None
    help: list[HelpOut]
    server_time: datetime


class DeviceTokenOut(Given):
    """A browser telephone's credential: short, for the signed-in person, and no longer than his session."""

    kind: Literal["sandbox", "twilio"]
    identity: str
    token: str
    expires_at: datetime
    server_time: datetime
