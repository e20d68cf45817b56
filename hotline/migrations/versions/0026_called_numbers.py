"""Which of our numbers a call came in on, and the region that it stands for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("call", sa.Column("called", sa.String(length=24), nullable=True))
    op.add_column("call", sa.Column("called_region", sa.String(length=9), nullable=True))
