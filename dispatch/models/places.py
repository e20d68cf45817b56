"""Where a worker can go and who is there: service points, court districts, posts with deputies, absences, rosters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class CourtDistrict(Base):
    """A court's territory (片区): a map of its own beside the administrative one; `union_id` acts in it."""

    __tablename__ = "court_district"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    court: Mapped[str] = mapped_column(String(120))
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))


class CourtDistrictRegion(Base):
    """One piece of a court district; a place belongs to the district that claims the longest prefix of its code."""

    __tablename__ = "court_district_region"

    region_code: Mapped[str] = mapped_column(String(9), primary_key=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("court_district.id"), index=True)


class ServicePoint(Base):
    """A service centre or station with what its people can do and what its rooms offer."""

    __tablename__ = "service_point"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    """service_centre or service_station."""
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), index=True)
    region_code: Mapped[str] = mapped_column(String(9), index=True)
    address: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(20))
    calendar: Mapped[str] = mapped_column(String(32), default="union_default")
    skills: Mapped[list[str]] = mapped_column(default=list)
    facilities: Mapped[list[str]] = mapped_column(default=list)
    open: Mapped[bool] = mapped_column(default=True)


class Post(Base):
    """A post of a union, perhaps at a service point, with who holds it and the deputy (AB岗)."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), index=True)
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_point.id"), index=True)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)


class Absence(Base):
    """When a person is away; the deputy takes over meanwhile."""

    __tablename__ = "absence"
    __table_args__ = (
        UniqueConstraint("user_id", "begins_at"),
        Index("ix_absence_user_id_ends_at", "user_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(100), default="")


class Duty(Base):
    """One line of a roster: this person can be reached for this union then, also outside its hours."""

    __tablename__ = "roster_duty"
    __table_args__ = (
        UniqueConstraint("union_id", "user_id", "begins_at"),
        Index("ix_roster_duty_union_id_ends_at", "union_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    phone: Mapped[str | None] = mapped_column(String(20))
    """Where the person answers on that day, when it is not the number of the account."""
