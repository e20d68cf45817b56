"""Calendar revisions, recomputes, proposed steps, terms of law, group signals, what the self-audit found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "audit_finding",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_finding")),
    )
    with op.batch_alter_table("audit_finding", schema=None) as batch_op:
        batch_op.create_index(
            "uq_audit_finding_open",
            ["kind", "key"],
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )

    op.create_table(
        "calendar_revision",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_calendar_revision_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_revision")),
    )
    op.create_table(
        "recompute",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("after_ticket_id", BigId, nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("clocks", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_recompute_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recompute")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("revision_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["calendar_revision.id"],
            name=op.f("fk_calendar_year_revision_id_calendar_revision"),
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "employer_mention",
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_employer_mention_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "key", name=op.f("pk_employer_mention")),
    )
    with op.batch_alter_table("employer_mention", schema=None) as batch_op:
        batch_op.create_index("ix_employer_mention_key", ["key", "at"], unique=False)

    op.create_table(
        "group_signal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("employer_id", BigId, nullable=True),
        sa.Column("employer_name", sa.String(length=300), nullable=False),
        sa.Column("region_code", sa.String(length=9), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("callers", sa.Integer(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("collective_id", BigId, nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collective_id"], ["ticket.id"], name=op.f("fk_group_signal_collective_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_group_signal_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.id"], name=op.f("fk_group_signal_employer_id_employer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_signal")),
    )
    with op.batch_alter_table("group_signal", schema=None) as batch_op:
        batch_op.create_index("ix_group_signal_key", ["key"], unique=False)
        batch_op.create_index(
            "uq_group_signal_proposed",
            ["key"],
            unique=True,
            postgresql_where=sa.text("state = 'proposed'"),
            sqlite_where=sa.text("state = 'proposed'"),
        )

    op.create_table(
        "signal_check",
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_signal_check_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_signal_check")),
    )
    op.create_table(
        "ticket_statute",
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("raise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["user_account.id"], name=op.f("fk_ticket_statute_entered_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_statute_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "code", name=op.f("pk_ticket_statute")),
    )
    with op.batch_alter_table("ticket_statute", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_statute_due",
            ["raise_at"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "group_signal_ticket",
        sa.Column("signal_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["group_signal.id"], name=op.f("fk_group_signal_ticket_signal_id_group_signal")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_group_signal_ticket_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("signal_id", "ticket_id", name=op.f("pk_group_signal_ticket")),
    )
    with op.batch_alter_table("group_signal_ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_signal_ticket_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "step_proposal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("clock_id", BigId, nullable=False),
        sa.Column("timer_id", BigId, nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_step_proposal_clock_id_clock")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_step_proposal_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_step_proposal_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["timer_id"], ["timer.id"], name=op.f("fk_step_proposal_timer_id_timer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_proposal")),
        sa.UniqueConstraint("timer_id", name=op.f("uq_step_proposal_timer_id")),
    )
    with op.batch_alter_table("step_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_proposal_clock_id"), ["clock_id"], unique=False)
        batch_op.create_index(
            "ix_step_proposal_open",
            ["at"],
            unique=False,
            postgresql_where=sa.text("state = 'proposed'"),
            sqlite_where=sa.text("state = 'proposed'"),
        )
        batch_op.create_index(batch_op.f("ix_step_proposal_ticket_id"), ["ticket_id"], unique=False)

    with op.batch_alter_table("calendar_override", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hours", Json, nullable=True))
        batch_op.add_column(sa.Column("revision_id", BigId, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_calendar_override_revision_id_calendar_revision"),
            "calendar_revision",
            ["revision_id"],
            ["id"],
        )

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clock_live",
            ["calendar", "calendar_version", "ticket_id"],
            unique=False,
            postgresql_where=sa.text("state IN ('running', 'paused')"),
            sqlite_where=sa.text("state IN ('running', 'paused')"),
        )

    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("urgency_chosen", sa.String(length=2), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_column("urgency_chosen")

    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_clock_live",
            postgresql_where=sa.text("state IN ('running', 'paused')"),
            sqlite_where=sa.text("state IN ('running', 'paused')"),
        )

    with op.batch_alter_table("calendar_override", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_calendar_override_revision_id_calendar_revision"), type_="foreignkey"
        )
        batch_op.drop_column("revision_id")
        batch_op.drop_column("hours")

    with op.batch_alter_table("step_proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_step_proposal_ticket_id"))
        batch_op.drop_index(
            "ix_step_proposal_open",
            postgresql_where=sa.text("state = 'proposed'"),
            sqlite_where=sa.text("state = 'proposed'"),
        )
        batch_op.drop_index(batch_op.f("ix_step_proposal_clock_id"))

    op.drop_table("step_proposal")
    with op.batch_alter_table("group_signal_ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_signal_ticket_ticket_id"))

    op.drop_table("group_signal_ticket")
    with op.batch_alter_table("ticket_statute", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ticket_statute_due",
            postgresql_where=sa.text("settled_at IS NULL"),
            sqlite_where=sa.text("settled_at IS NULL"),
        )

    op.drop_table("ticket_statute")
    op.drop_table("signal_check")
    with op.batch_alter_table("group_signal", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_group_signal_proposed",
            postgresql_where=sa.text("state = 'proposed'"),
            sqlite_where=sa.text("state = 'proposed'"),
        )
        batch_op.drop_index("ix_group_signal_key")

    op.drop_table("group_signal")
    with op.batch_alter_table("employer_mention", schema=None) as batch_op:
        batch_op.drop_index("ix_employer_mention_key")

    op.drop_table("employer_mention")
    op.drop_table("calendar_year")
    op.drop_table("recompute")
    op.drop_table("calendar_revision")
    with op.batch_alter_table("audit_finding", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_audit_finding_open",
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )

    op.drop_table("audit_finding")
