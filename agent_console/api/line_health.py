"""How each number and the carrier are doing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from agent_console.permissions import Action, Visit, requires
from hotline.calls.health import line_health

router = APIRouter(prefix="/api", tags=["floor"])
Reader = Annotated[Visit, requires(Action.LINE_HEALTH)]


class NumberHealthOut(BaseModel):
    """One of our numbers; `round_trip_s` is that of the last synthetic call that came through."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    state: Literal["proven", "deaf", "unproven"]
    last_call_at: datetime | None
    last_success_at: datetime | None
    last_probe_at: datetime | None
    round_trip_s: float | None
    reason: str | None


class LineHealthOut(BaseModel):
    """The numbers, and the last hour at the carrier."""

    model_config = ConfigDict(from_attributes=True)

    numbers: list[NumberHealthOut]
    calls: int
    failed_calls: int
    fallbacks: int
    failed_turns: int
    commands: dict[str, int]


@router.get("/line-health")
def read(visit: Reader) -> LineHealthOut:
    """Return whether each number is proven or deaf, and what failed in the last hour."""
    with visit.reading() as session:
        return LineHealthOut.model_validate(line_health(session, visit.services.numbers, now=visit.now))
