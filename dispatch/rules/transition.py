"""One row of the table of a ticket's life, and how a row is written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dispatch.rules.roles import Role
from dispatch.rules.ticket_terms import ClockKind, Command, Condition, State


@dataclass(frozen=True, slots=True)
class Transition:
    """One row; `resumes` also restarts a stopped clock, with what it had consumed."""

    command: Command
    from_states: frozenset[State]
    to_state: State | None
    """None leaves the state alone."""
    roles: frozenset[Role]
    must_carry: tuple[str, ...] = ()
    outcome: str = ""
    """Which of a command's results this row is; empty where there is only one. See `outcome_of`."""
    condition: Condition | None = None
    starts: frozenset[ClockKind] = field(default_factory=frozenset)
    stops: frozenset[ClockKind] = field(default_factory=frozenset)
    pauses: frozenset[ClockKind] = field(default_factory=frozenset)
    resumes: frozenset[ClockKind] = field(default_factory=frozenset)
    moves: frozenset[ClockKind] = field(default_factory=frozenset)
    """Clocks whose deadline changes while they run on."""
    cancels: frozenset[ClockKind] = field(default_factory=frozenset)
    """Clocks that no longer count, whether they were in time or not."""

    @property
    def moves_nothing(self) -> bool:
        """Whether neither the state nor any clock is another afterwards."""
        clocks = (self.starts, self.stops, self.pauses, self.resumes, self.moves, self.cancels)
        return self.to_state is None and not any(clocks)


def row(
    command: Command,
    from_states: State | Collection[State],
    to_state: State | None,
    roles: Collection[Role],
    must_carry: tuple[str, ...] = (),
    *,
    outcome: str = "",
    condition: Condition | None = None,
    starts: Collection[ClockKind] = (),
    stops: Collection[ClockKind] = (),
    pauses: Collection[ClockKind] = (),
    resumes: Collection[ClockKind] = (),
    moves: Collection[ClockKind] = (),
    cancels: Collection[ClockKind] = (),
) -> Transition:
    states = frozenset({from_states}) if isinstance(from_states, State) else frozenset(from_states)
    return Transition(
        command=command,
        from_states=states,
        to_state=to_state,
        roles=frozenset(roles),
        must_carry=must_carry,
        outcome=outcome,
        condition=condition,
        starts=frozenset(starts),
        stops=frozenset(stops),
        pauses=frozenset(pauses),
        resumes=frozenset(resumes),
        moves=frozenset(moves),
        cancels=frozenset(cancels),
    )
