"""The public pages: tickets opened by their code, drafts of the web form, claim records, short messages, counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "public_use",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "period", name=op.f("pk_public_use")),
    )
    op.create_table(
        "opened_ticket",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("code_generation", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_opened_ticket_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_opened_ticket")),
    )
    op.create_index(op.f("ix_opened_ticket_ticket_id"), "opened_ticket", ["ticket_id"])
    op.create_index(op.f("ix_opened_ticket_expires_at"), "opened_ticket", ["expires_at"])
    op.create_table(
        "request_draft",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_request_draft_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_request_draft")),
    )
    op.create_index(op.f("ix_request_draft_ticket_id"), "request_draft", ["ticket_id"])
    op.create_index(op.f("ix_request_draft_expires_at"), "request_draft", ["expires_at"])
    op.create_table(
        "request_file",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("draft_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_sha256"],
            ["request_draft.token_sha256"],
            name=op.f("fk_request_file_draft_sha256_request_draft"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_file")),
    )
    op.create_index(op.f("ix_request_file_draft_sha256"), "request_file", ["draft_sha256"])
    op.create_table(
        "claim_record",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_claim_record_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_record")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_claim_record_code_sha256")),
    )
    op.create_index(op.f("ix_claim_record_ticket_id"), "claim_record", ["ticket_id"])
    op.create_table(
        "incoming_message",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("from_raw", sa.String(length=200), nullable=False),
        sa.Column("from_key", sa.String(length=64), nullable=True),
        sa.Column("to_raw", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.Column("media", sa.Integer(), nullable=False),
        sa.Column("crisis", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_incoming_message_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_message")),
        sa.UniqueConstraint("sid", name=op.f("uq_incoming_message_sid")),
    )
    op.create_index(op.f("ix_incoming_message_ticket_id"), "incoming_message", ["ticket_id"])
    op.create_index(
        "ix_incoming_message_from_key_received_at", "incoming_message", ["from_key", "received_at"]
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("incoming_message")
    op.drop_table("claim_record")
    op.drop_table("request_file")
    op.drop_table("request_draft")
    op.drop_table("opened_ticket")
    op.drop_table("public_use")
