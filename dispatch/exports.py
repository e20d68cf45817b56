"""A list as a file: the same rows and masks as on the screen, and no cell that a spreadsheet would carry out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any, Final

from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed
from dispatch.events import ADMINISTRATION, record
from dispatch.policy import Policy
from dispatch.queries import MAX_PAGE, list_tickets
from dispatch.rules.permissions import Action
from dispatch.rules.working_time import SHANGHAI
from dispatch.ticket_filters import TicketFilter
from dispatch.ticket_views import TicketLine
from dispatch.timeline import CHANNELS

MOST_ROWS: Final = 50_000
"""Rows of one file [D]: more is a copy of the database, not a list."""
ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet carry out a cell instead of showing it."""
_PERSONAL: Final = frozenset({"q", "employer", "where"})

COLUMNS: Final[Mapping[str, Callable[[TicketLine], Any]]] = {
    "工单号": lambda line: line.number,
    "状态": lambda line: line.state_label,
    "紧急程度": lambda line: line.urgency,
    "类别": lambda line: line.category_name,
    "诉求": lambda line: line.wish,
    "用人单位": lambda line: line.employer,
    "人数": lambda line: line.headcount,
    "地区": lambda line: line.region,
    "主办工会": lambda line: line.lead_union,
    "渠道": lambda line: CHANNELS.get(line.channel, line.channel),
    "登记时间": lambda line: _local(line.created_at),
    "时限": lambda line: line.clock.label if line.clock is not None else None,
    "到期时间": lambda line: _local(line.clock.due_at) if line.clock is not None else None,
    "是否逾期": lambda line: "是" if line.clock is not None and line.clock.late else "否",
    "督办": lambda line: "是" if line.supervised else "否",
}


def export_tickets(
    session: Session,
    actor: Actor,
    wanted: TicketFilter,
    file: IO[bytes],
    *,
    kind: str,
    policy: Policy,
    now: datetime,
    most: int = MOST_ROWS,
) -> int:
    """Write the actor's list to a file, `csv` or `xlsx`, and return the number of rows.

    Raises NotAllowed, and Invalid for a list of more than `most` rows: nothing is cut off in silence.
    """
    if not can(session, actor, Action.TICKET_EXPORT):
        raise NotAllowed("export", f"“{actor.role.label}”不能导出工单")
    write = {"csv": _write_csv, "xlsx": _write_xlsx}.get(kind)
    if write is None:
        raise Invalid({"format": "只能是csv或xlsx"})
    return write(file, _rows(session, actor, wanted, policy=policy, now=now, most=most))


def record_export(
    session: Session, actor: Actor, wanted: TicketFilter, *, kind: str, rows: int, now: datetime
) -> None:
    """Write down who took which list out of the house."""
    given = {key: value for key, value in asdict(wanted).items() if value not in (None, False)}
    record(
        session,
        "TicketsExported",
        stream=ADMINISTRATION,
        by=actor.by,
        now=now,
        payload={
            "format": kind,
            "rows": rows,
            "filter": {key: value for key, value in given.items() if key not in _PERSONAL},
        },
        # What somebody searched for may be a name.
        personal={key: value for key, value in given.items() if key in _PERSONAL} or None,
    )


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet carries out."""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(ACTIVE) else value
    return value


def _rows(
    session: Session, actor: Actor, wanted: TicketFilter, *, policy: Policy, now: datetime, most: int
) -> Iterator[list[Any]]:
    count, cursor = 0, None
    while True:
        page = list_tickets(session, actor, wanted, policy=policy, now=now, cursor=cursor, limit=MAX_PAGE)
        count += len(page.items)
        if count > most:
            raise Invalid({"export": f"结果超过{most}行，请缩小筛选范围后分批导出"})
        for line in page.items:
            yield [harmless(read(line)) for read in COLUMNS.values()]
        session.expunge_all()
        cursor = page.next
        if cursor is None:
            return


def _write_csv(file: IO[bytes], rows: Iterator[list[Any]]) -> int:
    # The mark at the beginning is how spreadsheets know UTF-8.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    text.detach()
    return count


def _write_xlsx(file: IO[bytes], rows: Iterator[list[Any]]) -> int:
    # Loaded only by whoever asks for such a file: it would lengthen every start.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("工单")
    sheet.append(list(COLUMNS))
    count = 0
    for row in rows:
        sheet.append([safe_cell(sheet, value) for value in row])
        count += 1
    book.save(file)
    return count


def safe_cell(sheet: Any, value: Any) -> Any:
    """Return a cell of a workbook that is text where it was given text, never a formula."""
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    # Said to be text: never guessed to be a formula.
    cell.data_type = "s"
    return cell


def _local(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment is not None else None
