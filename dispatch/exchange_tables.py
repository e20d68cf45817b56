"""Where there is no line to a partner: its cases come in as a CSV file, and how they stand goes out as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import select

from dispatch.errors import DispatchError, ImportRefused, Invalid
from dispatch.exchange import Exchange, OfferedCase, receive
from dispatch.exchange_payload import without_callers
from dispatch.import_files import ImportResult, duplicates, odd_regions, read_rows, write_rows
from dispatch.models.partners import PartnerLink
from dispatch.models.tickets import Caller, Report, Ticket
from dispatch.rules.partner_terms import ExchangeState
from dispatch.rules.working_time import SHANGHAI
from dispatch.tickets import ToldEmployer

WIDTHS: Final[Mapping[str, int]] = {
    "external_id": 64,
    "region_code": 9,
    "category": 64,
    "nature": 64,
    "urgency": 64,
    "wish": 300,
    "text": 20_000,
    "masked_name": 60,
    "contact_token": 100,
    "employer": 300,
    "uscc": 18,
    "headcount": 7,
    "amount_cents": 13,
    "due_on": 10,
}
"""Columns of a partner's file, and how long their cells may be."""

COLUMNS: Final = (
    "external_id",
    "number",
    "direction",
    "state",
    "state_label",
    "due_at",
    "changed_at",
    "solved",
    "amount_cents",
    "reply_text",
)
"""Columns of the file that goes back."""


def import_cases(exchange: Exchange, data: bytes) -> ImportResult:
    """Take in a partner's file, all of it or nothing; a number that is known already is passed over.

    Raises ImportRefused with every line that is wrong.
    """
    rows = read_rows(data, WIDTHS)
    findings = [*duplicates(rows, "external_id", "编号"), *odd_regions(rows)]
    numbers = [row["external_id"] for _, row in rows]
    known = set(
        exchange.session.scalars(
            select(PartnerLink.external_id).where(
                PartnerLink.partner_id == exchange.partner.id,
                PartnerLink.direction == "in",
                PartnerLink.external_id.in_(numbers),
            )
        )
    )
    created, faulty = 0, {line for line, _ in findings}
    for line, row in rows:
        if row["external_id"] in known or line in faulty:
            continue
        try:
            case = _case(row)
            # Each in a savepoint: the lines after a bad one are looked at too.
            with exchange.session.begin_nested():
                receive(exchange, case)
        except Invalid as error:
            findings += [(line, f"{name}：{why}") for name, why in error.fields.items()]
        except DispatchError as error:
            findings.append((line, str(error)))
        else:
            created += 1
    if findings:
        raise ImportRefused(sorted(set(findings)))
    return ImportResult(created=created, updated=0, unchanged=len(rows) - created)


def export_exchange(exchange: Exchange, *, since: date | None) -> Iterator[str]:
    """Yield the lines of the file that says how each exchanged case stands."""
    session = exchange.session
    query = (
        select(PartnerLink, Ticket)
        .join(Ticket, Ticket.id == PartnerLink.ticket_id)
        .where(PartnerLink.partner_id == exchange.partner.id)
        .order_by(PartnerLink.id)
    )
    if since is not None:
        query = query.where(PartnerLink.changed_at >= datetime.combine(since, time(), SHANGHAI))
    yield from write_rows(COLUMNS, (_line(exchange, link, ticket) for link, ticket in session.execute(query)))


def _case(row: Mapping[str, str]) -> OfferedCase:
    wrong = {name: "请填写" for name in ("external_id", "region_code", "category", "wish") if not row[name]}
    if row["external_id"] and not all(sign.isalnum() or sign in "._-" for sign in row["external_id"]):
        wrong["external_id"] = "编号只用字母、数字和._-"
    numbers = {name: _number(row[name], name, wrong) for name in ("headcount", "amount_cents")}
    due = None
    if row["due_on"]:
        try:
            due = datetime.combine(date.fromisoformat(row["due_on"]), time(17, 30), SHANGHAI)
        except ValueError:
            wrong["due_on"] = "应为2026-11-25这样的日期"
    if wrong:
        raise Invalid(wrong)
    plain = {name: row[name] or None for name in ("nature", "urgency")}
    return OfferedCase(
        external_id=row["external_id"],
        fields={
            **{name: row[name] for name in ("region_code", "category", "wish", "text")},
            **plain,
            **numbers,
        },
        employers=[ToldEmployer(name=row["employer"], uscc=row["uscc"] or None)],
        masked_caller=row["masked_name"] or None,
        contact_token=row["contact_token"] or None,
        due_at=due,
    )


def _number(cell: str, name: str, wrong: dict[str, str]) -> int | None:
    if not cell:
        return None
    if not cell.isascii() or not cell.isdigit() or (name == "headcount" and not 1 <= int(cell) <= 1_000_000):
        wrong[name] = "应为整数"
        return None
    return int(cell)


def _line(exchange: Exchange, link: PartnerLink, ticket: Ticket) -> list[object]:
    session = exchange.session
    told = ExchangeState(link.state) in (ExchangeState.REPORTED, ExchangeState.CLOSED) and not ticket.sealed
    report = (
        session.scalar(
            select(Report).where(Report.ticket_id == ticket.id).order_by(Report.id.desc()).limit(1)
        )
        if told
        else None
    )
    reply = None
    if report is not None:
        callers = session.scalars(select(Caller).where(Caller.ticket_id == ticket.id)).all()
        reply = report.reply_text if link.consent_basis else without_callers(report.reply_text, callers)
    return [
        link.external_id,
        link.number,
        link.direction,
        link.state,
        ExchangeState(link.state).label,
        _local(link.due_at),
        _local(link.changed_at),
        report.solved if report is not None else None,
        report.amount_cents if report is not None else None,
        reply,
    ]


def _local(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment is not None else None
