"""WebSockets of the test phone and of operators' browser telephones (protocol: docs/sandbox.md)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from hotline.carriers.sandbox.endpoints import Endpoint, Event
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.sandbox.legs import Leg

MAX_MESSAGE_CHARACTERS = 4096
MAX_SIGNAL_CHARACTERS = 16_384
"""A browser's description of its sound with every address it has."""
MAX_MESSAGES_PER_SECOND = 20
MAX_UNSENT_EVENTS = 1000
LONGEST_MESSAGE = 1600
UNAUTHORISED, TOO_MUCH = 4401, 4429
_ADDRESS = re.compile(r"\+?[0-9]{3,20}|anonymous|sip:[^\s<>\"]{1,100}")
_KEYS = re.compile(r"[0-9*#]{1,50}")

VerifyToken = Callable[[str], str | None]
"""Returns the identity a device token was made for, or None."""


class NotUnderstood(Exception):  # what happened to the message
    """A message the phone refuses; `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Rate:
    """At most so many messages in one second of real time."""

    stamps: list[float]

    def allows(self, now: float) -> bool:
        self.stamps[:] = [stamp for stamp in self.stamps if now - stamp < 1.0]
        self.stamps.append(now)
        return len(self.stamps) <= MAX_MESSAGES_PER_SECOND


class _Session:
    """One open socket and its telephone."""

    def __init__(self, exchange: Exchange, socket: WebSocket, address: str) -> None:
        self.exchange = exchange
        self.socket = socket
        self._unsent: asyncio.Queue[Event] = asyncio.Queue(MAX_UNSENT_EVENTS)
        self.endpoint = Endpoint(address, self._queue)

    def _queue(self, event: Event) -> None:
        # A page that stopped reading loses events rather than growing our memory.
        if not self._unsent.full():
            self._unsent.put_nowait(event)

    def tell(self, event: str, **details: Any) -> None:
        self.endpoint.tell(event, self.exchange.now().isoformat(), **details)

    async def run(self) -> None:
        sender = asyncio.create_task(self._send())
        try:
            await self._receive()
        except WebSocketDisconnect:
            pass
        finally:
            self._leave()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            event = await self._unsent.get()
            if self.socket.client_state is WebSocketState.CONNECTED:
                await self.socket.send_text(json.dumps(event, ensure_ascii=False))

    async def _receive(self) -> None:
        rate = _Rate([])
        while True:
            text = await self.socket.receive_text()
            if not rate.allows(asyncio.get_running_loop().time()):
                self.tell("error", code="too_fast", message="消息太快，已断开")
                await self.socket.close(TOO_MUCH)
                return
            try:
                self.obey(*_read(text))
            except NotUnderstood as refused:
                self.tell("error", code=refused.code, message=str(refused))

    def obey(self, command: str, value: Any) -> None:
        """Carry out one message. Raises `NotUnderstood`."""
        match command:
            case "answer":
                self._incoming(lambda leg: self.exchange.answer(self.endpoint, leg))
            case "decline":
                self._incoming(lambda leg: self.exchange.decline(self.endpoint, leg))
            case "hangup":
                self.exchange.hang_up(self._leg())
            case "press":
                if not isinstance(value, str) or not _KEYS.fullmatch(value):
                    raise NotUnderstood("bad_keys", "按键只能是 0-9、* 和 #，最多 50 个")
                self.exchange.press(self._leg(), value)
            case "speak":
                self._speak(value)
            case "mute":
                self.exchange.mute(self.endpoint, bool(value))
            case "signal":
                self._signal(value)
            case "machine":
                self.endpoint.is_machine = bool(value)
            case "auto_answer":
                self.endpoint.auto_answer = bool(value)
            case _:
                raise NotUnderstood("unknown", f"不认识的消息：{command[:40]}")

    def _speak(self, value: Any) -> None:
        said = value if isinstance(value, dict) else {"text": value}
        text, seconds = said.get("text"), said.get("seconds")
        if not isinstance(text, str) or not text.strip():
            raise NotUnderstood("bad_speech", "说的话不能为空")
        if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds <= 3600):
            raise NotUnderstood("bad_speech", "时长应在 0 到 3600 秒之间")
        self.exchange.speak(self._leg(), text.strip(), seconds)

    def _signal(self, value: Any) -> None:
        to, data = (value.get("to"), value.get("data")) if isinstance(value, dict) else (None, None)
        if not isinstance(to, str) or not isinstance(data, dict):
            raise NotUnderstood("bad_signal", "信令应有 to 和 data")
        if not self.exchange.signal(self._leg(), to, data):
            raise NotUnderstood("no_peer", "对方不在这次通话中")

    def _leg(self) -> Leg:
        if self.endpoint.leg is None:
            raise NotUnderstood("no_call", "现在没有通话")
        return self.endpoint.leg

    def _incoming(self, act: Callable[[Leg], None]) -> None:
        if not self.endpoint.incoming:
            raise NotUnderstood("not_ringing", "现在没有来电")
        act(self.endpoint.incoming[0])

    def _leave(self) -> None:
        self.exchange.switchboard.unplug(self.endpoint)
        for leg in list(self.endpoint.incoming):
            self.exchange.decline(self.endpoint, leg)
        if self.endpoint.leg is not None:
            self.exchange.hang_up(self.endpoint.leg)


class _Handset(_Session):
    """The test phone: it has a number of its own and can dial."""

    def obey(self, command: str, value: Any) -> None:
        if command == "plug_in":
            self._plug_in(_address(value, "number"))
        elif command == "dial":
            self._dial(_address(value, "from"), _address(value, "to"))
        elif command == "text":
            self._text(value)
        else:
            super().obey(command, value)

    def _plug_in(self, number: str) -> None:
        if self.endpoint.leg is not None or self.endpoint.incoming:
            raise NotUnderstood("busy", "通话中不能换号码")
        self.exchange.switchboard.unplug(self.endpoint)
        self.endpoint.address = number
        self.exchange.switchboard.plug_in(self.endpoint)
        self.tell("plugged_in", number=number)

    def _dial(self, from_: str, to: str) -> None:
        if self.endpoint.leg is not None or self.endpoint.incoming:
            raise NotUnderstood("busy", "请先挂断现在的通话")
        if self.endpoint.address != from_:
            self._plug_in(from_)
        self.exchange.dial(self.endpoint, from_=from_, to=to)

    def _text(self, value: Any) -> None:
        from_, to = _address(value, "from"), _address(value, "to")
        body = value.get("body")
        if not isinstance(body, str) or not body.strip() or len(body) > LONGEST_MESSAGE:
            raise NotUnderstood("bad_text", f"短信不能为空，也不能超过 {LONGEST_MESSAGE} 字")
        if self.endpoint.leg is None and not self.endpoint.incoming and self.endpoint.address != from_:
            # The answer comes to the telephone that wrote.
            self._plug_in(from_)
        sent = self.exchange.text(from_=from_, to=to, body=body)
        if sent is None:
            raise NotUnderstood("bad_number", "这个号码不收短信")
        self.tell("texted", to=to, text=body)


def phone_routes(exchange: Exchange, verify: VerifyToken) -> list[WebSocketRoute]:
    """Return `/phone` and `/device`."""

    async def phone(socket: WebSocket) -> None:
        await socket.accept()
        session = _Handset(exchange, socket, "")
        session.tell("ready", numbers=list(exchange.numbers))
        await session.run()

    async def device(socket: WebSocket) -> None:
        await socket.accept()
        identity = verify(socket.query_params.get("token", ""))
        if identity is None:
            await socket.close(UNAUTHORISED)
            return
        session = _Session(exchange, socket, f"client:{identity}")
        exchange.switchboard.plug_in(session.endpoint)
        session.tell("registered", identity=identity)
        await session.run()

    return [WebSocketRoute("/phone", phone), WebSocketRoute("/device", device)]


def _read(text: str) -> tuple[str, Any]:
    most = MAX_SIGNAL_CHARACTERS if text.startswith('{"signal"') else MAX_MESSAGE_CHARACTERS
    if len(text) > most:
        raise NotUnderstood("too_long", f"消息超过 {most} 个字符")
    try:
        message = json.loads(text)
    except ValueError as error:
        raise NotUnderstood("not_json", "消息不是 JSON") from error
    if not isinstance(message, dict) or len(message) != 1:
        raise NotUnderstood("bad_shape", '消息应是只有一个键的对象，例如 {"press": "1"}')
    return next(iter(message.items()))


def _address(value: Any, key: str) -> str:
    address = value.get(key) if isinstance(value, dict) else None
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise NotUnderstood("bad_number", f"{key} 不是号码")
    return address
