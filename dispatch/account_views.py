"""Accounts as administrators and auditors see them: who keeps whose, and what hangs on each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotFound
from dispatch.models.people import User
from dispatch.models.places import Post
from dispatch.models.tickets import Handling
from dispatch.models.unions import Union, UnionClosure
from dispatch.rules.roles import UNION_ROLES, Role

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account with what hangs on it; `version` goes with every change."""

    id: int
    name: str
    display_name: str
    role: str
    role_label: str
    union_id: int | None
    union_name: str | None
    deputy_id: int | None
    deputy_name: str | None
    extension: str | None
    phone: str | None
    email: str | None
    skills: list[str]
    created_at: datetime
    disabled_at: datetime | None
    password_temporary: bool
    posts: list[str]
    open_tickets: int
    """Tickets that he handles or deputises for."""
    version: int


def accounts(
    session: Session,
    actor: Actor,
    *,
    q: str | None = None,
    union_id: int | None = None,
    role: str | None = None,
    disabled: bool | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[AccountLine]:
    """Return the accounts that this actor administers (an auditor: all), by id; `after` is the last id of a page."""
    query = select(User).where(administered(actor)).order_by(User.id).limit(max(1, min(limit, MAX_PAGE)))
    if q:
        word = q.strip()
        query = query.where(
            or_(User.name.contains(word, autoescape=True), User.display_name.contains(word, autoescape=True))
        )
    if union_id is not None:
        query = query.where(User.union_id == union_id)
    if role is not None:
        query = query.where(User.role == role)
    if disabled is not None:
        query = query.where(User.disabled_at.is_not(None) if disabled else User.disabled_at.is_(None))
    if after is not None:
        query = query.where(User.id > after)
    return _lines(session, list(session.scalars(query)))


def account(session: Session, actor: Actor, user_id: int) -> AccountLine:
    """Return one account; raises NotFound for one that is not the actor's to see."""
    user = session.scalar(select(User).where(User.id == user_id, administered(actor)))
    if user is None:
        raise NotFound("user", user_id)
    return _lines(session, [user])[0]


def administered(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on User that holds for the accounts which this actor keeps, or as an auditor reads."""
    if actor.role in (Role.ADMINISTRATOR, Role.AUDITOR):
        return true()
    union_roles = User.role.in_([role.value for role in UNION_ROLES])
    return and_(union_roles, reached(actor, User.union_id))


def reached(actor: Actor, column: Any) -> ColumnElement[bool]:
    """Return the condition that a union is the actor's own or below it."""
    if actor.role in (Role.ADMINISTRATOR, Role.AUDITOR):
        return true()
    below = select(UnionClosure.descendant_id).where(UnionClosure.ancestor_id == actor.union_id)
    return and_(column.is_not(None), column.in_(below))


def open_tickets(session: Session, user_ids: list[int]) -> dict[int, int]:
    """Return how many tickets each person handles or deputises for."""
    rows = session.execute(
        select(Handling.handler_id, Handling.deputy_id).where(
            Handling.ended_at.is_(None),
            or_(Handling.handler_id.in_(user_ids), Handling.deputy_id.in_(user_ids)),
        )
    )
    counts = dict.fromkeys(user_ids, 0)
    for handler, deputy in rows:
        for each in {handler, deputy}:
            if each is not None and each in counts:
                counts[each] += 1
    return counts


def _lines(session: Session, users: list[User]) -> list[AccountLine]:
    ids = [user.id for user in users]
    unions = {user.union_id for user in users if user.union_id is not None}
    names = dict(session.execute(select(Union.id, Union.name).where(Union.id.in_(unions))).all())
    deputies = {user.deputy_id for user in users if user.deputy_id is not None}
    people = dict(session.execute(select(User.id, User.display_name).where(User.id.in_(deputies))).all())
    posts: dict[int, list[str]] = {each: [] for each in ids}
    for post in session.scalars(select(Post).where(Post.holder_id.in_(ids)).order_by(Post.code)):
        posts[post.holder_id or 0].append(post.name)
    for post in session.scalars(select(Post).where(Post.deputy_id.in_(ids)).order_by(Post.code)):
        posts[post.deputy_id or 0].append(f"{post.name}（B岗）")
    counts = open_tickets(session, ids)
    return [
        AccountLine(
            id=user.id,
            name=user.name,
            display_name=user.display_name,
            role=user.role,
            role_label=Role(user.role).label,
            union_id=user.union_id,
            union_name=names.get(user.union_id or 0),
            deputy_id=user.deputy_id,
            deputy_name=people.get(user.deputy_id or 0),
            extension=user.extension,
            phone=user.phone,
            email=user.email,
            skills=user.skills,
            created_at=user.created_at,
            disabled_at=user.disabled_at,
            password_temporary=user.password_temporary,
            posts=posts[user.id],
            open_tickets=counts[user.id],
            version=user.authority_version,
        )
        for user in users
    ]
