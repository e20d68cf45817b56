"""Progress queries and their lock-out, blocked numbers, announcements, follow-up calls, distress and warnings of a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("crisis", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("warnings", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "query_try",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "day", name=op.f("pk_query_try")),
    )
    op.create_table(
        "blocked_number",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number_key", sa.String(length=64), nullable=False),
        sa.Column("number_masked", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("call_id", BigId, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_blocked_number_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_blocked_number_call_id_call")),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["user_account.id"], name=op.f("fk_blocked_number_lifted_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_number")),
    )
    with op.batch_alter_table("blocked_number", schema=None) as batch_op:
        batch_op.create_index("ix_blocked_number_key_until", ["number_key", "until"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", BigId, nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("text_en", sa.String(length=300), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_incident_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_incident_ended_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(
            "uq_incident_on",
            ["is_on"],
            unique=True,
            postgresql_where=sa.text("is_on"),
            sqlite_where=sa.text("is_on"),
        )
    op.create_table(
        "follow_up",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", BigId, nullable=True),
        sa.Column("solved", sa.String(length=12), nullable=True),
        sa.Column("satisfied", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_follow_up_call_id_call")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_follow_up_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("ticket_id", "round", name=op.f("uq_follow_up_ticket_id_round")),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_call_id"), ["call_id"], unique=False)
        batch_op.create_index("ix_follow_up_state_next_at", ["state", "next_at"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("follow_up")
    op.drop_table("incident")
    op.drop_table("blocked_number")
    op.drop_table("query_try")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_column("warnings")
        batch_op.drop_column("crisis")
