"""What stands around a list: counters for badges, kept views, files, and one command for many tickets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from agent_console.api.schemas import (
    BulkIn,
    BulkItem,
    BulkOut,
    BulkResult,
    CountsOut,
    ExportQuery,
    ProblemOut,
    ViewIn,
    ViewName,
    ViewOut,
)
from agent_console.permissions import Action, Visit, requires
from dispatch.commands import perform
from dispatch.database import Busy, ReadingSession
from dispatch.errors import DispatchError, Invalid
from dispatch.exports import export_tickets, record_export
from dispatch.recommendations import best_union
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.saved_views import drop_view, keep_view, rename_view, views_of
from dispatch.ticket_counts import count_tickets
from dispatch.ticket_filters import TicketFilter
from hotline.errors import problem_of

router = APIRouter(prefix="/api", tags=["lists"])
Reader = Annotated[Visit, requires(Action.TICKET_READ)]
Keeper = Annotated[Visit, requires(Action.VIEW_KEEP)]
Exporter = Annotated[Visit, requires(Action.TICKET_EXPORT)]
Commander = Annotated[Visit, requires(Action.TICKET_COMMAND)]

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CHUNK = 64 * 1024


@router.get("/tickets/counts")
def counts(visit: Reader) -> CountsOut:
    """Return what waits for the reader, by state, urgency and time left."""
    with visit.reading() as session:
        return CountsOut.model_validate(count_tickets(session, visit.actor, now=visit.now))


@router.get("/tickets/export", response_class=StreamingResponse)
async def export(visit: Exporter, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """Return the reader's list as a file; who took what out of the house is on record before the first byte."""
    kind = query.format
    wanted = TicketFilter(**query.model_dump(exclude={"format"}))
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever has sent it

    def write(session: ReadingSession) -> int:
        return export_tickets(
            session, visit.actor, wanted, file, kind=kind, policy=visit.services.policy, now=visit.now
        )

    def note(rows: int) -> None:
        with visit.writing() as session:
            record_export(session, visit.actor, wanted, kind=kind, rows=rows, now=visit.now)

    try:
        rows = await visit.console.slow_reads.run(write)
        await run_sync(note, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="tickets-{visit.now:%Y%m%d-%H%M}.{kind}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return StreamingResponse(chunks(file), media_type=_TYPES[kind], headers=headers)


@router.get("/views")
def views(visit: Keeper) -> list[ViewOut]:
    """Return the reader's kept lists, and those shared with his role."""
    with visit.reading() as session:
        return [ViewOut.model_validate(each) for each in views_of(session, visit.actor)]


@router.put("/views")
def keep(given: ViewIn, visit: Keeper) -> ViewOut:
    """Keep a list under a name, in the place of the earlier one of that name."""
    role = Role(given.shared_role) if given.shared_role is not None else None
    wanted = TicketFilter(**given.filter.model_dump())
    with visit.writing() as session:
        kept = keep_view(session, visit.actor, given.name, wanted, shared_role=role, now=visit.now)
    return ViewOut.model_validate(kept)


@router.patch("/views/{id}")
def rename(id: int, given: ViewName, visit: Keeper) -> ViewOut:  # noqa: A002  # the path's own word
    """Give one of the reader's own lists another name."""
    with visit.writing() as session:
        renamed = rename_view(session, visit.actor, id, given.name)
    return ViewOut.model_validate(renamed)


@router.delete("/views/{id}", status_code=204)
def drop(id: int, visit: Keeper) -> None:  # noqa: A002  # the path's own word
    """Throw away one of the reader's own lists."""
    with visit.writing() as session:
        drop_view(session, visit.actor, id)


@router.post("/tickets/bulk")
def bulk(given: BulkIn, visit: Commander) -> BulkOut:
    """Give one command to many tickets, each in a transaction of its own; the answer says of each what became of it.

    A dispatch without `union_id` sends each ticket to the union that is recommended for it.
    """
    numbers = [item.number for item in given.items]
    if len(set(numbers)) != len(numbers):
        raise Invalid({"items": "同一张工单只能出现一次"})
    return BulkOut(results=[_one(given, item, visit) for item in given.items])


def _one(given: BulkIn, item: BulkItem, visit: Visit) -> BulkResult:
    data = given.data.model_dump(exclude_unset=True)
    try:
        with visit.writing() as session:
            if given.command == "dispatch" and given.data.union_id is None:
                policy, now = visit.services.policy, visit.now
                data["union_id"] = best_union(session, visit.actor, item.number, policy=policy, now=now)
            ticket = perform(
                session,
                visit.actor,
                item.number,
                Command(given.command),
                data,
                version=item.version,
                policy=visit.services.policy,
                now=visit.now,
            )
    except (DispatchError, Busy) as error:
        problem = ProblemOut.model_validate(problem_of(error).body())
        return BulkResult(number=item.number, ok=False, state=None, version=None, problem=problem)
    return BulkResult(number=item.number, ok=True, state=ticket.state, version=ticket.version, problem=None)


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Give a file in pieces, and close it."""
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
