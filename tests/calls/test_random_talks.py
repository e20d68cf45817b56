"""Whatever people do in a conversation, in any order: the caller is with somebody or in the line, and all ends well."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hotline.calls.models import Call, Leg, Recording
from hotline.calls.recording_models import CallRecording
from hotline.line.models import Waiting
from tests.calls.centre import Centre
from tests.calls.talks import LAWYER, Talk, open_talk, sqlite_centre
from tests.phone import Phone, StoryBroken

PEOPLE = ("operator", "other-operator", "supervisor")


@dataclass(slots=True)
class Walk:
    """People who do what comes into their heads; what is refused is refused."""

    centre: Centre
    talk: Talk
    browsers: dict[str, httpx.Client] = field(default_factory=dict)
    desks: dict[str, Phone] = field(default_factory=dict)

    def ask(self, who: str, method: str, path: str, body: Any = None) -> None:
        answer = self.browsers[who].request(method, f"/api{path}", json=body)
        assert answer.status_code < 500, (path, answer.text)

    def on_call(self, who: str, path: str, body: Any = None) -> None:
        self.ask(who, "POST", f"/calls/{self.talk.sid}/{path}", body)

    def takes(self, who: str) -> None:
        """Take whatever rings at this desk."""
        for kind in ("offers", "transfers"):
            ring = self.browsers[who].get(f"/api/{kind}/current").json()
            if ring is not None:
                self.ask(who, "POST", f"/{kind}/{ring['id']}/accept")

    def falls_out(self, who: str) -> None:
        with contextlib.suppress(StoryBroken):
            self.desks[who].hangs_up()

    def is_with_somebody(self) -> None:
        """Hold the promise: a person, or the line."""
        with self.centre.services.database.reading() as session:
            call = session.scalars(select(Call)).one()
            if call.conversation_state in ("ended", "in_survey", "in_menu", "in_voicemail"):
                return
            row = session.scalars(select(Waiting).where(Waiting.call_id == call.id)).one()
            if call.conversation_state in ("waiting", "offered"):
                assert row.state in ("waiting", "offered"), row.state
                return
            kinds = ("operator", "consulted", "third_party")
            somebody = select(Leg.id).where(
                Leg.call_id == call.id, Leg.kind.in_(kinds), Leg.left_at.is_(None)
            )
            assert session.scalars(somebody).all(), call.conversation_state

    def recordings_are_kept_or_gone(self) -> None:
        """Hold the promise: what was recorded is kept sealed, or deleted for a reason; of who declined nothing is kept."""
        with self.centre.services.database.reading() as session:
            rows = session.scalars(select(Recording)).all()
            declined = session.scalars(select(CallRecording.declined_at)).all()
            for each in rows:
                assert (each.state, each.deleted_reason) in ENDS, (each.state, each.deleted_reason)
                sealed = each.path is not None and each.key_id is not None
                assert sealed == (each.state == "fetched"), each.path
                assert not sealed or not any(declined), "of who declines nothing is kept"
        exchange = self.centre.programme.exchange
        assert exchange is not None
        assert exchange.recordings == {}, "nothing stays at the carrier"


ENDS = {("fetched", None), ("deleted", "declined"), ("deleted", "absent")}
Act = Callable[[Walk], None]


def _person(who: str) -> dict[str, Act]:
    other = PEOPLE[(PEOPLE.index(who) + 1) % 3]

    def colleague(walk: Walk) -> int:
        return walk.centre.world.actor(other).user_id or 0

    def transfer(style: str) -> Act:
        return lambda walk: walk.on_call(who, "transfer", {"style": style, "user_id": colleague(walk)})

    def outside(style: str) -> Act:
        return lambda walk: walk.on_call(who, "transfer", {"style": style, "party": "lawyer"})

    def plain(path: str, body: Any = None) -> Act:
        return lambda walk: walk.on_call(who, path, body)

    acts: dict[str, Act] = {
        "takes": lambda walk: walk.takes(who),
        "falls out": lambda walk: walk.falls_out(who),
        "is ready": lambda walk: walk.ask(who, "PUT", "/presence", {"state": "ready"}),
        "finishes": lambda walk: walk.ask(who, "POST", "/presence/finish"),
        "asks in": transfer("warm"),
        "puts through": transfer("cold"),
        "brings in": transfer("three_way"),
        "asks outside": outside("warm"),
        "puts outside": outside("cold"),
        "brings outside": outside("three_way"),
        "puts into the line": plain("transfer", {"style": "cold", "line": "general"}),
    }
    for path in (
        "hold",
        "unhold",
        "transfer/complete",
        "transfer/merge",
        "transfer/cancel",
        "transfer/leave",
        "recording/pause",
        "recording/resume",
        "recording/decline",
    ):
        acts[path] = plain(path)
    acts["hangs up"] = plain("hang_up")
    return {f"{who} {name}": act for name, act in acts.items()}


def _world() -> dict[str, Act]:
    def lawyer(act: Callable[[Phone], object]) -> Act:
        def do(walk: Walk) -> None:
            with contextlib.suppress(StoryBroken, IndexError):
                act(walk.desks["lawyer"])

        return do

    return {
        "the lawyer answers": lawyer(Phone.answers),
        "the lawyer refuses": lawyer(Phone.declines),
        "the lawyer hangs up": lawyer(Phone.hangs_up),
        "the supervisor listens": lambda walk: walk.on_call("supervisor", "listen"),
        "the supervisor whispers": lambda walk: walk.on_call("supervisor", "supervise", {"mode": "whisper"}),
        "the supervisor takes over": lambda walk: walk.on_call(
            "supervisor", "supervise", {"mode": "take_over"}
        ),
        "the supervisor leaves": lambda walk: walk.on_call("supervisor", "leave"),
        "a second passes": lambda walk: walk.centre.pass_time(1),
        "half a minute passes": lambda walk: walk.centre.pass_time(30),
    }


ACTS: dict[str, Act] = {name: act for who in PEOPLE for name, act in _person(who).items()} | _world()
OFTEN = [name for name in ACTS if name.endswith(("takes", "answers", "transfer/complete")) or "asks" in name]
"""What makes something of what went before, so that walks get somewhere."""


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(sorted(ACTS) + 3 * sorted(OFTEN)), min_size=3, max_size=14))
def test_any_conversation_ends_well(steps: list[str]) -> None:
    with TemporaryDirectory() as folder, sqlite_centre(Path(folder)) as centre, open_talk(centre) as talk:
        walk = Walk(centre, talk)
        for who in PEOPLE:
            walk.browsers[who] = centre.browser(who)
            walk.desks[who] = talk.desk if who == "operator" else centre.seat(who)
        walk.desks["lawyer"] = centre.phone(LAWYER)
        for step in steps:
            ACTS[step](walk)
            centre.line.settle()
            while centre.line.progress():
                centre.line.settle()
            walk.is_with_somebody()
        if centre.calls()[0].conversation_state != "ended":
            talk.caller.hangs_up()
        for _ in range(3):
            centre.pass_time(30)
            centre.line.settle()
        centre.all_is_settled()
        walk.recordings_are_kept_or_gone()
        assert talk.open_legs() == [], talk.diary
