"""Transfers and third parties, supervisors who listen, requests for help, and how long a caller has been on hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('ringing', 'accepted', 'talking')")
RINGING = sa.text("state IN ('ringing', 'accepted')")
OPEN = sa.text("state = 'open'")
LISTENING = sa.text("kind = 'supervisor' AND left_at IS NULL")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("call", sa.Column("held_since", Moment, nullable=True))
    op.add_column("call", sa.Column("recalls", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_call_held_since", "call", ["held_since"])
    op.add_column("leg", sa.Column("label", sa.String(length=60), nullable=True))
    op.add_column("leg", sa.Column("mode", sa.String(length=12), nullable=True))
    op.create_index(
        "ix_leg_listening", "leg", ["call_id"], postgresql_where=LISTENING, sqlite_where=LISTENING
    )
    _transfers()
    _help_requests()


def _transfers() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("call_id", BigId, nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("style", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("line", sa.String(length=24), nullable=True),
        sa.Column("party", sa.String(length=24), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("leg_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("settled_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_transfer_call_id_call"),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name="fk_transfer_by_id_user_account"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_transfer_user_id_user_account"),
        sa.ForeignKeyConstraint(["leg_id"], ["leg.id"], name="fk_transfer_leg_id_leg"),
    )
    op.create_index("ix_transfer_call_id", "transfer", ["call_id"])
    op.create_index("ix_transfer_created_at", "transfer", ["created_at"])
    op.create_index(
        "uq_transfer_live_call",
        "transfer",
        ["call_id"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )
    op.create_index(
        "uq_transfer_ringing_user",
        "transfer",
        ["user_id"],
        unique=True,
        postgresql_where=RINGING,
        sqlite_where=RINGING,
    )
    op.create_index(
        "ix_transfer_due", "transfer", ["expires_at"], postgresql_where=RINGING, sqlite_where=RINGING
    )


def _help_requests() -> None:
    op.create_table(
        "help_request",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("call_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answered_by_id", BigId, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_help_request_call_id_call"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_help_request_user_id_user_account"
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name="fk_help_request_answered_by_id_user_account"
        ),
    )
    op.create_index("ix_help_request_call_id", "help_request", ["call_id"])
    op.create_index(
        "uq_help_request_open",
        "help_request",
        ["call_id"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
