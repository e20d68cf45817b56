"""Bursts of events from partners: kept first, done in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0024"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "partner_intake",
        sa.Column("id", BigId, nullable=False),
        sa.Column("partner_id", BigId, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=28), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", Json, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner_org.id"], name=op.f("fk_partner_intake_partner_id_partner_org")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_intake")),
        sa.UniqueConstraint("partner_id", "event_id", name=op.f("uq_partner_intake_partner_id_event_id")),
    )
    op.create_index(
        "ix_partner_intake_waiting",
        "partner_intake",
        ["partner_id", "id"],
        postgresql_where=sa.text("state = 'accepted'"),
        sqlite_where=sa.text("state = 'accepted'"),
    )
    op.create_index("ix_partner_intake_partner_id_id", "partner_intake", ["partner_id", "id"])
    op.create_index(op.f("ix_partner_intake_at"), "partner_intake", ["at"])
