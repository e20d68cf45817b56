"""What reports count by: when tickets ended, when unions were given them, when money came."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_ticket_closed_at", "ticket", "closed_at"),
    ("ix_handling_dispatched_at", "handling", "dispatched_at"),
    ("ix_payment_paid_on", "payment", "paid_on"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, table, column in _INDEXES:
        op.create_index(name, table, [column])


def downgrade() -> None:
    """Take this revision back."""
    for name, table, _ in _INDEXES:
        op.drop_index(name, table_name=table)
