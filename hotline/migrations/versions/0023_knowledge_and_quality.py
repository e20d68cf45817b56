"""The knowledge base with its versions and citations, and quality checks with their appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    _knowledge()
    _quality()


def _knowledge() -> None:
    op.create_table(
        "knowledge_article",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_n", sa.Integer(), nullable=True),
        sa.Column("proposed_n", sa.Integer(), nullable=True),
        sa.Column("region_code", sa.String(length=9), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_article")),
        sa.UniqueConstraint("code", name=op.f("uq_knowledge_article_code")),
    )
    op.create_index("ix_knowledge_article_state_region_code", "knowledge_article", ["state", "region_code"])
    op.create_table(
        "knowledge_version",
        sa.Column("id", BigId, nullable=False),
        sa.Column("article_id", BigId, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("categories", Json, nullable=False),
        sa.Column("region_code", sa.String(length=9), nullable=False),
        sa.Column("laws", Json, nullable=False),
        sa.Column("ask", Json, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("fingerprint", sa.String(length=12), nullable=False),
        sa.Column("author_id", BigId, nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("decision", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["knowledge_article.id"],
            name=op.f("fk_knowledge_version_article_id_knowledge_article"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_knowledge_version_author_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["user_account.id"],
            name=op.f("fk_knowledge_version_decided_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_version")),
        sa.UniqueConstraint("article_id", "n", name=op.f("uq_knowledge_version_article_id_n")),
    )
    op.create_table(
        "knowledge_term",
        sa.Column("term", sa.String(length=16), nullable=False),
        sa.Column("article_id", BigId, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["knowledge_article.id"],
            name=op.f("fk_knowledge_term_article_id_knowledge_article"),
        ),
        sa.PrimaryKeyConstraint("term", "article_id", name=op.f("pk_knowledge_term")),
    )
    op.create_index(op.f("ix_knowledge_term_article_id"), "knowledge_term", ["article_id"])
    op.create_table(
        "knowledge_citation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("version_id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_knowledge_citation_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["knowledge_version.id"],
            name=op.f("fk_knowledge_citation_version_id_knowledge_version"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_knowledge_citation_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_citation")),
    )
    op.create_index(op.f("ix_knowledge_citation_ticket_id"), "knowledge_citation", ["ticket_id"])
    op.create_index(op.f("ix_knowledge_citation_version_id"), "knowledge_citation", ["version_id"])


def _quality() -> None:
    op.create_table(
        "quality_sample",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_quality_sample_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["user_account.id"], name=op.f("fk_quality_sample_subject_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["drawn_by_id"], ["user_account.id"], name=op.f("fk_quality_sample_drawn_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_sample")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_quality_sample_ticket_id")),
    )
    op.create_index("ix_quality_sample_state_id", "quality_sample", ["state", "id"])
    op.create_index("ix_quality_sample_subject_id_state", "quality_sample", ["subject_id", "state"])
    op.create_table(
        "quality_score",
        sa.Column("sample_id", BigId, autoincrement=False, nullable=False),
        sa.Column("sheet_version", sa.String(length=12), nullable=False),
        sa.Column("sheet", Json, nullable=False),
        sa.Column("points", Json, nullable=False),
        sa.Column("remarks", Json, nullable=False),
        sa.Column("vetoes", Json, nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("given_total", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("vetoed", sa.Boolean(), nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["quality_sample.id"], name=op.f("fk_quality_score_sample_id_quality_sample")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_quality_score_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_quality_score")),
    )
    op.create_index(op.f("ix_quality_score_by_id"), "quality_score", ["by_id"])
    op.create_index(op.f("ix_quality_score_at"), "quality_score", ["at"])
    op.create_table(
        "quality_appeal",
        sa.Column("sample_id", BigId, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", BigId, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["quality_sample.id"], name=op.f("fk_quality_appeal_sample_id_quality_sample")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["user_account.id"],
            name=op.f("fk_quality_appeal_decided_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_quality_appeal")),
    )


def downgrade() -> None:
    """Take this revision back."""
    for table in ("quality_appeal", "quality_score", "quality_sample"):
        op.drop_table(table)
    for table in ("knowledge_citation", "knowledge_term", "knowledge_version", "knowledge_article"):
        op.drop_table(table)
