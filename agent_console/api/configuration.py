"""What changes behaviour: documents and their versions, checked, published and tried out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.configuration_schemas import (
    ConfigVersionOut,
    DeadlineTriedOut,
    DeadlineTryIn,
    Document,
    DocumentHistoryOut,
    DocumentOut,
    DocumentTextOut,
    FlowDrawingOut,
    FlowTriedOut,
    FlowTryIn,
    RouteTriedOut,
    RouteTryIn,
    VersionCheckIn,
    VersionPublishIn,
)
from agent_console.permissions import Action, Visit, requires
from dispatch import configuration
from dispatch.errors import NotFound
from dispatch.policy import Policy
from dispatch.rules.routing_rules import RuleBook
from hotline.configuration import commands
from hotline.configuration.build import flow_of
from hotline.configuration.documents import CALENDAR, ROUTING_RULES, label_of
from hotline.configuration.trying import Trial, try_deadline, try_flow, try_route
from ivr_flows.diagram import to_svg
from ivr_flows.model import Flow

router = APIRouter(prefix="/api/configuration", tags=["configuration"])
Reader = Annotated[Visit, requires(Action.CONFIGURATION_READ)]
Changer = Annotated[Visit, requires(Action.CONFIGURATION_CHANGE)]
DocumentQuery = Annotated[Document, Query()]


@router.get("")
def documents(visit: Reader) -> list[DocumentOut]:
    """Return every document with the version in force."""
    with visit.reading() as session:
        lines = configuration.lines_in_force(session)
        drafts = configuration.documents_with_drafts(session)
    return [
        DocumentOut(
            document=document,
            label=label_of(document),
            number=line.number if line else 0,
            published_at=line.published_at if line else None,
            published_by=line.published_by if line else None,
            has_draft=document in drafts,
        )
        for document in visit.services.configuration.files.paths
        for line in [lines.get(document)]
    ]


@router.get("/versions")
def versions(document: DocumentQuery, visit: Reader) -> DocumentHistoryOut:
    """Return a document's versions, the newest first."""
    commands.known(visit.services.configuration, document)
    with visit.reading() as session:
        return DocumentHistoryOut(
            document=document,
            label=label_of(document),
            number=configuration.number_in_force(session, document),
            versions=[
                ConfigVersionOut.model_validate(each) for each in configuration.history(session, document)
            ],
        )


@router.get("/text")
def text(
    document: DocumentQuery, visit: Reader, number: Annotated[int, Query(ge=0)] | None = None
) -> DocumentTextOut:
    """Return one version's text; without a number that of the one in force, with 0 that of the file."""
    with visit.reading() as session:
        found = commands.text_of(session, visit.services.configuration, document, number)
        if number is None:
            number = configuration.number_in_force(session, document)
    return DocumentTextOut(document=document, number=number, text=found)


@router.post("/check", status_code=201)
def check(given: VersionCheckIn, visit: Changer) -> ConfigVersionOut:
    """Check a text by the loader that reads the file, say what it would change, and keep it unpublished."""
    made = commands.check(
        visit.services,
        visit.actor,
        given.document,
        given.text,
        reason=given.reason,
        restores=given.restores,
        now=visit.now,
    )
    return _line(visit, given.document, made.number)


@router.post("/publish")
def publish(given: VersionPublishIn, visit: Changer) -> ConfigVersionOut:
    """Put a checked version into force, in every process within seconds."""
    commands.publish(
        visit.services, visit.actor, given.document, given.number, adopt=given.adopt, now=visit.now
    )
    return _line(visit, given.document, given.number)


@router.post("/try-route")
def route(given: RouteTryIn, visit: Reader) -> RouteTriedOut:
    """Return where a made-up case would go, by what is in force or by a draft; nothing of it is kept."""
    trial = Trial(
        category=given.category,
        region=given.region,
        employer=given.employer or None,
        urgency=given.urgency.value if given.urgency else None,
        headcount=given.headcount,
        accused=given.accused,
        consent=given.consent,
    )
    with visit.reading() as session:
        draft = commands.drafted(visit.services, session, given.document or ROUTING_RULES, given.text)
    policy, book = draft.after.policy, None
    if given.text is not None and draft.document == ROUTING_RULES:
        book = RuleBook(policy.routing_rules, policy.dispatch_mode)
    with visit.services.database.writing() as session:
        routed = try_route(session, trial, policy=policy, at=given.at or visit.now, book=book)
    ranking = routed.ranking
    return RouteTriedOut.model_validate(
        {
            "urgency": routed.urgency,
            "urgency_reasons": routed.urgency_reasons,
            "recommendations": ranking.recommendations,
            "excluded": ranking.excluded,
            "advice": ranking.advice,
            "pool_reason": ranking.pool_reason,
            "rules_version": ranking.rules_version,
        }
    )


@router.post("/try-deadline")
def deadline(given: DeadlineTryIn, visit: Reader) -> DeadlineTriedOut:
    """Return when a time would be over on a calendar, now and by a draft."""
    with visit.reading() as session:
        draft = commands.drafted(visit.services, session, CALENDAR, given.text)

    def due(policy: Policy) -> datetime:
        return try_deadline(
            policy, given.calendar, start=given.start, amount=given.amount, unit=given.unit.value
        )

    tried = due(draft.after.policy)
    if given.text is None or given.calendar not in draft.before.policy.calendars:
        return DeadlineTriedOut(due_at=tried, draft_due_at=None)
    return DeadlineTriedOut(due_at=due(draft.before.policy), draft_due_at=tried)


@router.post("/try-flow")
def call(given: FlowTryIn, visit: Reader) -> FlowTriedOut:
    """Walk a flow by keys and words, on the draft or on what is in force; the world's answers are assumed."""
    return FlowTriedOut.model_validate(try_flow(_flow(given, visit), given.words))


@router.post("/draw-flow")
def drawing(given: FlowTryIn, visit: Reader) -> FlowDrawingOut:
    """Draw a flow, as the draft has it or as it is in force."""
    flow = _flow(given, visit)
    return FlowDrawingOut(flow=flow.id, version=flow.version, svg=to_svg(flow))


def _flow(given: FlowTryIn, visit: Visit) -> Flow:
    with visit.reading() as session:
        visit.services.configuration.refresh(session)
    live = visit.services.configuration
    if given.flow not in set(live.files.flow_documents()):
        raise NotFound("flow", given.flow)
    texts = dict(live.texts)
    if given.text is not None:
        document = given.document or given.flow
        commands.known(live, document)
        texts[document] = commands.plain(given.text)
    return flow_of(live.files, given.flow, texts)


def _line(visit: Visit, document: str, number: int) -> ConfigVersionOut:
    with visit.reading() as session:
        return ConfigVersionOut.model_validate(configuration.line(session, document, number))
