"""What reports count by: when tickets ended, when unions were given them, when money came, how long people wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_INDEXES = (
    ("ix_ticket_closed_at", "ticket", "closed_at"),
    ("ix_handling_dispatched_at", "handling", "dispatched_at"),
    ("ix_payment_paid_on", "payment", "paid_on"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, table, column in _INDEXES:
        op.create_index(name, table, [column])
    op.create_table(
        "wrap_up",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("call_id", BigId, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrap_up")),
    )
    op.create_index(op.f("ix_wrap_up_ended_at"), "wrap_up", ["ended_at"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("wrap_up")
    for name, table, _ in _INDEXES:
        op.drop_index(name, table_name=table)
