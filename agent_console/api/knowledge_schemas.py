"""What the knowledge base's routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.moments import Day
from agent_console.api.schemas import Given, Line, Taken, Text
from dispatch.knowledge_pages import ArticleLine, ArticlePage
from dispatch.rules.articles import Content, LawReference, Stale

ShortLine = Annotated[Line, StringConstraints(max_length=120)]
RegionPrefix = Annotated[str, StringConstraints(pattern=r"^(\d{2}(\d{2}(\d{2}(\d{3})?)?)?)?$")]


class LawIn(Taken):
    law: Annotated[Line, StringConstraints(min_length=1, max_length=120)]
    article: Annotated[Line, StringConstraints(min_length=1, max_length=60)]


class ArticleIn(Taken):
    """What a version is to say."""

    title: ShortLine
    body: Text
    categories: list[ShortLine] = Field(default_factory=list, max_length=20)
    region: RegionPrefix = ""
    laws: list[LawIn] = Field(default_factory=list, max_length=20)
    ask: list[Line] = Field(default_factory=list, max_length=30)
    evidence: list[Line] = Field(default_factory=list, max_length=30)
    valid_from: Day | None = None
    valid_to: Day | None = None
    source: Line = ""

    def content(self) -> Content:
        """Return it as the record keeps it."""
        return Content(
            title=self.title,
            body=self.body,
            categories=tuple(dict.fromkeys(self.categories)),
            region=self.region,
            laws=tuple(LawReference(each.law, each.article) for each in self.laws),
            ask=tuple(filter(None, self.ask)),
            evidence=tuple(filter(None, self.evidence)),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            source=self.source,
        )


class ArticleNewIn(ArticleIn):
    code: Annotated[Line, StringConstraints(min_length=1, max_length=40)]


class ArticleEditIn(ArticleIn):
    version: int


class ArticleDecisionIn(Taken):
    version: int
    approved: bool
    reason: Line = ""


class ArticleWithdrawIn(Taken):
    version: int
    reason: Line


class ArticleConfirmIn(Taken):
    version: int


class LawOut(Given):
    law: str
    article: str


class ArticleLineOut(Given):
    code: str
    title: str
    state: Literal["draft", "published", "withdrawn"]
    n: int
    version: int
    region: str
    categories: list[str]
    valid_to: date | None
    reviewed_on: date | None
    stale: Literal["not_yet", "ended", "unreviewed"] | None
    stale_label: str | None
    proposed: bool
    """A version waits for somebody's decision."""
    laws: list[LawOut]
    ask: list[str]
    evidence: list[str]


class ArticleListOut(Given):
    items: list[ArticleLineOut]


class ArticleVersionOut(Given):
    n: int
    state: Literal["proposed", "published", "refused", "replaced"]
    author: str | None
    written_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


class ArticleOut(Given):
    code: str
    state: Literal["draft", "published", "withdrawn"]
    version: int
    n: int
    published_n: int | None
    proposed_n: int | None
    title: str
    body: str
    categories: list[str]
    region: str
    laws: list[LawOut]
    ask: list[str]
    evidence: list[str]
    valid_from: date | None
    valid_to: date | None
    source: str
    reviewed_on: date | None
    stale: Literal["not_yet", "ended", "unreviewed"] | None
    stale_label: str | None
    withdrawn_reason: str | None
    history: list[ArticleVersionOut]
    may_revise: bool
    may_decide: bool
    may_keep: bool
    """Confirming that it holds, and taking it away."""


class ArticlesImportedOut(Given):
    created: int
    updated: int
    unchanged: int


class CitationOut(Given):
    """What an answer rests on; read it by its code and `n`."""

    code: str
    title: str
    n: int
    fingerprint: str
    at: datetime
    current_n: int | None


def line_out(line: ArticleLine) -> ArticleLineOut:
    """Return an article of a list."""
    return ArticleLineOut.model_validate({**_plain(line), "stale_label": _label(line.stale)})


def article_out(page: ArticlePage, *, may_keep: bool) -> ArticleOut:
    """Return an article as one reads it."""
    content = page.content
    said = {name: getattr(content, name) for name in Content.__slots__}
    return ArticleOut.model_validate(
        {**_plain(page), **said, "stale_label": _label(page.stale), "may_keep": may_keep}
    )


def _label(stale: Stale | None) -> str | None:
    return stale.label if stale is not None else None


def _plain(view: ArticleLine | ArticlePage) -> dict[str, object]:
    return {name: getattr(view, name) for name in type(view).__slots__}
