"""The catalogue of requests: what each category entails, and which words suggest it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from dispatch.rules.keywords import Cut, Denials, Keyword, Spoken, longest, plain
from dispatch.rules.levels import Level
from dispatch.rules.policy import Fields, PolicyError, Where, content_version
from dispatch.rules.urgency import Urgency


class Entry(StrEnum):
    """Where a category enters the union tree."""

    PROVINCE = "P"
    CITY = "C"
    COUNTY = "D"
    TOWN = "T"
    ENTERPRISE = "E"
    PARENT_OF_ACCUSED = "parent_of_accused"

    @property
    def level(self) -> Level | None:
        """None where the level depends on whom the ticket accuses."""
        return _ENTRY_LEVELS.get(self)


_ENTRY_LEVELS = {
    Entry.PROVINCE: Level.PROVINCE,
    Entry.CITY: Level.CITY,
    Entry.COUNTY: Level.COUNTY,
    Entry.TOWN: Level.TOWN,
    Entry.ENTERPRISE: Level.ENTERPRISE,
}


@dataclass(frozen=True, slots=True)
class Partner:
    """Another line or authority that may handle a ticket together with a union."""

    code: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """One leaf; `entry` lists levels by preference, `co_handlers` partner codes."""

    code: str
    name: str
    group_code: str
    group_name: str
    rights_defence: bool
    urgency: Urgency
    entry: tuple[Entry, ...]
    keywords: tuple[str, ...] = ()
    """What callers say; `老板…跑了` stands for both parts, in this order and close together."""
    hints: tuple[str, ...] = ()
    """Words that say little by themselves and only tip the balance."""
    co_handlers: tuple[str, ...] = ()
    sealed: bool = False
    never_dispatch: bool = False
    never_enterprise: bool = False
    mandatory_report: bool = False
    evidence: tuple[str, ...] = ()
    """What the caller should keep, as sent by SMS (Chinese)."""

    @property
    def entry_levels(self) -> tuple[Level, ...]:
        return tuple(level for entry in self.entry if (level := entry.level) is not None)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal with the words that led to it; a person decides."""

    code: str
    name: str
    words: tuple[str, ...]
    score: int


@dataclass(frozen=True)
class Catalogue:
    """`categories.yaml`, checked; `categories` keeps the file's order."""

    categories: Mapping[str, Category]
    partners: Mapping[str, Partner]
    crisis_words: tuple[str, ...]
    crisis_exceptions: tuple[str, ...]
    """Idioms that contain a crisis word and mean something else."""
    denials: Denials
    version: str

    @cached_property
    def _crisis(self) -> tuple[Keyword, ...]:
        return tuple(Keyword.of(word, hint=False) for word in self.crisis_words)

    @cached_property
    def _keywords(self) -> Mapping[str, tuple[Keyword, ...]]:
        return {
            code: (
                *(Keyword.of(word, hint=False) for word in category.keywords),
                *(Keyword.of(word, hint=True) for word in category.hints),
            )
            for code, category in self.categories.items()
        }

    @classmethod
    def from_mapping(cls, data: object) -> Catalogue:
        top = Fields.of(data, where=(), known=("partners", "groups", "crisis", "denials", "source"))
        partners = _partners(top)
        categories: dict[str, Category] = {}
        for place, value in top.each("groups"):
            for category, where in _group(value, place, partners):
                if category.code in categories:
                    raise PolicyError(f"类别“{category.code}”写了两次", where=(*where, "code"))
                categories[category.code] = category
        crisis = Fields.of(top.data.get("crisis"), where=("crisis",), known=("words", "exceptions", "source"))
        return cls(
            categories=categories,
            partners=partners,
            crisis_words=crisis.words("words"),
            crisis_exceptions=tuple(map(plain, crisis.words("exceptions"))),
            denials=_denials(top),
            version=content_version(data),
        )

    def get(self, code: str) -> Category:
        """Return the category; raises KeyError for a code the catalogue does not know."""
        return self.categories[code]

    def suggest(self, text: str, *, limit: int = 5, cut: Cut | None = None) -> tuple[Suggestion, ...]:
        """Return categories whose keywords occur in `text`, best first; keywords only suggest.

        `cut` splits text into words: a keyword that begins or ends inside another word was not said.
        """
        # 「想死你了」 suggests nothing: a crisis word inside an idiom is no keyword either.
        alarming = self._alarming(text)
        harmless = {word.text for word in self._crisis if word.pattern.search(alarming) is None}
        spoken = Spoken.of(text, cut)
        found: list[Suggestion] = []
        for category in self.categories.values():
            said = [
                span
                for keyword in self._keywords[category.code]
                if keyword.text not in harmless and (span := spoken.find(keyword, self.denials)) is not None
            ]
            if said:
                spans = longest(said)
                words = tuple(dict.fromkeys(spoken.text[span.start : span.end] for span in spans))
                found.append(
                    Suggestion(category.code, category.name, words, sum(span.score for span in spans))
                )
        found.sort(key=lambda each: (-each.score, self.get(each.code).urgency.rank))
        return tuple(found[:limit])

    def crisis_words_in(self, text: str) -> tuple[str, ...]:
        """Return the crisis words in `text`; they alert the operator at once, and a person confirms."""
        spoken = self._alarming(text)
        found = (word.pattern.search(spoken) for word in self._crisis)
        return tuple(dict.fromkeys(each.group() for each in found if each is not None))

    def _alarming(self, text: str) -> str:
        """Return the text in plain form, without the idioms that only sound like despair."""
        said = unicodedata.normalize("NFKC", text).casefold()
        for idiom in self.crisis_exceptions:
            # Only unbroken: 「我想死，你了解吗」 holds no idiom, and a missed cry is worse than a false alarm.
            said = said.replace(idiom, "0")
        return plain(said)


def _denials(top: Fields) -> Denials:
    row = Fields.of(top.data.get("denials", {}), where=("denials",), known=("words", "of", "source"))
    return Denials(tuple(map(plain, row.words("words"))), frozenset(map(plain, row.words("of"))))


def _partners(top: Fields) -> dict[str, Partner]:
    partners: dict[str, Partner] = {}
    for place, value in top.each("partners"):
        row = Fields.of(value, where=place, known=("code", "name", "phone"))
        partner = Partner(row.text("code"), row.text("name"), row.text("phone", ""))
        if partner.code in partners:
            raise row.fail("code", f"“{partner.code}”写了两次")
        partners[partner.code] = partner
    return partners


def _group(value: object, place: Where, partners: Mapping[str, Partner]) -> list[tuple[Category, Where]]:
    row = Fields.of(
        value,
        where=place,
        known=("code", "name", "rights_defence", "sealed", "never_enterprise", "categories"),
    )
    group = (row.text("code"), row.text("name"))
    found = []
    for where, item in row.each("categories"):
        leaf = Fields.of(
            item,
            where=where,
            known=(
                *("code", "name", "rights_defence", "urgency", "entry", "keywords", "hints", "co_handlers"),
                *("sealed", "never_dispatch", "never_enterprise", "mandatory_report", "evidence"),
            ),
        )
        found.append((_category(leaf, row, group, partners), where))
    return found


def _category(leaf: Fields, row: Fields, group: tuple[str, str], partners: Mapping[str, Partner]) -> Category:
    co_handlers = leaf.words("co_handlers")
    for code in co_handlers:
        if code not in partners:
            raise leaf.fail("co_handlers", f"没有“{code}”这个协作单位")
    category = Category(
        code=leaf.text("code"),
        name=leaf.text("name"),
        group_code=group[0],
        group_name=group[1],
        rights_defence=leaf.flag("rights_defence", default=row.flag("rights_defence")),
        urgency=leaf.choice("urgency", Urgency),
        entry=leaf.choices("entry", Entry),
        keywords=leaf.words("keywords"),
        hints=leaf.words("hints"),
        co_handlers=co_handlers,
        sealed=leaf.flag("sealed", default=row.flag("sealed")),
        never_dispatch=leaf.flag("never_dispatch"),
        never_enterprise=leaf.flag("never_enterprise", default=row.flag("never_enterprise")),
        mandatory_report=leaf.flag("mandatory_report"),
        evidence=leaf.words("evidence"),
    )
    if not category.entry and not category.never_dispatch:
        raise leaf.fail("entry", "要派单的类别须写明接收层级")
    if Entry.ENTERPRISE in category.entry and (category.rights_defence or category.never_enterprise):
        # The employer's own union must never be the entry of a complaint about the employer.
        raise leaf.fail("entry", "维权和心理类诉求不能由企业工会接收")
    return category
