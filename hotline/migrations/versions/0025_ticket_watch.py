"""Who has which ticket on the screen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "ticket_watch",
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_watch_ticket_id_ticket")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_ticket_watch_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("sid", "ticket_id", name=op.f("pk_ticket_watch")),
    )
    op.create_index("ix_ticket_watch_ticket_id", "ticket_watch", ["ticket_id"])
    op.create_index("ix_ticket_watch_until", "ticket_watch", ["until"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("ticket_watch")
