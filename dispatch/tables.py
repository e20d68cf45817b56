"""Every kind of file that administrators load and take out, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from dispatch.employers import export_employers, import_employers
from dispatch.events import By
from dispatch.import_files import ImportResult
from dispatch.import_tables import Table, export_table, import_table
from dispatch.people_tables import ABSENCES, EMPLOYER_TIES, POSTS, ROSTERS
from dispatch.place_tables import COURT_DISTRICTS, SERVICE_POINTS
from dispatch.unions import export_unions, import_unions


class Sheet(StrEnum):
    """The kinds of files, in an order in which they can be loaded."""

    UNIONS = "unions"
    EMPLOYERS = "employers"
    COURT_DISTRICTS = "court_districts"
    SERVICE_POINTS = "service_points"
    POSTS = "posts"
    ABSENCES = "absences"
    ROSTERS = "rosters"
    EMPLOYER_TIES = "employer_ties"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final = {
    Sheet.UNIONS: "工会",
    Sheet.EMPLOYERS: "用人单位",
    Sheet.COURT_DISTRICTS: "法院片区",
    Sheet.SERVICE_POINTS: "服务点",
    Sheet.POSTS: "岗位",
    Sheet.ABSENCES: "请假",
    Sheet.ROSTERS: "排班",
    Sheet.EMPLOYER_TIES: "与用人单位有关联的人员",
}
_SMALL: Final[Mapping[Sheet, Table]] = {
    Sheet.COURT_DISTRICTS: COURT_DISTRICTS,
    Sheet.SERVICE_POINTS: SERVICE_POINTS,
    Sheet.POSTS: POSTS,
    Sheet.ABSENCES: ABSENCES,
    Sheet.ROSTERS: ROSTERS,
    Sheet.EMPLOYER_TIES: EMPLOYER_TIES,
}


def import_sheet(
    session: Session,
    sheet: Sheet,
    data: bytes,
    *,
    by: By,
    now: datetime,
    dry_run: bool = False,
    calendars: Collection[str] | None = None,
) -> ImportResult:
    """Load a file all or nothing; raises ImportRefused with every bad line."""
    if sheet is Sheet.UNIONS:
        return import_unions(session, data, by=by, now=now, dry_run=dry_run, calendars=calendars)
    if sheet is Sheet.EMPLOYERS:
        return import_employers(session, data, by=by, now=now, dry_run=dry_run)
    return import_table(session, _SMALL[sheet], data, by=by, now=now, dry_run=dry_run, calendars=calendars)


def export_sheet(session: Session, sheet: Sheet) -> Iterator[str]:
    """Yield a file that `import_sheet` takes back unchanged."""
    if sheet is Sheet.UNIONS:
        return export_unions(session)
    if sheet is Sheet.EMPLOYERS:
        return export_employers(session)
    return export_table(session, _SMALL[sheet])
