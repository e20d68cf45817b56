"""The Socket.IO server: facts go out, and nothing comes in but who is looking at which ticket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

import socketio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from agent_console import auth
from agent_console.auth import COOKIE, SignedIn
from agent_console.broadcast import Broadcast
from agent_console.push import Push
from agent_console.rooms import (
    CENTRE,
    CENTRE_ASKED,
    NAMES_A_TICKET,
    Audience,
    audience_of,
    rooms_of,
    watch_room,
)
from dispatch import watching
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.database import Busy
from dispatch.errors import NotFound
from dispatch.rules.permissions import Action, may
from dispatch.unit_of_work import Fact
from hotline.services import Services

CHECK_EVERY_S: Final = 1.0
"""How often open sockets are held against their sessions; a revoked one lives at most twice as long."""
RENEW_EVERY_S: Final = watching.LEASE.total_seconds() / 3
EVENTS_AT_ONCE: Final = 20
EVENTS_PER_S: Final = 5.0
SOCKETS_PER_USER: Final = 20
WATCHED_PER_SOCKET: Final = 20
MESSAGE_LIMIT: Final = 16_384
NUMBER_LENGTH: Final = 40

HEARD: Final[Mapping[str, Action]] = {"watch": Action.TICKET_READ, "unwatch": Action.SESSION}
"""What a client may say, and the action it stands for; nothing is listened to that is not here."""

log = structlog.get_logger(__name__)


class _Json:
    """Compact JSON that writes Chinese as it is: escaped it is twice as long."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    loads = staticmethod(json.loads)


@dataclass(slots=True)
class Connection:
    """One open socket, and how much its client may still say."""

    sid: str
    engine_sid: str
    signed_in: SignedIn
    watching: set[str] = field(default_factory=set)
    allowance: float = EVENTS_AT_ONCE
    counted_at: float = 0.0

    def may_speak(self, at_s: float) -> bool:
        """Spend one event of the allowance, which refills with time; False when it is used up."""
        self.allowance = min(EVENTS_AT_ONCE, self.allowance + (at_s - self.counted_at) * EVENTS_PER_S)
        self.counted_at = at_s
        self.allowance -= 1
        return self.allowance >= 0


class Sockets:
    """Every open socket of this process."""

    def __init__(self, services: Services, push: Push, *, check_every_s: float = CHECK_EVERY_S) -> None:
        self._services = services
        self._push = push
        self._check_every_s = check_every_s
        self._connections: dict[str, Connection] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._renewed_at = 0.0
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=Broadcast(),
            # The front door has asked where the page came from, for sockets and requests by one rule.
            cors_allowed_origins=[],
            max_http_buffer_size=MESSAGE_LIMIT,
            json=_Json,
        )
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        answers = {"watch": self._watch, "unwatch": self._unwatch}
        for name in HEARD:
            self.server.on(name, answers[name])
        self.server.on("*", self._unknown)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver facts and watch over sessions until the context ends; enter it in the lifespan."""
        tasks = [
            asyncio.create_task(self._push.run(self.deliver), name="facts"),
            asyncio.create_task(self._watch_sessions(), name="sessions"),
        ]
        try:
            yield
        finally:
            for task in (*tasks, *self._closing):
                task.cancel()
            await asyncio.gather(*tasks, *self._closing, return_exceptions=True)
            await self.server.shutdown()

    def around(self, app: Callable[..., Any]) -> Any:
        """Return the ASGI application that answers `/socket.io/` itself and passes everything else on."""
        return socketio.ASGIApp(self.server, other_asgi_app=app)

    async def ask_everyone_to_read_again(self) -> None:
        """Close every socket after facts may have been missed: a console that comes back reads all it shows anew."""
        for connection in list(self._connections.values()):
            self._close(connection)

    async def deliver(self, fact: Fact) -> None:
        """Tell everyone connected who may know it."""
        if not self._connections:
            return
        if fact.kind not in NAMES_A_TICKET:
            rooms = [*fact.rooms, CENTRE_ASKED] if CENTRE in fact.rooms else list(fact.rooms)
            await self._emit(fact, rooms, set())
            return
        connected = [self._present(connection) for connection in self._connections.values()]
        audience: Audience = await self._reading(
            lambda session: audience_of(session, fact.id, rooms=fact.rooms, connected=connected)
        )
        rooms = [room for room in fact.rooms if room == CENTRE or room.startswith("user:")]
        rooms += [f"user:{user}" for user in audience.told]
        skipped = {
            sid
            for sid, connection in self._connections.items()
            if connection.signed_in.actor.user_id in audience.not_told
        }
        await self._emit(fact, rooms, skipped)
        await self._recheck_watchers(fact.id)

    async def _emit(self, fact: Fact, rooms: list[str], skipped: set[str]) -> None:
        if not rooms:
            return
        body = {"kind": fact.kind, "id": fact.id, "version": fact.version, "at": fact.at.isoformat()}
        await self.server.emit("fact", body, room=rooms, skip_sid=list(skipped))

    async def _connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        token = _cookie(environ)
        now = self._services.now()
        signed_in: SignedIn | None = (
            await self._reading(lambda session: auth.find_session(session, token, now=now)) if token else None
        )
        if signed_in is None or signed_in.password_temporary:
            raise socketio.exceptions.ConnectionRefusedError("not_signed_in")
        of_user = [
            each
            for each in self._connections.values()
            if each.signed_in.actor.user_id == signed_in.actor.user_id
        ]
        if len(of_user) >= SOCKETS_PER_USER:
            raise socketio.exceptions.ConnectionRefusedError("too_many_sockets")
        for room in rooms_of(signed_in.actor):
            await self.server.enter_room(sid, room)
        engine_sid = self.server.manager.eio_sid_from_sid(sid, "/")
        moment = asyncio.get_running_loop().time()
        self._connections[sid] = Connection(sid, engine_sid, signed_in, counted_at=moment)

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        connection = self._connections.pop(sid, None)
        for number in connection.watching if connection is not None else ():
            await self._tell_watchers(number)

    async def _watch(self, sid: str, data: object = None) -> dict[str, object]:
        connection, number, refusal = await self._asked(sid, "watch", data)
        if refusal is not None or connection is None:
            return {"error": refusal or "not_connected"}
        if len(connection.watching) >= WATCHED_PER_SOCKET and number not in connection.watching:
            return {"error": "too_many"}
        if not await self._sees(connection, number):
            return {"error": "not_found"}
        if sid not in self._connections:
            return {"error": "not_connected"}
        connection.watching.add(number)
        await self.server.enter_room(sid, watch_room(number))
        await self._tell_watchers(number)
        actor, now = self._present(connection), self._services.now()
        await self._keep(lambda session: watching.hold(session, actor, sid, number, now=now))
        if number not in connection.watching:
            # Closed again while the lease was being written.
            await self._keep(lambda session: watching.let_go(session, sid, number))
        return {"ok": True}

    async def _unwatch(self, sid: str, data: object = None) -> dict[str, object]:
        connection, number, refusal = await self._asked(sid, "unwatch", data)
        if refusal is not None or connection is None:
            return {"error": refusal or "not_connected"}
        await self._stop_watching(connection, number)
        return {"ok": True}

    async def _unknown(self, _event: str, sid: str, *_data: object) -> dict[str, object]:
        connection = self._connections.get(sid)
        if connection is None or not await self._may_speak(connection):
            return {"error": "too_fast"}
        return {"error": "unknown_event"}

    async def _asked(self, sid: str, event: str, data: object) -> tuple[Connection | None, str, str | None]:
        """Return who asks for which ticket, or the code of the refusal."""
        connection = self._connections.get(sid)
        if connection is None:
            return None, "", "not_connected"
        if not await self._may_speak(connection):
            return connection, "", "too_fast"
        if not may(connection.signed_in.actor.role, HEARD[event]):
            return connection, "", "not_allowed"
        number = data.get("ticket") if isinstance(data, dict) and len(data) == 1 else None
        if not isinstance(number, str) or not 0 < len(number) <= NUMBER_LENGTH or "\x00" in number:
            return connection, "", "malformed"
        return connection, number, None

    async def _may_speak(self, connection: Connection) -> bool:
        if connection.may_speak(asyncio.get_running_loop().time()):
            return True
        # A console sends an event when a page is opened: whoever sends five a second is no console.
        log.warning("socket closed: too many events", user=connection.signed_in.actor.user_id)
        self._close(connection)
        return False

    async def _tell_watchers(self, number: str) -> None:
        users = sorted(
            {each.signed_in.actor.name for each in self._connections.values() if number in each.watching}
        )
        if users:
            await self.server.emit("watchers", {"ticket": number, "users": users}, room=watch_room(number))

    async def _stop_watching(self, connection: Connection, number: str) -> None:
        if number not in connection.watching:
            return
        connection.watching.discard(number)
        await self.server.leave_room(connection.sid, watch_room(number))
        await self._tell_watchers(number)
        await self._keep(lambda session: watching.let_go(session, connection.sid, number))

    async def _recheck_watchers(self, number: str) -> None:
        """Send away whoever was looking at a ticket that has just gone out of his sight."""
        for connection in [each for each in self._connections.values() if number in each.watching]:
            if not await self._sees(connection, number):
                await self._stop_watching(connection, number)

    async def _sees(self, connection: Connection, number: str) -> bool:
        actor = self._present(connection)

        def ask(session: Session) -> bool:
            try:
                find_ticket(session, actor, number)
            except NotFound:
                return False
            return True

        return bool(await self._reading(ask))

    def _present(self, connection: Connection) -> Actor:
        """Return who is connected as of now: what was opened to him for a while may have closed since."""
        return replace(connection.signed_in.actor, at=self._services.now())

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(self._check_every_s)
            try:
                await self._close_revoked()
            except SQLAlchemyError as error:
                log.warning("sessions could not be checked", error=type(error).__name__)
            await self._renew_watching()

    async def _renew_watching(self) -> None:
        """Prolong the leases of whoever still looks; whoever has gone without a word is forgotten by his own."""
        moment = asyncio.get_running_loop().time()
        sids = [each.sid for each in self._connections.values() if each.watching]
        if not sids or moment - self._renewed_at < RENEW_EVERY_S:
            return
        self._renewed_at = moment
        now = self._services.now()
        await self._keep(lambda session: watching.renew(session, sids, now=now))

    async def _close_revoked(self) -> None:
        if not self._connections:
            return
        now = self._services.now()
        # Who connects while the database is asked is not among those it was asked for.
        asked = list(self._connections.values())
        digests = {each.signed_in.token_sha256 for each in asked}
        live: dict[str, SignedIn] = await self._reading(
            lambda session: auth.find_sessions(session, digests, now=now)
        )
        for connection in asked:
            known = connection.signed_in
            found = live.get(known.token_sha256)
            if found is None or _authority(found) != _authority(known):
                self._close(connection)

    def _close(self, connection: Connection) -> None:
        """Close a socket; a browser that is still signed in comes back by itself, with the rooms of its role now."""
        self._connections.pop(connection.sid, None)
        task = asyncio.ensure_future(self._close_engine(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close_engine(self, connection: Connection) -> None:
        # Out of every room first: closing waits until the client has taken what was already sent.
        for room in (*rooms_of(connection.signed_in.actor), *map(watch_room, connection.watching)):
            with contextlib.suppress(KeyError, ValueError):
                await self.server.leave_room(connection.sid, room)
        for number in connection.watching:
            await self._tell_watchers(number)
        await self.server.eio.disconnect(connection.engine_sid)

    async def _keep(self, write: Callable[[Session], None]) -> None:
        """Write what lists show of who is looking; a page does not fail because a lease could not be kept."""

        def in_thread() -> None:
            with self._services.database.writing() as session:
                write(session)

        try:
            await run_sync(in_thread)
        except (SQLAlchemyError, Busy, NotFound) as error:
            log.warning("who is looking could not be kept", error=type(error).__name__)

    async def _reading(self, read: Callable[[Session], Any]) -> Any:
        def in_thread() -> Any:
            with self._services.database.reading() as session:
                return read(session)

        return await run_sync(in_thread)


def _authority(signed_in: SignedIn) -> tuple[object, ...]:
    actor = signed_in.actor
    return signed_in.authority_version, actor.user_id, actor.role, actor.union_id


def _cookie(environ: dict[str, Any]) -> str | None:
    try:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None
