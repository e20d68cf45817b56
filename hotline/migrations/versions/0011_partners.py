"""Partners, their secrets and requests, what is exchanged with them, what they are told, and the files they offer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

MADE = (
    "partner_org",
    "partner_secret",
    "partner_request",
    "partner_link",
    "partner_event",
    "partner_file",
)
INDEXED = (
    ("partner_secret", "partner_id"),
    ("partner_request", "at"),
    ("partner_link", "ticket_id"),
    ("partner_event", "link_id"),
    ("partner_event", "outbox_id"),
    ("partner_file", "link_id"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("exchanged", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "partner_org",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("region_code", sa.String(length=9), nullable=True),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("union_id", BigId, nullable=True),
        sa.Column("may", Json, nullable=False),
        sa.Column("code_map", sa.String(length=32), nullable=True),
        sa.Column("speaks", sa.String(length=12), nullable=False),
        sa.Column("endpoint", sa.String(length=300), nullable=True),
        sa.Column("our_code", sa.String(length=32), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("disabled_at", Moment, nullable=True),
        *_keys(
            "partner_org",
            ("user_id", "user_account"),
            ("union_id", "union_org"),
            unique=(("code",), ("user_id",), ("union_id",)),
        ),
    )
    op.create_table(
        "partner_secret",
        sa.Column("id", BigId, nullable=False),
        sa.Column("partner_id", BigId, nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=True),
        *_keys("partner_secret", ("partner_id", "partner_org")),
    )
    op.create_table(
        "partner_request",
        sa.Column("id", BigId, nullable=False),
        sa.Column("partner_id", BigId, nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("at", Moment, nullable=False),
        *_keys(
            "partner_request",
            ("partner_id", "partner_org"),
            unique=(("partner_id", "nonce"), ("partner_id", "key")),
        ),
    )
    op.create_table(
        "partner_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("partner_id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("number", sa.String(length=28), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("source_org", sa.String(length=100), nullable=False),
        sa.Column("target_org", sa.String(length=100), nullable=False),
        sa.Column("masked_caller", sa.String(length=60), nullable=True),
        sa.Column("contact_token", sa.String(length=100), nullable=True),
        sa.Column("consent_basis", sa.String(length=16), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("due_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        *_keys(
            "partner_link",
            ("partner_id", "partner_org"),
            ("ticket_id", "ticket"),
            unique=(("partner_id", "direction", "external_id"), ("partner_id", "number")),
        ),
    )
    op.create_table(
        "partner_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("link_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("outbox_id", BigId, nullable=True),
        *_keys("partner_event", ("link_id", "partner_link"), ("outbox_id", "outbox"), unique=(("uid",),)),
    )
    op.create_table(
        "partner_file",
        sa.Column("id", BigId, nullable=False),
        sa.Column("link_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("url_expires_at", Moment, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attachment_id", sa.String(length=64), nullable=True),
        *_keys("partner_file", ("link_id", "partner_link")),
    )
    for table, column in INDEXED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
    with op.batch_alter_table("partner_link", schema=None) as batch_op:
        batch_op.create_index(
            "ix_partner_link_partner_id_changed_at", ["partner_id", "changed_at"], unique=False
        )


def downgrade() -> None:
    """Take this revision back."""
    for table in reversed(MADE):
        op.drop_table(table)
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_column("exchanged")


def _keys(
    table: str, *pointing: tuple[str, str], unique: tuple[tuple[str, ...], ...] = ()
) -> tuple[sa.Constraint, ...]:
    return (
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
            for column, target in pointing
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}")) for columns in unique),
    )
