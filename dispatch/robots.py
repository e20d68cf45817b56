"""Group robots of unions and of their people: entered, listed without their addresses, taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound
from dispatch.events import ADMINISTRATION, record
from dispatch.models.inbox import Robot
from dispatch.models.people import User
from dispatch.models.unions import Union, UnionClosure
from dispatch.rules.notice_policy import ChannelKind
from dispatch.rules.roles import Role


@dataclass(frozen=True, slots=True)
class RobotLine:
    """One robot; its address is shown to nobody again."""

    id: int
    union_id: int
    union_name: str
    user_id: int | None
    user_name: str | None
    kind: str
    kind_label: str
    name: str
    signed: bool
    created_at: datetime


def robots(session: Session, actor: Actor) -> list[RobotLine]:
    """Return the robots that this actor keeps."""
    rows = session.execute(
        select(Robot, Union.name, User.display_name)
        .join(Union, Union.id == Robot.union_id)
        .outerjoin(User, User.id == Robot.user_id)
        .where(Robot.removed_at.is_(None), _kept_by(actor))
        .order_by(Robot.id)
        .limit(500)
    )
    return [
        RobotLine(
            id=robot.id,
            union_id=robot.union_id,
            union_name=union,
            user_id=robot.user_id,
            user_name=person,
            kind=robot.kind,
            kind_label=ChannelKind(robot.kind).label,
            name=robot.name,
            signed=robot.secret is not None,
            created_at=robot.created_at,
        )
        for robot, union, person in rows
    ]


def keep_robot(
    session: Session,
    actor: Actor,
    *,
    union_id: int,
    user_id: int | None,
    kind: str,
    name: str,
    address: bytes,
    secret: bytes | None,
    now: datetime,
) -> Robot:
    """Enter a robot, its address and secret already encrypted; raises NotFound, Invalid."""
    if actor.role is not Role.ADMINISTRATOR:
        inside = select(UnionClosure.depth).where(
            UnionClosure.ancestor_id == actor.union_id, UnionClosure.descendant_id == union_id
        )
        if session.scalar(inside) is None:
            raise NotFound("union", union_id)
    if session.get(Union, union_id) is None:
        raise NotFound("union", union_id)
    if user_id is not None:
        user = session.get(User, user_id)
        if user is None or user.union_id != union_id or user.disabled_at is not None:
            raise NotFound("user", user_id)
    taken = select(Robot.id).where(Robot.union_id == union_id, Robot.name == name)
    if session.scalar(taken) is not None:
        raise Invalid({"name": "本会已有这个名称的机器人，或用过这个名称"})
    robot = Robot(
        union_id=union_id,
        user_id=user_id,
        kind=kind,
        name=name,
        address=address,
        secret=secret,
        created_at=now,
        created_by_id=actor.user_id,
    )
    session.add(robot)
    session.flush()
    told = {"robot": robot.id, "union": union_id, "kind": kind, "user": user_id}
    record(session, "RobotKept", stream=ADMINISTRATION, by=actor.by, now=now, payload=told)
    return robot


def remove_robot(session: Session, actor: Actor, robot_id: int, *, now: datetime) -> None:
    """Take a robot away; what waits for it is not sent. Raises NotFound."""
    robot = find_robot(session, actor, robot_id)
    # Its address is of no use to anybody any more.
    robot.removed_at, robot.address, robot.secret = now, b"", None
    told = {"robot": robot_id}
    record(session, "RobotRemoved", stream=ADMINISTRATION, by=actor.by, now=now, payload=told)


def find_robot(session: Session, actor: Actor, robot_id: int) -> Robot:
    """Return a robot that this actor keeps; raises NotFound."""
    query = select(Robot).where(Robot.id == robot_id, Robot.removed_at.is_(None), _kept_by(actor))
    robot = session.scalar(query)
    if robot is None:
        raise NotFound("robot", robot_id)
    return robot


def _kept_by(actor: Actor) -> ColumnElement[bool]:
    if actor.role is Role.ADMINISTRATOR:
        return true()
    below = select(UnionClosure.descendant_id).where(UnionClosure.ancestor_id == actor.union_id)
    return Robot.union_id.in_(below)
