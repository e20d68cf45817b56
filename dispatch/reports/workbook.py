"""A report as a workbook: the same cells as on the screen, with every definition, and nothing a spreadsheet carries out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Any, Final

from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.events import ADMINISTRATION, record
from dispatch.exports import harmless, safe_cell
from dispatch.reports.hot import Axis
from dispatch.reports.report import Cell, FigureRow, Report
from dispatch.rules.report_terms import Figure, Grain, Period, Unit
from dispatch.rules.small_cells import LEAST
from dispatch.rules.working_time import SHANGHAI

HIDDEN: Final = f"少于{LEAST}"
_GRAINS: Final = {Grain.DAY: "按日", Grain.WEEK: "按周（周一为首日）", Grain.MONTH: "按月"}
_UNITS: Final = {
    Unit.RATE: "百分比",
    Unit.COUNT: "件",
    Unit.SECONDS: "秒",
    Unit.CENTS: "元",
    Unit.PEOPLE: "人",
}
_AXES: Final = {Axis.CATEGORY: "类别", Axis.REGION: "地区", Axis.EMPLOYER: "用人单位"}
_COHORTS: Final = {"handling": "期内派到工会的办理", "closed": "期内办结的工单"}


def write_report(found: Report, file: IO[bytes]) -> int:
    """Write the workbook and return how many rows it has."""
    # Loaded only by whoever asks for such a file: it would lengthen every start.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    count = 0
    for title, rows in (("指标", _figures(found)), ("不计入", _left_out(found)), ("热点", _hot(found))):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([safe_cell(sheet, harmless(value)) for value in row])
            count += 1
    book.save(file)
    return count


def record_report(session: Session, actor: Actor, period: Period, *, rows: int, now: datetime) -> None:
    """Write down who took which report out of the house."""
    payload = {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "grain": period.grain.value,
        "rows": rows,
    }
    record(session, "ReportExported", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)


def _figures(found: Report) -> Iterator[Iterable[Any]]:
    period, made = found.period, found.server_time.astimezone(SHANGHAI)
    yield ["期间", f"{period.first} 至 {period.last}", _GRAINS[period.grain]]
    yield ["统计时间", f"{made:%Y-%m-%d %H:%M}", found.note]
    yield [
        "类组",
        "指标",
        "单位",
        "定义",
        *(f"{each}" for each in found.columns),
        "合计",
        "分子",
        "分母",
        "上期",
    ]
    for row in found.figures:
        yield _figure(row)


def _figure(row: FigureRow) -> Iterable[Any]:
    figure, total = row.figure, row.total
    parts = [HIDDEN, HIDDEN] if total.hidden else [_part(figure, total.numerator), total.base]
    return [
        figure.group.label,
        figure.name,
        _UNITS[figure.unit],
        figure.definition,
        *(_value(figure, cell) for cell in row.cells),
        _value(figure, total),
        *parts,
        _value(figure, row.previous),
    ]


def _part(figure: Figure, numerator: int | None) -> float | int | None:
    return numerator / 100 if figure.unit is Unit.CENTS and numerator is not None else numerator


def _value(figure: Figure, cell: Cell) -> Any:
    if cell.hidden:
        return HIDDEN
    if cell.value is None:
        return None
    if figure.unit is Unit.RATE:
        return round(cell.value * 100, 2)
    if figure.unit is Unit.CENTS:
        return cell.value / 100
    return round(cell.value, 1) if figure.unit is Unit.SECONDS else int(cell.value)


def _left_out(found: Report) -> Iterator[Iterable[Any]]:
    yield ["范围", "不计入考核分母的原因", "件数"]
    for each in found.left_out:
        yield [
            _COHORTS[each.cohort],
            each.reason.label,
            HIDDEN if each.hidden and not each.count else each.count,
        ]


def _hot(found: Report) -> Iterator[Iterable[Any]]:
    yield ["维度", "名称", "件数", "上期", "增长（%）"]
    for ranking in found.hot:
        for row in ranking.rows:
            growth = round(row.growth * 100, 1) if row.growth is not None else None
            yield [_AXES[ranking.axis], row.name, row.count, row.previous, growth]
