"""Reads tables that people made elsewhere, every fault in a Chinese sentence with its line; writes what it reads."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dispatch.errors import ImportRefused

Rows = list[tuple[int, dict[str, str]]]
"""(line on which the row begins, cells by column); cells are text whatever they look like."""

NO_COLUMNS: Final[Mapping[str, int]] = MappingProxyType({})

FORMULA_SIGNS: Final = frozenset("=+-@\t\r")
"""What a spreadsheet takes a cell that begins with it for; such cells are written with a quote before them."""

_GUARDED: Final = FORMULA_SIGNS | {"'"}
_CHUNK: Final = 64_000

_REGION: Final = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or with `dry_run` would do."""

    created: int
    updated: int
    unchanged: int


def read_rows(data: bytes, widths: Mapping[str, int], *, optional: Mapping[str, int] = NO_COLUMNS) -> Rows:
    """Return the rows of a CSV file whose columns are those of `widths`; raises ImportRefused with every bad line.

    UTF-8 (with or without BOM) and GBK are understood; `widths` bounds the characters of each column's cells.
    Blank rows, as spreadsheets leave at the end, are passed over. `optional` columns may follow the others; where
    they do not, the rows lack them.
    """
    columns = list(widths)
    bounds = {**widths, **optional}
    content = _decoded(data)
    if not content.strip():
        raise ImportRefused([(1, f"文件是空的；表头应为：{','.join(columns)}")])
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    findings: list[tuple[int, str]] = []
    rows: Rows = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if header[: len(columns)] != columns or not _follow(header[len(columns) :], optional):
            raise ImportRefused([(1, f"表头应为：{','.join(columns)}")])
        columns = header
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) == len(columns):
                    row = dict(zip(columns, map(_plain, cells), strict=True))
                    findings += [(begins, reason) for reason in _cell_findings(row, bounds)]
                    rows.append((begins, row))
                else:
                    findings.append((begins, f"应有{len(columns)}列，实有{len(cells)}列"))
            begins = reader.line_num + 1
    except csv.Error as error:
        reason = "不是有效的CSV：引号没有配对，或单元格过长"
        raise ImportRefused([*findings, (reader.line_num, reason)]) from error
    if findings:
        raise ImportRefused(findings)
    return rows


def _follow(header: list[str], optional: Mapping[str, int]) -> bool:
    return header == [name for name in optional if name in header]


def _plain(cell: str) -> str:
    """Return a cell without blanks around it, and without the quote that keeps a spreadsheet from calculating it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _GUARDED else cell


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in content:
            raise ImportRefused([(content[: content.index("\0")].count("\n") + 1, "含有空字符")])
        return content
    raise ImportRefused([(1, "文件既不是UTF-8也不是GBK编码")])


def _cell_findings(row: Mapping[str, str], widths: Mapping[str, int]) -> Iterator[str]:
    for column, cell in row.items():
        if len(cell) > widths[column]:
            yield f"{column}超过{widths[column]}字"
        # A zero-width sign makes two names look like one; a line break in a name breaks every list.
        if not cell.isprintable() and any(unicodedata.category(sign) in ("Cc", "Cf") for sign in cell):
            yield f"{column}含有换行或不可见字符"


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file that `read_rows` takes back; begins with a BOM, so that spreadsheets see UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_guarded(cell) for cell in row])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _guarded(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in _GUARDED else text


def duplicates(rows: Rows, column: str, label: str) -> Iterator[tuple[int, str]]:
    """Yield each row whose cell in `column` an earlier row has had; empty cells repeat freely."""
    seen: dict[str, int] = {}
    for line, row in rows:
        cell = row[column]
        if cell and cell in seen:
            yield line, f"{label}“{cell}”与第{seen[cell]}行重复"
        seen.setdefault(cell, line)


def odd_regions(rows: Rows) -> Iterator[tuple[int, str]]:
    """Yield each row whose `region_code` is not the prefix of a level (GB/T 2260: 2, 4, 6 or 9 digits)."""
    for line, row in rows:
        if row["region_code"] and not _REGION.fullmatch(row["region_code"]):
            yield line, f"行政区划代码“{row['region_code']}”应为2、4、6或9位数字"
