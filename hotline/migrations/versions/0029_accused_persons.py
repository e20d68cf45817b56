"""Persons that a caller complains about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("ticket") as batch_op:
        batch_op.add_column(sa.Column("accused_user_ids", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take the schema back to the one before."""
    with op.batch_alter_table("ticket") as batch_op:
        batch_op.drop_column("accused_user_ids")
