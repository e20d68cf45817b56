"""Alembic's entry: runs migrations on the connection which `hotline.migrations.run` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from dispatch.models.base import Json, UtcDateTime
from hotline.migrations.metadata import metadata
from hotline.migrations.run import is_ours


def _plain_types(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    # A migration must mean the same for ever, whatever becomes of our column types.
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and thing is Json:
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place: Alembic copies the table instead.
    render_as_batch=True,
    compare_type=True,
    include_object=is_ours,
    render_item=_plain_types,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
