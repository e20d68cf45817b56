"""What the words of a caller suggest: categories, an urgency with its reasons, and words that alarm; a person decides."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.policy import Policy
from dispatch.rules.categories import Category
from dispatch.rules.priority import assess
from dispatch.rules.urgency import most_urgent
from dispatch.statutes import StatuteQuestion, questions
from dispatch.words import cut

CONFIRM = "以上为关键词建议，须人工确认"


@dataclass(frozen=True, slots=True)
class SuggestedCategory:
    """A category with the words that led to it."""

    code: str
    name: str
    words: list[str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal for the form; `urgency` is None where neither words nor headcount say anything."""

    categories: list[SuggestedCategory]
    crisis_words: list[str]
    urgency: str | None
    urgency_reasons: list[str]
    statutes: list[StatuteQuestion]
    """Terms of law whose first day should be asked for."""


def suggest(text: str, *, headcount: int | None, category: str | None, policy: Policy) -> Suggestion:
    """Return what `text` suggests; `category` is the one that a person has already chosen, if any."""
    found = policy.catalogue.suggest(text, cut=cut)
    crisis_words = list(policy.catalogue.crisis_words_in(text))
    suggested = [policy.catalogue.get(each.code) for each in found]
    chosen = policy.category(category)
    counted = _counted(chosen, suggested, alarmed=bool(crisis_words))
    categories = [SuggestedCategory(each.code, each.name, list(each.words)) for each in found]
    if not counted and headcount is None:
        return Suggestion(categories, crisis_words, None, [], [])
    priority = assess(counted, limits=policy.sla.limits, headcount=headcount)
    reasons = [*priority.reasons, *([priority.warning] if priority.warning else [])]
    if any(each is not chosen for each in counted):
        reasons.append(CONFIRM)
    asked = questions(counted, policy=policy)
    return Suggestion(categories, crisis_words, priority.urgency.value, reasons, asked)


def _counted(chosen: Category | None, suggested: list[Category], *, alarmed: bool) -> list[Category]:
    """Return the categories by which the urgency is suggested."""
    counted = [chosen] if chosen is not None else suggested[:1]
    if alarmed and suggested:
        # Whatever else was said or chosen: a cry for help must not hide behind a wage claim.
        gravest = most_urgent(*(each.urgency for each in suggested))
        counted += [each for each in suggested if each.urgency is gravest and each not in counted]
    return counted
