"""Random stories: people do anything at any moment while the network repeats, delays, swaps and drops; nobody is lost.

`HOTLINE_STORIES=500` tells more of them, different ones each time; a plain run tells the same few.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dispatch.database import Database
from hotline.calls.models import TicketCall
from hotline.calls.outcomes import OWED_A_CALL, Outcome
from hotline.calls.reconcile import QUIET, reconcile
from hotline.carriers.sandbox.faults import Fault
from hotline.line import presence as presences
from hotline.line.models import Offer, Presence
from tests.calls.centre import Centre, open_centre
from tests.phone import Phone, StoryBroken

MANY = int(os.environ.get("HOTLINE_STORIES", "0"))
FEW = {"sqlite": 8, "postgresql": 3}
SEATS = ("operator", "supervisor")
STRIDE_S = 5.0
NETWORK = frozenset({11200, 11205, 11206, 11210, 11215, 11751})
"""What a carrier says of an application that it could not reach: the network's doing, not the document's."""

CALLER_ACTS = st.one_of(
    st.tuples(st.just("press"), st.sampled_from("0123589*#")),
    st.tuples(st.just("press"), st.sampled_from(("0", "0", "2", "3"))),
    st.tuples(st.just("speak"), st.sampled_from(("老板拖欠工资", "我不想活了", "嗯", "人工"))),
    st.tuples(st.just("hangup"), st.just("")),
    st.tuples(st.just("dial"), st.just("")),
)
STEPS = st.one_of(
    st.tuples(st.just("caller"), st.integers(0, 1), CALLER_ACTS),
    st.tuples(
        st.just("desk"),
        st.integers(0, 1),
        st.sampled_from(
            ("accept", "accept", "decline", "hang_up", "hold", "unhold", "ready", "away", "drops")
        ),
    ),
    st.tuples(st.just("time"), st.sampled_from((1, 5, 21, 65)), st.none()),
)
FAULTS = st.builds(
    Fault,
    kind=st.sampled_from(("repeat", "late", "after_next", "drop", "error", "lost_reply", "hang_up")),
    webhook=st.sampled_from(("turn", "status", "conference", None)),
    skip=st.integers(0, 6),
    times=st.integers(1, 3),
    copies=st.integers(2, 4),
    concurrently=st.booleans(),
    seconds=st.sampled_from((1.0, 6.0, 20.0)),
    when=st.sampled_from(("before", "during", "after")),
)
STORIES = st.tuples(st.lists(STEPS, min_size=4, max_size=14), st.lists(FAULTS, max_size=3))


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield opened


@dataclass(slots=True)
class Teller:
    """Tells stories to one centre, each by callers of its own."""

    centre: Centre
    desks: list[Phone]
    told: int = 0

    def tell(self, steps: list[Any], faults: list[Fault]) -> None:
        callers = [self.centre.phone(f"+86139{self.told:04d}{n:04d}") for n in range(2)]
        self.told += 1
        for name in SEATS:
            self._desk(name, "ready")
        self._exchange.faults.clear()
        for fault in faults:
            self._exchange.faults.add(fault)
        for phone in callers:
            self._do(phone, "dial", "")
        for kind, which, what in steps:
            if kind == "caller":
                self._do(callers[which], *what)
            elif kind == "desk" and what == "drops":
                self._do(self.desks[which], "hangup", "")
            elif kind == "desk":
                self._desk(SEATS[which], what)
            else:
                self._time(which)
            self.centre.line.settle()
        self._everybody_hangs_up(callers)

    def _everybody_hangs_up(self, callers: list[Phone]) -> None:
        for phone in (*callers, *self.desks):
            self._do(phone, "hangup", "")
        self._time(25)
        self._exchange.faults.clear()
        # What was held back arrives, and the programme's own clock goes on to where the reconciler looks.
        self.centre.line.wait(5)
        self.centre.pass_time(QUIET.total_seconds() + 30)
        reconcile(self.centre.services)
        self.centre.line.settle()
        for name in SEATS:
            self._desk(name, "away")

    @property
    def _exchange(self) -> Any:
        assert self.centre.programme.exchange is not None
        return self.centre.programme.exchange

    def _time(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, STRIDE_S)
            self.centre.line.wait(step)
            self.centre.pass_time(step)
            seconds -= step

    def _do(self, phone: Phone, act: str, value: str) -> None:
        handle: Any = phone._handle  # what a person does without waiting for anything
        given: dict[str, Any] = {
            "dial": {"from": phone.number, "to": "12351"},
            "press": value,
            "speak": {"text": value},
            "hangup": True,
        }
        busy = handle._endpoint.leg is not None  # the same
        if busy is (act == "dial"):
            return
        with suppress(StoryBroken):
            handle.do(act, given[act])

    def _desk(self, name: str, act: str) -> None:
        """Press a button of the console; one that is refused is refused with a word."""
        browser = self.centre.browser(name)
        if act in ("ready", "away"):
            answer = browser.put("/api/presence", json={"state": "ready" if act == "ready" else "offline"})
        elif act in ("accept", "decline"):
            offer = self.centre.offer_at(name)
            if offer is None:
                return
            answer = browser.post(f"/api/offers/{offer.id}/{act}")
        else:
            sid = browser.get("/api/presence").json()["call_sid"]
            if sid is None:
                return
            answer = browser.post(f"/api/calls/{sid}/{act}")
        assert answer.status_code < 500, answer.text


def nobody_is_lost(centre: Centre) -> None:
    """Hold docs/telephony.md's promises of every call so far."""
    owed = {each.number_key for each in centre.return_calls()}
    for call in centre.calls():
        assert call.conversation_state == "ended", call.sid
        assert call.outcome is not None, call.sid
        if Outcome(call.outcome) in OWED_A_CALL and call.direction == "inbound":
            assert call.from_key in owed, (call.sid, call.outcome)
    with centre.services.database.reading() as session:
        stuck = session.scalars(
            select(Presence.user_id).where(Presence.state.in_(("reserved", "talking")))
        ).all()
        live = session.scalars(select(Offer.id).where(Offer.state.in_(("ringing", "accepted")))).all()
        twice = session.execute(
            select(TicketCall.call_id)
            .where(TicketCall.relation == "origin")
            .group_by(TicketCall.call_id, TicketCall.ordinal)
            .having(func.count() > 1)
        ).all()
    assert (list(stuck), list(live), twice) == ([], [], [])
    exchange = centre.programme.exchange
    assert exchange is not None
    assert [leg.sid for leg in exchange.legs.values() if not leg.is_ended] == []
    # Every document was valid by the carrier's grammar, however it was asked for.
    assert {each.code for each in exchange.warnings} <= NETWORK, list(exchange.warnings)


def test_nobody_is_lost_whatever_happens(centre: Centre) -> None:
    desks = [
        centre.line.device(presences.identity_of(centre.world.actor(name).user_id or 0), auto_answer=True)
        for name in SEATS
    ]
    teller = Teller(centre, desks)
    engine = centre.services.database.engine().dialect.name

    @settings(
        max_examples=MANY or FEW[engine],
        deadline=None,
        derandomize=not MANY,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STORIES)
    def story(told: tuple[list[Any], list[Fault]]) -> None:
        teller.tell(*told)
        nobody_is_lost(centre)

    story()
