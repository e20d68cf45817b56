"""Stored versions of the routing rules: the newest is in force, the older ones explain older dispatches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.unions import RoutingRule as RuleRow
from dispatch.models.unions import RoutingRuleSet, Union
from dispatch.rules.routing_rules import DispatchMode, RoutingRule, RuleBook


@dataclass(frozen=True, slots=True)
class RuleSetLine:
    """One stored version."""

    number: int
    version: str
    dispatch_mode: str
    stored_at: datetime
    rules: int


def check_unions(session: Session, book: RuleBook) -> None:
    """Refuse a book that names a union which is not there; raises PolicyError."""
    wanted = {rule.union_code for rule in book.rules}
    known = select(Union.code).where(Union.code.in_(wanted), Union.closed_at.is_(None))
    book.check_unions(set(session.scalars(known)))


def store_rules(session: Session, book: RuleBook, *, by: By, now: datetime) -> bool:
    """Put a book into force; False where it is in force already. Raises PolicyError for an unknown union."""
    check_unions(session, book)
    newest = _newest(session)
    if newest is not None and newest.version == book.version:
        return False
    row = RoutingRuleSet(
        version=book.version,
        dispatch_mode=book.mode.value,
        stored_at=now,
        stored_by_id=by.id if by.kind == "user" else None,
    )
    session.add(row)
    session.flush()
    rows = [
        {
            "rule_set_id": row.id,
            "code": rule.code,
            "union_code": rule.union_code,
            "category_prefix": rule.category_prefix or None,
            "region_prefix": rule.region_prefix or None,
            "industry": rule.industry or None,
            "uscc": rule.uscc or None,
            "otherwise": rule.otherwise or None,
            "valid_from": rule.valid_from,
            "valid_to": rule.valid_to,
            "source": rule.source,
        }
        for rule in book.rules
    ]
    if rows:
        session.execute(insert(RuleRow), rows, execution_options={"render_nulls": True})
    payload = {"version": book.version, "rules": len(rows), "dispatch_mode": book.mode.value}
    record(session, "RoutingRulesStored", stream=ADMINISTRATION, by=by, now=now, payload=payload)
    return True


def book_in_force(session: Session) -> RuleBook | None:
    """Return the newest stored rules; None where none was ever stored."""
    newest = _newest(session)
    return _book(session, newest) if newest is not None else None


def book_of_version(session: Session, version: str) -> RuleBook | None:
    """Return the rules of an older version, by which a dispatch of that time was decided."""
    query = select(RoutingRuleSet).where(RoutingRuleSet.version == version).order_by(RoutingRuleSet.id.desc())
    found = session.scalars(query.limit(1)).first()
    return _book(session, found) if found is not None else None


def versions(session: Session) -> list[RuleSetLine]:
    """Return every stored version, the newest first."""
    rows = session.scalars(select(RoutingRuleSet).order_by(RoutingRuleSet.id.desc())).all()
    return [
        RuleSetLine(row.id, row.version, row.dispatch_mode, row.stored_at, len(_book(session, row).rules))
        for row in rows
    ]


def _newest(session: Session) -> RoutingRuleSet | None:
    return session.scalars(select(RoutingRuleSet).order_by(RoutingRuleSet.id.desc()).limit(1)).first()


def _book(session: Session, row: RoutingRuleSet) -> RuleBook:
    rules = session.scalars(select(RuleRow).where(RuleRow.rule_set_id == row.id).order_by(RuleRow.id))
    return RuleBook(
        tuple(
            RoutingRule(
                code=rule.code,
                union_code=rule.union_code,
                valid_from=rule.valid_from,
                source=rule.source,
                category_prefix=rule.category_prefix or "",
                region_prefix=rule.region_prefix or "",
                industry=rule.industry or "",
                uscc=rule.uscc or "",
                valid_to=rule.valid_to,
                otherwise=rule.otherwise or "",
            )
            for rule in rules
        ),
        DispatchMode(row.dispatch_mode),
    )
