"""Requests that come once, links, how unions' people are told, relay calls, and what accounts keep of their owners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
UNPLANNED = sa.text("planned_at IS NULL")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "notice_digest",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_digest_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_notice_digest")),
    )
    op.create_table(
        "notice_preference",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_preference_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "channel", name=op.f("pk_notice_preference")),
    )
    op.create_table(
        "request_key",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_request_key_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_request_key")),
    )
    with op.batch_alter_table("request_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_key_at"), ["at"], unique=False)

    op.create_table(
        "robot",
        sa.Column("id", BigId, nullable=False),
        sa.Column("union_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("created_by_id", BigId, nullable=True),
        sa.Column("removed_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_robot_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union_org.id"], name=op.f("fk_robot_union_id_union_org")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_robot_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot")),
        sa.UniqueConstraint("union_id", "name", name=op.f("uq_robot_union_id_name")),
    )
    with op.batch_alter_table("robot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_robot_user_id"), ["user_id"], unique=False)

    op.create_table(
        "access_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("authority_version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("redeemed_at", Moment, nullable=True),
        sa.Column("device_sha256", sa.String(length=64), nullable=True),
        sa.Column("device_expires_at", Moment, nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("revoked_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_access_link_ticket_id_ticket")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_access_link_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_link")),
        sa.UniqueConstraint("device_sha256", name=op.f("uq_access_link_device_sha256")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_access_link_token_sha256")),
    )
    with op.batch_alter_table("access_link", schema=None) as batch_op:
        batch_op.create_index("ix_access_link_person", ["user_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_link_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "relay_call",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ticket_id", BigId, nullable=False),
        sa.Column("caller_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("union_sid", sa.String(length=64), nullable=True),
        sa.Column("caller_sid", sa.String(length=64), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("talking_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["caller.id"], name=op.f("fk_relay_call_caller_id_caller")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_relay_call_ticket_id_ticket")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_relay_call_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_call")),
        sa.UniqueConstraint("caller_sid", name=op.f("uq_relay_call_caller_sid")),
        sa.UniqueConstraint("union_sid", name=op.f("uq_relay_call_union_sid")),
    )
    with op.batch_alter_table("relay_call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relay_call_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_relay_call_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notice_delivery",
        sa.Column("id", BigId, nullable=False),
        sa.Column("notice_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("again_of_id", BigId, nullable=True),
        sa.Column("ticket_id", BigId, nullable=True),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("robot_id", BigId, nullable=True),
        sa.Column("union_id", BigId, nullable=True),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("outbox_id", BigId, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.Column("settled_by_id", BigId, nullable=True),
        sa.Column("settled_as", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(
            ["again_of_id"],
            ["notice_delivery.id"],
            name=op.f("fk_notice_delivery_again_of_id_notice_delivery"),
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_delivery_notice_id_notice")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_notice_delivery_outbox_id_outbox")
        ),
        sa.ForeignKeyConstraint(["robot_id"], ["robot.id"], name=op.f("fk_notice_delivery_robot_id_robot")),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["user_account.id"], name=op.f("fk_notice_delivery_settled_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_notice_delivery_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["union_id"], ["union_org.id"], name=op.f("fk_notice_delivery_union_id_union_org")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_delivery_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_delivery")),
    )
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_delivery_notice_id"), ["notice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_delivery_outbox_id"), ["outbox_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_delivery_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_delivery_union_id"), ["union_id"], unique=False)
        batch_op.create_index("ix_notice_delivery_user_at", ["user_id", "created_at"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned_at", Moment, nullable=True))

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        batch_op.add_column(
            sa.Column("password_temporary", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    # What people were told of before there were messages is not sent to them now.
    op.execute(sa.text("UPDATE notice SET planned_at = at"))
    op.create_index(
        "ix_notice_unplanned", "notice", ["id"], postgresql_where=UNPLANNED, sqlite_where=UNPLANNED
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_notice_unplanned", table_name="notice")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("password_temporary")
        batch_op.drop_column("email")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("planned_at")
    for table in (
        *("notice_delivery", "relay_call", "access_link", "robot"),
        *("request_key", "notice_preference", "notice_digest"),
    ):
        op.drop_table(table)
