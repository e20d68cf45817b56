"""Reading the knowledge base: what a search finds, what fits the ticket at hand, one article, what a ticket cites."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import can, find_ticket
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound
from dispatch.knowledge import content_of, find_article, last_n, version_of
from dispatch.models.knowledge import Article, ArticleTerm, ArticleVersion, Citation
from dispatch.models.people import User
from dispatch.rules.articles import (
    Content,
    KnowledgePolicy,
    Stale,
    fit,
    regions_above,
    stale,
)
from dispatch.rules.bigrams import SHORTEST, fold, terms_of, words_of
from dispatch.rules.categories import Catalogue
from dispatch.rules.permissions import Action
from dispatch.rules.working_time import SHANGHAI

MOST_LOOKED_AT: Final = 2000
"""Articles that one search ranks; a province has some hundreds."""


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article in a list."""

    code: str
    title: str
    state: str
    n: int
    version: int
    region: str
    categories: list[str]
    valid_to: date | None
    reviewed_on: date | None
    stale: Stale | None
    proposed: bool
    laws: list[dict[str, Any]]
    evidence: list[str]
    ask: list[str]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in an article's history."""

    n: int
    state: str
    author: str | None
    written_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """An article as one reads it; `n` is the version that `content` is."""

    code: str
    state: str
    version: int
    n: int
    published_n: int | None
    proposed_n: int | None
    content: Content
    reviewed_on: date | None
    stale: Stale | None
    withdrawn_reason: str | None
    history: list[VersionLine]
    may_revise: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class CitationLine:
    """What a ticket's answer rests on, and what became of it since."""

    code: str
    title: str
    n: int
    fingerprint: str
    at: datetime
    current_n: int | None
    """None once the article is withdrawn."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is cut and ranked by; `category` and `region` are those of the ticket at hand."""

    q: str = ""
    category: str | None = None
    region: str | None = None
    state: str = "published"
    stale: bool = False
    limit: int = 20


def list_articles(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    catalogue: Catalogue,
    policy: KnowledgePolicy,
    now: datetime,
) -> list[ArticleLine]:
    """Return articles, what fits best first; those that are not published only to whoever may write. Raises Invalid."""
    state = wanted.state if can(session, actor, Action.KNOWLEDGE_PROPOSE) else "published"
    words = words_of(wanted.q)
    if wanted.q.strip() and (not words or any(len(word) < SHORTEST for word in words)):
        raise Invalid({"q": f"每个词至少{SHORTEST}个字"})
    rows = _rows(session, words, wanted, state=state)
    known = catalogue.categories.get(wanted.category or "")
    group = known.group_code if known is not None else None
    ranked = []
    for article, row in rows:
        if any(word not in article.folded for word in words):
            # Its pairs are there, the word is not.
            continue
        in_title = bool(words) and all(word in fold(row.title) for word in words)
        rank = fit(
            categories=row.categories,
            region=row.region_code,
            category=wanted.category,
            group=group,
            place=wanted.region,
            in_title=in_title,
        )
        if wanted.category is not None and not words and rank[1] == 0:
            continue
        line = _line(article, row, today=_today(now), months=policy.review_months)
        if wanted.stale and line.stale is None:
            continue
        ranked.append((rank, line))
    # What holds comes before what has ended, whatever else it fits.
    ranked.sort(key=lambda each: each[1].code)
    ranked.sort(key=lambda each: (each[1].stale not in (Stale.ENDED, Stale.NOT_YET), each[0]), reverse=True)
    return [line for _, line in ranked[: wanted.limit]]


def article_page(
    session: Session, actor: Actor, code: str, *, n: int | None = None, policy: KnowledgePolicy, now: datetime
) -> ArticlePage:
    """Return an article: the published version, or the one asked for. Readers never see what was not published.

    Raises NotFound.
    """
    article = find_article(session, code)
    writes = can(session, actor, Action.KNOWLEDGE_PROPOSE)
    shown = n if n is not None else article.published_n
    if shown is None:
        if not writes:
            raise NotFound("article", code)
        shown = last_n(session, article)
    row = version_of(session, article, shown)
    if not writes and row.state != "published":
        raise NotFound("article", code)
    decides = can(session, actor, Action.KNOWLEDGE_PUBLISH)
    return ArticlePage(
        code=article.code,
        state=article.state,
        version=article.version,
        n=row.n,
        published_n=article.published_n,
        proposed_n=article.proposed_n if writes else None,
        content=content_of(row),
        reviewed_on=article.reviewed_on,
        stale=_stale(article, row, today=_today(now), months=policy.review_months),
        withdrawn_reason=article.withdrawn_reason,
        history=_history(session, article) if writes else [],
        may_revise=writes,
        may_decide=decides and article.proposed_n is not None and not _wrote(session, actor, article),
    )


def citations(session: Session, actor: Actor, number: str) -> list[CitationLine]:
    """Return what the answers on a ticket rest on, in the order in which they were given. Raises NotFound."""
    ticket = find_ticket(session, actor, number)
    rows = session.execute(
        select(Citation, ArticleVersion, Article)
        .join(ArticleVersion, ArticleVersion.id == Citation.version_id)
        .join(Article, Article.id == ArticleVersion.article_id)
        .where(Citation.ticket_id == ticket.id)
        .order_by(Citation.id)
    )
    return [
        CitationLine(
            code=article.code,
            title=row.title,
            n=row.n,
            fingerprint=row.fingerprint,
            at=citation.at,
            current_n=article.published_n if article.state == "published" else None,
        )
        for citation, row, article in rows
    ]


def _rows(
    session: Session, words: Collection[str], wanted: Wanted, *, state: str
) -> list[tuple[Article, ArticleVersion]]:
    last = (
        select(func.max(ArticleVersion.n)).where(ArticleVersion.article_id == Article.id).correlate(Article)
    )
    shown = func.coalesce(Article.published_n, Article.proposed_n, last.scalar_subquery())
    query = (
        select(Article, ArticleVersion)
        .join(ArticleVersion, (ArticleVersion.article_id == Article.id) & (ArticleVersion.n == shown))
        .order_by(Article.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    in_state = Article.proposed_n.is_not(None) if state == "proposed" else Article.state == state
    query = query.where(in_state)
    if wanted.region is not None and not words:
        query = query.where(Article.region_code.in_(regions_above(wanted.region)))
    terms = {term for word in words for term in terms_of(word)}
    if terms:
        found = (
            select(ArticleTerm.article_id)
            .where(ArticleTerm.term.in_(terms))
            .group_by(ArticleTerm.article_id)
            .having(func.count() == len(terms))
        )
        query = query.where(Article.id.in_(found))
    return [(article, row) for article, row in session.execute(query)]


def _line(article: Article, row: ArticleVersion, *, today: date, months: int) -> ArticleLine:
    return ArticleLine(
        code=article.code,
        title=row.title,
        state=article.state,
        n=row.n,
        version=article.version,
        region=row.region_code,
        categories=row.categories,
        valid_to=row.valid_to,
        reviewed_on=article.reviewed_on,
        stale=_stale(article, row, today=today, months=months),
        proposed=article.proposed_n is not None,
        laws=row.laws,
        evidence=row.evidence,
        ask=row.ask,
    )


def _stale(article: Article, row: ArticleVersion, *, today: date, months: int) -> Stale | None:
    if article.published_n is None:
        return None
    return stale(
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        reviewed_on=article.reviewed_on,
        today=today,
        months=months,
    )


def _history(session: Session, article: Article) -> list[VersionLine]:
    rows = session.scalars(
        select(ArticleVersion)
        .where(ArticleVersion.article_id == article.id)
        .order_by(ArticleVersion.n.desc())
        .limit(100)
    ).all()
    people = {each.author_id for each in rows} | {each.decided_by_id for each in rows}
    names: Mapping[int | None, str] = dict(
        session.execute(select(User.id, User.display_name).where(User.id.in_(people - {None}))).all()
    )
    return [
        VersionLine(
            n=each.n,
            state=each.state,
            author=names.get(each.author_id),
            written_at=each.written_at,
            decided_by=names.get(each.decided_by_id),
            decided_at=each.decided_at,
            decision=each.decision,
        )
        for each in rows
    ]


def _wrote(session: Session, actor: Actor, article: Article) -> bool:
    if article.proposed_n is None:
        return False
    return version_of(session, article, article.proposed_n).author_id == actor.user_id


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
