"""What searches read: each ticket's folded words, and beside them the engine's own index over their bigrams."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, ForeignKey, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base

TERMS: Final = "ticket_terms"
"""The index: ticket → bigrams. Its tables are the engine's own kind and in no metadata."""

CREATE_TERMS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": ("CREATE VIRTUAL TABLE ticket_terms USING fts5(terms, content='', columnsize=0, detail=none)",),
    "postgresql": (
        "CREATE TABLE ticket_terms (ticket_id BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)",
        # A short pending list: searches read it from end to end.
        "CREATE INDEX ix_ticket_terms ON ticket_terms USING gin (terms) WITH (gin_pending_list_limit = 512)",
    ),
}


class TicketText(Base):
    """The words of a ticket that its readers may see, numbers masked; written with the ticket."""

    __tablename__ = "ticket_text"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    folded: Mapped[str] = mapped_column(Text)


def is_index_table(name: str | None) -> bool:
    """Whether a table belongs to the index, which migrations make by hand."""
    return name is not None and name.startswith(TERMS)


def _create_terms(_table: object, connection: Connection, **_: object) -> None:
    for statement in CREATE_TERMS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


event.listen(TicketText.__table__, "after_create", _create_terms)
