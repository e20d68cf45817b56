"""Reports by day, week and month, the same as a workbook, and the figures on the wall."""

from __future__ import annotations

import tempfile
from typing import IO, Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from agent_console.api.lists import chunks
from agent_console.api.report_schemas import ReportOut, ReportQuery, WallboardOut
from agent_console.permissions import Action, Visit, requires
from dispatch.database import ReadingSession
from dispatch.reports.report import Report
from dispatch.reports.workbook import record_report, write_report
from hotline.line.centre_report import centre_report
from hotline.line.wallboard import wallboard

router = APIRouter(prefix="/api", tags=["reports"])
Reader = Annotated[Visit, requires(Action.REPORT_READ)]
Watcher = Annotated[Visit, requires(Action.WALLBOARD_READ)]

LONGEST_S: Final = 30.0
"""A report that takes longer asks for too much; whoever waits is told so [D]."""
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/reports")
async def report(visit: Reader, query: Annotated[ReportQuery, Query()]) -> ReportOut:
    """Return the reader's figures of a period, with their definitions."""
    return ReportOut.of(await _read(visit, query))


@router.get("/reports/export", response_class=StreamingResponse)
async def export_report(visit: Reader, query: Annotated[ReportQuery, Query()]) -> StreamingResponse:
    """Return the same as a workbook; who took it out of the house is on record before the first byte."""
    found = await _read(visit, query)
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever has sent it

    def write() -> None:
        rows = write_report(found, file)
        with visit.writing() as session:
            record_report(session, visit.actor, query.period, rows=rows, now=visit.now)

    try:
        await run_sync(write)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"report-{query.grain.value}-{query.first:%Y%m%d}-{query.last:%Y%m%d}.xlsx"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return StreamingResponse(chunks(file), media_type=_TYPE, headers=headers)


@router.get("/wallboard")
async def wall(visit: Watcher) -> WallboardOut:
    """Return what is on the wall at this moment."""

    def read(session: ReadingSession) -> WallboardOut:
        return WallboardOut.model_validate(wallboard(session, visit.actor, now=visit.now))

    return await visit.console.slow_reads.run(read, within_s=LONGEST_S)


async def _read(visit: Visit, query: ReportQuery) -> Report:
    def read(session: ReadingSession) -> Report:
        return centre_report(session, visit.actor, query.period, policy=visit.services.policy, now=visit.now)

    return await visit.console.slow_reads.run(read, within_s=LONGEST_S)
