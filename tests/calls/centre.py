"""The whole programme in this process at virtual time: telephones on the sandbox, and hands on its insides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select
from starlette.types import ASGIApp

from agent_console.auth import COOKIE, begin_session
from config.settings import Settings
from dispatch.actors import Actor
from dispatch.database import Database
from hotline.app import Programme, build
from hotline.calls.models import Call, TicketCall
from hotline.carriers.sandbox.clock import VirtualClock
from hotline.carriers.twilio import TwilioCarrier
from hotline.jobs.loop import Deliveries
from hotline.jobs.ticker import tick
from hotline.line import presence as presences
from hotline.line.models import Offer, Presence, ReturnCall
from hotline.line.seats import choose_state
from hotline.services import Services
from hotline.wiring import keys_of, line_of
from tests.builders import NOW, World, build_world
from tests.lines import InProcessLine
from tests.phone import Phone

BASE = "http://centre.test"


class MovingClock:
    """The programme's time: a fixed moment plus what has passed on the sandbox's clock."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.exchange_clock = VirtualClock()

    def __call__(self) -> datetime:
        return NOW + self.ahead


@dataclass(frozen=True, slots=True)
class Centre:
    """One running centre."""

    programme: Programme
    services: Services
    world: World
    line: InProcessLine
    clock: MovingClock

    def phone(self, number: str = "+8613800000001") -> Phone:
        return self.line.phone(number)

    def browser(self, name: str) -> httpx.Client:
        """Return a signed-in client of the console's API."""
        with self.services.database.writing() as session:
            token = begin_session(
                session,
                self.world.actor(name).user_id or 0,
                now=self.services.now(),
                user_agent="tests",
                replaces=None,
            )
        transport = _Doorway(self.line, self.programme.app)
        return httpx.Client(transport=transport, base_url=BASE, cookies={COOKIE: token})

    def seat(self, name: str) -> Phone:
        """Sit an operator down, ready, with a browser telephone that takes what it is given."""
        actor = self.world.actor(name)
        desk = self.line.device(presences.identity_of(actor.user_id or 0), auto_answer=True)
        self.choose(actor, presences.State.READY)
        return desk

    def choose(self, actor: Actor, state: presences.State) -> None:
        with self.services.database.writing() as session:
            choose_state(
                session, actor, state, reason=None, lines=self.services.lines, now=self.services.now()
            )

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the programme, and do what is due by then."""
        self.clock.ahead += timedelta(seconds=seconds)
        self.settle()

    def settle(self) -> None:
        tick(self.services)
        Deliveries(self.services).run_once()

    def offer_at(self, name: str) -> Offer | None:
        user_id = self.world.actor(name).user_id
        with self.services.database.reading() as session:
            found = session.scalar(
                select(Offer).where(Offer.user_id == user_id, Offer.state.in_(("ringing", "accepted")))
            )
            session.expunge_all()
            return found

    def state_of(self, name: str) -> str:
        with self.services.database.reading() as session:
            return session.scalars(
                select(Presence.state).where(Presence.user_id == self.world.actor(name).user_id)
            ).one()

    def calls(self) -> list[Call]:
        with self.services.database.reading() as session:
            found = list(session.scalars(select(Call).order_by(Call.id)))
            session.expunge_all()
            return found

    def tickets_of(self, call: Call) -> int:
        with self.services.database.reading() as session:
            return len(session.scalars(select(TicketCall).where(TicketCall.call_id == call.id)).all())

    def return_calls(self) -> list[ReturnCall]:
        with self.services.database.reading() as session:
            found = list(session.scalars(select(ReturnCall).order_by(ReturnCall.id)))
            session.expunge_all()
            return found

    def all_is_settled(self) -> None:
        """Hold the promises that every story must keep: no call lost, nobody reserved for nobody."""
        for call in self.calls():
            assert call.conversation_state == "ended", call.sid
            assert call.outcome is not None, call.sid
        with self.services.database.reading() as session:
            stuck = session.scalars(
                select(Presence.user_id).where(Presence.state.in_(("reserved", "talking")))
            ).all()
            live = session.scalars(select(Offer.id).where(Offer.state.in_(("ringing", "accepted")))).all()
        assert (list(stuck), list(live)) == ([], [])
        exchange = self.programme.exchange
        assert exchange is not None
        assert list(exchange.warnings) == []


@contextmanager
def open_centre(database: Database, data_dir: Path, **options: Any) -> Iterator[Centre]:
    """Open a furnished centre on this database until the context ends."""
    world = build_world(database)
    settings = Settings(
        data_dir=data_dir,
        public_url=BASE,
        secret_key=SecretStr("only for tests, only for tests, only"),
        **options,
    )
    clock, carrier = MovingClock(), LateCarrier()
    programme = build(
        settings,
        deliver=False,
        clock=False,
        database=database,
        sandbox_clock=clock.exchange_clock,
        carrier=carrier,
        now=clock,
    )
    assert programme.exchange is not None
    assert programme.sandbox is not None
    with InProcessLine(programme.app, programme.exchange) as line:
        account = line_of(settings, keys_of(settings)).account
        carrier.real = TwilioCarrier(
            account, http_client=line.http_client(programme.sandbox), dials_mainland_china=True
        )
        centre = Centre(programme, programme.services, world, line, clock)
        line.settle_hook = centre.settle
        yield centre


class LateCarrier:
    """Passes everything to the real Twilio carrier, which can only be made once the line is open."""

    real: TwilioCarrier

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class _Doorway(httpx.BaseTransport):
    """Carries an ordinary client's requests onto the line's event loop and into the application."""

    def __init__(self, line: InProcessLine, app: ASGIApp) -> None:
        self._line = line
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._line.portal.call(self._ask, request)

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app)) as client:
            answer = await client.request(
                request.method, request.url, content=request.content, headers=request.headers
            )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
