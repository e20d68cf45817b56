"""Random union trees and cases for routing: any shape that an import could produce."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import EmployerView, UnionView
from dispatch.rules.routing import DispatchMode, RoutingCase
from dispatch.rules.routing_rules import RoutingRule
from tests.rules.policies import catalogue

DAY = date(2026, 11, 23)
GROUPS = ("", "", "", "G1", "G2")
INDUSTRIES = ("", "", "railway", "logistics")
CODES = sorted(catalogue().categories)
REGION_LENGTHS = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6, Level.TOWN: 9}


def region_at(level: Level, digits: str) -> str:
    """A region code of the level below 37, with few siblings, so that cases and unions meet."""
    whole = f"370{digits[0]}0{digits[1]}00{digits[2]}"
    return whole[: REGION_LENGTHS[level]]


@st.composite
def trees(draw: st.DrawFn) -> tuple[UnionView, ...]:
    """A province and up to 24 unions below it; parents come before children, ids are shuffled."""
    size = draw(st.integers(0, 24))
    ids = draw(st.permutations(range(1, size + 2)))
    root = UnionView(ids[0], "37", "省总", Level.PROVINCE, UnionKind.TERRITORY, "37", path=(ids[0],))
    unions = [root]
    for number in ids[1:]:
        parent = draw(st.sampled_from(unions))
        unions.append(draw(child(number, parent)))
    return tuple(unions)


@st.composite
def child(draw: st.DrawFn, number: int, parent: UnionView) -> UnionView:
    digits = draw(st.text("12", min_size=3, max_size=3))
    below = [Level.CITY, Level.COUNTY, Level.TOWN, Level.ENTERPRISE]
    level = draw(st.sampled_from([each for each in below if each.depth >= parent.level.depth] or below[-1:]))
    industry = draw(st.sampled_from(INDUSTRIES))
    territorial = level is not Level.ENTERPRISE and draw(st.integers(0, 4)) > 0
    kind = (
        UnionKind.TERRITORY
        if territorial
        else UnionKind.ENTERPRISE
        if level is Level.ENTERPRISE
        else UnionKind.INDUSTRY_UNION
    )
    return UnionView(
        id=number,
        code=f"U{number}",
        name=f"工会{number}",
        level=level,
        kind=kind,
        region_code=region_at(Level.TOWN if level is Level.ENTERPRISE else level, digits),
        parent_id=parent.id,
        group_code="" if territorial else draw(st.sampled_from(GROUPS)),
        industry="" if territorial else industry,
        can_receive=draw(st.integers(0, 3)) > 0,
        path=(*parent.path, number),
    )


@st.composite
def employers(draw: st.DrawFn, unions: tuple[UnionView, ...]) -> EmployerView:
    basic = [union.id for union in unions if union.level is Level.ENTERPRISE]
    return EmployerView(
        id=draw(st.integers(1, 9)),
        name="示例公司",
        uscc=draw(st.sampled_from(("", "91370102XXXX000197"))),
        union_id=draw(st.sampled_from([None, *basic])),
        group_code=draw(st.sampled_from(GROUPS)),
        industry=draw(st.sampled_from(INDUSTRIES)),
        region_code=region_at(Level.TOWN, draw(st.text("12", min_size=3, max_size=3))),
    )


@st.composite
def rules(draw: st.DrawFn, unions: tuple[UnionView, ...]) -> RoutingRule:
    return RoutingRule(
        code=f"r{draw(st.integers(1, 10**6))}",
        union_code=draw(st.sampled_from([*(union.code for union in unions), "gone"])),
        valid_from=draw(st.sampled_from((date(2026, 1, 1), date(2027, 1, 1)))),
        source="[D]",
        category_prefix=draw(st.sampled_from(("", "01", "07", *CODES))),
        region_prefix=draw(st.sampled_from(("", "37", "3701", "370101"))),
        industry=draw(st.sampled_from(INDUSTRIES)),
        valid_to=draw(st.sampled_from((None, date(2026, 6, 1), date(2026, 12, 31)))),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[RoutingCase, tuple[UnionView, ...], tuple[RoutingRule, ...]]:
    unions = draw(trees())
    case = RoutingCase(
        category=catalogue().get(draw(st.sampled_from(CODES))),
        region_code=draw(
            st.sampled_from(
                ("", *(region_at(level, digits) for level in REGION_LENGTHS for digits in ("111", "212")))
            )
        ),
        on=DAY,
        employers=tuple(draw(st.lists(employers(unions), max_size=3))),
        rights_defence=draw(st.booleans()),
        sealed=draw(st.booleans()),
        accused_union_ids=tuple(draw(st.sets(st.sampled_from([union.id for union in unions]), max_size=2))),
        consent_waives_recusal=draw(st.integers(0, 4)) == 0,
        mode=draw(st.sampled_from(DispatchMode)),
        home_province=draw(st.sampled_from(("", "37"))),
    )
    return case, unions, tuple(draw(st.lists(rules(unions), max_size=3)))
