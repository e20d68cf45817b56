"""The knowledge base: articles, every version of what they say, the pairs a search finds, and where they were cited."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId, Json


class Article(Base):
    """One subject; readers see its published version, editors also the one that is proposed."""

    __tablename__ = "knowledge_article"
    __table_args__ = (Index("ix_knowledge_article_state_region_code", "state", "region_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    """draft, published, withdrawn."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every change, so that two editors cannot overwrite each other."""
    published_n: Mapped[int | None]
    """Which version readers see, or saw last."""
    proposed_n: Mapped[int | None]
    """Which version waits for somebody else's decision."""
    region_code: Mapped[str] = mapped_column(String(9), default="")
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))
    folded: Mapped[str] = mapped_column(Text, default="")
    """The words that a search compares, of the version that readers see."""


class ArticleVersion(Base):
    """What an article said at one time; written once and never changed but for who decided on it."""

    __tablename__ = "knowledge_version"
    __table_args__ = (UniqueConstraint("article_id", "n"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("knowledge_article.id"))
    n: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    categories: Mapped[list[str]]
    region_code: Mapped[str] = mapped_column(String(9))
    laws: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    ask: Mapped[list[str]]
    evidence: Mapped[list[str]]
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300))
    fingerprint: Mapped[str] = mapped_column(String(12))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None where a reviewed file brought it."""
    written_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    """proposed, published, refused."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str | None] = mapped_column(String(300))


class ArticleTerm(Base):
    """One pair of neighbouring signs of a published article (docs/adr/0009); the key is the index."""

    __tablename__ = "knowledge_term"

    term: Mapped[str] = mapped_column(String(16), primary_key=True)
    article_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_article.id"), primary_key=True, autoincrement=False, index=True
    )


class Citation(Base):
    """Which version of which article stood behind an answer."""

    __tablename__ = "knowledge_citation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("knowledge_version.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
