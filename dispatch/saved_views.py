"""Lists that people keep under a name, for themselves or for everybody of a role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.events import ADMINISTRATION, record
from dispatch.models.people import User
from dispatch.models.views import SavedView
from dispatch.rules.permissions import Action, may
from dispatch.rules.roles import CENTRE_ROLES, UNION_ROLES, Role
from dispatch.ticket_filters import TicketFilter, check, condition_of

MOST: Final = 50
MAY_SHARE: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER, Role.DISPATCHER, Role.UNION_LEADER})


@dataclass(frozen=True, slots=True)
class ViewLine:
    """A kept list; `mine` may be changed and thrown away."""

    id: int
    name: str
    filter: Mapping[str, Any]
    shared_role: str | None
    owner: str
    mine: bool


def keep_view(
    session: Session,
    actor: Actor,
    name: str,
    wanted: TicketFilter,
    *,
    shared_role: Role | None = None,
    now: datetime,
) -> ViewLine:
    """Keep a list under a name, in the place of the earlier one of that name; raises NotAllowed, Invalid."""
    if actor.user_id is None or not can(session, actor, Action.VIEW_KEEP):
        raise NotAllowed("keep_view", f"“{actor.role.label}”没有这项权限")
    if not name.strip():
        raise Invalid({"name": "请填写名称"})
    check(wanted)
    if wanted.where:
        condition_of(wanted.where)
    if shared_role is not None:
        _check_sharing(actor, shared_role)
    values = {key: value for key, value in asdict(wanted).items() if value not in (None, False)}
    view = session.scalar(
        select(SavedView)
        .where(SavedView.owner_id == actor.user_id, SavedView.name == name.strip())
        .with_for_update()
    )
    if view is None:
        kept = session.scalar(select(func.count()).where(SavedView.owner_id == actor.user_id)) or 0
        if kept >= MOST:
            raise Invalid({"name": f"最多保存{MOST}个列表，请先删除不用的"})
        view = SavedView(owner_id=actor.user_id, name=name.strip(), created_at=now)
        session.add(view)
    shared_before = view.shared_role
    view.filter, view.shared_role = values, shared_role
    session.flush()
    if shared_role is not None or shared_before is not None:
        payload = {"view": view.id, "role": shared_role}
        record(session, "ViewShared", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return _line(view, actor.name, mine=True)


def views_of(session: Session, actor: Actor) -> list[ViewLine]:
    """Return the actor's own lists and those shared with his role; a union's are shared within that union."""
    same_house = User.union_id == actor.union_id if actor.of_union else User.union_id.is_(None)
    rows = session.execute(
        select(SavedView, User.display_name)
        .join(User, User.id == SavedView.owner_id)
        .where(
            or_(
                SavedView.owner_id == actor.user_id,
                (SavedView.shared_role == actor.role.value) & same_house & User.disabled_at.is_(None),
            )
        )
        .order_by(SavedView.name, SavedView.id)
    )
    return [_line(view, owner, mine=view.owner_id == actor.user_id) for view, owner in rows]


def rename_view(session: Session, actor: Actor, view_id: int, name: str) -> ViewLine:
    """Give one of the actor's own lists another name; raises NotFound for anybody else's, Invalid for a name in use."""
    view = session.get(SavedView, view_id, with_for_update=True)
    if view is None or view.owner_id != actor.user_id:
        raise NotFound("view", view_id)
    if not name.strip():
        raise Invalid({"name": "请填写名称"})
    taken = select(SavedView.id).where(
        SavedView.owner_id == actor.user_id, SavedView.name == name.strip(), SavedView.id != view_id
    )
    if session.scalar(taken) is not None:
        raise Invalid({"name": "已有同名的列表"})
    view.name = name.strip()
    session.flush()
    return _line(view, actor.name, mine=True)


def drop_view(session: Session, actor: Actor, view_id: int) -> None:
    """Throw away one of the actor's own lists; raises NotFound for anybody else's."""
    view = session.get(SavedView, view_id)
    if view is None or view.owner_id != actor.user_id:
        raise NotFound("view", view_id)
    session.delete(view)
    session.flush()


def _check_sharing(actor: Actor, role: Role) -> None:
    if actor.role not in MAY_SHARE:
        raise NotAllowed("keep_view", f"“{actor.role.label}”不能共享列表")
    house = UNION_ROLES if actor.of_union else CENTRE_ROLES
    if role not in house or not may(role, Action.TICKET_READ):
        raise Invalid({"shared_role": "不能共享给这个岗位"})


def _line(view: SavedView, owner: str, *, mine: bool) -> ViewLine:
    return ViewLine(view.id, view.name, view.filter, view.shared_role, owner, mine)
