"""What the administrator decided about partners (config/partners.yaml): code maps, windows, limits, the ACFTU table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from dispatch.rules.policy import Fields, PolicyError
from dispatch.rules.urgency import Nature, Urgency

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class CodeMap:
    """A partner's codes → ours; what a map does not name passes only where it is one of our own codes."""

    categories: Mapping[str, str]
    natures: Mapping[str, str]
    urgencies: Mapping[str, str]

    def category(self, code: str) -> str:
        """Return our category of a partner's code; an unmapped one as it is."""
        return self.categories.get(code, code)

    def nature(self, code: str) -> str:
        return self.natures.get(code, code)

    def urgency(self, code: str) -> str:
        return self.urgencies.get(code, code)

    def their_category(self, ours: str | None) -> str | None:
        """Return the partner's first code of our category; our own where it has none."""
        return _back(self.categories, ours)

    def their_nature(self, ours: str | None) -> str | None:
        return _back(self.natures, ours)

    def their_urgency(self, ours: str | None) -> str | None:
        return _back(self.urgencies, ours)


SAME: Final = CodeMap({}, {}, {})
"""The map of a partner that uses our own codes."""


class RowsBy(StrEnum):
    """What one row of the monthly table stands for."""

    CITY = "city"
    CATEGORY_GROUP = "category_group"
    NATURE = "nature"
    CHANNEL = "channel"


class Measure(StrEnum):
    """What a column of the monthly table counts."""

    ROW = "row"
    RECEIVED = "received"
    PEOPLE = "people"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    ENDED = "ended"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    AMOUNT_YUAN = "amount_yuan"
    RECEIVED_YUAN = "received_yuan"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Monthly:
    """The monthly table for the upper union: what its rows stand for, and its columns in order."""

    title: str
    rows_by: RowsBy
    columns: tuple[tuple[str, Measure], ...]
    total: str | None


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """What is fetched from a partner's address."""

    most_bytes: int
    most_per_request: int


@dataclass(frozen=True, slots=True)
class PartnerPolicy:
    """Everything about partners that a centre may decide for itself."""

    window: timedelta
    """How far a request's timestamp may be from our time."""
    keep_answers: timedelta
    """How long a repeated idempotency key gets the first answer."""
    rotation_overlap: timedelta
    retries: tuple[timedelta, ...]
    """The wait after each failed delivery; after the last it is a dead letter."""
    timeout_s: int
    allowed_networks: tuple[Network, ...]
    """Addresses inside these may be called although they are not public: the government's own network."""
    attachments: AttachmentLimits
    code_maps: Mapping[str, CodeMap]
    monthly: Monthly

    @classmethod
    def from_mapping(cls, data: object) -> PartnerPolicy:
        """Read the content of partners.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(
            data,
            where=(),
            known=("requests", "deliveries", "attachments", "allowed_networks", "code_maps", "acftu_monthly"),
        )
        requests = Fields.of(
            top.data.get("requests"),
            where=("requests",),
            known=("window_s", "keep_answers_d", "rotation_overlap_h", "source"),
        )
        deliveries = Fields.of(
            top.data.get("deliveries"), where=("deliveries",), known=("retry_after_s", "timeout_s", "source")
        )
        attachments = Fields.of(
            top.data.get("attachments"),
            where=("attachments",),
            known=("most_bytes", "most_per_request", "source"),
        )
        for each in (requests, deliveries, attachments):
            each.text("source")
        return cls(
            window=timedelta(seconds=requests.number("window_s", least=30)),
            keep_answers=timedelta(days=requests.number("keep_answers_d", least=1)),
            rotation_overlap=timedelta(hours=requests.number("rotation_overlap_h", least=0)),
            retries=_retries(deliveries),
            timeout_s=deliveries.number("timeout_s", least=1),
            allowed_networks=_networks(top),
            attachments=AttachmentLimits(
                attachments.number("most_bytes", least=1), attachments.number("most_per_request", least=1)
            ),
            code_maps=_code_maps(top),
            monthly=_monthly(top),
        )

    def check_categories(self, known: Collection[str]) -> None:
        """Raise PolicyError for a map that leads to a category which is not there."""
        for name, each in self.code_maps.items():
            for code, ours in each.categories.items():
                if ours not in known:
                    raise PolicyError(f"no category {ours!r}", where=("code_maps", name, "categories", code))

    def codes(self, name: str | None) -> CodeMap:
        """Return the named map; our own codes where none is named."""
        return self.code_maps.get(name, SAME) if name else SAME


def _back(codes: Mapping[str, str], ours: str | None) -> str | None:
    return next((theirs for theirs, mapped in codes.items() if mapped == ours), ours)


def _retries(fields: Fields) -> tuple[timedelta, ...]:
    found = []
    for place, value in fields.each("retry_after_s"):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise PolicyError(f"expected seconds, found {value!r}", where=place)
        found.append(timedelta(seconds=value))
    if not 1 <= len(found) <= 7:
        raise fields.fail("retry_after_s", "expected between one and seven waits")
    return tuple(found)


def _networks(fields: Fields) -> tuple[Network, ...]:
    found = []
    for place, value in fields.each("allowed_networks"):
        try:
            found.append(ip_network(str(value)))
        except ValueError as error:
            raise PolicyError(str(error), where=place) from error
    return tuple(found)


def _code_maps(top: Fields) -> dict[str, CodeMap]:
    written = top.data.get("code_maps") or {}
    if not isinstance(written, Mapping):
        raise top.fail("code_maps", "expected a mapping")
    found: dict[str, CodeMap] = {}
    for name, value in written.items():
        where = ("code_maps", str(name))
        each = Fields.of(value, where=where, known=("categories", "natures", "urgencies", "source"))
        each.text("source")
        found[str(name)] = CodeMap(
            categories=_codes(each, "categories", None),
            natures=_codes(each, "natures", set(Nature)),
            urgencies=_codes(each, "urgencies", set(Urgency)),
        )
    return found


def _codes(fields: Fields, key: str, known: Collection[str] | None) -> dict[str, str]:
    written = fields.data.get(key) or {}
    if not isinstance(written, Mapping):
        raise fields.fail(key, "expected a mapping of codes")
    found: dict[str, str] = {}
    for theirs, ours in written.items():
        if not isinstance(ours, str) or (known is not None and ours not in known):
            raise PolicyError(f"unknown value {ours!r}", where=(*fields.where, key, str(theirs)))
        found[str(theirs)] = ours
    return found


def _monthly(top: Fields) -> Monthly:
    where = ("acftu_monthly",)
    table = Fields.of(
        top.data.get("acftu_monthly"), where=where, known=("title", "rows_by", "columns", "total", "source")
    )
    table.text("source")
    columns = []
    for place, value in table.each("columns"):
        column = Fields.of(value, where=place, known=("title", "value"))
        columns.append((column.text("title"), column.choice("value", Measure)))
    if not columns:
        raise table.fail("columns", "a table without columns")
    return Monthly(
        title=table.text("title"),
        rows_by=table.choice("rows_by", RowsBy),
        columns=tuple(columns),
        total=table.text("total") if table.has("total") else None,
    )
