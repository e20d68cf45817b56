"""What an article of the knowledge base says, whether it still holds, and how well it fits the ticket at hand."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from dispatch.rules.categories import Catalogue
from dispatch.rules.policy import Fields, Where, content_version

CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.IGNORECASE)
REGION: Final = re.compile(r"\d{2}(\d{2}(\d{2}(\d{3})?)?)?")
"""A GB/T 2260 prefix: a province, a city, a county; with three more digits a town."""
LONGEST_CODE: Final = 40
_KNOWN: Final = (
    *("code", "title", "body", "categories", "region", "laws", "ask", "evidence"),
    *("valid_from", "valid_to", "source", "reviewed_on"),
)


class Stale(StrEnum):
    """Why an article may not be relied on without looking."""

    NOT_YET = "not_yet"
    ENDED = "ended"
    UNREVIEWED = "unreviewed"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final[Mapping[Stale, str]] = {
    Stale.NOT_YET: "尚未生效",
    Stale.ENDED: "已过有效期",
    Stale.UNREVIEWED: "久未复核",
}


@dataclass(frozen=True, slots=True)
class LawReference:
    """An article of a law, as one says it: 《劳动合同法》第八十五条."""

    law: str
    article: str


@dataclass(frozen=True, slots=True)
class Content:
    """What one version of an article says; it never changes once it is written."""

    title: str
    body: str
    categories: tuple[str, ...] = ()
    """Codes of categories or of their groups; none: it fits every ticket."""
    region: str = ""
    """A region prefix; empty: it holds in the whole country."""
    laws: tuple[LawReference, ...] = ()
    ask: tuple[str, ...] = ()
    """What to ask the caller, in this order."""
    evidence: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    """The last day on which it holds."""
    source: str = ""

    @classmethod
    def from_mapping(
        cls, data: object, *, categories: Collection[str], where: Where = ()
    ) -> tuple[str, Content, date | None]:
        """Read an article of a file: its code, what it says, when it was reviewed; raises PolicyError."""
        fields = Fields.of(data, where=where, known=_KNOWN)
        code = fields.text("code")
        if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
            raise fields.fail("code", f"编号只用字母、数字和连字符，至多{LONGEST_CODE}位：{code}")
        laws = []
        for place, value in fields.each("laws"):
            row = Fields.of(value, where=place, known=("law", "article"))
            laws.append(LawReference(row.text("law"), row.text("article")))
        content = cls(
            title=fields.text("title"),
            body=fields.text("body"),
            categories=fields.words("categories"),
            region=fields.text("region", ""),
            laws=tuple(laws),
            ask=fields.words("ask"),
            evidence=fields.words("evidence"),
            valid_from=fields.day("valid_from"),
            valid_to=fields.day("valid_to"),
            source=fields.text("source", ""),
        )
        for name, why in content.faults(categories=categories).items():
            raise fields.fail(name, why)
        return code, content, fields.day("reviewed_on")

    def faults(self, *, categories: Collection[str]) -> dict[str, str]:
        """Return what is wrong with it, by field, in Chinese."""
        found: dict[str, str] = {}
        if not self.title.strip():
            found["title"] = "请填写标题"
        elif len(self.title) > 120:
            found["title"] = "标题至多120字"
        if not self.body.strip():
            found["body"] = "请填写正文"
        elif len(self.body) > 20_000:
            found["body"] = "正文至多20000字"
        unknown = [code for code in self.categories if code not in categories]
        if unknown:
            found["categories"] = f"没有这个类别：{unknown[0]}"
        if self.region and not REGION.fullmatch(self.region):
            found["region"] = "地区应为2、4、6或9位行政区划代码"
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            found["valid_to"] = "失效日期早于生效日期"
        if not self.laws and not self.source.strip():
            found["source"] = "请写明法律依据，或者说明来源"
        return found

    def as_mapping(self) -> dict[str, Any]:
        """Return it as a file writes it, without what is empty."""
        everything: dict[str, Any] = {
            "title": self.title,
            "categories": list(self.categories),
            "region": self.region,
            "laws": [{"law": each.law, "article": each.article} for each in self.laws],
            "ask": list(self.ask),
            "evidence": list(self.evidence),
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "source": self.source,
            "body": self.body,
        }
        return {name: value for name, value in everything.items() if value}

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with anything that it says."""
        return content_version(self.as_mapping())

    def words(self) -> str:
        """Return everything of it that a search may find."""
        laws = [f"{each.law}{each.article}" for each in self.laws]
        return "\n".join([self.title, *laws, *self.ask, *self.evidence, self.body])


@dataclass(frozen=True, slots=True)
class KnowledgePolicy:
    """How long an article may go without being looked at (config/knowledge.yaml)."""

    review_months: int

    @classmethod
    def from_mapping(cls, data: object) -> KnowledgePolicy:
        """Read the content of knowledge.yaml; raises PolicyError."""
        top = Fields.of(data, where=(), known=("review_months", "source"))
        top.text("source")
        return cls(review_months=top.number("review_months", least=1))


def categories_known(catalogue: Catalogue) -> frozenset[str]:
    """Return the codes that an article may name: categories, and their groups."""
    groups = {each.group_code for each in catalogue.categories.values()}
    return frozenset(catalogue.categories) | groups


def stale(
    *, valid_from: date | None, valid_to: date | None, reviewed_on: date | None, today: date, months: int
) -> Stale | None:
    """Return why an article needs somebody's eyes on this day, or None; what does not hold weighs most."""
    held = out_of_force(valid_from, valid_to, today)
    if held is not None:
        return held
    if reviewed_on is None or months_between(reviewed_on, today) >= months:
        return Stale.UNREVIEWED
    return None


def out_of_force(valid_from: date | None, valid_to: date | None, today: date) -> Stale | None:
    """Return whether it does not hold on this day, yet or any more."""
    if valid_from is not None and today < valid_from:
        return Stale.NOT_YET
    return Stale.ENDED if valid_to is not None and today > valid_to else None


def months_between(earlier: date, later: date) -> int:
    """Return the whole months from one day to the other."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months if later.day >= earlier.day else months - 1


def regions_above(code: str) -> tuple[str, ...]:
    """Return the prefixes that hold for a region: the country, its province, its city, its county, itself."""
    return ("", *(code[:length] for length in (2, 4, 6, 9) if len(code) >= length))


def fit(
    *,
    categories: Collection[str],
    region: str,
    category: str | None,
    group: str | None,
    place: str | None,
    in_title: bool,
) -> tuple[int, ...]:
    """Return how well an article fits a ticket, greater is better: category, then place, then the words asked for."""
    if category is not None and category in categories:
        by_category = 3
    elif group is not None and group in categories:
        by_category = 2
    else:
        by_category = 0 if categories else 1
    elsewhere = place is not None and not place.startswith(region)
    by_region = -1 if elsewhere else len(region) if place is not None else 0
    # What holds elsewhere comes after everything that holds here.
    return (int(not elsewhere), by_category, int(in_title), by_region)
