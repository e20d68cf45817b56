"""Search: two signs suffice, widths and cases are one, and nobody finds by what he may not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from dispatch import ticket_pages
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.employers import import_employers
from dispatch.errors import Invalid
from dispatch.events import By
from dispatch.models.people import User
from dispatch.models.search import TicketText
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Employer
from dispatch.queries import list_tickets
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.search import rebuild
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import ToldEmployer, edit_ticket
from tests.builders import NOW, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def found(session: Session, world: World, who: str | Actor, q: str, **wanted: Any) -> set[str]:
    """Page through everything, three at a time."""
    actor = world.actor(who) if isinstance(who, str) else who
    seen: list[str] = []
    cursor = None
    for _ in range(500):
        page = list_tickets(
            session,
            actor,
            TicketFilter(**{"bucket": "all", "q": q, **wanted}),
            policy=world.policy,
            now=NOW,
            cursor=cursor,
            limit=3,
        )
        seen += [line.number for line in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)), "no ticket twice"
    return set(seen)


def test_two_signs_find_and_so_does_every_longer_part(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, text="老板拖欠农民工工资，一共六个人").number
    make_ticket(session, world, text="想咨询年休假", wish="问年假")
    for part in ("拖欠", "农民工", "工工", "拖欠农民工工资", "六个人", "老板 六个"):
        assert found(session, world, "dispatcher", part) == {ticket}, part
    for other in ("欠拖", "工资拖欠", "六个人工资", "拖欠 年休"):
        assert found(session, world, "dispatcher", other) == set(), other


def test_pairs_that_stand_apart_are_no_word(session: Session, world: World) -> None:
    make_ticket(session, world, text="甲乙丙。乙丙丁。丙丁戊", wish="无")
    whole = make_ticket(session, world, text="甲乙丙丁戊", wish="无").number
    assert found(session, world, "dispatcher", "甲乙丙丁戊") == {whole}


def test_widths_and_cases_are_one(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, text="ＡＢＣ物流App打不开").number
    for written in ("abc物流", "ＡＢＣ", "app打不开", "APP", "ａｐｐ"):
        assert found(session, world, "dispatcher", written) == {ticket}, written


@pytest.mark.parametrize(
    "typed", ["%", "_", "'", '"', "*", "NEAR(", "a' OR 1=1 --", "拖欠\x00", "：：", " ; "]
)
def test_signs_that_engines_read_as_commands_are_only_signs(
    session: Session, world: World, typed: str
) -> None:
    make_ticket(session, world)
    assert found(session, world, "dispatcher", typed) == set()


@pytest.mark.parametrize("wanted", [{"q": "工"}, {"q": "a"}, {"q": "", "employer": "建"}, {"q": "工 资"}])
def test_a_single_sign_is_refused_and_the_reason_said(
    session: Session, world: World, wanted: dict[str, str]
) -> None:
    with pytest.raises(Invalid, match="至少输入2个字"):
        found(session, world, "dispatcher", **wanted)


def test_numbers_in_a_story_cannot_be_found_but_as_everybody_sees_them(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world, text="请打13912345678找我", wish="回电13912345678").number
    assert found(session, world, "dispatcher", "请打139") == {ticket}
    for who in ("operator", "dispatcher", "supervisor", "province"):
        for part in ("1391234", "12345678", "91234567", "3456"):
            assert found(session, world, who, part) == set(), (who, part)
    kept = session.scalars(select(TicketText.folded)).all()
    assert not [each for each in kept if "12345" in each]


def test_an_edit_is_found_at_once_and_the_old_words_are_gone(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, text="粉尘超标")
    edit_ticket(
        session,
        world.actor("operator"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=NOW,
        fields={"text": "噪声超标"},
        employers=(ToldEmployer(name="鲁中机械厂"),),
    )
    assert found(session, world, "dispatcher", "粉尘") == set()
    assert found(session, world, "dispatcher", "噪声") == {ticket.number}
    assert found(session, world, "dispatcher", "鲁中机械") == {ticket.number}
    assert found(session, world, "dispatcher", "", employer="中机") == {ticket.number}
    assert found(session, world, "dispatcher", "", employer="噪声") == set(), "that is no employer"
    session.rollback()
    assert found(session, world, "dispatcher", "噪声") == set(), "the index is of the same transaction"


def test_an_employer_is_found_by_its_name_its_code_and_its_new_name(session: Session, world: World) -> None:
    known = session.get_one(Employer, world.employer())
    ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=known.id),)).number
    make_ticket(session, world)
    old = known.name
    assert found(session, world, "dispatcher", old) == {ticket}
    assert found(session, world, "dispatcher", "", employer=old[1:5]) == {ticket}
    assert known.uscc is not None
    assert found(session, world, "dispatcher", "", employer=known.uscc.lower()) == {ticket}
    assert found(session, world, "dispatcher", "年休假", employer=known.uscc) == set()
    header = "name,uscc,region_code,union_code,group_code,industry\n"
    row = (
        f"玄武精工,{known.uscc},{known.region_code or ''},,{known.group_code or ''},{known.industry or ''}\n"
    )
    import_employers(session, (header + row).encode(), by=By("machine"), now=NOW)
    assert found(session, world, "dispatcher", "玄武精工") == {ticket}


def test_a_union_finds_only_in_its_own_tickets(session: Session, world: World) -> None:
    numbers = {}
    for code, region in (("370102", "370102"), ("370103", "370103")):
        ticket = make_ticket(session, world, region_code=region, text="车间粉尘超标")
        give(session, world, "operator", ticket, Command.ACCEPT)
        give(
            session,
            world,
            "operator",
            ticket,
            Command.DISPATCH,
            union_id=world.union(code),
            override_reason="测试",
        )
        numbers[code] = ticket.number
    assert found(session, world, "lixia", "粉尘") == {numbers["370102"]}
    assert found(session, world, "shizhong", "粉尘超标") == {numbers["370103"]}
    assert found(session, world, "jinan", "车间") == set(numbers.values())
    assert found(session, world, "qingdao", "粉尘") == set()
    for who in ("lixia", "qingdao"):
        assert numbers["370103"] not in found(session, world, who, numbers["370103"]), "nor by its number"


def auditor(session: Session) -> Actor:
    user = User(
        name="audits",
        display_name="审计",
        password_hash="!",
        role=Role.AUDITOR.value,
        skills=[],
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return Actor(Role.AUDITOR, user.id, None, "审计", NOW)


def test_sealed_words_are_found_by_nobody_who_may_not_read_them(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="sexual_harassment", text="主管言语骚扰").number
    assert found(session, world, "operator", "骚扰") == {ticket}, "his own draft"
    for who in ("other-operator", "dispatcher", "supervisor", "province"):
        assert found(session, world, who, "骚扰") == set(), who
    actor = auditor(session)
    assert found(session, world, actor, ticket) == {ticket}, "an auditor knows that it is there"
    assert found(session, world, actor, "骚扰") == set()


@pytest.mark.parametrize(
    ("probe", "rare", "window"), [(1, 3, 2), (2, 1, 3), (400, 10_000, 10_000), (1, 0, 1)]
)
def test_each_way_of_searching_finds_the_same(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch, probe: int, rare: int, window: int
) -> None:
    for name, value in (("PROBE", probe), ("RARE", rare), ("WINDOW", window)):
        monkeypatch.setattr(ticket_pages, name, value)
    wanted: dict[str, set[str]] = {"拖欠": set(), "粉尘": set(), "年休": set()}
    for n in range(14):
        words = [word for k, word in enumerate(wanted) if n % (k + 2) == 0]
        ticket = make_ticket(
            session, world, text=f"第{n}件：{'，'.join(words)}", wish="请处理", now=NOW + timedelta(minutes=n)
        )
        if n % 5 == 0:
            give(session, world, "operator", ticket, Command.VOID, reason_code="silent")
        for word in words:
            wanted[word].add(ticket.number)
    for word, numbers in wanted.items():
        assert found(session, world, "dispatcher", word) == numbers, word
        open_ones = found(session, world, "dispatcher", word, bucket="open")
        assert open_ones == {
            each
            for each in numbers
            if session.scalar(select(Ticket.state).where(Ticket.number == each)) != "void"
        }
    assert found(session, world, "dispatcher", "拖欠 粉尘") == wanted["拖欠"] & wanted["粉尘"]


def test_a_rebuilt_index_finds_what_the_written_one_found(world: World) -> None:
    with world.database.writing() as session:
        numbers = {make_ticket(session, world, text=f"粉尘{n}号车间").number for n in range(7)}
        silent = make_ticket(session, world, text="", wish="").number
    with world.database.writing() as session:
        session.execute(delete(TicketText).where(TicketText.ticket_id % 2 == 0))
        session.execute(update(TicketText).values(folded="别的词"))
    assert list(rebuild(world.database)) == [8]
    with world.database.writing() as session:
        assert found(session, world, "dispatcher", "粉尘") == numbers
        assert found(session, world, "dispatcher", "别的") == set()
        assert found(session, world, "dispatcher", silent) == {silent}
        ticket = session.scalars(select(Ticket).where(Ticket.number.in_(numbers)).limit(1)).one()
        edit_ticket(
            session,
            world.actor("operator"),
            ticket.number,
            version=ticket.version,
            policy=world.policy,
            now=NOW,
            fields={"text": "换了内容"},
        )
        assert found(session, world, "dispatcher", "粉尘") == numbers - {ticket.number}
        rows = session.scalar(select(func.count()).select_from(TicketText))
        assert rows == 7
        if not world.database.on_sqlite:
            assert session.scalar(text("SELECT count(*) FROM ticket_terms")) == 7
