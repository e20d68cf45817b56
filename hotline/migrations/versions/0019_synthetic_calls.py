"""Synthetic calls that prove each number, and faults at the carrier's doors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "line_probe",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_sid", sa.String(length=64), nullable=True),
        sa.Column("in_sid", sa.String(length=64), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_probe")),
        sa.UniqueConstraint("number", "slot", name=op.f("uq_line_probe_number_slot")),
    )
    op.create_index("ix_line_probe_number_id", "line_probe", ["number", "id"])
    op.create_index(op.f("ix_line_probe_out_sid"), "line_probe", ["out_sid"])
    op.create_index(op.f("ix_line_probe_in_sid"), "line_probe", ["in_sid"])
    op.create_table(
        "line_fault",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_fault")),
    )
    op.create_index(op.f("ix_line_fault_at"), "line_fault", ["at"])
