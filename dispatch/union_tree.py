"""The shape of the union tree: lines from the root, the closure, and what a move of a subtree changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from dispatch.bulk import insert_many
from dispatch.models.unions import Union, UnionClosure

T = TypeVar("T")

Line = tuple[int, ...]
"""Ids from the root down to a union, itself included."""

AT_ONCE: Final = 500
_LOCK: Final = 12_351_003


class Lines:
    """The lines of a tree in which some unions are new or moved; the others keep what their path says."""

    def __init__(self, paths: Mapping[int, str], parents: Mapping[int, int | None], stale: Collection[int]):
        self._paths = paths
        self._parents = parents
        self._stale = stale
        self._known: dict[int, Line] = {}

    def of(self, union: int) -> Line:
        """Return the union's line; the tree must be free of circles."""
        found = self._known.get(union)
        if found is None:
            path = self._paths.get(union)
            if path is not None and union not in self._stale:
                found = line_of(path)
            else:
                parent = self._parents[union]
                found = (*(self.of(parent) if parent is not None else ()), union)
            self._known[union] = found
        return found


def line_of(path: str) -> Line:
    """Return the ids that a stored path lists."""
    return tuple(int(part) for part in path.split("/") if part)


def path_of(line: Iterable[int]) -> str:
    """Return a line as it is stored."""
    return f"/{'/'.join(map(str, line))}/"


def hold_tree(session: Session) -> None:
    """Keep the tree as it is until this transaction ends: nothing is dispatched along a line that is being moved.

    Ask before a ticket is locked. SQLite has one writer at a time and needs no such promise.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})"))


def change_tree(session: Session) -> None:
    """Wait until no transaction counts on the tree as it was; the next ones see it as this one leaves it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def add_closure(session: Session, lines: Iterable[Line]) -> None:
    """Write the ancestor-or-self pairs of unions that have none yet."""
    insert_many(session, UnionClosure, ("ancestor_id", "descendant_id", "depth"), _pairs(lines))


def redraw(session: Session, lines: Mapping[int, Line]) -> None:
    """Write path and closure of these unions anew."""
    if not lines:
        return
    moved = update(Union.__table__).where(Union.id == bindparam("key"))  # type: ignore[arg-type]  # declared as FromClause
    session.execute(
        moved.values(path=bindparam("new_path")),
        [{"key": union, "new_path": path_of(line)} for union, line in lines.items()],
    )
    for some in in_batches(lines):
        session.execute(delete(UnionClosure).where(UnionClosure.descendant_id.in_(some)))
    add_closure(session, lines.values())


def rebuild_tree(session: Session) -> None:
    """Write every union's path and the closure anew from the parents: the repair of a tree edited by hand."""
    session.flush()
    change_tree(session)
    parents: dict[int, int | None] = dict(session.execute(select(Union.id, Union.parent_id)).all())
    lines = Lines({}, parents, ())
    session.execute(delete(UnionClosure))
    redraw(session, {union: lines.of(union) for union in parents})
    session.expire_all()


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut ids or codes into lists that a statement can carry."""
    wanted = list(values)
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE]


def _pairs(lines: Iterable[Line]) -> Iterator[tuple[int, int, int]]:
    for line in lines:
        below, last = line[-1], len(line) - 1
        for index, ancestor in enumerate(line):
            yield ancestor, below, last - index
