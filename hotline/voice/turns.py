"""One caller turn: lock the call, step the flow, answer its effects, store the outputs; a repeated turn says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dispatch.models.base import Base
from dispatch.unit_of_work import unit_of_work
from hotline.calls.abuse import why_resumed
from hotline.calls.incoming import find_or_make
from hotline.calls.log import changed
from hotline.calls.models import Call, Leg, Turn
from hotline.calls.status import Conversation, advance, is_talking, move
from hotline.carriers.base import CarrierStatus
from hotline.line import conversations, recording, waiting
from hotline.services import Services
from hotline.voice.effects import Asking, answer, save_voicemail
from hotline.voice.events import CallEvent, Mark
from hotline.voice.opening import DAY, choose_flow
from hotline.voice.spoken import fill
from ivr_flows.engine import stand_in_line, start, step
from ivr_flows.model import CollectNode, Flow
from ivr_flows.outputs import (
    Digits,
    Effect,
    EffectDone,
    HangUp,
    Input,
    JoinConference,
    Listen,
    NoInput,
    Output,
    Recorded,
    RecordVoicemail,
    Resumed,
    Speech,
    Started,
    input_from_json,
    input_to_json,
    output_from_json,
    output_to_json,
)
from ivr_flows.state import FlowState

MOST_EFFECTS: Final = 16
"""Effects of one turn; a flow that asks more often goes round in a ring that the checker did not see."""
_LATE: Final = frozenset({Mark.JOIN, Mark.LINE, Mark.SILENCE})

_KEEP_TURN: Final = insert(Base.metadata.tables["turn"])

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """A turn's outputs and what is needed to render them."""

    n: int
    flow: Flow
    language: str
    outputs: tuple[Output, ...]
    notice: str | None = None
    """Said before anything else: that the call is recorded, or that it is not."""


def take_turn(services: Services, event: CallEvent) -> Answered:
    """Answer one question of the carrier about a caller, in one transaction."""
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = find_or_make(
            session,
            event.sid,
            from_raw=event.from_raw,
            to_raw=event.to_raw,
            policy=services.policy,
            now=now,
            expect_new=event.n == 0,
        )
        return answer_turn(session, services, call, event, now)


def answer_turn(
    session: Session, services: Services, call: Call, event: CallEvent, now: datetime
) -> Answered:
    """Answer one question about a locked call."""
    flow, started = _flow_of(session, services, call, now)
    if call.conversation_state == Conversation.ENDED.value:
        return _too_late(session, services, call, event, flow, now)
    advance(call, CarrierStatus.IN_PROGRESS, at=now)
    conference = _conference_to_join(session, call)
    if conference is not None and event.mark is not Mark.LEFT:
        # Whatever the question was, an operator is waiting in the conversation.
        return Answered(event.n, flow, call.language, (JoinConference(conference),))
    stored = session.get(Turn, (call.id, event.n)) if event.n < call.next_turn else None
    if stored is not None:
        # The same answer as before, whose caller may have declined in it.
        heard = input_from_json(stored.given)
        outputs = fill(session, services, flow, _read(stored))
        return Answered(event.n, flow, call.language, outputs, _said_no(services, heard))
    given = started if started is not None and isinstance(event.given, Started) else event.given
    told = _discreet(flow, call, given)
    notice = _said_no(services, given)
    if notice is not None:
        recording.decline(session, call, None, now=now)
    if event.mark is Mark.LINE and call.line is not None:
        call.flow_state = stand_in_line(flow, _state_of(call, flow), call.line).to_json()
    outputs = _step(session, services, call, given if event.mark not in _LATE else NoInput(), flow, now)
    session.connection().execute(
        _KEEP_TURN,
        {
            "call_id": call.id,
            "n": event.n,
            "at": now,
            "given": input_to_json(told),
            "outputs": [output_to_json(each) for each in outputs],
        },
    )
    call.next_turn = max(call.next_turn, event.n + 1)
    changed(session, call, now=now)
    return Answered(event.n, flow, call.language, fill(session, services, flow, outputs), notice)


def _said_no(services: Services, given: Input) -> str | None:
    """Return the answer to a caller who tells the machine that he wants no recording."""
    declines = isinstance(given, Speech) and services.recording.is_declined_by(given.text.lower())
    return services.recording.declined_notice if declines else None


def _step(
    session: Session, services: Services, call: Call, given: Input, flow: Flow, now: datetime
) -> tuple[Output, ...]:
    state = _state_of(call, flow)
    if isinstance(given, Resumed) and is_talking(call):
        # The carrier let the caller out before it told us that the operator had left.
        conversations.end(session, call, by=conversations.OPERATOR, lines=services.lines, now=now)
    if isinstance(given, Started) and call.flow_state is not None:
        given = NoInput()
    if isinstance(given, Resumed):
        given = Resumed(why_resumed(call))
    spoken: list[Output] = []
    state, outputs = step(flow, state, given)
    for _ in range(MOST_EFFECTS):
        spoken += [each for each in outputs if not isinstance(each, Effect)]
        effect = outputs[-1] if outputs and isinstance(outputs[-1], Effect) else None
        if effect is None:
            break
        _keep(call, state)
        done: EffectDone = answer(Asking(session, services, call, state, now), effect)
        state, outputs = step(flow, state, done)
    else:
        logger.error("a turn without end", call=call.sid, node=state.node)
        spoken.append(HangUp("failed"))
    _keep(call, state)
    _follow(session, call, spoken)
    return tuple(spoken)


def _state_of(call: Call, flow: Flow) -> FlowState:
    return FlowState.from_json(call.flow_state) if call.flow_state else start(flow)


def _keep(call: Call, state: FlowState) -> None:
    call.flow_state = state.to_json()
    call.language, call.path, call.said = state.language, list(state.path), list(state.said)
    call.category = state.slots.get("category") or call.category


def _follow(session: Session, call: Call, outputs: Sequence[Output]) -> None:
    """Take the conversation's state to where the turn's last output leaves the caller."""
    last = outputs[-1] if outputs else None
    state = Conversation(call.conversation_state)
    if isinstance(last, RecordVoicemail):
        move(call, Conversation.IN_VOICEMAIL)
        return
    if not isinstance(last, Listen) or state is Conversation.IN_SURVEY:
        return
    row = waiting.waiting_of(session, call) if call.line is not None else None
    if row is None or row.state not in waiting.IN_LINE:
        move(call, Conversation.IN_MENU)


def _conference_to_join(session: Session, call: Call) -> str | None:
    """Return the conversation in which an operator already is, or None while nobody is there for the caller."""
    if call.conference is None:
        return None
    if not is_talking(call) and call.conversation_state != Conversation.OFFERED.value:
        return None
    query = select(Leg.id).where(
        Leg.call_id == call.id,
        Leg.kind == conversations.OPERATOR,
        Leg.user_id == call.operator_id,
        Leg.joined_at.is_not(None),
        Leg.left_at.is_(None),
    )
    return call.conference if session.scalar(query.limit(1)) is not None else None


def _too_late(
    session: Session, services: Services, call: Call, event: CallEvent, flow: Flow, now: datetime
) -> Answered:
    """The caller has gone; a message which arrives after its caller is still kept."""
    given = event.given
    if isinstance(given, Recorded) and given.duration_s > 0:
        save_voicemail(session, services, call, sid=given.recording_sid, duration_s=given.duration_s, now=now)
        call.outcome = "voicemail"
        changed(session, call, now=now)
    return Answered(event.n, flow, call.language, (HangUp(call.outcome or "ended"),))


def _flow_of(session: Session, services: Services, call: Call, now: datetime) -> tuple[Flow, Started | None]:
    """Return the call's flow, chosen at its first turn and kept; then also the input that it begins with."""
    if call.flow is not None:
        # A call ends in the version in which it began, unless this process has never known that one.
        kept = services.configuration.flow(call.flow, call.flow_version or "")
        return kept or services.flows[DAY], None
    name, started = choose_flow(session, services, call, now=now)
    flow = services.flows.get(name) or services.flows[DAY]
    call.flow, call.flow_version = flow.id, flow.version[:32]
    return flow, started


def _discreet(flow: Flow, call: Call, given: Input) -> Input:
    """Return the input as a turn may keep it: the digits of a query code are nobody's to read afterwards."""
    node = flow.nodes.get((call.flow_state or {}).get("node", ""))
    if not isinstance(node, CollectNode) or not node.secret:
        return given
    return Digits("") if isinstance(given, Digits | Speech) else given


def _read(turn: Turn) -> tuple[Output, ...]:
    return tuple(output_from_json(each) for each in turn.outputs)
