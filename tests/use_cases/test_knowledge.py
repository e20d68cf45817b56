"""The knowledge base: two pairs of eyes, versions that stay, search by place and category, files, citations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.errors import ImportRefused, Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import By
from dispatch.knowledge import confirm, decide, find_article, propose, withdraw
from dispatch.knowledge_files import export_file, import_proposals, import_reviewed, parse_file
from dispatch.knowledge_pages import Wanted, article_page, citations, list_articles
from dispatch.models.history import Event
from dispatch.models.knowledge import Article, Citation
from dispatch.models.people import User
from dispatch.rules.articles import Content, KnowledgePolicy, LawReference, Stale, categories_known
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket

POLICY = KnowledgePolicy(review_months=12)
MACHINE = By("machine")
WAGES = Content(
    title="拖欠工资怎么办",
    body="可以向劳动监察投诉，也可以申请仲裁。",
    categories=("wage_arrears",),
    laws=(LawReference("劳动法", "第五十条"),),
    evidence=("工资条",),
)


@pytest.fixture
def world(database: Database) -> World:
    made = build_world(database)
    with database.writing() as session:
        for name, role in (("administrator", Role.ADMINISTRATOR), ("lawyer", Role.LAWYER)):
            row = User(name=name, display_name=name, password_hash="!", role=role.value, created_at=NOW)
            row.skills = []
            session.add(row)
    return made


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def written(session: Session, world: World, who: str, code: str, content: Content, **more: Any) -> Article:
    known = categories_known(world.policy.catalogue)
    return propose(
        session, world.actor(who), code, content, categories=known, now=NOW, **{"version": None, **more}
    )


def decided(session: Session, world: World, who: str, article: Article, **more: Any) -> Article:
    given = {"approved": True, "reason": "", "now": NOW, **more}
    return decide(session, world.actor(who), article.code, version=article.version, **given)


def published(session: Session, world: World, code: str, content: Content) -> Article:
    return decided(session, world, "supervisor", written(session, world, "dispatcher", code, content))


def found(session: Session, world: World, who: str = "operator", **wanted: Any) -> list[str]:
    lines = list_articles(
        session,
        world.actor(who),
        Wanted(**wanted),
        catalogue=world.policy.catalogue,
        policy=POLICY,
        now=NOW,
    )
    return [line.code for line in lines]


def page(session: Session, actor: Actor, code: str, *, n: int | None = None) -> Any:
    return article_page(session, actor, code, n=n, policy=POLICY, now=NOW)


def test_one_writes_another_publishes_and_readers_keep_the_old_text_until_then(
    session: Session, world: World
) -> None:
    operator, dispatcher, supervisor = (world.actor(x) for x in ("operator", "dispatcher", "supervisor"))
    with pytest.raises(NotAllowed):
        written(session, world, "operator", "wages", WAGES)
    with pytest.raises(Invalid):
        written(session, world, "dispatcher", "wages", replace(WAGES, categories=("nothing",)))
    article = written(session, world, "dispatcher", "wages", WAGES)
    with pytest.raises(NotFound):
        page(session, operator, "wages")
    assert found(session, world, q="监察") == []
    assert found(session, world, state="draft") == ["K-001", "k1"], (
        "whoever only reads, reads what is published"
    )
    assert found(session, world, "dispatcher", state="proposed") == ["wages"]
    with pytest.raises(NotAllowed):
        decided(session, world, "dispatcher", article)
    decided(session, world, "supervisor", article)
    assert page(session, operator, "wages").content == WAGES
    assert found(session, world, q="监察") == ["wages"]

    better = replace(WAGES, body="先协商，再仲裁。时效一年。")
    with pytest.raises(VersionConflict):
        written(session, world, "supervisor", "wages", better, version=1)
    with pytest.raises(Invalid):
        written(session, world, "supervisor", "wages", better)
    article = written(session, world, "supervisor", "wages", better, version=article.version)
    assert page(session, operator, "wages").content == WAGES
    with pytest.raises(NotFound):
        page(session, operator, "wages", n=2)
    assert page(session, dispatcher, "wages", n=2).content == better
    assert not page(session, supervisor, "wages").may_decide, "his own"
    with pytest.raises(NotAllowed):
        decided(session, world, "supervisor", article)
    with pytest.raises(Missing):
        decided(session, world, "administrator", article, approved=False)
    decided(session, world, "administrator", article, approved=False, reason="时效写得不全")
    with pytest.raises(WrongState):
        decided(session, world, "administrator", article)
    article = written(session, world, "lawyer", "wages", better, version=article.version)
    decided(session, world, "supervisor", article)
    assert found(session, world, q="监察") == [], "what it no longer says is no longer found"
    assert found(session, world, q="时效 协商") == ["wages"]
    history = page(session, dispatcher, "wages").history
    assert [(each.n, each.state, each.author) for each in history] == [
        (3, "published", "lawyer"),
        (2, "refused", "supervisor"),
        (1, "published", "dispatcher"),
    ]
    assert page(session, operator, "wages", n=1).content == WAGES
    kinds = session.scalars(select(Event.kind).where(Event.kind.startswith("Article")).order_by(Event.id))
    ours = [kind for kind in kinds if kind != "ArticlesImported"][2:]
    assert ours == [
        *("ArticleProposed", "ArticlePublished", "ArticleProposed", "ArticleRefused"),
        *("ArticleProposed", "ArticlePublished"),
    ]


def test_an_answer_keeps_the_version_that_it_rests_on(session: Session, world: World) -> None:
    article = published(session, world, "wages", WAGES)
    ticket = make_ticket(session, world)
    for code in ("nothing", "WAGES"):
        with pytest.raises(Invalid) as refused:
            give(
                session,
                world,
                "operator",
                ticket,
                Command.DIRECT_ANSWER,
                answer="请申请仲裁",
                knowledge_id=code,
            )
        assert "knowledge_id" in refused.value.fields
    give(session, world, "operator", ticket, Command.DIRECT_ANSWER, answer="请申请仲裁", knowledge_id="wages")
    later = replace(WAGES, title="欠薪", body="另一种说法，内容全变了。")
    decided(
        session,
        world,
        "administrator",
        written(session, world, "supervisor", "wages", later, version=article.version),
    )
    (cited,) = citations(session, world.actor("operator"), ticket.number)
    assert (cited.code, cited.n, cited.title, cited.current_n) == ("wages", 1, WAGES.title, 2)
    event = session.scalars(
        select(Event).where(Event.ticket_id == ticket.id, Event.kind == "TicketAnswered")
    ).one()
    assert event.payload["knowledge_version"] == 1
    assert event.payload["knowledge_fingerprint"] == cited.fingerprint == WAGES.fingerprint
    assert page(session, world.actor("operator"), "wages", n=1).content == WAGES

    withdraw(
        session, world.actor("supervisor"), "wages", reason="已被新规定取代", version=article.version, now=NOW
    )
    assert citations(session, world.actor("operator"), ticket.number)[0].current_n is None
    assert page(session, world.actor("operator"), "wages", n=1).content == WAGES
    assert found(session, world, q="另一种") == []
    other = make_ticket(session, world)
    with pytest.raises(Invalid):
        give(session, world, "operator", other, Command.DIRECT_ANSWER, answer="见条目", knowledge_id="wages")
    ended = replace(WAGES, valid_to=NOW.date() - timedelta(days=1))
    published(session, world, "ended", ended)
    with pytest.raises(Invalid) as refused:
        give(session, world, "operator", other, Command.DIRECT_ANSWER, answer="见条目", knowledge_id="ended")
    assert "已过有效期" in refused.value.fields["knowledge_id"]
    assert session.scalars(select(Citation.ticket_id)).all() == [ticket.id]
    with pytest.raises(NotFound):
        citations(session, world.actor("shizhong"), ticket.number)


def test_the_ticket_s_category_and_place_bring_the_fitting_articles_first(
    session: Session, world: World
) -> None:
    for code, region, categories in (
        ("national", "", ("wage_arrears",)),
        ("shandong", "37", ("wage_arrears",)),
        ("jinan", "3701", ("wage_arrears",)),
        ("qingdao", "3702", ("wage_arrears",)),
        ("group", "", ("01",)),
        ("dismissal", "", ("unlawful_dismissal",)),
    ):
        published(session, world, code, replace(WAGES, region=region, categories=categories))
    at_hand = {"category": "wage_arrears", "region": "370102"}
    general = ["K-001", "k1"]
    assert found(session, world, **at_hand) == ["jinan", "shandong", "national", "group", *general]
    assert found(session, world, **at_hand, q="监察 工资") == [
        *("jinan", "shandong", "national", "group", "dismissal", "qingdao")
    ]
    assert found(session, world, q="工资", limit=2) == ["dismissal", "group"]
    # Pairs that stand apart are no word, and one sign is none.
    assert found(session, world, q="资怎监察") == []
    assert found(session, world, q="劳动法第五十条") != []
    with pytest.raises(Invalid):
        found(session, world, q="资")
    published(session, world, "ended", replace(WAGES, region="370102", valid_to=date(2026, 1, 1)))
    assert found(session, world, **at_hand)[-1] == "ended", "what no longer holds comes last, however near"


def test_the_editor_sees_what_has_to_be_looked_at_and_says_that_it_still_holds(
    session: Session, world: World
) -> None:
    published(session, world, "ended", replace(WAGES, valid_to=date(2026, 1, 1)))
    published(session, world, "old", WAGES)
    published(session, world, "fresh", replace(WAGES, title="新的"))
    session.execute(update(Article).where(Article.code == "old").values(reviewed_on=date(2025, 11, 1)))
    session.expire_all()
    assert found(session, world, "supervisor", stale=True) == ["old", "ended"]
    assert page(session, world.actor("operator"), "old").stale is Stale.UNREVIEWED
    old = find_article(session, "old")
    with pytest.raises(NotAllowed):
        confirm(session, world.actor("dispatcher"), "old", version=old.version, now=NOW)
    confirm(session, world.actor("supervisor"), "old", version=old.version, now=NOW)
    assert page(session, world.actor("operator"), "old").stale is None
    ended = find_article(session, "ended")
    with pytest.raises(Invalid):
        confirm(session, world.actor("supervisor"), "ended", version=ended.version, now=NOW)
    assert found(session, world, "supervisor", stale=True) == ["ended"]


def test_a_province_s_file_goes_in_comes_out_and_goes_in_again_unchanged(
    session: Session, world: World
) -> None:
    known = categories_known(world.policy.catalogue)
    article = published(session, world, "wages", WAGES)
    first = export_file(session)
    entries = parse_file(first.encode(), categories=known)
    assert [(each.code, each.content) for each in entries][-1] == ("wages", WAGES)
    done = import_reviewed(session, entries, by=MACHINE, now=NOW)
    assert (done.created, done.updated, done.unchanged) == (0, 0, 3)
    changed = first.replace("拖欠工资怎么办", "欠薪怎么办") + (
        "- code: local\n  title: 本地办法\n  body: |\n    第一段。\n\n    第二段。\n  region: '37'\n"
        "  source: 本省文件\n  reviewed_on: 2026-11-01\n"
    )
    entries = parse_file(changed.encode(), categories=known)
    with pytest.raises(ImportRefused):
        import_reviewed(session, [replace(entries[0], reviewed_on=None)], by=MACHINE, now=NOW)
    with pytest.raises(NotAllowed):
        import_proposals(session, world.actor("operator"), entries, now=NOW)
    done = import_proposals(session, world.actor("dispatcher"), entries, now=NOW)
    assert (done.created, done.updated, done.unchanged) == (1, 1, 2)
    assert page(session, world.actor("operator"), "wages").content == WAGES, "only proposed"
    assert import_proposals(session, world.actor("dispatcher"), entries, now=NOW).unchanged == 4
    decided(session, world, "supervisor", find_article(session, "local"))
    done = import_reviewed(session, entries, by=MACHINE, now=NOW)
    assert (done.created, done.updated, done.unchanged) == (0, 1, 3)
    session.refresh(article)
    assert (article.published_n, article.proposed_n, article.reviewed_on) == (3, None, NOW.date())
    assert page(session, world.actor("operator"), "wages", n=1).content == WAGES
    again = export_file(session)
    assert parse_file(again.encode(), categories=known)[2].content.body == "第一段。\n\n第二段。"
