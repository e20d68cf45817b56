"""Which of our numbers a call came in on and the region it stands for; who may hear a call for a while, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("call", sa.Column("called", sa.String(length=24), nullable=True))
    op.add_column("call", sa.Column("called_region", sa.String(length=9), nullable=True))
    op.create_table(
        "recording_access",
        sa.Column("call_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_access_call_id_call")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recording_access_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("call_id", "user_id", name=op.f("pk_recording_access")),
    )
