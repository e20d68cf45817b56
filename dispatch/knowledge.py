"""Writing the knowledge base: somebody proposes, somebody else publishes; what was cited stays as it was."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.knowledge import Article, ArticleTerm, ArticleVersion, Citation
from dispatch.models.tickets import Ticket
from dispatch.rules.articles import CODE, LONGEST_CODE, Content, LawReference, out_of_force
from dispatch.rules.bigrams import fold, terms_of
from dispatch.rules.permissions import Action
from dispatch.rules.working_time import SHANGHAI


def propose(
    session: Session,
    actor: Actor,
    code: str,
    content: Content,
    *,
    version: int | None,
    categories: Collection[str],
    now: datetime,
) -> Article:
    """Write a new article (`version` None) or a new version of one, for somebody else to decide on.

    Raises NotAllowed, Invalid, NotFound, VersionConflict.
    """
    _require(session, actor, Action.KNOWLEDGE_PROPOSE)
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        raise Invalid({"code": f"编号只用字母、数字和连字符，至多{LONGEST_CODE}位"})
    faults = content.faults(categories=categories)
    if faults:
        raise Invalid(faults)
    if version is None:
        if _find(session, code) is not None:
            raise Invalid({"code": "已有这个编号"})
        article = _begin(session, code, content)
    else:
        article = find_article(session, code, version=version)
    row = add_version(session, article, content, author_id=actor.user_id, now=now)
    article.version += 1
    _log(session, "ArticleProposed", article, row.n, by=actor.by, now=now)
    return article


def decide(
    session: Session, actor: Actor, code: str, *, approved: bool, reason: str, version: int, now: datetime
) -> Article:
    """Publish what is proposed, or refuse it with a reason; nobody decides on what he wrote himself.

    Raises NotAllowed, NotFound, VersionConflict, WrongState, Missing.
    """
    _require(session, actor, Action.KNOWLEDGE_PUBLISH)
    article = find_article(session, code, version=version)
    if article.proposed_n is None:
        raise WrongState(code, "decide", article.state, "没有等待发布的稿件")
    row = version_of(session, article, article.proposed_n)
    if row.author_id is not None and row.author_id == actor.user_id:
        raise NotAllowed("decide_article", "自己写的稿件须由他人发布")
    if not approved and not reason.strip():
        raise Missing("decide_article", {"reason": "请填写退回的理由"})
    article.version += 1
    if approved:
        publish(session, article, row, by=actor.by, reviewed_on=_today(now), now=now)
        return article
    article.proposed_n = None
    _decide_row(row, "refused", by=actor.by, decision=reason, now=now)
    session.flush()
    _log(session, "ArticleRefused", article, row.n, by=actor.by, now=now, reason=reason)
    return article


def withdraw(
    session: Session, actor: Actor, code: str, *, reason: str, version: int, now: datetime
) -> Article:
    """Take an article away from readers; whoever cited it still finds what it said."""
    _require(session, actor, Action.KNOWLEDGE_PUBLISH)
    article = find_article(session, code, version=version)
    if article.state != "published":
        raise WrongState(code, "withdraw", article.state, "只有已发布的条目可以撤下")
    if not reason.strip():
        raise Missing("withdraw_article", {"reason": "请填写撤下的理由"})
    article.state, article.withdrawn_reason = "withdrawn", reason
    article.version += 1
    _forget(session, article)
    session.flush()
    _log(session, "ArticleWithdrawn", article, article.published_n, by=actor.by, now=now, reason=reason)
    return article


def confirm(session: Session, actor: Actor, code: str, *, version: int, now: datetime) -> Article:
    """Record that a published article was read through and still holds."""
    _require(session, actor, Action.KNOWLEDGE_PUBLISH)
    article = find_article(session, code, version=version)
    if article.state != "published" or article.published_n is None:
        raise WrongState(code, "confirm", article.state, "只有已发布的条目可以复核")
    row = version_of(session, article, article.published_n)
    if out_of_force(row.valid_from, row.valid_to, _today(now)) is not None:
        raise Invalid({"valid_to": "不在有效期内的条目须修订，不能只作复核"})
    article.reviewed_on = _today(now)
    article.version += 1
    session.flush()
    _log(session, "ArticleReviewed", article, row.n, by=actor.by, now=now)
    return article


def cite(session: Session, ticket: Ticket, code: str, *, by: By, now: datetime) -> ArticleVersion:
    """Keep which version of an article stands behind an answer; raises Invalid for what cannot be cited."""
    article = _find(session, code)
    if article is None or article.state != "published" or article.published_n is None:
        raise Invalid({"knowledge_id": "没有这个已发布的知识条目，请在知识库中选择"})
    row = version_of(session, article, article.published_n)
    held = out_of_force(row.valid_from, row.valid_to, _today(now))
    if held is not None:
        raise Invalid({"knowledge_id": f"《{row.title}》{held.label}，不能引用"})
    session.add(
        Citation(ticket_id=ticket.id, version_id=row.id, at=now, by_id=by.id if by.kind == "user" else None)
    )
    session.flush()
    return row


def publish(
    session: Session,
    article: Article,
    row: ArticleVersion,
    *,
    by: By,
    reviewed_on: date,
    now: datetime,
) -> None:
    """Show this version to readers from now on, and let searches find it."""
    _decide_row(row, "published", by=by, decision=None, now=now)
    article.state, article.published_n, article.proposed_n = "published", row.n, None
    article.region_code, article.reviewed_on, article.withdrawn_reason = row.region_code, reviewed_on, None
    _forget(session, article)
    article.folded = fold(content_of(row).words())
    session.flush()
    rows = [{"term": term, "article_id": article.id} for term in sorted(terms_of(article.folded))]
    if rows:
        session.execute(insert(ArticleTerm), rows)
    _log(session, "ArticlePublished", article, row.n, by=by, now=now)


def add_version(
    session: Session, article: Article, content: Content, *, author_id: int | None, now: datetime
) -> ArticleVersion:
    """Write down what an article is to say; an earlier proposal gives way."""
    if article.proposed_n is not None:
        version_of(session, article, article.proposed_n).state = "replaced"
    row = ArticleVersion(
        article_id=article.id,
        n=last_n(session, article) + 1,
        title=content.title.strip(),
        body=content.body.strip(),
        categories=list(content.categories),
        region_code=content.region,
        laws=[{"law": each.law, "article": each.article} for each in content.laws],
        ask=list(content.ask),
        evidence=list(content.evidence),
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        source=content.source.strip(),
        fingerprint=content.fingerprint,
        author_id=author_id,
        written_at=now,
        state="proposed",
    )
    session.add(row)
    article.proposed_n = row.n
    session.flush()
    return row


def find_or_begin(session: Session, code: str, content: Content) -> Article:
    """Return the article of this code, locked, or a new one."""
    return _find(session, code, lock=True) or _begin(session, code, content)


def find_article(session: Session, code: str, *, version: int | None = None) -> Article:
    """Return an article; with a `version` locked and compared. Raises NotFound, VersionConflict."""
    article = _find(session, code, lock=version is not None)
    if article is None:
        raise NotFound("article", code)
    if version is not None and article.version != version:
        current = {"state": article.state, "published_n": article.published_n}
        raise VersionConflict(code, version, article.version, current)
    return article


def version_of(session: Session, article: Article, n: int) -> ArticleVersion:
    """Return one version of an article; raises NotFound."""
    query = select(ArticleVersion).where(ArticleVersion.article_id == article.id, ArticleVersion.n == n)
    row = session.scalar(query)
    if row is None:
        raise NotFound("article version", f"{article.code}#{n}")
    return row


def last_n(session: Session, article: Article) -> int:
    """Return the number of the latest version, whatever became of it; 0 where there is none."""
    query = select(func.max(ArticleVersion.n)).where(ArticleVersion.article_id == article.id)
    return session.scalar(query) or 0


def content_of(row: ArticleVersion) -> Content:
    """Return what a version says."""
    return Content(
        title=row.title,
        body=row.body,
        categories=tuple(row.categories),
        region=row.region_code,
        laws=tuple(LawReference(each["law"], each["article"]) for each in row.laws),
        ask=tuple(row.ask),
        evidence=tuple(row.evidence),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
    )


def _begin(session: Session, code: str, content: Content) -> Article:
    article = Article(code=code, state="draft", version=0, region_code=content.region, folded="")
    session.add(article)
    session.flush()
    return article


def _find(session: Session, code: str, *, lock: bool = False) -> Article | None:
    query = select(Article).where(Article.code == code)
    if lock:
        query = query.with_for_update()
    return session.scalar(query.execution_options(populate_existing=lock))


def _decide_row(row: ArticleVersion, state: str, *, by: By, decision: str | None, now: datetime) -> None:
    row.state, row.decided_at, row.decision = state, now, decision
    row.decided_by_id = by.id if by.kind == "user" else None


def _forget(session: Session, article: Article) -> None:
    article.folded = ""
    session.execute(delete(ArticleTerm).where(ArticleTerm.article_id == article.id))


def _require(session: Session, actor: Actor, action: Action) -> None:
    if not can(session, actor, action):
        raise NotAllowed(action.value, f"“{actor.role.label}”没有这项权限")


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def _log(
    session: Session,
    kind: str,
    article: Article,
    n: int | None,
    *,
    by: By,
    now: datetime,
    **more: Any,
) -> None:
    row = version_of(session, article, n) if n is not None else None
    payload = {"article": article.code, "n": n, "fingerprint": row.fingerprint if row else None, **more}
    record(session, kind, stream=ADMINISTRATION, by=by, now=now, payload=payload)
