"""Moments and days as requests say them: years that a database keeps and a calendar knows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

EARLIEST, LATEST = 2000, 2200


def _thinkable(at: datetime) -> datetime:
    # A database keeps UTC, and no year beyond 9999 in it.
    if not EARLIEST <= at.year <= LATEST:
        raise ValueError(f"时间应在{EARLIEST}年至{LATEST}年之间")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_thinkable)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(LATEST, 1, 1))]
