"""Service points, court districts, posts with deputies, absences, rosters, branches, stored routing rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "court_district",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("court", sa.String(length=120), nullable=False),
        sa.Column("union_id", BigId, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["union_id"], ["union_org.id"], name=op.f("fk_court_district_union_id_union_org")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_district")),
        sa.UniqueConstraint("code", name=op.f("uq_court_district_code")),
    )
    with op.batch_alter_table("court_district", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_court_district_union_id"), ["union_id"], unique=False)

    op.create_table(
        "service_point",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("union_id", BigId, nullable=False),
        sa.Column("region_code", sa.String(length=9), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("calendar", sa.String(length=32), nullable=False),
        sa.Column("skills", Json, nullable=False),
        sa.Column("facilities", Json, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["union_id"], ["union_org.id"], name=op.f("fk_service_point_union_id_union_org")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_point")),
        sa.UniqueConstraint("code", name=op.f("uq_service_point_code")),
    )
    with op.batch_alter_table("service_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_point_region_code"), ["region_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_point_union_id"), ["union_id"], unique=False)

    op.create_table(
        "absence",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_absence_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("user_id", "begins_at", name=op.f("uq_absence_user_id_begins_at")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_user_id_ends_at", ["user_id", "ends_at"], unique=False)

    op.create_table(
        "court_district_region",
        sa.Column("region_code", sa.String(length=9), nullable=False),
        sa.Column("district_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"],
            ["court_district.id"],
            name=op.f("fk_court_district_region_district_id_court_district"),
        ),
        sa.PrimaryKeyConstraint("region_code", name=op.f("pk_court_district_region")),
    )
    with op.batch_alter_table("court_district_region", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_court_district_region_district_id"), ["district_id"], unique=False
        )

    op.create_table(
        "post",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("union_id", BigId, nullable=False),
        sa.Column("service_point_id", BigId, nullable=True),
        sa.Column("holder_id", BigId, nullable=True),
        sa.Column("deputy_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["user_account.id"], name=op.f("fk_post_deputy_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["user_account.id"], name=op.f("fk_post_holder_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_post_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["union_id"], ["union_org.id"], name=op.f("fk_post_union_id_union_org")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("code", name=op.f("uq_post_code")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_deputy_id"), ["deputy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_service_point_id"), ["service_point_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_union_id"), ["union_id"], unique=False)

    op.create_table(
        "roster_duty",
        sa.Column("id", BigId, nullable=False),
        sa.Column("union_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["union_id"], ["union_org.id"], name=op.f("fk_roster_duty_union_id_union_org")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_roster_duty_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_duty")),
        sa.UniqueConstraint(
            "union_id", "user_id", "begins_at", name=op.f("uq_roster_duty_union_id_user_id_begins_at")
        ),
    )
    with op.batch_alter_table("roster_duty", schema=None) as batch_op:
        batch_op.create_index("ix_roster_duty_union_id_ends_at", ["union_id", "ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_roster_duty_user_id"), ["user_id"], unique=False)

    op.create_table(
        "routing_rule_set",
        sa.Column("id", BigId, nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("dispatch_mode", sa.String(length=12), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["stored_by_id"], ["user_account.id"], name=op.f("fk_routing_rule_set_stored_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule_set")),
    )
    with op.batch_alter_table("employer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", BigId, nullable=True))
        batch_op.create_index(batch_op.f("ix_employer_parent_id"), ["parent_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_employer_parent_id_employer"), "employer", ["parent_id"], ["id"]
        )

    with op.batch_alter_table("routing_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rule_set_id", BigId, nullable=True))
        batch_op.add_column(sa.Column("otherwise", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_routing_rule_rule_set_id_code"), ["rule_set_id", "code"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_routing_rule_rule_set_id_routing_rule_set"),
            "routing_rule_set",
            ["rule_set_id"],
            ["id"],
        )


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("routing_rule", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_routing_rule_rule_set_id_routing_rule_set"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("uq_routing_rule_rule_set_id_code"), type_="unique")
        batch_op.drop_column("otherwise")
        batch_op.drop_column("rule_set_id")

    with op.batch_alter_table("employer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_employer_parent_id_employer"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_employer_parent_id"))
        batch_op.drop_column("parent_id")

    op.drop_table("routing_rule_set")
    with op.batch_alter_table("roster_duty", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_duty_user_id"))
        batch_op.drop_index("ix_roster_duty_union_id_ends_at")

    op.drop_table("roster_duty")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_union_id"))
        batch_op.drop_index(batch_op.f("ix_post_service_point_id"))
        batch_op.drop_index(batch_op.f("ix_post_holder_id"))
        batch_op.drop_index(batch_op.f("ix_post_deputy_id"))

    op.drop_table("post")
    with op.batch_alter_table("court_district_region", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_court_district_region_district_id"))

    op.drop_table("court_district_region")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index("ix_absence_user_id_ends_at")

    op.drop_table("absence")
    with op.batch_alter_table("service_point", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_point_union_id"))
        batch_op.drop_index(batch_op.f("ix_service_point_region_code"))

    op.drop_table("service_point")
    with op.batch_alter_table("court_district", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_court_district_union_id"))

    op.drop_table("court_district")
