"""The levels and kinds of unions, and which level stands above which."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Ordered from the top; `depth` 0 is national."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    ENTERPRISE = "enterprise"

    @property
    def label(self) -> str:
        return _LEVEL_LABELS[self]

    @property
    def depth(self) -> int:
        return _DEPTHS[self]


class UnionKind(StrEnum):
    """`territory` unions own a region; the others stand beside the territory."""

    TERRITORY = "territory"
    INDUSTRY_UNION = "industry_union"
    FEDERATION = "federation"
    JOINT_BASIC = "joint_basic"
    INSTITUTION = "institution"
    ENTERPRISE = "enterprise"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self]


_LEVEL_LABELS = {
    Level.NATIONAL: "全国",
    Level.PROVINCE: "省级",
    Level.CITY: "市级",
    Level.COUNTY: "区县级",
    Level.TOWN: "乡镇（街道）级",
    Level.VILLAGE: "村（社区）级",
    Level.ENTERPRISE: "用人单位",
}
_DEPTHS = {level: depth for depth, level in enumerate(Level)}
_KIND_LABELS = {
    UnionKind.TERRITORY: "地方工会",
    UnionKind.INDUSTRY_UNION: "产业（系统）工会",
    UnionKind.FEDERATION: "工会联合会",
    UnionKind.JOINT_BASIC: "联合基层工会",
    UnionKind.INSTITUTION: "机关事业单位工会",
    UnionKind.ENTERPRISE: "企业工会",
}
