"""What a service point can be, what its people can do, and what its rooms offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class PointKind(StrEnum):
    SERVICE_CENTRE = "service_centre"
    SERVICE_STATION = "service_station"

    @property
    def label(self) -> str:
        return POINT_KIND_LABELS[self]


class Skill(StrEnum):
    """What people at a service point can do for a worker."""

    LAW = "law"
    MEDIATION = "mediation"
    PSYCHOLOGY = "psychology"
    AID = "aid"
    MUTUAL_AID = "mutual_aid"
    CULTURE = "culture"
    EDUCATION = "education"
    EMPLOYMENT = "employment"

    @property
    def label(self) -> str:
        return SKILL_LABELS[self]


class Facility(StrEnum):
    """What a worker finds in the rooms of a service point."""

    ARBITRATION_TRIBUNAL = "arbitration_tribunal"
    MEDIATION_ROOM = "mediation_room"
    PSYCHOLOGICAL_TESTING = "psychological_testing"
    READING_ROOM = "reading_room"
    MOTHERS_ROOM = "mothers_room"
    SUMMER_CARE = "summer_care"
    REST_STATION = "rest_station"

    @property
    def label(self) -> str:
        return FACILITY_LABELS[self]


POINT_KIND_LABELS: Final[Mapping[StrEnum, str]] = {
    PointKind.SERVICE_CENTRE: "职工服务中心",
    PointKind.SERVICE_STATION: "职工服务站",
}
SKILL_LABELS: Final[Mapping[StrEnum, str]] = {
    Skill.LAW: "法律服务",
    Skill.MEDIATION: "劳动争议调解",
    Skill.PSYCHOLOGY: "心理服务",
    Skill.AID: "困难帮扶",
    Skill.MUTUAL_AID: "医疗互助",
    Skill.CULTURE: "文化服务",
    Skill.EDUCATION: "教育培训",
    Skill.EMPLOYMENT: "就业服务",
}
FACILITY_LABELS: Final[Mapping[StrEnum, str]] = {
    Facility.ARBITRATION_TRIBUNAL: "劳动仲裁庭",
    Facility.MEDIATION_ROOM: "调解室",
    Facility.PSYCHOLOGICAL_TESTING: "心理测评",
    Facility.READING_ROOM: "职工书屋",
    Facility.MOTHERS_ROOM: "母婴室",
    Facility.SUMMER_CARE: "暑期托管",
    Facility.REST_STATION: "户外劳动者驿站",
}

_CODES: Final[dict[str, str]] = {
    label: member.value
    for labels in (POINT_KIND_LABELS, SKILL_LABELS, FACILITY_LABELS)
    for member, label in labels.items()
}


def code_of(word: str) -> str:
    """Return the code of a kind, skill or facility written in Chinese; what is no such word comes back as it is."""
    return _CODES.get(word, word)


def unknown_words(words: Iterable[str], known: type[StrEnum]) -> list[str]:
    """Return the words that are no member of `known`."""
    members = {member.value for member in known}
    return [word for word in words if word not in members]


def shared_prefix(one: str, other: str) -> int:
    """Return how many digits two region codes share by whole levels (9, 6, 4, 2, 0): how near two places are."""
    return next(
        (length for length in (9, 6, 4, 2) if len(one) >= length and one[:length] == other[:length]), 0
    )
