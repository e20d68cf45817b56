"""Articles as files, in and out: a province brings its own, all of a file or nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.errors import ImportRefused, NotAllowed
from dispatch.events import ADMINISTRATION, By, record
from dispatch.knowledge import add_version, content_of, find_or_begin, publish, version_of
from dispatch.models.knowledge import Article, ArticleVersion
from dispatch.rules.articles import Content
from dispatch.rules.permissions import Action
from dispatch.rules.policy import PolicyError
from dispatch.rules.working_time import SHANGHAI

try:
    # Ten times as fast; a PyYAML built without libyaml lacks it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # the same interface

DEEPEST: Final = 10
MOST: Final = 2000
"""Articles in one file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of a file, with the line on which it begins."""

    line: int
    code: str
    content: Content
    reviewed_on: date | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file has done: new articles, new versions of known ones, and those that already said the same."""

    created: int
    updated: int
    unchanged: int


def parse_file(data: bytes, *, categories: Collection[str]) -> list[Entry]:
    """Read a file of articles (YAML, UTF-8); raises ImportRefused with every bad line."""
    root = _root(data)
    findings: list[tuple[int, str]] = []
    entries: list[Entry] = []
    first: dict[str, int] = {}
    for node in root.value:
        line = node.start_mark.line + 1
        try:
            code, content, reviewed_on = Content.from_mapping(_plain(node), categories=categories)
        except PolicyError as error:
            findings.append((line, str(error)))
            continue
        if code in first:
            findings.append((line, f"编号{code}在第{first[code]}行已经出现"))
        first.setdefault(code, line)
        entries.append(Entry(line, code, content, reviewed_on))
    if len(root.value) > MOST:
        findings.append((1, f"一个文件至多{MOST}条"))
    if findings:
        raise ImportRefused(findings)
    return entries


def import_reviewed(session: Session, entries: list[Entry], *, by: By, now: datetime) -> Imported:
    """Publish the articles of a file that people have reviewed outside; raises ImportRefused."""
    today = now.astimezone(SHANGHAI).date()
    findings = [
        (each.line, "须写明复核日期reviewed_on，且不晚于今天")
        for each in entries
        if each.reviewed_on is None or each.reviewed_on > today
    ]
    if findings:
        raise ImportRefused(findings)
    return _bring_in(session, entries, by=by, author_id=None, now=now, published=True)


def import_proposals(session: Session, actor: Actor, entries: list[Entry], *, now: datetime) -> Imported:
    """Propose the articles of a file, each for somebody else to publish; raises NotAllowed."""
    if not can(session, actor, Action.KNOWLEDGE_PROPOSE):
        raise NotAllowed("import_articles", f"“{actor.role.label}”没有这项权限")
    return _bring_in(session, entries, by=actor.by, author_id=actor.user_id, now=now, published=False)


def export_file(session: Session) -> str:
    """Return every published article as a file that can be imported again."""
    rows = session.execute(
        select(Article, ArticleVersion)
        .join(
            ArticleVersion,
            (ArticleVersion.article_id == Article.id) & (ArticleVersion.n == Article.published_n),
        )
        .where(Article.state == "published")
        .order_by(Article.code)
    )
    articles = [
        {"code": article.code, **content_of(row).as_mapping(), "reviewed_on": article.reviewed_on}
        for article, row in rows
    ]
    return yaml.dump({"articles": articles}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def _bring_in(
    session: Session,
    entries: list[Entry],
    *,
    by: By,
    author_id: int | None,
    now: datetime,
    published: bool,
) -> Imported:
    created = updated = unchanged = 0
    for entry in entries:
        article = find_or_begin(session, entry.code, entry.content)
        if _says_already(session, article, entry, published=published):
            unchanged += 1
            continue
        fresh = article.published_n is None and article.proposed_n is None
        row = add_version(session, article, entry.content, author_id=author_id, now=now)
        article.version += 1
        if published and entry.reviewed_on is not None:
            publish(session, article, row, by=by, reviewed_on=entry.reviewed_on, now=now)
        created, updated = created + fresh, updated + (not fresh)
    session.flush()
    payload = {"created": created, "updated": updated, "unchanged": unchanged, "published": published}
    record(session, "ArticlesImported", stream=ADMINISTRATION, by=by, now=now, payload=payload)
    return Imported(created, updated, unchanged)


def _says_already(session: Session, article: Article, entry: Entry, *, published: bool) -> bool:
    """Whether the article says this already; a later review in the file still counts."""
    n = article.published_n if article.state == "published" else None
    n = n if published or article.proposed_n is None else article.proposed_n
    if n is None or version_of(session, article, n).fingerprint != entry.content.fingerprint:
        return False
    newer = entry.reviewed_on is not None and (
        article.reviewed_on is None or article.reviewed_on < entry.reviewed_on
    )
    if published and newer:
        article.reviewed_on = entry.reviewed_on
        article.version += 1
    return True


def _root(data: bytes) -> yaml.SequenceNode:
    """Return the list of articles; what could blow up or hide in a file is refused before it is read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused([(data[: error.start].count(b"\n") + 1, "文件须为UTF-8文本")]) from error
    try:
        _refuse_tricks(text)
        root = yaml.compose(text, Loader=SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ImportRefused([(line, f"不是有效的YAML：{error.problem}")]) from error
    except yaml.YAMLError as error:
        raise ImportRefused([(1, "不是有效的YAML")]) from error
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    if len(pairs) == 1 and pairs[0][0].value == "articles" and isinstance(pairs[0][1], yaml.SequenceNode):
        return pairs[0][1]
    raise ImportRefused([(1, "文件应只有一个articles列表")])


def _refuse_tricks(text: str) -> None:
    """Look at a file's events, one by one, before anything is built of them; raises ImportRefused."""
    depth = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise ImportRefused([(line, "不接受YAML别名")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ImportRefused([(line, "文件嵌套过深")])


def _plain(node: yaml.Node) -> Any:
    """Return a node's plain data; refuses a key written twice, of which YAML keeps the last in silence."""
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in found:
                raise PolicyError(f"键{key.value}写了两次")
            found[str(key.value)] = _plain(value)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise PolicyError(f"读不懂的值：{node.value}") from error
    finally:
        loader.dispose()


class _Dumper(yaml.SafeDumper):
    """Writes long texts as blocks, which people can edit."""


def _as_block(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_block)
