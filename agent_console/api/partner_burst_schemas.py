"""What a burst of events looks like: each has an id of the partner's own, an act, its case, and the act's body."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from agent_console.api.partner_schemas import (
    ExternalId,
    PartnerAcceptIn,
    PartnerAppendIn,
    PartnerCallbackIn,
    PartnerExtendedIn,
    PartnerProgressIn,
    PartnerRejectIn,
    PartnerResultIn,
    PartnerTicketIn,
    PartnerWithdrawnIn,
)
from agent_console.api.schemas import Given, Taken
from dispatch.exchange_intake import MOST, OfferedEvent
from dispatch.rules.partner_terms import Act

OurNumber = Annotated[str, StringConstraints(max_length=28, pattern=r"^[0-9][0-9.-]+$")]


class PartnerCreateEvent(Taken):
    """A new case."""

    id: ExternalId
    """Yours; the same event sent again is done once."""
    act: Literal["create"]
    data: PartnerTicketIn

    def offered(self) -> OfferedEvent:
        return OfferedEvent(
            self.id, Act.CREATE, None, self.data.external_id, self.data.model_dump(mode="json")
        )


class _OnCase(Taken):
    """Something about a case, named by our number or by yours."""

    id: ExternalId
    number: OurNumber | None = None
    external_id: ExternalId | None = None
    """Yours, where you do not know ours yet."""

    @model_validator(mode="after")
    def _names_its_case(self) -> Self:
        if (self.number is None) == (self.external_id is None):
            raise ValueError("number与external_id须填其中一项")
        return self

    def offered(self) -> OfferedEvent:
        said = self.model_dump(mode="json")
        return OfferedEvent(self.id, Act(said["act"]), self.number, self.external_id, said["data"])


class PartnerAppendEvent(_OnCase):
    act: Literal["append"]
    data: PartnerAppendIn


class PartnerAcceptEvent(_OnCase):
    act: Literal["accept"]
    data: PartnerAcceptIn


class PartnerRejectEvent(_OnCase):
    act: Literal["reject"]
    data: PartnerRejectIn


class PartnerProgressEvent(_OnCase):
    act: Literal["progress"]
    data: PartnerProgressIn


class PartnerExtendedEvent(_OnCase):
    act: Literal["extended"]
    data: PartnerExtendedIn


class PartnerResultEvent(_OnCase):
    act: Literal["result"]
    data: PartnerResultIn


class PartnerCallbackEvent(_OnCase):
    act: Literal["callback"]
    data: PartnerCallbackIn


class PartnerWithdrawnEvent(_OnCase):
    act: Literal["withdrawn"]
    data: PartnerWithdrawnIn


PartnerEventIn = Annotated[
    PartnerCreateEvent
    | PartnerAppendEvent
    | PartnerAcceptEvent
    | PartnerRejectEvent
    | PartnerProgressEvent
    | PartnerExtendedEvent
    | PartnerResultEvent
    | PartnerCallbackEvent
    | PartnerWithdrawnEvent,
    Field(discriminator="act"),
]


class PartnerBurstIn(Taken):
    events: Annotated[list[PartnerEventIn], Field(min_length=1, max_length=MOST)]


class PartnerBurstOut(Given):
    accepted: int
    """Kept now; they are done in a moment."""
    repeated: list[str]
    """Ids that had come before; what became of them is listed under the same address."""


class PartnerOutcome(Given):
    position: int
    """Ask again with `after` set to the last one."""
    id: str
    act: Literal[
        "create", "append", "accept", "reject", "progress", "extended", "result", "callback", "withdrawn"
    ]
    state: Literal["accepted", "applied", "refused"]
    number: str | None
    """Ours, once it is known."""
    problem: dict[str, Any] | None
    """Why it was refused: what the route of the same act would have answered."""
    at: datetime
    settled_at: datetime | None


class PartnerOutcomesOut(Given):
    items: list[PartnerOutcome]
    next: int | None
    """Ask again with `after` set to this; null on the last page."""
