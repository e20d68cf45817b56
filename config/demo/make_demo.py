"""Make `regions.csv`, `demo/unions.csv` and `demo/employers.csv` from a table of administrative divisions.

Run: python config/demo/make_demo.py PATH/TO/regions.csv (columns code,name,parent,level; see docs/data-sources.md).
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

HERE = Path(__file__).parent
PROVINCE = "37"
COUNTIES_WITH_TOWN_UNIONS = ("370102", "370103", "370112", "370202", "370211")
# Names of the statistical tree that gather codes and are no place anyone lives in.
PSEUDO_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
CITY_CODES = {"3701": "0531", "3702": "0532"}
STAGGERED = frozenset({"370102", "370202"})


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    name: str
    parent: str
    level: str
    pseudo: str


@dataclass(frozen=True, slots=True)
class Union:
    code: str
    name: str
    level: str
    kind: str
    parent_code: str
    region_code: str = ""
    group_code: str = ""
    industry: str = ""
    calendar: str = "union_default"
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Employer:
    """`union_code` is empty where the employer has no union of its own."""

    name: str
    uscc: str
    region_code: str
    union_code: str = ""
    group_code: str = ""
    industry: str = ""


# Made up: 示例 means example, and no registered code begins its body with XXXX.
EMPLOYERS = (
    Employer("济南示例建筑工程有限公司", "91370102XXXX000197", "370102001", "D-0001"),
    Employer("济南示例物业服务有限公司", "91370102XXXX000272", "370102002", "D-0002"),
    Employer("济南示例餐饮管理有限公司", "91370103XXXX00035B", "370103002", "D-0003"),
    Employer("济南示例纺织有限公司", "91370103XXXX000436", "370103003", "D-0004"),
    Employer("济南示例装备制造有限公司", "91370112XXXX000512", "370112001", "D-0005", "DEMO-GROUP"),
    Employer("济南示例物流有限公司", "91370112XXXX0006XR", "370112002", "D-0006", "", "logistics"),
    Employer("山东示例铁路运营有限公司", "91370102XXXX00078A", "370102003", "D-0007", "DEMO-RAIL", "railway"),
    Employer("青岛示例控股集团有限公司", "91370202XXXX00086A", "370202001", "D-0008", "DEMO-GROUP"),
    Employer("青岛示例酒店管理有限公司", "91370202XXXX000945", "370202002", "D-0009"),
    Employer("青岛示例机械制造有限公司", "91370211XXXX00107U", "370211001", "D-0010", "DEMO-GROUP"),
    Employer("青岛示例电子有限公司", "91370211XXXX00115N", "370211002", "D-0011"),
    Employer("济南示例职业培训学校", "91370103XXXX00123R", "370103004", "D-0012"),
    Employer("济南示例劳务派遣有限公司", "91370102XXXX001316", "370102004"),
    Employer("胶州示例食品加工有限公司", "91370281XXXX0014XG", "370281"),
    Employer("烟台示例水产有限公司", "91370602XXXX00158P", "370602"),
    Employer("潍坊示例化工有限公司", "91370702XXXX00166P", "370702"),
    Employer("济宁示例矿业有限公司", "91370811XXXX00174Q", "370811"),
)


def read_regions(path: Path) -> list[Region]:
    """Return the whole country down to counties, and the towns of the province."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        return [
            Region(row["code"], row["name"], row["parent"], row["level"], str(int(_is_pseudo(row))))
            for row in csv.DictReader(source)
            if row["level"] != "town" or row["code"].startswith(PROVINCE)
        ]


def _is_pseudo(row: dict[str, str]) -> bool:
    return row["name"] in PSEUDO_NAMES


def make_unions(regions: Sequence[Region]) -> list[Union]:
    """Return the territorial unions, one industry union and the basic unions of the employers above."""
    here = {region.code: region for region in regions if region.code.startswith(PROVINCE)}
    same_name = Counter(region.name for region in here.values() if region.level == "county")
    unions = [
        _territorial(region, here, same_name)
        for region in here.values()
        if region.level != "town" or region.parent in COUNTIES_WITH_TOWN_UNIONS
    ]
    unions.append(
        Union(
            "SD-RAILWAY",
            "山东省铁路系统工会（示例）",
            "province",
            "industry_union",
            PROVINCE,
            PROVINCE,
            industry="railway",
        )
    )
    unions.extend(_basic(employer) for employer in EMPLOYERS if employer.union_code)
    return unions


def _territorial(region: Region, here: dict[str, Region], same_name: Counter[str]) -> Union:
    name = region.name
    if region.level == "town" or (region.level == "county" and same_name[name] > 1):
        name = here[region.parent].name + name
    area = CITY_CODES.get(region.code)
    return Union(
        code=region.code,
        name=f"{name}总工会",
        level=region.level,
        kind="territory",
        parent_code=region.parent,
        region_code=region.code,
        calendar="yuhang_staggered" if region.code in STAGGERED else "union_default",
        phone=f"{area}-12351" if area else "",
    )


def _basic(employer: Employer) -> Union:
    return Union(
        code=employer.union_code,
        name=f"{employer.name}工会",
        level="enterprise",
        kind="enterprise",
        parent_code="SD-RAILWAY" if employer.industry == "railway" else employer.region_code,
        region_code=employer.region_code,
        group_code=employer.group_code,
        industry=employer.industry,
    )


def write(path: Path, kind: type, rows: Iterable[Region | Union | Employer]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([field.name for field in fields(kind)])
        writer.writerows(astuple(row) for row in rows)


def main(regions_path: str) -> None:
    regions = read_regions(Path(regions_path))
    write(HERE.parent / "regions.csv", Region, regions)
    write(HERE / "unions.csv", Union, make_unions(regions))
    write(HERE / "employers.csv", Employer, EMPLOYERS)


if __name__ == "__main__":
    main(sys.argv[1])
