"""How people are told: their own choices, unions' robots, and messages whose end is a person's to decide."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from agent_console import auth
from agent_console.api.notice_schemas import (
    DeliveryOut,
    Preferences,
    PreferencesOut,
    RobotIn,
    RobotOut,
    SettleIn,
)
from agent_console.permissions import Action, Visit, requires
from dispatch import deliveries, robots, telling
from dispatch.errors import Invalid
from dispatch.rules.masking import mask_phone
from hotline.calls.keeping import recording_cipher
from hotline.channels.base import Message
from hotline.channels.targets import BadTarget, check_target
from hotline.jobs.notices import robot_address

router = APIRouter(prefix="/api", tags=["notices"])
Person = Annotated[Visit, requires(Action.NOTICE_PREFER)]
RobotKeeper = Annotated[Visit, requires(Action.ROBOT_KEEP)]
Reader = Annotated[Visit, requires(Action.DELIVERY_READ)]
Decider = Annotated[Visit, requires(Action.DELIVERY_DECIDE)]
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
State = Literal["pending", "leased", "sending", "sent", "unknown", "expired", "failed", "cancelled"]


@router.get("/notice-preferences")
def preferences(visit: Person) -> PreferencesOut:
    """Return by what the reader is told, and where."""
    user_id = visit.actor.user_id or 0
    with visit.reading() as session:
        wanted = telling.preferences(session, user_id, visit.services.notices)
        user = auth.account_of(session, user_id).user
        phone, address = user.phone, user.email
    return PreferencesOut(**wanted, phone=mask_phone(phone) if phone else None, address=address)


@router.put("/notice-preferences")
def prefer(given: Preferences, visit: Person) -> PreferencesOut:
    """Choose by what to be told; a call about a P0 comes whatever was chosen."""
    wanted = given.model_dump(exclude_none=True)
    with visit.writing() as session:
        telling.choose(session, visit.actor.user_id or 0, wanted, now=visit.now)
    return preferences(visit)


@router.get("/robots")
def listed(visit: RobotKeeper) -> list[RobotOut]:
    """Return the robots of the reader's union and below; their addresses are shown to nobody again."""
    with visit.reading() as session:
        return [RobotOut.model_validate(each) for each in robots.robots(session, visit.actor)]


@router.post("/robots", status_code=201)
def enter(given: RobotIn, visit: RobotKeeper) -> list[RobotOut]:
    """Enter a group's robot; only addresses at the origins that the configuration names are taken."""
    services = visit.services
    try:
        check_target(given.kind, given.address, services.notices.robot_origins[given.kind])
    except BadTarget as error:
        raise Invalid({"address": str(error)}) from error
    if given.kind == "wecom" and given.secret is not None:
        raise Invalid({"secret": "企业微信机器人没有加签密钥"})
    cipher = recording_cipher(services.robot_key)
    with visit.writing() as session:
        robots.keep_robot(
            session,
            visit.actor,
            union_id=given.union_id,
            user_id=given.user_id,
            kind=given.kind,
            name=given.name,
            address=cipher.encrypt(given.address.encode()),
            secret=cipher.encrypt(given.secret.encode()) if given.secret is not None else None,
            now=visit.now,
        )
    return listed(visit)


@router.post("/robots/{robot_id}/test", status_code=204)
def try_out(robot_id: Id, visit: RobotKeeper) -> None:
    """Send a word to the group, so that whoever entered the robot sees whether it speaks; 502 where it does not."""
    with visit.reading() as session:
        robot = robots.find_robot(session, visit.actor, robot_id)
        kind, address = robot.kind, robot_address(visit.services, robot)
    message = Message("12351", "【12351】通知机器人已接通。", f"robot-{robot_id}")
    visit.services.channels[kind].send(address, message)


@router.delete("/robots/{robot_id}")
def remove(robot_id: Id, visit: RobotKeeper) -> list[RobotOut]:
    """Take a robot away."""
    with visit.writing() as session:
        robots.remove_robot(session, visit.actor, robot_id, now=visit.now)
    return listed(visit)


@router.get("/deliveries")
def sent(
    visit: Reader,
    state: State | None = None,
    unsettled: bool = False,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[DeliveryOut]:
    """Return messages and how far they got; `unsettled` are those that a person must look at."""
    with visit.reading() as session:
        found = deliveries.deliveries(
            session, visit.actor, state=state, unsettled=unsettled, before=before, limit=limit
        )
    return [DeliveryOut.model_validate(each) for each in found]


@router.post("/deliveries/{delivery_id}/settle", status_code=204)
def settle(delivery_id: Id, given: SettleIn, visit: Decider) -> None:
    """Say what became of a message without a known end."""
    with visit.writing() as session:
        deliveries.settle(session, visit.actor, delivery_id, settled_as=given.settled_as, now=visit.now)


@router.post("/deliveries/{delivery_id}/send_again", status_code=204)
def send_again(delivery_id: Id, visit: Decider) -> None:
    """Send it anew: a person has decided so, the machine never does."""
    with visit.writing() as session:
        deliveries.send_again(
            session, visit.actor, delivery_id, notices=visit.services.notices, now=visit.now
        )
