"""Switched lines, breaks and fair turns at the desk; keys and legal holds of recordings; the roster."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offered_at", Moment, nullable=True))
        batch_op.add_column(sa.Column("taken", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("taken_day", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("break_until", Moment, nullable=True))
        batch_op.create_index(batch_op.f("ix_presence_break_until"), ["break_until"], unique=False)
    op.create_table(
        "line_switch",
        sa.Column("line", sa.String(length=24), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("divert_to", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_line_switch_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_line_switch")),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_id", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("held_at", Moment, nullable=True))
        batch_op.add_column(sa.Column("held_by_id", BigId, nullable=True))
        batch_op.add_column(sa.Column("hold_reason", sa.String(length=300), nullable=True))
        name = batch_op.f("fk_recording_held_by_id_user_account")
        batch_op.create_foreign_key(name, "user_account", ["held_by_id"], ["id"])
    op.create_table(
        "shift",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("deputy_id", BigId, nullable=True),
        sa.Column("line", sa.String(length=24), nullable=True),
        sa.Column("begins_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("cancelled_at", Moment, nullable=True),
        sa.Column("alarmed_at", Moment, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_keys("shift", "user_id", "deputy_id", "by_id"),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("ix_shift_user_id_ends_at", ["user_id", "ends_at"], unique=False)
        batch_op.create_index("ix_shift_ends_at", ["ends_at"], unique=False)
    op.create_table(
        "handover",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("from_id", BigId, nullable=False),
        sa.Column("to_id", BigId, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.Column("taken_at", Moment, nullable=True),
        sa.Column("taken_by_id", BigId, nullable=True),
        *_keys("handover", "from_id", "to_id", "taken_by_id"),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_at"), ["at"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("handover")
    op.drop_table("shift")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_recording_held_by_id_user_account"), type_="foreignkey")
        for name in ("hold_reason", "held_by_id", "held_at", "key_id"):
            batch_op.drop_column(name)
    op.drop_table("line_switch")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_presence_break_until"))
        for name in ("break_until", "taken_day", "taken", "offered_at"):
            batch_op.drop_column(name)


def _keys(table: str, *people: str) -> tuple[sa.Constraint, ...]:
    return (
        *(
            sa.ForeignKeyConstraint([each], ["user_account.id"], name=op.f(f"fk_{table}_{each}_user_account"))
            for each in people
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
