"""Files of districts, points, posts, absences, rosters and ties: whole or not at all, and they come back as they went."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.database import Database
from dispatch.errors import ImportRefused, Invalid
from dispatch.events import ADMINISTRATION, By, verify_chain
from dispatch.import_files import ImportResult, read_rows, write_rows
from dispatch.models.places import Absence, CourtDistrictRegion, Post
from dispatch.models.unions import Employer, UnionClosure
from dispatch.places import nearest_points
from dispatch.rules.ticket_state import Command
from dispatch.tables import Sheet, export_sheet, import_sheet
from dispatch.tickets import ToldEmployer
from dispatch.union_tree import rebuild_tree
from tests.builders import NOW, World, build_world, give, make_ticket

BY = By("machine")

DISTRICTS = """code,name,court,union_code,phone,regions
P1,城区片区,历下区人民法院,370102,,370102;370103001
P2,东部片区,历下区人民法院东部法庭,3701,0531-1,370102002、370102003
"""
POINTS = """code,name,kind,union_code,region_code,address,phone,calendar,skills,facilities,open
C1,历下职工服务中心,职工服务中心,370102,370102,某路1号,,yuhang_staggered,法律服务;心理服务,劳动仲裁庭,是
S1,解放路服务站,service_station,370102,370102001,,,,aid,reading_room;mothers_room,
S2,市中服务站,service_station,370103,370103001,,,,law,,否
"""
POSTS = """code,name,union_code,service_point_code,holder,deputy
LX-1,法律窗口,370102,C1,lixia,lixia-deputy
"""
NO_POINT = POSTS.replace(",C1,", ",,")
ABSENCES = """user,begins_at,ends_at,reason
lixia,2026-11-23 08:00,2026-11-25 18:00,公差
"""
ROSTERS = """union_code,user,begins_at,ends_at,phone
370102,lixia,2026-11-24 18:00,2026-11-25 08:00,13800000002
"""


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def load(session: Session, sheet: Sheet, text: str, *, dry_run: bool = False) -> ImportResult:
    return import_sheet(session, sheet, text.encode(), by=BY, now=NOW, dry_run=dry_run)


def refused(session: Session, sheet: Sheet, text: str) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as error:
        load(session, sheet, text)
    return list(error.value.findings)


FILES = {
    Sheet.COURT_DISTRICTS: DISTRICTS,
    Sheet.SERVICE_POINTS: POINTS,
    Sheet.POSTS: POSTS,
    Sheet.ABSENCES: ABSENCES,
    Sheet.ROSTERS: ROSTERS,
}


def test_every_table_loads_comes_out_and_goes_in_again_unchanged(session: Session, world: World) -> None:
    code = session.scalars(select(Employer.uscc).where(Employer.id == world.employer())).one()
    files = {**FILES, Sheet.EMPLOYER_TIES: f"employer_uscc,user,reason\n{code},lixia,配偶任职\n"}
    for sheet, text in files.items():
        rows = text.count("\n") - 1
        assert load(session, sheet, text, dry_run=True) == ImportResult(rows, 0, 0), sheet
        assert load(session, sheet, text) == ImportResult(rows, 0, 0), sheet
        assert load(session, sheet, text) == ImportResult(0, 0, rows), sheet
    for sheet in Sheet:
        out = "".join(export_sheet(session, sheet))
        done = load(session, sheet, out)
        assert (done.created, done.updated) == (0, 0), sheet
        assert done.unchanged == len(out.splitlines()) - 1, sheet
    assert list(verify_chain(session, ADMINISTRATION)) == []


@pytest.mark.parametrize(
    ("sheet", "text", "line", "reason"),
    [
        (Sheet.COURT_DISTRICTS, DISTRICTS + "P3,片,院,370102,,370102\n", 4, "370102已属于第2行的片区"),
        (Sheet.COURT_DISTRICTS, DISTRICTS.replace(",3701,", ",999,"), 3, "没有工会“999”"),
        (Sheet.COURT_DISTRICTS, DISTRICTS.replace("370103001", "37O103"), 2, "行政区划代码“37O103”应为2、4、6或9位数字"),
        (Sheet.COURT_DISTRICTS, DISTRICTS.replace("P2,", "P1,"), 3, "“P1”与第2行重复"),
        (Sheet.SERVICE_POINTS, POINTS.replace("法律服务;", "算命;"), 2, "没有“算命”这项服务"),
        (Sheet.SERVICE_POINTS, POINTS.replace("reading_room", "swimming_pool"), 3, "没有“swimming_pool”这种设施"),
        (Sheet.SERVICE_POINTS, POINTS.replace("service_station,370103", "booth,370103"), 4, "没有“booth”这种服务点"),
        (Sheet.SERVICE_POINTS, POINTS.replace("S1,解放路", ",解放路"), 3, "缺少code"),
        (Sheet.SERVICE_POINTS, POINTS.replace(",law,,否", ",law,,no"), 4, "open应为是或否"),
        (Sheet.POSTS, NO_POINT.replace("lixia-deputy", "shizhong"), 2, "账号“shizhong”不属于工会“370102”"),
        (Sheet.POSTS, POSTS.replace("C1", "C9"), 2, "没有服务点“C9”"),
        (Sheet.POSTS, NO_POINT.replace("lixia-deputy", "lixia"), 2, "A岗和B岗不能是同一人"),
        (Sheet.POSTS, NO_POINT.replace("lixia-deputy", "nobody"), 2, "没有在用账号“nobody”"),
        (Sheet.ABSENCES, ABSENCES.replace("2026-11-25 18:00", "2026-11-20 18:00"), 2, "结束时间须晚于开始时间"),
        (Sheet.ABSENCES, ABSENCES.replace("2026-11-25 18:00", "2026-13-45 1:00"), 2, "ends_at应为时间，如2026-11-25 08:00"),
        (Sheet.ROSTERS, ROSTERS.replace("370102,lixia", "3702,lixia"), 2, "账号“lixia”不属于工会“3702”"),
        (Sheet.ROSTERS, ROSTERS.replace("13800000002", "1380000,多"), 2, "应有5列，实有6列"),
        (Sheet.EMPLOYER_TIES, "employer_uscc,user,reason\n91,lixia,\n", 2, "没有用人单位“91”"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_is_written(
    session: Session, sheet: Sheet, text: str, line: int, reason: str
) -> None:
    findings = refused(session, sheet, text)
    assert any(found == line and said.startswith(reason) for found, said in findings), findings
    assert session.scalar(select(func.count(CourtDistrictRegion.region_code))) == 0
    assert session.scalar(select(func.count(Post.id))) == 0
    assert session.scalar(select(func.count(Absence.id))) == 0


def test_a_place_in_a_district_that_the_file_leaves_alone_is_not_taken_from_it(session: Session) -> None:
    load(session, Sheet.COURT_DISTRICTS, DISTRICTS)
    other = "code,name,court,union_code,phone,regions\nP3,新片区,某法院,3701,,370102003\n"
    assert refused(session, Sheet.COURT_DISTRICTS, other) == [(2, "370102003已属于片区“P2”")]
    both = other + "P2,东部片区,历下区人民法院东部法庭,3701,0531-1,370102002\n"
    assert load(session, Sheet.COURT_DISTRICTS, both) == ImportResult(1, 1, 0)


def test_a_row_is_taken_away_by_saying_so(session: Session) -> None:
    load(session, Sheet.ABSENCES, ABSENCES)
    gone = "user,begins_at,ends_at,reason,removed\nlixia,2026-11-23 08:00,2026-11-25 18:00,公差,是\n"
    assert load(session, Sheet.ABSENCES, gone, dry_run=True) == ImportResult(0, 1, 0)
    assert session.scalar(select(func.count(Absence.id))) == 1
    assert load(session, Sheet.ABSENCES, gone) == ImportResult(0, 1, 0)
    assert session.scalar(select(func.count(Absence.id))) == 0
    assert refused(session, Sheet.ABSENCES, gone) == [(2, "没有“lixia 2026-11-23 08:00”，无法删除")]


def test_the_nearest_point_that_can_act_is_found_with_its_reasons(session: Session, world: World) -> None:
    load(session, Sheet.SERVICE_POINTS, POINTS)

    def near(region: str, need: str | None = None) -> list[tuple[str, str]]:
        found = nearest_points(session, region=region, need=need, policy=world.policy, now=NOW)
        return [(point.code, point.reasons[0]) for point in found]

    assert near("370102001") == [("S1", "同一乡镇（街道）（370102001）"), ("C1", "同一区县（370102）")]
    assert near("370102001", "劳动仲裁庭") == [("C1", "同一区县（370102）")]
    # The one in the next district is closed for good; the nearest that can act is in the same city.
    assert near("370103001", "law") == [("C1", "同一市（370102）")]
    assert near("370202", "reading_room") == [("S1", "同一省（370102001）")]
    assert near("510104", "law") == []
    with pytest.raises(Invalid):
        near("370102", "算命")


def test_a_tie_takes_an_open_ticket_out_of_a_persons_sight_and_its_end_gives_it_back(
    session: Session, world: World
) -> None:
    employer = world.employer()
    code = session.scalars(select(Employer.uscc).where(Employer.id == employer)).one()
    ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=employer),))
    give(session, world, "operator", ticket, Command.ACCEPT)
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))
    assert can_read(session, world.actor("lixia"), ticket.id)
    tie = f"employer_uscc,user,reason\n{code},lixia,配偶任职\n"
    load(session, Sheet.EMPLOYER_TIES, tie)
    assert not can_read(session, world.actor("lixia"), ticket.id)
    assert can_read(session, world.actor("lixia-deputy"), ticket.id)
    load(
        session,
        Sheet.EMPLOYER_TIES,
        tie.replace("reason\n", "reason,removed\n").replace("任职\n", "任职,是\n"),
    )
    assert can_read(session, world.actor("lixia"), ticket.id)


def test_a_tie_to_the_head_office_covers_its_branches(session: Session, world: World) -> None:
    head, branch = "91370102XXXX000197", "91370103XXXX00035B"
    lines = (
        "name,uscc,region_code,union_code,group_code,industry,parent_uscc\n"
        f"分公司,{branch},370103002,,,,{head}\n"
    )
    load(session, Sheet.EMPLOYERS, lines)
    load(session, Sheet.EMPLOYER_TIES, f"employer_uscc,user,reason\n{head},lixia,曾任法务\n")
    known = session.scalars(select(Employer.id).where(Employer.uscc == branch)).one()
    ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=known),))
    give(session, world, "operator", ticket, Command.ACCEPT)
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))
    assert not can_read(session, world.actor("lixia"), ticket.id)
    assert can_read(session, world.actor("jinan"), ticket.id)


def test_branches_that_lead_in_a_circle_are_refused(session: Session) -> None:
    head, branch = "91370102XXXX000197", "91370103XXXX00035B"
    lines = (
        "name,uscc,region_code,union_code,group_code,industry,parent_uscc\n"
        f"甲,{head},370102,,,,{branch}\n乙,{branch},370103,,,,{head}\n丙,,370103,,,,91370102XXXX000272X\n"
    )
    findings = refused(session, Sheet.EMPLOYERS, lines)
    assert [line for line, _ in findings] == [2, 3, 4]
    assert all("循环" in said for _, said in findings[:2])


def test_cells_that_a_spreadsheet_would_calculate_go_out_quoted_and_come_back_bare() -> None:
    cells = ["=1+1", "+8613800000001", "-5", "@x", "'quoted", "'=x", "plain", ""]
    text = "".join(write_rows(("a", "b", "c", "d", "e", "f", "g", "h"), [cells]))
    written = text.splitlines()[1].split(",")
    assert not any(cell[:1] in "=+-@\t\r" and cell for cell in written)
    ((_, row),) = read_rows(text.encode(), dict.fromkeys("abcdefgh", 20))
    assert list(row.values()) == cells


def test_a_tree_rebuilt_from_its_parents_is_the_tree_that_was_imported(session: Session) -> None:
    pairs = select(UnionClosure.ancestor_id, UnionClosure.descendant_id, UnionClosure.depth)
    before = set(session.execute(pairs).all())
    assert before
    rebuild_tree(session)
    assert set(session.execute(pairs).all()) == before
