"""Files of unions and employers are taken whole or not at all, and every fault is named by its line."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.database import Database
from dispatch.employers import COLUMNS as EMPLOYER_COLUMNS
from dispatch.employers import import_employers
from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, verify_chain
from dispatch.import_files import ImportResult, Rows, read_rows
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Employer, Union, UnionClosure
from dispatch.rules.ticket_state import Command
from dispatch.tickets import ToldEmployer
from dispatch.unions import COLUMNS, import_unions
from tests.builders import NOW, World, build_world, give, make_ticket

HEADER = ",".join(COLUMNS)
EMPLOYER_HEADER = ",".join(EMPLOYER_COLUMNS)
PROVINCE = "37,山东省总工会,province,territory,,37,,,,"
CITY = "3701,济南市总工会,city,territory,37,3701,,,,"
COUNTY = "370102,历下区总工会,county,territory,3701,370102,,,,"
BY = By("machine")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def _file(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines, "")).encode()


def _load(session: Session, data: bytes, *, dry_run: bool = False) -> ImportResult:
    return import_unions(session, data, by=BY, now=NOW, dry_run=dry_run)


def _refused(session: Session, data: bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as refused:
        _load(session, data)
    assert session.scalar(select(func.count(Union.id))) == 0
    return list(refused.value.findings)


def test_a_tree_is_loaded_with_paths_and_every_pair_above_one_another(session: Session) -> None:
    # Children may come before their parents.
    assert _load(session, _file(COUNTY, CITY, PROVINCE)) == ImportResult(3, 0, 0)
    ids = {union.code: union.id for union in session.scalars(select(Union))}
    county = session.scalars(select(Union).where(Union.code == "370102")).one()
    assert county.ancestor_ids() == (ids["37"], ids["3701"], ids["370102"])
    pairs = session.execute(
        select(UnionClosure.ancestor_id, UnionClosure.depth).where(UnionClosure.descendant_id == county.id)
    )
    assert dict(pairs.all()) == {ids["37"]: 2, ids["3701"]: 1, ids["370102"]: 0}


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ((PROVINCE, CITY, CITY), 4, "代码“3701”与第3行重复"),
        ((PROVINCE, "3701,济南市总工会,city,territory,37"), 3, "应有10列，实有5列"),
        ((PROVINCE, CITY + ",多一列"), 3, "应有10列，实有11列"),
        ((PROVINCE, CITY.replace("city", "shi")), 3, "没有“shi”这个层级"),
        ((PROVINCE, CITY.replace("territory", "x")), 3, "没有“x”这种工会"),
        ((PROVINCE, CITY.replace(",37,3701", ",99,3701")), 3, "没有上级工会“99”"),
        ((PROVINCE, ",济南市总工会,city,territory,37,3701,,,,"), 3, "缺少代码或名称"),
        ((PROVINCE, "3701,,city,territory,37,3701,,,,"), 3, "缺少代码或名称"),
        ((PROVINCE, CITY.replace("济南市", "济" * 121)), 3, "name超过120字"),
        ((PROVINCE, CITY.replace("3701,,", "37012345678,,")), 3, "region_code超过9字"),
        ((PROVINCE, CITY.replace("3701,,", "3701O2,,")), 3, "行政区划代码“3701O2”应为2、4、6或9位数字"),
        ((PROVINCE, CITY.replace("济南市", "济\u200b南市")), 3, "name含有换行或不可见字符"),
        ((PROVINCE, CITY.replace("济南市", "济南\u202e市")), 3, "name含有换行或不可见字符"),
        ((PROVINCE, CITY.replace("济南市总工会", '"济南市\n总工会"')), 3, "name含有换行或不可见字符"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(
    session: Session, lines: tuple[str, ...], line: int, reason: str
) -> None:
    assert _refused(session, _file(*lines)) == [(line, reason)]


def test_a_line_after_a_broken_cell_keeps_its_own_number(session: Session) -> None:
    broken = '3701,"济南市\n总工会",city,territory,37,3701,,,,'
    found = _refused(session, _file(PROVINCE, broken, "370102,历下"))
    assert found == [(3, "name含有换行或不可见字符"), (5, "应有10列，实有2列")]


def test_a_circle_of_unions_is_refused_on_every_line_of_it(session: Session) -> None:
    circle = (PROVINCE.replace("territory,,", "territory,370102,"), CITY, COUNTY)
    below = "370102001,街道总工会,town,territory,370102,370102001,,,,"
    found = _refused(session, _file(*circle, below))
    assert [line for line, _ in found] == [2, 3, 4]
    assert all("循环" in reason for _, reason in found)


def test_a_union_above_itself_is_a_circle(session: Session) -> None:
    assert _refused(session, _file("37,山东省总工会,province,territory,37,37,,,,")) == [
        (2, "“37”是自己的上级，形成循环")
    ]


def test_a_circle_through_what_is_already_there_is_refused_and_changes_nothing(session: Session) -> None:
    _load(session, _file(PROVINCE, CITY, COUNTY))
    with pytest.raises(ImportRefused, match="循环"):
        _load(session, _file(PROVINCE.replace("territory,,", "territory,370102,")))
    assert session.scalars(select(Union.parent_id).where(Union.code == "37")).one() is None


def test_a_tree_too_deep_for_its_paths_is_refused(session: Session) -> None:
    chain = [PROVINCE] + [
        f"{number},第{number}级,enterprise,territory,{number - 1},,,,," for number in range(38, 60)
    ]
    found = _refused(session, _file(*chain))
    assert found[0] == (22, "上下级超过20层")
    assert len(found) == 3


def test_every_bad_line_is_told_at_once_in_order(session: Session) -> None:
    found = _refused(
        session, _file(CITY, COUNTY.replace("county", "xian"), PROVINCE.replace("37,山", "3701,山"))
    )
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert {line for line, _ in found} == {2, 3, 4}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"   \r\n"])
def test_an_empty_file_is_refused(session: Session, data: bytes) -> None:
    ((line, reason),) = _refused(session, data)
    assert line == 1
    assert "文件是空的" in reason


@pytest.mark.parametrize(
    "data",
    [
        b"code\n37\n",
        "编号,名称\n37,山东\n".encode(),
        ";".join(COLUMNS).encode(),
        HEADER.replace(",phone", "").encode(),
    ],
)
def test_a_file_of_other_columns_is_told_which_it_should_have(session: Session, data: bytes) -> None:
    assert _refused(session, data) == [(1, f"表头应为：{HEADER}")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files_from_spreadsheets_are_understood(session: Session, encoding: str, newline: str) -> None:
    data = newline.join((HEADER, PROVINCE, CITY, ",,,,,,,,,", "")).encode(encoding)
    assert _load(session, data) == ImportResult(2, 0, 0)
    names = set(session.scalars(select(Union.name)))
    assert names == {"山东省总工会", "济南市总工会"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (f"{HEADER}\n{PROVINCE}".encode("utf-16"), ""),
        (f"{HEADER}\n{PROVINCE}\n37\0,x".encode(), "含有空字符"),
        (b"\xff\xff\xff", "文件既不是UTF-8也不是GBK编码"),
        (f'{HEADER}\n37,"山东省总工会,province'.encode(), "不是有效的CSV：引号没有配对，或单元格过长"),
        (f"{HEADER}\n37,{'长' * 200_000},province".encode(), "不是有效的CSV：引号没有配对，或单元格过长"),
    ],
)
def test_what_is_no_table_is_refused_in_chinese(session: Session, data: bytes, reason: str) -> None:
    ((_, said),) = _refused(session, data)
    assert reason in said
    assert said


def test_a_cell_that_looks_like_a_formula_stays_text(session: Session) -> None:
    name = "=cmd|' /C calc'!A0"
    _load(session, _file(f"37,{name},province,territory,,37,,,,+8653112351"))
    union = session.scalars(select(Union)).one()
    assert (union.name, union.phone) == (name, "+8653112351")


def test_a_dry_run_tells_the_same_and_writes_nothing(session: Session) -> None:
    data = _file(PROVINCE, CITY)
    assert _load(session, data, dry_run=True) == ImportResult(2, 0, 0)
    assert session.scalar(select(func.count(Union.id))) == 0
    assert session.scalar(select(func.count(Event.id))) == 0
    _load(session, data)
    changed = _file(PROVINCE, CITY.replace("济南市总工会", "济南市工会"))
    assert _load(session, changed, dry_run=True) == ImportResult(0, 1, 1)
    assert session.scalars(select(Union.name).where(Union.code == "3701")).one() == "济南市总工会"


def test_one_bad_line_keeps_the_good_ones_out_too(session: Session) -> None:
    _load(session, _file(PROVINCE))
    with pytest.raises(ImportRefused):
        _load(session, _file(PROVINCE.replace("山东省", "鲁"), CITY, COUNTY.replace("county", "xian")))
    assert session.scalars(select(Union.name)).all() == ["山东省总工会"]


def test_a_second_load_updates_what_differs_and_leaves_the_rest(session: Session) -> None:
    _load(session, _file(PROVINCE, CITY, COUNTY))
    again = _file(PROVINCE, CITY.replace("济南市总工会", "济南市工会"), COUNTY)
    assert _load(session, again) == ImportResult(0, 1, 2)
    city = session.scalars(select(Union).where(Union.code == "3701")).one()
    assert (city.name, city.version) == ("济南市工会", 2)
    kinds = session.scalars(select(Event.kind).where(Event.stream == ADMINISTRATION)).all()
    assert kinds == ["UnionsImported", "UnionsImported"]
    assert list(verify_chain(session, ADMINISTRATION)) == []


def test_a_parent_that_is_taken_away_makes_a_root(session: Session) -> None:
    _load(session, _file(PROVINCE, CITY))
    assert _load(session, _file(CITY.replace(",37,3701", ",,3701"))) == ImportResult(0, 1, 0)
    city = session.scalars(select(Union).where(Union.code == "3701")).one()
    assert (city.parent_id, city.ancestor_ids()) == (None, (city.id,))


def test_a_union_that_moves_takes_its_tickets_out_of_the_old_parents_sight(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        ticket = _dispatched(session, world)
        seen = {who: can_read(session, world.actor(who), ticket.id) for who in ("lixia", "jinan", "qingdao")}
        assert seen == {"lixia": True, "jinan": True, "qingdao": False}
        _load(session, _file("370102,历下区总工会,county,territory,3702,370102,,,yuhang_staggered,"))
        seen = {who: can_read(session, world.actor(who), ticket.id) for who in ("lixia", "jinan", "qingdao")}
    assert seen == {"lixia": True, "jinan": False, "qingdao": True}


def _dispatched(session: Session, world: World, *, employer: int | None = None) -> Ticket:
    told = (ToldEmployer(employer_id=employer),) if employer else (ToldEmployer(name="某厂"),)
    ticket = make_ticket(session, world, employers=told)
    give(session, world, "operator", ticket, Command.ACCEPT)
    data: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "指定"}
    return give(session, world, "dispatcher", ticket, Command.DISPATCH, **data)


def test_twenty_thousand_unions_load_in_a_few_times_the_time_of_their_bare_rows(database: Database) -> None:
    rows = [PROVINCE]
    rows += [f"37{city:02d},第{city}市总工会,city,territory,37,37{city:02d},,,," for city in range(1, 17)]
    for number in range(20_000):
        city = number % 16 + 1
        rows.append(f"E{number},第{number}号企业工会,enterprise,enterprise,37{city:02d},,G{number % 99},,,")
    started = time.process_time()
    with database.writing() as session:
        done = _load(session, _file(*rows))
    took = time.process_time() - started
    assert done == ImportResult(20_017, 0, 0)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UnionClosure)) == 1 + 16 * 2 + 20_000 * 3
    # A guard against a quadratic step, not a measure of speed.
    assert took < 60


def test_a_chain_of_twenty_thousand_is_refused_without_walking_it_for_each(session: Session) -> None:
    chain = [f"E{n},第{n}级,enterprise,enterprise,{f'E{n - 1}' if n else ''},,,,," for n in range(20_000)]
    started = time.process_time()
    found = _refused(session, _file(*reversed(chain)))
    assert len(found) == 20_000 - 20
    assert time.process_time() - started < 30


EMPLOYER = "济南示例建筑工程有限公司,91370102XXXX000197,370102,,D-1,"


def _employers(*lines: str) -> bytes:
    return _file(*lines, header=EMPLOYER_HEADER)


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ((EMPLOYER, EMPLOYER.replace("建筑", "建设")), 3, "统一社会信用代码“91370102XXXX000197”与第2行重复"),
        ((EMPLOYER.replace("0197", "0198"),), 2, "统一社会信用代码校验位不符，请核对"),
        ((EMPLOYER.replace("370102,,", "370102,999,"),), 2, "没有工会“999”"),
        ((",,,,,", "甲厂,,,,,", "甲厂,,,,,"), 4, "与第3行是同一单位（没有统一社会信用代码，名称和地区相同）"),
        ((",91370102XXXX000197,,,,",), 2, "缺少单位名称"),
        (("甲厂,,济南,,,",), 2, "行政区划代码“济南”应为2、4、6或9位数字"),
        (("甲" * 201 + ",,,,,",), 2, "name超过200字"),
        (("甲厂,,,",), 2, "应有6列，实有4列"),
    ],
)
def test_a_bad_employer_is_named_by_its_line_and_nothing_is_written(
    session: Session, lines: tuple[str, ...], line: int, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_employers(session, _employers(*lines, "乙厂,,,,,"), now=NOW)
    assert list(refused.value.findings) == [(line, reason)]
    assert session.scalar(select(func.count(Employer.id))) == 0


def test_employers_load_again_without_doubling_also_those_without_a_code(session: Session) -> None:
    data = _employers(EMPLOYER, "甲厂,,370102,,,", "甲厂,,370103,,,")
    assert import_employers(session, data, now=NOW, dry_run=True) == ImportResult(3, 0, 0)
    assert session.scalar(select(func.count(Employer.id))) == 0
    assert import_employers(session, data, now=NOW) == ImportResult(3, 0, 0)
    changed = _employers(EMPLOYER.replace("D-1", "D-2"), "甲厂,,370102,,,", "甲厂,,370103,,,")
    assert import_employers(session, changed, now=NOW) == ImportResult(0, 1, 2)
    assert session.scalar(select(func.count(Employer.id))) == 3
    assert list(verify_chain(session, ADMINISTRATION)) == []


def test_learning_an_employers_own_union_takes_its_tickets_out_of_that_unions_sight(
    database: Database,
) -> None:
    world = build_world(database)
    employer = world.employer()
    with database.writing() as session:
        ticket = _dispatched(session, world, employer=employer)
        assert can_read(session, world.actor("lixia"), ticket.id)
        code = session.scalars(select(Employer.uscc).where(Employer.id == employer)).one()
        line = f"济南示例建筑工程有限公司,{code},370102,370102,,"
        import_employers(session, _employers(line), now=NOW + timedelta(hours=1))
        assert not can_read(session, world.actor("lixia"), ticket.id)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode("utf-8", "ignore"))
)
def test_whatever_the_bytes_a_file_is_read_or_refused_and_nothing_else(data: bytes) -> None:
    rows, findings = _read(data)
    assert all(set(row) == set(COLUMNS) for _, row in rows)
    assert all(line >= 1 and reason for line, reason in findings)


def _read(data: bytes) -> tuple[Rows, Sequence[tuple[int, str]]]:
    try:
        return read_rows(data, COLUMNS), []
    except ImportRefused as refused:
        return [], refused.findings
