"""The union tree, employers, and the rules that route between them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Union(Base):
    """One trade union organisation; `path` lists ancestor ids from the root, `/1/5/20/`, itself included."""

    __tablename__ = "union_org"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    level: Mapped[str] = mapped_column(String(16), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="territory")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    path: Mapped[str] = mapped_column(String(255), default="/", index=True)
    region_code: Mapped[str | None] = mapped_column(String(9), index=True)
    group_code: Mapped[str | None] = mapped_column(String(32), index=True)
    industry: Mapped[str | None] = mapped_column(String(32), index=True)
    calendar: Mapped[str] = mapped_column(String(32), default="union_default")
    phone: Mapped[str | None] = mapped_column(String(20))
    can_receive: Mapped[bool] = mapped_column(default=True)
    leader_signs: Mapped[bool] = mapped_column(default=False)
    """A leader of the union signs every report before it leaves the house."""
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]

    def ancestor_ids(self) -> tuple[int, ...]:
        """Ids from the root down to this union, itself included."""
        return tuple(int(part) for part in self.path.split("/") if part)


class UnionClosure(Base):
    """Every ancestor-or-self pair of the tree."""

    __tablename__ = "union_closure"

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), primary_key=True, index=True)
    depth: Mapped[int]


class Region(Base):
    """An administrative division by the GB/T 2260 prefix of its level (2, 4, 6 or 9 digits)."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), index=True)
    parent_code: Mapped[str | None] = mapped_column(String(9), index=True)
    level: Mapped[str] = mapped_column(String(16))
    pseudo: Mapped[bool] = mapped_column(default=False)
    """True for 市辖区 and the like: a prefix of codes, not a place anyone lives in."""


class Employer(Base):
    """An employer known to the centre; `union_id` is its own basic union, `group_code` its corporate group."""

    __tablename__ = "employer"
    __table_args__ = (Index("ix_employer_name_key", "name_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    """The name without spaces, brackets and company suffixes: what duplicates are found by."""
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    region_code: Mapped[str | None] = mapped_column(String(9), index=True)
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    group_code: Mapped[str | None] = mapped_column(String(32), index=True)
    industry: Mapped[str | None] = mapped_column(String(32))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("employer.id"), index=True)
    """The employer that this one is a branch (分支机构) of; recusal follows it."""
    created_at: Mapped[datetime]


class EmployerTie(Base):
    """A person of a union who is tied to an employer and so may see none of its tickets."""

    __tablename__ = "employer_tie"

    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(200))


class RoutingRuleSet(Base):
    """One stored version of the routing rules; the newest is in force, the older ones explain older dispatches."""

    __tablename__ = "routing_rule_set"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[str] = mapped_column(String(12))
    """Twelve hex digits of the content."""
    dispatch_mode: Mapped[str] = mapped_column(String(12))
    stored_at: Mapped[datetime]
    stored_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class RoutingRule(Base):
    """A declared exception to routing by territory; the most specific rule valid on the day wins."""

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("rule_set_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule_set_id: Mapped[int | None] = mapped_column(ForeignKey("routing_rule_set.id"))
    code: Mapped[str] = mapped_column(String(64), index=True)
    otherwise: Mapped[str | None] = mapped_column(String(64))
    """The rule to ask next where this one's union cannot take the ticket."""
    category_prefix: Mapped[str | None] = mapped_column(String(64))
    region_prefix: Mapped[str | None] = mapped_column(String(9))
    industry: Mapped[str | None] = mapped_column(String(32))
    uscc: Mapped[str | None] = mapped_column(String(18))
    union_code: Mapped[str] = mapped_column(String(32))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200))
