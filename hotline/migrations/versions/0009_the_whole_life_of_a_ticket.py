"""Proposals to end a case, letters, money that came, signed authority, petitions, hard cases, answers by caller."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

ADDED: dict[str, tuple[sa.Column[object], ...]] = {
    "union_org": (sa.Column("leader_signs", sa.Boolean(), nullable=False, server_default=sa.false()),),
    "ticket": (
        sa.Column("petition_kind", sa.String(length=16), nullable=True),
        sa.Column("petition_article", sa.Integer(), nullable=True),
        sa.Column("hard_case", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("leader_id", BigId, nullable=True),
        sa.Column("repeat_count", sa.Integer(), nullable=False, server_default="0"),
    ),
    "extension": (sa.Column("difficulty", sa.String(length=16), nullable=True),),
    "ticket_return": (sa.Column("evidence", sa.Text(), nullable=True),),
    "report": (
        sa.Column("instalments", Json, nullable=False, server_default="[]"),
        sa.Column("reference", sa.String(length=300), nullable=True),
        sa.Column("pending_note", sa.Text(), nullable=True),
        sa.Column("signed_at", Moment, nullable=True),
        sa.Column("signed_by_id", BigId, nullable=True),
        sa.Column("passed_handling_id", BigId, nullable=True),
    ),
    "callback_attempt": (
        sa.Column("caller_id", BigId, nullable=True),
        sa.Column("money_received", sa.Boolean(), nullable=True),
    ),
}
POINTING = (
    ("ticket", "leader_id", "user_account"),
    ("report", "signed_by_id", "user_account"),
    ("report", "passed_handling_id", "handling"),
    ("callback_attempt", "caller_id", "caller"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for table, columns in ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.add_column(column)
            for owner, column_name, target in POINTING:
                if owner == table:
                    name = batch_op.f(f"fk_{table}_{column_name}_{target}")
                    batch_op.create_foreign_key(name, target, [column_name], ["id"])
    with op.batch_alter_table("callback_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_attempt_caller_id"), ["caller_id"], unique=False)
    op.create_table(
        "termination",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("handling_id", BigId, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("reason_code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("decided_at", Moment, nullable=True),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        *_keys(
            "termination",
            ("ticket_id", "ticket"),
            ("handling_id", "handling"),
            ("by_id", "user_account"),
            ("decided_by_id", "user_account"),
        ),
    )
    op.create_table(
        "letter",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reference", sa.String(length=300), nullable=False),
        sa.Column("addressee", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("union_id", BigId, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("clock_id", BigId, nullable=True),
        sa.Column("replied_at", Moment, nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        *_keys(
            "letter",
            ("ticket_id", "ticket"),
            ("union_id", "union_org"),
            ("by_id", "user_account"),
            ("clock_id", "clock"),
        ),
    )
    op.create_table(
        "payment",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        *_keys("payment", ("ticket_id", "ticket"), ("by_id", "user_account")),
    )
    op.create_table(
        "petition_agency",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("agent_id", BigId, nullable=False),
        sa.Column("reference", sa.String(length=300), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("revoked_at", Moment, nullable=True),
        *_keys(
            "petition_agency",
            ("ticket_id", "ticket"),
            ("agent_id", "user_account"),
            ("by_id", "user_account"),
        ),
    )
    for table in ("termination", "letter", "payment", "petition_agency"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    for table in ("petition_agency", "payment", "letter", "termination"):
        op.drop_table(table)
    with op.batch_alter_table("callback_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_attempt_caller_id"))
    for table, columns in ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for owner, column_name, target in POINTING:
                if owner == table:
                    batch_op.drop_constraint(
                        batch_op.f(f"fk_{table}_{column_name}_{target}"), type_="foreignkey"
                    )
            for column in columns:
                batch_op.drop_column(column.name)


def _keys(table: str, *pointing: tuple[str, str]) -> tuple[sa.Constraint, ...]:
    return (
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
            for column, target in pointing
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
