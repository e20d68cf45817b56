"""The knowledge base: reading and searching, proposing and publishing, files in and out, what a ticket cites."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Response

from agent_console.api.knowledge_schemas import (
    ArticleConfirmIn,
    ArticleDecisionIn,
    ArticleEditIn,
    ArticleListOut,
    ArticleNewIn,
    ArticleOut,
    ArticlesImportedOut,
    ArticleWithdrawIn,
    CitationOut,
    RegionPrefix,
    ShortLine,
    article_out,
    line_out,
)
from agent_console.permissions import Action, Visit, requires
from dispatch import knowledge, knowledge_files, knowledge_pages
from dispatch.knowledge_pages import Wanted
from dispatch.rules.articles import categories_known
from dispatch.rules.permissions import may

router = APIRouter(prefix="/api", tags=["knowledge"])
Reader = Annotated[Visit, requires(Action.KNOWLEDGE_READ)]
Writer = Annotated[Visit, requires(Action.KNOWLEDGE_PROPOSE)]
Publisher = Annotated[Visit, requires(Action.KNOWLEDGE_PUBLISH)]
TicketReader = Annotated[Visit, requires(Action.TICKET_READ)]
Code = Annotated[str, Path(alias="code", max_length=40)]
Yaml = Annotated[bytes, Body(media_type="application/yaml")]


@router.get("/knowledge")
def articles(
    visit: Reader,
    q: ShortLine = "",
    category: ShortLine | None = None,
    region: RegionPrefix | None = None,
    state: Literal["published", "draft", "proposed", "withdrawn"] = "published",
    stale: bool = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> ArticleListOut:
    """Return articles, those first that fit the words, the category and the region; `stale` those to be looked at."""
    wanted = Wanted(
        q=q, category=category or None, region=region or None, state=state, stale=stale, limit=limit
    )
    services = visit.services
    with visit.reading() as session:
        found = knowledge_pages.list_articles(
            session,
            visit.actor,
            wanted,
            catalogue=services.policy.catalogue,
            policy=services.knowledge,
            now=visit.now,
        )
    return ArticleListOut(items=[line_out(each) for each in found])


@router.get("/knowledge-file", response_class=Response)
def export_articles(visit: Writer) -> Response:
    """Return every published article as one file that can be imported elsewhere."""
    with visit.reading() as session:
        text = knowledge_files.export_file(session)
    headers = {"Content-Disposition": 'attachment; filename="knowledge.yaml"', "Cache-Control": "no-store"}
    return Response(text, media_type="application/yaml", headers=headers)


@router.post("/knowledge-file")
def import_articles(data: Yaml, visit: Writer, dry_run: bool = False) -> ArticlesImportedOut:
    """Propose every article of a file, all or nothing; a refusal names every bad line."""
    entries = knowledge_files.parse_file(data, categories=_known(visit))
    with visit.writing() as session:
        done = knowledge_files.import_proposals(session, visit.actor, entries, now=visit.now)
        if dry_run:
            session.rollback()
    return ArticlesImportedOut.model_validate(done)


@router.get("/knowledge/{code}")
def article(code: Code, visit: Reader, n: Annotated[int | None, Query(ge=1)] = None) -> ArticleOut:
    """Return an article, or the version `n` of it that an answer rests on."""
    return _page(visit, code, n=n)


@router.post("/knowledge", status_code=201)
def begin_article(given: ArticleNewIn, visit: Writer) -> ArticleOut:
    """Propose a new article."""
    with visit.writing() as session:
        knowledge.propose(
            session,
            visit.actor,
            given.code,
            given.content(),
            version=None,
            categories=_known(visit),
            now=visit.now,
        )
    return _page(visit, given.code)


@router.put("/knowledge/{code}")
def revise_article(code: Code, given: ArticleEditIn, visit: Writer) -> ArticleOut:
    """Propose a new version; readers keep the published one until somebody else publishes this."""
    with visit.writing() as session:
        article = knowledge.propose(
            session,
            visit.actor,
            code,
            given.content(),
            version=given.version,
            categories=_known(visit),
            now=visit.now,
        )
        n = article.proposed_n
    return _page(visit, code, n=n)


@router.post("/knowledge/{code}/decide")
def decide_article(code: Code, given: ArticleDecisionIn, visit: Publisher) -> ArticleOut:
    """Publish what is proposed, or refuse it with a reason."""
    with visit.writing() as session:
        knowledge.decide(
            session,
            visit.actor,
            code,
            approved=given.approved,
            reason=given.reason,
            version=given.version,
            now=visit.now,
        )
    return _page(visit, code)


@router.post("/knowledge/{code}/withdraw")
def withdraw_article(code: Code, given: ArticleWithdrawIn, visit: Publisher) -> ArticleOut:
    """Take an article away from readers."""
    with visit.writing() as session:
        knowledge.withdraw(
            session, visit.actor, code, reason=given.reason, version=given.version, now=visit.now
        )
    return _page(visit, code)


@router.post("/knowledge/{code}/confirm")
def confirm_article(code: Code, given: ArticleConfirmIn, visit: Publisher) -> ArticleOut:
    """Record that it was read through and still holds."""
    with visit.writing() as session:
        knowledge.confirm(session, visit.actor, code, version=given.version, now=visit.now)
    return _page(visit, code)


@router.get("/tickets/{number}/citations")
def citations(number: str, visit: TicketReader) -> list[CitationOut]:
    """Return which versions of which articles the answers on a ticket rest on."""
    with visit.reading() as session:
        found = knowledge_pages.citations(session, visit.actor, number)
    return [CitationOut.model_validate(each) for each in found]


def _page(visit: Visit, code: str, *, n: int | None = None) -> ArticleOut:
    with visit.reading() as session:
        page = knowledge_pages.article_page(
            session, visit.actor, code, n=n, policy=visit.services.knowledge, now=visit.now
        )
    keeps = page.state == "published" and may(visit.actor.role, Action.KNOWLEDGE_PUBLISH)
    return article_out(page, may_keep=keeps)


def _known(visit: Visit) -> frozenset[str]:
    return categories_known(visit.services.policy.catalogue)
