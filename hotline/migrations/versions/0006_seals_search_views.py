"""The clock's seals over the history, the search index, and lists that people keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TERMS = {
    "sqlite": ("CREATE VIRTUAL TABLE ticket_terms USING fts5(terms, content='', columnsize=0, detail=none)",),
    "postgresql": (
        "CREATE TABLE ticket_terms (ticket_id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)",
        "CREATE INDEX ix_ticket_terms ON ticket_terms USING gin (terms) WITH (gin_pending_list_limit = 512)",
    ),
}


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "audit_seal",
        sa.Column("n", BigId, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("last_event_id", BigId, nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_sealed_head",
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("n", BigId, nullable=False),
        sa.ForeignKeyConstraint(["n"], ["audit_seal.n"], name=op.f("fk_audit_sealed_head_n_audit_seal")),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_sealed_head")),
    )
    with op.batch_alter_table("audit_sealed_head", schema=None) as batch_op:
        batch_op.create_index("ix_audit_sealed_head_n", ["n"], unique=False)
    op.create_table(
        "ticket_text",
        sa.Column("ticket_id", BigId, autoincrement=False, nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_text_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_text")),
    )
    for statement in TERMS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "saved_view",
        sa.Column("id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("filter", Json, nullable=False),
        sa.Column("shared_role", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name=op.f("fk_saved_view_owner_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_view_owner_id_name")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_view_shared_role"), ["shared_role"], unique=False)


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("saved_view")
    op.execute("DROP TABLE ticket_terms")
    op.drop_table("ticket_text")
    op.drop_table("audit_sealed_head")
    op.drop_table("audit_seal")
