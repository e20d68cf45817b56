"""Recordings of conversations: how far each has got, and why one was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "call_recording",
        sa.Column("call_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_by_id", BigId, nullable=True),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_recording_call_id_call")),
        sa.ForeignKeyConstraint(
            ["declined_by_id"],
            ["user_account.id"],
            name=op.f("fk_call_recording_declined_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_recording")),
        sa.UniqueConstraint("sid", name=op.f("uq_call_recording_sid")),
    )
    op.add_column("recording", sa.Column("deleted_reason", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("recording", "deleted_reason")
    op.drop_table("call_recording")
