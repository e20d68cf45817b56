"""Files of court districts and service points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from dispatch.import_files import Rows
from dispatch.import_tables import FLAGS, Cells, Key, Lookups, Table, words_of
from dispatch.models.places import CourtDistrict, CourtDistrictRegion, ServicePoint
from dispatch.models.unions import Union
from dispatch.rules.places import Facility, PointKind, Skill, code_of, unknown_words

_LIST: Final = ";"


def _districts(session: Session) -> Iterator[Cells]:
    regions: dict[int, list[str]] = {}
    pieces = select(CourtDistrictRegion).order_by(CourtDistrictRegion.region_code)
    for piece in session.scalars(pieces):
        regions.setdefault(piece.district_id, []).append(piece.region_code)
    query = select(CourtDistrict, Union.code).join(Union, Union.id == CourtDistrict.union_id)
    for district, union in session.execute(query):
        yield {
            "code": district.code,
            "name": district.name,
            "court": district.court,
            "union_code": union,
            "phone": district.phone or "",
            "regions": _LIST.join(regions.get(district.id, [])),
        }


def _clean_district(row: Cells) -> Cells:
    return {"regions": _LIST.join(sorted(words_of(row["regions"])))}


def _check_district(row: Cells, lookups: Lookups) -> Iterator[str]:
    for name in ("name", "court", "union_code", "regions"):
        if not row[name]:
            yield f"缺少{name}"
    if row["union_code"] and not lookups.has_union(row["union_code"]):
        yield f"没有工会“{row['union_code']}”"
    for region in words_of(row["regions"]):
        if not (region.isascii() and region.isdigit() and len(region) in (2, 4, 6, 9)):
            yield f"行政区划代码“{region}”应为2、4、6或9位数字"


def _no_place_twice(rows: Rows, known: Mapping[Key, Cells]) -> Iterator[tuple[int, str]]:
    """A place lies in one court's territory: neither in two rows nor in a district that the file leaves alone."""
    in_file = {row["code"] for _, row in rows}
    taken = {
        region: f"片区“{cells['code']}”"
        for cells in known.values()
        if cells["code"] not in in_file
        for region in words_of(cells["regions"])
    }
    for line, row in rows:
        if row.get("removed") == "是":
            continue
        for region in words_of(row["regions"]):
            if region in taken:
                yield line, f"{region}已属于{taken[region]}"
            taken.setdefault(region, f"第{line}行的片区")


def _write_district(session: Session, row: Cells, lookups: Lookups) -> None:
    district = session.scalar(select(CourtDistrict).where(CourtDistrict.code == row["code"]))
    if district is None:
        district = CourtDistrict(code=row["code"])
        session.add(district)
    district.name, district.court = row["name"], row["court"]
    district.union_id, district.phone = lookups.unions[row["union_code"]], row["phone"] or None
    session.flush()
    pieces = words_of(row["regions"])
    # A place that goes from one district to another has left the first by now, whichever row comes first.
    session.execute(
        delete(CourtDistrictRegion).where(
            (CourtDistrictRegion.district_id == district.id) | CourtDistrictRegion.region_code.in_(pieces)
        )
    )
    session.execute(
        insert(CourtDistrictRegion), [{"region_code": piece, "district_id": district.id} for piece in pieces]
    )


def _remove_district(session: Session, row: Cells, _: Lookups) -> None:
    district = session.scalars(select(CourtDistrict).where(CourtDistrict.code == row["code"])).one()
    session.execute(delete(CourtDistrictRegion).where(CourtDistrictRegion.district_id == district.id))
    session.delete(district)


COURT_DISTRICTS: Final = Table(
    columns={"code": 32, "name": 60, "court": 120, "union_code": 32, "phone": 20, "regions": 5000},
    key=("code",),
    event="CourtDistrictsImported",
    read=_districts,
    check=_check_district,
    write=_write_district,
    remove=_remove_district,
    clean=_clean_district,
    together=_no_place_twice,
)


def _points(session: Session) -> Iterator[Cells]:
    query = select(ServicePoint, Union.code).join(Union, Union.id == ServicePoint.union_id)
    for point, union in session.execute(query):
        yield {
            "code": point.code,
            "name": point.name,
            "kind": point.kind,
            "union_code": union,
            "region_code": point.region_code,
            "address": point.address or "",
            "phone": point.phone or "",
            "calendar": point.calendar,
            "skills": _LIST.join(point.skills),
            "facilities": _LIST.join(point.facilities),
            "open": "是" if point.open else "否",
        }


def _clean_point(row: Cells) -> Cells:
    def codes(cell: str) -> str:
        return _LIST.join(sorted({code_of(word) for word in words_of(cell)}))

    return {
        "kind": code_of(row["kind"]),
        "skills": codes(row["skills"]),
        "facilities": codes(row["facilities"]),
        "calendar": row["calendar"] or "union_default",
        "open": row["open"] or "是",
    }


def _check_point(row: Cells, lookups: Lookups) -> Iterator[str]:
    for name in ("name", "union_code", "region_code"):
        if not row[name]:
            yield f"缺少{name}"
    if row["union_code"] and not lookups.has_union(row["union_code"]):
        yield f"没有工会“{row['union_code']}”"
    for word in unknown_words([row["kind"]], PointKind):
        yield f"没有“{word}”这种服务点（应为职工服务中心或职工服务站）"
    for word in unknown_words(words_of(row["skills"]), Skill):
        yield f"没有“{word}”这项服务"
    for word in unknown_words(words_of(row["facilities"]), Facility):
        yield f"没有“{word}”这种设施"
    if lookups.calendars is not None and row["calendar"] not in lookups.calendars:
        yield f"没有日历“{row['calendar']}”"
    if row["open"] not in FLAGS:
        yield "open应为是或否"


def _write_point(session: Session, row: Cells, lookups: Lookups) -> None:
    point = session.scalar(select(ServicePoint).where(ServicePoint.code == row["code"]))
    if point is None:
        point = ServicePoint(code=row["code"])
        session.add(point)
    point.name, point.kind = row["name"], row["kind"]
    point.union_id, point.region_code = lookups.unions[row["union_code"]], row["region_code"]
    point.address, point.phone = row["address"] or None, row["phone"] or None
    point.calendar, point.open = row["calendar"], FLAGS[row["open"]]
    point.skills, point.facilities = words_of(row["skills"]), words_of(row["facilities"])


SERVICE_POINTS: Final = Table(
    columns={
        "code": 32,
        "name": 120,
        "kind": 20,
        "union_code": 32,
        "region_code": 9,
        "address": 200,
        "phone": 20,
        "calendar": 32,
        "skills": 300,
        "facilities": 300,
        "open": 5,
    },
    key=("code",),
    event="ServicePointsImported",
    read=_points,
    check=_check_point,
    write=_write_point,
    clean=_clean_point,
)
