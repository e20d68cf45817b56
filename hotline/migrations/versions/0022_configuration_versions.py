"""Versions of what an administrator decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "config_version",
        sa.Column("id", BigId, nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("written_at", Moment, nullable=False),
        sa.Column("written_by_id", BigId, nullable=True),
        sa.Column("effects", Json, nullable=False),
        sa.Column("published_at", Moment, nullable=True),
        sa.Column("published_by_id", BigId, nullable=True),
        sa.Column("superseded_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["written_by_id"], ["user_account.id"], name=op.f("fk_config_version_written_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"],
            ["user_account.id"],
            name=op.f("fk_config_version_published_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_version")),
        sa.UniqueConstraint("document", "number", name=op.f("uq_config_version_document_number")),
    )
    in_force = sa.text("published_at IS NOT NULL AND superseded_at IS NULL")
    op.create_index(
        "uq_config_version_in_force",
        "config_version",
        ["document"],
        unique=True,
        postgresql_where=in_force,
        sqlite_where=in_force,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("config_version")
