"""What callers thought of their calls: the survey's answers as figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.errors import Invalid
from hotline.calls.log import Verb
from hotline.calls.models import CallLog


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Answers of a period; `rate` is the share of satisfied and basically satisfied ones, None without an answer."""

    satisfied: int
    basically: int
    dissatisfied: int
    asked: int
    """Conversations that ended, whether anybody answered or not."""

    @property
    def answers(self) -> int:
        return self.satisfied + self.basically + self.dissatisfied

    @property
    def rate(self) -> float | None:
        return (self.satisfied + self.basically) / self.answers if self.answers else None


def satisfaction(session: Session, *, since: datetime, until: datetime) -> Satisfaction:
    """Count the survey's answers from `since` to before `until`; raises Invalid for times without a zone."""
    if since.tzinfo is None or until.tzinfo is None:
        raise Invalid({"since": "请写明时区"})
    said = CallLog.data["satisfied"].as_string()
    within = (CallLog.at >= since, CallLog.at < until)
    rows = session.execute(
        select(said, func.count()).where(CallLog.verb == Verb.SURVEY.value, *within).group_by(said)
    ).all()
    counted: dict[str, int] = {}
    counted.update((answer, count) for answer, count in rows)
    ended = select(func.count()).where(CallLog.verb == Verb.COMPLETE.value, *within)
    return Satisfaction(
        satisfied=counted.get("satisfied", 0),
        basically=counted.get("basically", 0),
        dissatisfied=counted.get("dissatisfied", 0),
        asked=session.scalar(ended) or 0,
    )
