"""Random houses: a tree of unions, a person for every post, tickets between them, and what each may do, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from dispatch.rules.roles import ACCOUNT_ROLES, Role
from tests.builders import NOW

CENTRE: Final = sorted(ACCOUNT_ROLES - {Role.UNION_HANDLER, Role.UNION_LEADER, Role.UNION_ADMINISTRATOR})
OF_UNION: Final = (Role.UNION_HANDLER, Role.UNION_LEADER, Role.UNION_ADMINISTRATOR)
OPEN: Final = ("draft", "pending_dispatch", "dispatched", "in_progress", "reported", "pending_callback")
ENDED: Final = ("closed", "answered", "void", "withdrawn", "archived")
PAST, FUTURE = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


@dataclass(frozen=True)
class Person:
    id: int
    role: Role
    union: int | None = None


@dataclass(frozen=True)
class Turn:
    """A union's turn at a ticket."""

    union: int
    handler: int | None
    deputy: int | None
    ended: bool


@dataclass(frozen=True)
class Story:
    """A ticket as the table needs to know it."""

    id: int
    state: str
    sealed: bool
    owner: int | None
    origin: int | None
    turns: tuple[Turn, ...]
    accused: tuple[int, ...]
    tied: frozenset[int]
    """Persons tied to its employer."""
    named: Mapping[int, datetime | None]
    called_back_by: frozenset[int]
    disclosure: str
    complained_of: frozenset[int] = frozenset()
    """Persons whom the caller complains about."""
    drawn_of: int | None = None
    """Whose work it was drawn for a quality check of; None for one that was not drawn."""


@dataclass(frozen=True)
class House:
    parents: Mapping[int, int | None]
    people: tuple[Person, ...]
    stories: tuple[Story, ...]
    """The last one is added to a house that has been looked at already."""

    def above(self, union: int) -> list[int]:
        """The union and everything above it, nearest first."""
        line: list[int] = []
        at: int | None = union
        while at is not None:
            line.append(at)
            at = self.parents[at]
        return line


@st.composite
def houses(draw: st.DrawFn) -> House:
    parents: dict[int, int | None] = {1: None}
    for number in range(2, draw(st.integers(3, 7)) + 1):
        parents[number] = draw(st.sampled_from(sorted(parents)))
    people = [Person(n, role) for n, role in enumerate(CENTRE, start=1)]
    for role in (*OF_UNION, *OF_UNION):
        people.append(Person(len(people) + 1, role, draw(st.sampled_from(sorted(parents)))))
    count = draw(st.integers(2, 5))
    stories = tuple(draw(story(n, sorted(parents), people)) for n in range(1, count + 1))
    return House(parents, tuple(people), stories)


@st.composite
def story(draw: st.DrawFn, number: int, unions: list[int], people: list[Person]) -> Story:
    ids = st.sampled_from([each.id for each in people])
    state = draw(st.sampled_from((*OPEN, *ENDED)))
    turns = []
    if state not in ("draft", "pending_dispatch"):
        for _ in range(draw(st.integers(0, 2))):
            union = draw(st.sampled_from(unions))
            of_union = [None, *(each.id for each in people if each.union == union)]
            handler, deputy = draw(st.sampled_from(of_union)), draw(st.sampled_from(of_union))
            turns.append(Turn(union, handler, deputy, draw(st.booleans())))
    return Story(
        id=number,
        state=state,
        sealed=draw(st.booleans()),
        owner=draw(st.none() | ids),
        origin=draw(st.none() | st.sampled_from(unions)),
        turns=tuple(turns),
        accused=tuple(draw(st.sets(st.sampled_from(unions), max_size=1))),
        tied=frozenset(draw(st.sets(ids, max_size=3))),
        complained_of=frozenset(draw(st.sets(ids, max_size=1))),
        drawn_of=draw(st.none() | ids) if state in ENDED else None,
        named=draw(st.dictionaries(ids, st.sampled_from((None, PAST, FUTURE)), max_size=4)),
        called_back_by=frozenset(draw(st.sets(ids, max_size=2))),
        disclosure=draw(st.sampled_from(("none", "union", "employer"))),
    )


# What follows is docs/quality.md's table in plain sets: it shares nothing with the code it is held against.


def knows(person: Person, told: Story) -> bool:
    """Whether the person is named on a sealed ticket, now."""
    return person.id in told.named and (told.named[person.id] is None or told.named[person.id] == FUTURE)


def open_to_all(_: House, _person: Person, told: Story) -> bool:
    return not told.sealed


def at_the_desk(_: House, person: Person, told: Story) -> bool:
    return not told.sealed or (told.owner == person.id and told.state == "draft")


def by_leaders(house: House, person: Person, told: Story) -> bool:
    return at_the_desk(house, person, told) or knows(person, told)


def to_call_back(_: House, person: Person, told: Story) -> bool:
    due = told.state == "pending_callback" or person.id in told.called_back_by
    return due and (not told.sealed or knows(person, told))


def ones_own(_: House, person: Person, told: Story) -> bool:
    return told.owner == person.id


def own_or_assigned(_: House, person: Person, told: Story) -> bool:
    return told.owner == person.id or (told.sealed and knows(person, told))


def drawn(_: House, person: Person, told: Story) -> bool:
    return not told.sealed and told.state in ENDED and told.drawn_of not in (None, person.id)


def everything(_: House, _person: Person, _told: Story) -> bool:
    return True


def nothing(_: House, _person: Person, _told: Story) -> bool:
    return False


def in_subtree(house: House, person: Person, told: Story) -> bool:
    assert person.union is not None
    current = [turn.union for turn in told.turns if not turn.ended]
    current += [told.origin] if told.origin is not None else []
    where_they_sit = {each.union for each in house.people if each.id in told.complained_of}
    accused_unions = {*told.accused, *where_they_sit} - {None}
    below_accused = any(accused in house.above(person.union) for accused in accused_unions)
    return not below_accused and any(person.union in house.above(union) for union in current)


def in_union(house: House, person: Person, told: Story) -> bool:
    handles = any(
        turn.union == person.union and not turn.ended and person.id in (turn.handler, turn.deputy)
        for turn in told.turns
    )
    return in_subtree(house, person, told) and (not told.sealed or knows(person, told) or handles)


def in_union_unsealed(house: House, person: Person, told: Story) -> bool:
    return in_subtree(house, person, told) and not told.sealed


READS: Final[Mapping[Role, Callable[[House, Person, Story], bool]]] = {
    Role.OPERATOR: at_the_desk,
    Role.CALLBACK_OPERATOR: to_call_back,
    Role.COUNSELLOR: own_or_assigned,
    Role.LAWYER: own_or_assigned,
    Role.DISPATCHER: open_to_all,
    Role.SUPERVISOR: by_leaders,
    Role.DUTY_LEADER: by_leaders,
    Role.INSPECTOR: drawn,
    Role.UNION_HANDLER: in_union,
    Role.UNION_LEADER: in_union,
    Role.UNION_ADMINISTRATOR: in_union_unsealed,
    Role.ADMINISTRATOR: nothing,
    Role.AUDITOR: everything,
    Role.PARTNER: ones_own,
}


def reads(house: House, person: Person, told: Story) -> bool:
    """Whether the table lets this person read this ticket."""
    return person.id not in told.tied | told.complained_of and READS[person.role](house, person, told)


def reads_words(house: House, person: Person, told: Story) -> bool:
    """Whether this person may also read its story: an auditor oversees what is sealed without reading it."""
    kept_back = person.role is Role.AUDITOR and told.sealed and not knows(person, told)
    return reads(house, person, told) and not kept_back


def learns_the_name(house: House, person: Person, told: Story) -> bool:
    """Whether this person may learn who called."""
    if not reads(house, person, told):
        return False
    match person.role:
        case Role.OPERATOR:
            return told.state == "draft" and told.owner in (None, person.id) and not told.sealed
        case Role.CALLBACK_OPERATOR:
            return told.state == "pending_callback"
        case Role.COUNSELLOR | Role.LAWYER | Role.PARTNER:
            return True
        case Role.SUPERVISOR | Role.DUTY_LEADER:
            return not told.sealed or knows(person, told)
        case Role.AUDITOR:
            return told.sealed and knows(person, told)
        case Role.UNION_HANDLER | Role.UNION_LEADER | Role.UNION_ADMINISTRATOR:
            at_its_counter = told.origin == person.union and told.state == "draft"
            handling = any(turn.union == person.union and not turn.ended for turn in told.turns)
            return at_its_counter or (handling and told.disclosure != "none")
    return False


def edits(house: House, person: Person, told: Story) -> bool:
    """Whether this person may write the ticket's fields."""
    if not reads(house, person, told) or told.state not in OPEN:
        return False
    match person.role:
        case Role.SUPERVISOR | Role.DUTY_LEADER | Role.DISPATCHER:
            return True
        case Role.OPERATOR | Role.COUNSELLOR | Role.LAWYER:
            return told.owner in (None, person.id)
        case Role.UNION_HANDLER | Role.UNION_LEADER:
            return told.state == "draft" and told.origin == person.union
    return False


def breaks_the_seal(_: House, person: Person, told: Story) -> bool:
    leads = person.role in (Role.SUPERVISOR, Role.DUTY_LEADER, Role.AUDITOR)
    return told.sealed and leads and person.id not in told.tied | told.complained_of


def names_people(house: House, person: Person, told: Story) -> bool:
    may = person.role in (Role.SUPERVISOR, Role.DUTY_LEADER, Role.COUNSELLOR, Role.LAWYER)
    return told.sealed and may and reads(house, person, told)


def exports(house: House, person: Person, told: Story) -> bool:
    may = person.role in (
        Role.SUPERVISOR,
        Role.DUTY_LEADER,
        Role.DISPATCHER,
        Role.INSPECTOR,
        Role.AUDITOR,
        Role.UNION_LEADER,
    )
    return may and reads(house, person, told)
