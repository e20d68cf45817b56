"""Quality checks: drawing, scoring, one's own results, appeals and their decision, figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from agent_console.api.moments import Day
from agent_console.api.quality_schemas import (
    AppealDecisionIn,
    AppealIn,
    DrawIn,
    DrawOut,
    QualityFiguresOut,
    SampleDetail,
    SampleListOut,
    SampleOut,
    SampleState,
    ScoreIn,
    ScoreSheetOut,
)
from agent_console.api.schemas import CallOnTicket
from agent_console.permissions import Action, Visit, requires
from dispatch import quality, quality_views
from dispatch.errors import NotFound
from dispatch.quality_views import SampleView
from dispatch.rules.ticket_state import State
from hotline.calls.queries import calls_of_ticket

router = APIRouter(prefix="/api/quality", tags=["quality"])
Inspector = Annotated[Visit, requires(Action.QUALITY_SCORE)]
Judge = Annotated[Visit, requires(Action.QUALITY_FIGURES)]
Scored = Annotated[Visit, requires(Action.QUALITY_OWN)]
Leader = Annotated[Visit, requires(Action.QUALITY_DECIDE)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.get("/sheet")
def sheet(visit: Inspector) -> ScoreSheetOut:
    """Return the form in force."""
    return ScoreSheetOut.model_validate(visit.services.quality.sheet.as_mapping())


@router.post("/draws")
def draw(given: DrawIn, visit: Inspector) -> DrawOut:
    """Draw from the ended tickets of these days; whoever draws cannot choose, and a second draw adds nothing."""
    with visit.writing() as session:
        done = quality.draw(
            session,
            visit.actor,
            first=given.first,
            last=given.last,
            policy=visit.services.quality,
            now=visit.now,
        )
    return DrawOut.model_validate(done)


@router.get("/samples")
def samples(visit: Judge, state: SampleState | None = None) -> SampleListOut:
    """Return what the reader may judge, what was drawn first first."""
    with visit.reading() as session:
        found = quality_views.samples(
            session, visit.actor, state=state, policy=visit.services.quality, now=visit.now
        )
    return SampleListOut(items=[_shown(visit, each) for each in found])


@router.get("/samples/{id}")
def sample(sample_id: Id, visit: Judge) -> SampleDetail:
    """Return a drawn ticket with its conversations, to whoever may judge it."""
    return _detail(visit, sample_id)


@router.post("/samples/{id}/score")
def score(sample_id: Id, given: ScoreIn, visit: Inspector) -> SampleDetail:
    """Score it by the form in force."""
    with visit.writing() as session:
        quality.score(
            session,
            visit.actor,
            sample_id,
            **given.model_dump(),
            policy=visit.services.quality,
            now=visit.now,
        )
    return _detail(visit, sample_id)


@router.post("/samples/{id}/decide")
def decide(sample_id: Id, given: AppealDecisionIn, visit: Leader) -> SampleDetail:
    """Decide on the appeal."""
    with visit.writing() as session:
        quality.decide(session, visit.actor, sample_id, **given.model_dump(), now=visit.now)
    return _detail(visit, sample_id)


@router.get("/results")
def results(visit: Scored) -> SampleListOut:
    """Return how the reader's own work was scored, the newest first."""
    with visit.reading() as session:
        found = quality_views.own_results(session, visit.actor, policy=visit.services.quality, now=visit.now)
    return SampleListOut(items=[_shown(visit, each) for each in found])


@router.post("/results/{id}/appeal")
def appeal(sample_id: Id, given: AppealIn, visit: Scored) -> SampleDetail:
    """Appeal against one's own score, once."""
    with visit.writing() as session:
        quality.appeal(
            session,
            visit.actor,
            sample_id,
            reason=given.reason,
            version=given.version,
            policy=visit.services.quality,
            now=visit.now,
        )
    return _detail(visit, sample_id)


@router.get("/figures")
def figures(visit: Judge, first: Day, last: Day) -> list[QualityFiguresOut]:
    """Return each person's scores, vetoes and appeals of these days."""
    with visit.reading() as session:
        found = quality_views.figures(session, visit.actor, first=first, last=last)
    return [QualityFiguresOut.model_validate(each) for each in found]


def _detail(visit: Visit, sample_id: int) -> SampleDetail:
    with visit.reading() as session:
        view = quality_views.sample(
            session, visit.actor, sample_id, policy=visit.services.quality, now=visit.now
        )
        try:
            calls = calls_of_ticket(session, visit.actor, view.number, now=visit.now)
        except NotFound:
            # Reopened since: what was heard of it is on the score, and nobody hears more.
            calls = []
    heard = [CallOnTicket.model_validate(each) for each in calls]
    return SampleDetail(**_shown(visit, view).model_dump(), calls=heard)


def _shown(visit: Visit, view: SampleView) -> SampleOut:
    known = visit.services.policy.catalogue.categories.get(view.category or "")
    plain = {name: getattr(view, name) for name in SampleView.__slots__}
    return SampleOut.model_validate(
        {
            **plain,
            "category_name": known.name if known is not None else None,
            "ticket_state_label": State(view.ticket_state).label,
        }
    )
