"""What the routes of messages take and give: choices, robots, deliveries, links and relay calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.command_schemas import Means
from agent_console.api.schemas import ClockOut, Given, Line, Taken, Text, Urgency
from agent_console.api.user_schemas import Id

Token = Annotated[str, StringConstraints(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class Preferences(Taken):
    """By what a person is told; what is left out stays as it is."""

    sms: bool | None = None
    email: bool | None = None
    robocall: bool | None = None
    robot: bool | None = None
    digest: bool | None = None


class PreferencesOut(Given):
    sms: bool
    email: bool
    robocall: bool
    robot: bool
    digest: bool
    phone: str | None
    """Masked: to which number."""
    address: str | None
    """To which mailbox."""


class RobotIn(Taken):
    union_id: Id
    user_id: Id | None = None
    """Set where the group is this one person's own."""
    kind: Literal["wecom", "dingtalk"]
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    address: Annotated[str, StringConstraints(min_length=10, max_length=500)]
    secret: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class RobotOut(Given):
    id: int
    union_id: int
    union_name: str
    user_id: int | None
    user_name: str | None
    kind: Literal["wecom", "dingtalk"]
    kind_label: str
    name: str
    signed: bool
    created_at: datetime


class DeliveryOut(Given):
    id: int
    created_at: datetime
    purpose: str
    channel: str
    channel_label: str
    state: str
    """pending, leased, sending, sent, unknown, expired, failed, cancelled."""
    state_label: str
    ticket_number: str | None
    to: str
    union_name: str | None
    what: str | None
    not_before: datetime | None
    sent_at: datetime | None
    attempts: int
    error: str | None
    settled_as: str | None
    outcome_label: str | None


class SettleIn(Taken):
    settled_as: Literal["arrived", "given_up"]


class LinkLineOut(Given):
    id: int
    ticket_number: str
    channel: str
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    device_expires_at: datetime | None
    user_agent: str
    revoked_at: datetime | None
    live: bool


class RedeemIn(Taken):
    token: Token


class LinkAction(Given):
    command: str
    label: str


class LinkTicketOut(Given):
    """What a device sees of its one ticket: enough for the next step, and nothing of who called."""

    link_id: int
    person: str
    union_name: str
    number: str
    version: int
    state: str
    state_label: str
    urgency: Urgency
    category_name: str | None
    wish: str
    """One line; the whole story asks to sign in."""
    employer: str | None
    headcount: int | None
    region: str | None
    relay_nos: list[str]
    clock: ClockOut | None
    handler_name: str | None
    deputy_name: str | None
    actions: list[LinkAction]
    """What may be done here."""
    signed_in_only: list[LinkAction]
    """What could be done after signing in."""
    server_time: datetime


class LinkSign(Taken):
    version: int


class LinkContact(Taken):
    version: int
    means: Means
    outcome: Literal["reached", "no_answer", "site_check"]
    text: Text | None = None


class LinkProgress(Taken):
    version: int
    text: Annotated[Text, Field(min_length=1)]


class RelayIn(Taken):
    caller_id: Id | None = None


class RelayOut(Given):
    id: int
    state: Literal["ringing_union", "ringing_caller", "talking", "ended"]
    outcome: str | None
    outcome_label: str | None
    created_at: datetime
    ended_at: datetime | None
