"""Recusal: which unions may never see a ticket, because it is about their employer or about themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dispatch.rules.levels import Level, UnionKind


@dataclass(frozen=True, slots=True)
class UnionView:
    """A union as the rules see it; `path` lists ids from the root to the union, with or without itself."""

    id: int
    code: str
    name: str
    level: Level
    kind: UnionKind
    region_code: str = ""
    parent_id: int | None = None
    group_code: str = ""
    industry: str = ""
    can_receive: bool = True
    path: tuple[int, ...] = ()

    @property
    def ancestors(self) -> tuple[int, ...]:
        """Ids above the union, root first."""
        return tuple(each for each in self.path if each != self.id)

    @property
    def line(self) -> frozenset[int]:
        """The union and everything above it."""
        return frozenset((*self.path, self.id))


@dataclass(frozen=True, slots=True)
class EmployerView:
    """An employer on the ticket; `union_id` is its own basic union, never the territorial one that covers it."""

    id: int | None
    name: str
    uscc: str = ""
    union_id: int | None = None
    group_code: str = ""
    industry: str = ""
    region_code: str = ""


def corporate_unions(
    employers: Collection[EmployerView],
    unions: Iterable[UnionView],
    *,
    own: Collection[int] = (),
    groups: Collection[str] = (),
) -> frozenset[int]:
    """Return the ids at whose subtrees recusal starts: own unions, the group's unions, company unions above.

    `unions` are all that the caller knows; the more it passes, the further a group is followed. `own` and `groups`
    are what belongs to the employers by other ties than their own fields: branches, and employers of the same group.
    """
    known = {union.id: union for union in unions}
    all_own = {employer.union_id for employer in employers if employer.union_id is not None} | set(own)
    codes = {employer.group_code for employer in employers if employer.group_code} | set(groups)
    codes |= {known[each].group_code for each in all_own if each in known and known[each].group_code}
    above = {ancestor for each in all_own if each in known for ancestor in known[each].ancestors}
    return frozenset(
        all_own
        | {union.id for union in known.values() if union.group_code and union.group_code in codes}
        | {each for each in above if each in known and known[each].level is Level.ENTERPRISE}
    )


def recused(
    union: UnionView,
    employers: Collection[EmployerView],
    *,
    rights_defence: bool,
    consent: bool,
    accused: Collection[int] = (),
    corporate: Collection[int] = (),
) -> str | None:
    """Return why this union may not receive the ticket, as a Chinese phrase, or None.

    `consent` is the caller's recorded waiver; it never covers a complaint about the union itself. `corporate` is the
    answer of `corporate_unions`, which follows a group through the tree.
    """
    accused_above = union.line.intersection(accused)
    if accused_above:
        return "被投诉单位" if union.id in accused_above else "被投诉单位的下级工会"
    if not rights_defence or consent:
        return None
    for employer in employers:
        if employer.union_id is not None and employer.union_id in union.line:
            own = "用人单位本单位工会" if union.id == employer.union_id else "用人单位工会的下级"
            return f"{own}（{employer.name}）"
        if employer.group_code and employer.group_code == union.group_code:
            return f"与用人单位同属一个企业集团（{employer.name}）"
    if union.line.intersection(corporate):
        return "与用人单位同属一个企业集团"
    return None
