"""Sets a claim record as PDF: pure, the same bytes for the same sheet, in a Chinese font that every reader brings."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from dispatch.rules.working_time import SHANGHAI
from dispatch.steps import Step
from hotline.public.claim_sheet import Sheet

FONT: Final = "STSong-Light"
"""Adobe's simplified Chinese: not embedded, drawn by the reader with its own; what it lacks is shown as 〓."""
TITLE: Final = "12351工会服务职工热线 诉求办理记录"
NOTICES: Final = (
    "本记录由12351热线按诉求人的申请出具，记载诉求的登记时间和办理经过，其中所述情况由诉求人陈述。",
    "拨打热线、在网上提交诉求不等于申请劳动仲裁。仲裁时效等期限请以仲裁机构的认定为准。",
    "本记录不载明诉求人的姓名和电话号码；需要证明本人身份的，请向受理的工会申请。",
)
_SHOWN_AT_MOST: Final = 6_000
"""Characters of one text; the whole of it stands in the record itself."""


def render(sheet: Sheet) -> bytes:
    """Return the file."""
    styles = _styles()
    into = io.BytesIO()
    document = SimpleDocTemplate(
        into,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=TITLE,
        author="12351",
        lang="zh-CN",
        invariant=1,
    )
    story: list[Flowable] = [
        Paragraph(escape(TITLE), styles["title"]),
        _rows(((line.name, line.text) for line in sheet.facts), styles),
        Paragraph("办理经过", styles["heading"]),
        _rows(((_moment(step.at), _told(step)) for step in sheet.steps), styles),
        Paragraph("出具与核验", styles["heading"]),
        _rows(
            (
                ("首次登记", _moment(sheet.first_at)),
                ("出具时间", _moment(sheet.issued_at)),
                ("核验码", sheet.code),
                ("核验网址", sheet.verify_at),
                ("记录摘要", sheet.head_hash),
            ),
            styles,
        ),
        Spacer(0, 4 * mm),
        *(Paragraph(escape(notice), styles["small"]) for notice in NOTICES),
    ]
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return into.getvalue()


def _rows(rows: Iterable[tuple[str, str]], styles: dict[str, ParagraphStyle]) -> Flowable:
    cells = [
        [Paragraph(escape(name), styles["name"]), _text(text, styles["text"])] for name, text in rows
    ] or [[Paragraph("", styles["name"]), Paragraph("无", styles["text"])]]
    table = Table(cells, colWidths=[36 * mm, 134 * mm], splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.Color(0.8, 0.82, 0.85)),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    shown = "".join(_drawable(sign) for sign in text[:_SHOWN_AT_MOST])
    if len(text) > _SHOWN_AT_MOST:
        shown += "……（以下从略，全文以12351存档为准）"
    # The setter reads markup: what people wrote is none.
    return Paragraph(escape(shown).replace("\n", "<br/>"), style)


def _drawable(sign: str) -> str:
    if sign == "\n":
        return sign
    if unicodedata.category(sign)[0] == "C":
        return ""
    # The font's encoding has two bytes a sign: rarer ones are stood for, never dropped.
    return sign if ord(sign) <= 0xFFFF else "〓"


def _told(step: Step) -> str:
    return f"{step.text}\n{step.detail}" if step.detail else step.text


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local:%Y-%m-%d %H:%M}"


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont(FONT, 9)
    canvas.drawRightString(A4[0] - 20 * mm, 12 * mm, f"第{document.page}页")
    canvas.restoreState()


@cache
def _styles() -> dict[str, ParagraphStyle]:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    text = ParagraphStyle("text", fontName=FONT, fontSize=10.5, leading=16, wordWrap="CJK")
    return {
        "text": text,
        "name": ParagraphStyle("name", parent=text, textColor=colors.Color(0.3, 0.33, 0.38)),
        "small": ParagraphStyle("small", parent=text, fontSize=9, leading=14),
        "heading": ParagraphStyle("heading", parent=text, fontSize=12, leading=20, spaceBefore=4 * mm),
        "title": ParagraphStyle(
            "title", parent=text, fontSize=16, leading=26, spaceAfter=3 * mm, alignment=1
        ),
    }
