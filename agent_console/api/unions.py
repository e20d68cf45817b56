"""The union tree and what belongs to it: pages, points, districts, files, rules, and a caller's consent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import StreamingResponse

from agent_console.api.schemas import Line, TicketOut
from agent_console.api.shapes import ticket_out
from agent_console.api.union_schemas import (
    ConsentIn,
    DistrictOut,
    ImportOut,
    PointOut,
    RoutingRules,
    RoutingRulesOut,
    UnionPageIn,
    UnionPageOut,
)
from agent_console.permissions import Action, Visit, requires
from dispatch.consent import record_consent
from dispatch.errors import Invalid, NotFound
from dispatch.places import nearest_points, service_points
from dispatch.rule_sets import book_in_force, versions
from dispatch.rules.policy import PolicyError
from dispatch.rules.routing_rules import RuleBook
from dispatch.tables import Sheet, export_sheet, import_sheet
from dispatch.union_pages import court_districts, edit_union, union_page
from hotline.configuration.commands import store_book, written

router = APIRouter(prefix="/api", tags=["unions"])
ReferenceVisit = Annotated[Visit, requires(Action.REFERENCE_READ)]
Administrator = Annotated[Visit, requires(Action.UNION_ADMINISTER)]
RosterKeeper = Annotated[Visit, requires(Action.ROSTER_KEEP)]
Recorder = Annotated[Visit, requires(Action.CONSENT_RECORD)]
Csv = Annotated[bytes, Body(media_type="text/csv")]

ROSTER_SHEETS = (Sheet.ABSENCES, Sheet.ROSTERS)


@router.get("/unions/{union_id}")
def union(union_id: int, visit: ReferenceVisit) -> UnionPageOut:
    """Return a union with the line above it, its posts and service points, and who can be reached there."""
    with visit.reading() as session:
        found = union_page(session, visit.actor, union_id, policy=visit.services.policy, now=visit.now)
        return UnionPageOut.model_validate(found)


@router.patch("/unions/{union_id}")
def change_union(union_id: int, given: UnionPageIn, visit: Administrator) -> UnionPageOut:
    """Change name, telephone, calendar, whether it receives, and whether it still exists."""
    policy = visit.services.policy
    changes = given.model_dump(exclude={"version"}, exclude_unset=True)
    with visit.writing() as session:
        edit_union(
            session,
            visit.actor,
            union_id,
            version=given.version,
            changes=changes,
            policy=policy,
            now=visit.now,
        )
        return UnionPageOut.model_validate(
            union_page(session, visit.actor, union_id, policy=policy, now=visit.now)
        )


@router.get("/service-points")
def points(
    visit: ReferenceVisit,
    region: Line | None = None,
    need: Line | None = None,
    union_id: int | None = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> list[PointOut]:
    """Return a union's service points, or those nearest to a place that can do what is needed."""
    policy = visit.services.policy
    with visit.reading() as session:
        if union_id is not None or not region:
            found = service_points(session, union_id=union_id, region=region, policy=policy, now=visit.now)
        else:
            found = nearest_points(
                session, region=region, need=need, policy=policy, now=visit.now, limit=limit
            )
        return [PointOut.model_validate(each) for each in found]


@router.get("/court-districts")
def districts(visit: ReferenceVisit, region: Line | None = None) -> list[DistrictOut]:
    """Return the court districts, or the one in which a place lies."""
    with visit.reading() as session:
        return [DistrictOut.model_validate(each) for each in court_districts(session, region=region)]


@router.post("/tables/{sheet}")
def import_file(sheet: Sheet, data: Csv, visit: Administrator, dry_run: bool = False) -> ImportOut:
    """Load a CSV file all or nothing; a refusal names every bad line."""
    return _import(sheet, data, visit, dry_run=dry_run)


@router.get("/tables/{sheet}", response_class=StreamingResponse)
def export_file(sheet: Sheet, visit: Administrator) -> StreamingResponse:
    """Return a table as a CSV file that can be loaded again."""
    return _export(sheet, visit)


@router.post("/rosters/{sheet}")
def import_roster(sheet: Sheet, data: Csv, visit: RosterKeeper, dry_run: bool = False) -> ImportOut:
    """Load absences or rosters: who is away, and who is on call."""
    _only_rosters(sheet)
    return _import(sheet, data, visit, dry_run=dry_run)


@router.get("/rosters/{sheet}", response_class=StreamingResponse)
def export_roster(sheet: Sheet, visit: RosterKeeper) -> StreamingResponse:
    """Return absences or rosters as a CSV file."""
    _only_rosters(sheet)
    return _export(sheet, visit)


@router.get("/routing-rules")
def routing_rules(visit: Administrator) -> RoutingRulesOut:
    """Return the rules in force and every version that ever was."""
    policy = visit.services.policy
    with visit.reading() as session:
        book = book_in_force(session) or RuleBook(policy.routing_rules, policy.dispatch_mode)
        return _rules_out(book, versions(session))


@router.put("/routing-rules")
def put_routing_rules(given: RoutingRules, visit: Administrator) -> RoutingRulesOut:
    """Put a book of rules into force as a new version; a circle or an unknown union is refused with its place."""
    with visit.writing() as session:
        try:
            book = RuleBook.from_mapping(given.model_dump())
            text, reason = written(book), "经接口整体写入"
            store_book(session, visit.actor, book, text, reason=reason, now=visit.now)
        except PolicyError as error:
            raise Invalid({".".join(map(str, error.where)) or "rules": error.reason}) from error
        return _rules_out(book, versions(session))


@router.put("/tickets/{number}/consent")
def consent(number: str, given: ConsentIn, visit: Recorder) -> TicketOut:
    """Record that the caller waives recusal, or takes it back."""
    with visit.writing() as session:
        ticket = record_consent(
            session,
            visit.actor,
            number,
            waives=given.waives,
            means=given.means,
            words=given.words,
            version=given.version,
            now=visit.now,
        )
    return ticket_out(visit, ticket)


def _import(sheet: Sheet, data: bytes, visit: Visit, *, dry_run: bool) -> ImportOut:
    with visit.writing() as session:
        done = import_sheet(
            session,
            sheet,
            data,
            by=visit.actor.by,
            now=visit.now,
            dry_run=dry_run,
            calendars=visit.services.policy.calendars.keys(),
        )
    return ImportOut(**asdict(done), dry_run=dry_run)


def _export(sheet: Sheet, visit: Visit) -> StreamingResponse:
    def parts() -> Any:
        with visit.services.database.reading("report") as session:
            yield from export_sheet(session, sheet)

    headers = {"Content-Disposition": f'attachment; filename="{sheet.value}.csv"'}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)


def _only_rosters(sheet: Sheet) -> None:
    if sheet not in ROSTER_SHEETS:
        raise NotFound("table", sheet.value)


def _rules_out(book: RuleBook, stored: Any) -> RoutingRulesOut:
    return RoutingRulesOut.model_validate(
        {
            "dispatch_mode": book.mode.value,
            "rules": [asdict(rule) for rule in book.rules],
            "version": book.version,
            "versions": [asdict(each) for each in stored],
        }
    )
