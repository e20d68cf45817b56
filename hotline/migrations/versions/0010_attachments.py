"""Files on tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "attachment",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("for_union", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("by_kind", sa.String(length=16), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("removed_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_attachment_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("key", name=op.f("uq_attachment_key")),
    )
    op.create_index("ix_attachment_ticket_id_source_sha256", "attachment", ["ticket_id", "source_sha256"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("attachment")
