"""Who receives for a union at a moment: whoever is on call, else the posts, else the people; the deputy for the absent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Position:
    """A post with who holds it and who stands in (AB岗); either may be vacant."""

    name: str
    holder: Person | None
    deputy: Person | None


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether a ticket that goes to the union now finds somebody.

    `nobody` is a Chinese phrase when it does not; `note` one that a dispatcher should read when it does.
    """

    people: tuple[Person, ...] = ()
    reachable_now: bool = True
    """False outside the union's hours: the people are those of its next working time."""
    nobody: str | None = None
    note: str | None = None


def attendance(
    *,
    working: bool,
    at_once: bool,
    on_call: Sequence[Person],
    positions: Sequence[Position],
    people: Sequence[Person],
    absent: Collection[int],
) -> Attendance:
    """Return who receives.

    `working` says that the moment lies in the union's hours; `at_once` that the ticket cannot wait for them (P0).
    `absent` are the ids of those away now, or outside the hours at the next opening. A union of which neither posts
    nor people are known receives as a whole.
    """
    called = tuple(person for person in on_call if person.id not in absent)
    if called and not working:
        return Attendance(called, note=f"值班：{'、'.join(person.name for person in called)}")
    if at_once and not working:
        return Attendance(nobody="下班时间无人值班")
    if positions:
        found = _by_position(positions, absent, reachable_now=working)
        if found.nobody is None or not called:
            return found
    else:
        present = tuple(person for person in people if person.id not in absent)
        if present or not people:
            return Attendance(present, reachable_now=working)
        if not called:
            return Attendance(nobody="经办人均不在岗")
    return Attendance(called, note=f"值班：{'、'.join(person.name for person in called)}")


def _by_position(
    positions: Sequence[Position], absent: Collection[int], *, reachable_now: bool
) -> Attendance:
    found: list[Person] = []
    notes: list[str] = []
    for position in positions:
        holder, deputy = position.holder, position.deputy
        if holder is not None and holder.id not in absent:
            found.append(holder)
        elif deputy is not None and deputy.id not in absent:
            found.append(deputy)
            notes.append(
                f"{position.name}A岗{'不在岗' if holder is not None else '空缺'}，由B岗{deputy.name}接收"
            )
    if not found:
        return Attendance(nobody="A岗、B岗均不在岗")
    unique = tuple(dict.fromkeys(found))
    return Attendance(unique, reachable_now=reachable_now, note="；".join(notes) or None)
